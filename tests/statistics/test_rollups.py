"""Roll-ups in the store: a start reads them and what is newer, and whatever happened they are what the log gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock
from counting_storage import CountingStorage

from user_stats.collections import ROLLUPS
from user_stats.manager import UserManager
from user_stats.statistics.ledger import FEWEST_UNSAVED
from user_stats.statistics.service import Statistics
from user_stats.statistics.settings import StatisticsSettings
from user_stats.storage import Record, open_storage
from user_stats.watches import Watch


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def manager(clock: FixedClock) -> UserManager:
    manager = UserManager(open_storage("memory:"), clock=clock)
    for name in ("ada", "bob"):
        user_id = manager.create_user(name, f"{name}@example.org")
        manager.batches.record(user_id, _watches(100), batch="past", source="test")
    return manager


def _watches(count: int) -> list[Watch]:
    return [
        Watch(
            f"item{number % 7}",
            600 + number,
            ("video", "stream", "image")[number % 3],
            completed=number % 2 == 0,
            watched_at=f"2025-{number % 12 + 1:02}-03T{number % 24:02}:50:00Z",
            category="art",
            tags=["a", "b"],
        )
        for number in range(count)
    ]


def user_id_of(manager: UserManager, name: str) -> str:
    user = manager.find_user(name)
    assert user is not None
    return user.user_id


def started(manager: UserManager, clock: FixedClock, **settings: Any) -> tuple[Statistics, CountingStorage]:
    """As a process that has just begun."""
    storage = CountingStorage(manager.storage)
    return Statistics(storage, clock=clock, settings=StatisticsSettings(**settings)), storage  # type: ignore[arg-type]


def figures_without_rollups(manager: UserManager, clock: FixedClock) -> dict[str, Any]:
    def without(tx: Any) -> None:
        for user_id in list(manager.storage.log_keys(ROLLUPS)):
            tx.clear(ROLLUPS, user_id)

    manager.storage.transaction(without)
    return started(manager, clock)[0].platform_catalogue()


def test_a_start_reads_the_rollups_and_what_is_newer(manager: UserManager, clock: FixedClock) -> None:
    started(manager, clock)[0].roll_up()
    statistics, storage = started(manager, clock)
    statistics.platform_catalogue()
    assert storage.events_read == 0
    ada = user_id_of(manager, "ada")
    manager.record_watch_activity(ada, "new", 600, completed=True)
    after, storage = started(manager, clock)
    found = after.platform_catalogue()
    assert storage.events_read == 2  # the newest that is known, and the new one
    assert found == statistics.platform_catalogue() == figures_without_rollups(manager, clock)
    assert manager.verify() == []


def test_little_that_is_new_is_not_written(manager: UserManager, clock: FixedClock) -> None:
    statistics, _ = started(manager, clock)
    statistics.roll_up()
    ada = user_id_of(manager, "ada")
    before = manager.storage.read_log(ROLLUPS, ada)
    manager.record_watch_activity(ada, "new", 600)
    statistics.roll_up()
    assert manager.storage.read_log(ROLLUPS, ada) == before
    for _ in range(FEWEST_UNSAVED):
        manager.record_watch_activity(ada, "new", 600)
    statistics.roll_up()
    assert manager.storage.read_log(ROLLUPS, ada) != before
    assert manager.verify() == []


def test_an_import_that_is_undone_and_a_person_who_is_erased_leave_no_trace(
    manager: UserManager, clock: FixedClock
) -> None:
    statistics, _ = started(manager, clock)
    statistics.roll_up()
    ada, bob = user_id_of(manager, "ada"), user_id_of(manager, "bob")
    manager.batches.remove(ada, "past")
    manager.delete_user(bob)
    assert list(manager.storage.log_keys(ROLLUPS)) == []
    found = started(manager, clock)[0].platform_catalogue()
    assert found["most_viewed"]["value"] is None
    assert found == statistics.platform_catalogue()
    assert manager.verify() == []


def test_who_is_erased_while_roll_ups_are_saved_is_not_brought_back(manager: UserManager, clock: FixedClock) -> None:
    statistics, _ = started(manager, clock)
    statistics.ledger.refresh()
    ada, bob = user_id_of(manager, "ada"), user_id_of(manager, "bob")
    manager.delete_user(ada)
    manager.batches.remove(bob, "past")
    statistics.ledger.save()
    assert list(manager.storage.log_keys(ROLLUPS)) == []


def test_other_rules_and_damage_read_the_log(manager: UserManager, clock: FixedClock) -> None:
    started(manager, clock)[0].roll_up()
    _, storage = started(manager, clock)
    other, storage = started(manager, clock, watched_threshold=0.5)
    other.platform_catalogue()
    assert storage.events_read >= 200
    ada = user_id_of(manager, "ada")
    _edit(manager, ada, packed="bm90aGluZw==")
    statistics, _ = started(manager, clock)
    assert statistics.platform_catalogue() == figures_without_rollups(manager, clock)


@pytest.mark.parametrize("changes", [{"packed": "bm90aGluZw=="}, {"tally": {}}, {"newest": None}, {"made_by": 1}])
def test_verify_finds_a_wrong_rollup_and_repair_takes_it_away(
    manager: UserManager, clock: FixedClock, changes: Record
) -> None:
    started(manager, clock)[0].roll_up()
    ada = user_id_of(manager, "ada")
    _edit(manager, ada, **changes)
    assert [(one.place, one.mendable) for one in manager.verify()] == [(f"rollups/{ada}_rollups.json", True)]
    manager.repair()
    assert manager.verify() == []
    statistics, _ = started(manager, clock)
    statistics.roll_up()
    assert manager.storage.read_log(ROLLUPS, ada)
    assert manager.verify() == []


def test_verify_sees_a_sum_that_was_changed(manager: UserManager, clock: FixedClock) -> None:
    started(manager, clock)[0].roll_up()
    ada = user_id_of(manager, "ada")
    tally = manager.storage.read_log(ROLLUPS, ada)[0]["tally"]
    _edit(manager, ada, tally={**tally, "days": "1"})
    assert [one.field for one in manager.verify()] == ["sums"]


def test_verify_sees_a_log_that_was_edited_without_a_trace_in_the_counters(tmp_path: Path, clock: FixedClock) -> None:
    """Another category and other tags: no counter, no total of a day and no list knows of them."""
    manager = UserManager(open_storage(str(tmp_path / "users")), clock=clock)
    ada = manager.create_user("ada", "ada@example.org")
    manager.batches.record(ada, _watches(100), batch="past", source="test")
    statistics, _ = started(manager, clock)
    statistics.roll_up()
    path = tmp_path / "users" / "activity" / f"{ada}_activity.json"
    events = json.loads(path.read_text())
    events[50] |= {"category": "war", "tags": ["c"]}
    path.write_text(json.dumps(events, indent=1))
    assert [(one.place, one.field, one.mendable) for one in manager.verify()] == [
        (f"rollups/{ada}_rollups.json", "sums", True)
    ]
    manager.repair()
    assert manager.verify() == []
    shares = statistics.platform_catalogue()["favorite_categories"]["detail"]["shares"]
    assert [row["category"] for row in shares] == ["art", "war"]


def test_a_repair_reaches_a_process_that_runs_and_the_wrong_sums_do_not_come_back(
    manager: UserManager, clock: FixedClock
) -> None:
    ada = user_id_of(manager, "ada")
    started(manager, clock)[0].roll_up()
    tally = manager.storage.read_log(ROLLUPS, ada)[0]["tally"]
    _edit(manager, ada, tally={**tally, "days": "1"})
    running, _ = started(manager, clock)
    running.platform_catalogue()
    manager.repair()
    assert running.platform_catalogue() == figures_without_rollups(manager, clock)
    for _ in range(FEWEST_UNSAVED):
        manager.record_watch_activity(ada, "new", 600)
    running.roll_up()
    assert manager.storage.read_log(ROLLUPS, ada)
    assert manager.verify() == []


def test_what_was_held_at_the_repair_is_not_saved_after_it(manager: UserManager, clock: FixedClock) -> None:
    ada = user_id_of(manager, "ada")
    started(manager, clock)[0].roll_up()
    tally = manager.storage.read_log(ROLLUPS, ada)[0]["tally"]
    _edit(manager, ada, tally={**tally, "days": "1"})
    running, _ = started(manager, clock)
    for _ in range(FEWEST_UNSAVED):
        manager.record_watch_activity(ada, "new", 600)
    running.ledger.refresh()
    manager.repair()
    running.ledger.save()
    assert manager.verify() == []


def _edit(manager: UserManager, user_id: str, **changes: Any) -> None:
    def work(tx: Any) -> None:
        stored = {**tx.read_log(ROLLUPS, user_id)[0], **changes}
        tx.clear(ROLLUPS, user_id)
        tx.append(ROLLUPS, user_id, stored)

    manager.storage.transaction(work)
