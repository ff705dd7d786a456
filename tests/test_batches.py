"""Watches in bulk: counted as if recorded one by one, each row once, and taken out again without a trace."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock

from user_stats import Forbidden, InvalidInput, UserManager, UserNotFound, UserRole
from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS, DAY_TOTALS, HISTORY, IMPORTS, USER_TOTALS
from user_stats.storage import Storage
from user_stats.watches import Watch, checked_watch

START = "2025-12-31T23:00:00+00:00"


def watches(count: int, *, every_minutes: int = 97, prefix: str = "v") -> list[Watch]:
    """Made-up watches over some months, in no order of time."""
    made = []
    for number in range(count):
        place = number * 7919 % count
        start = FixedClock().now - timedelta(days=60) + timedelta(minutes=every_minutes * place % 80_000)
        made.append(
            Watch(f"{prefix}{place}", place % 500, watched_at=start, completed=place % 3 == 0, digest=f"{place:032x}")
        )
    return made


@pytest.fixture
def person(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org")


def state(storage: Storage) -> dict[str, Any]:
    """Everything that is stored but for the marks of batches and moments of change."""
    found: dict[str, Any] = {one.name: dict(storage.scan(one)) for one in ALL_COLLECTIONS}
    for log in ALL_LOGS:
        if log is not IMPORTS:
            found[log.name] = {key: storage.read_log(log, key) for key in storage.log_keys(log)}
    for record in found["user_stats"].values():
        del record["updated_at"]
    return found


def figures(manager: UserManager, user_id: str) -> Any:
    stats = asdict(manager.get_user_stats(user_id))
    kept = [name for name in stats if name not in ("user_id", "created_at", "updated_at", "last_activity_timestamp")]
    return (
        {name: stats[name] for name in kept},
        manager.history_tracker.get_watch_stats_by_type(user_id),
        dict(manager.storage.scan(DAY_TOTALS)),
    )


def test_a_batch_counts_as_if_it_were_recorded_one_by_one(manager: UserManager, person: str) -> None:
    made = watches(150)
    assert manager.batches.record(person, made, batch="past", source="test") == 150
    one_by_one = figures(manager, person)
    assert manager.verify() == []
    manager.delete_user(person)
    assert manager.verify() == []
    other = manager.create_user("bob", "bob@example.org")
    for watch in made:
        manager.record_watch_activity(
            other, watch.video_id, watch.duration_seconds, completed=watch.completed, watched_at=watch.watched_at
        )
    again = figures(manager, other)
    assert again[:2] == one_by_one[:2]


def test_the_list_keeps_the_newest_by_their_end_whatever_the_order(manager: UserManager, person: str) -> None:
    made = watches(2500)
    manager.batches.record(person, made, batch="past", source="test")
    ends = sorted((watch.watched_at + timedelta(seconds=watch.duration_seconds) for watch in made), reverse=True)  # type: ignore[operator]
    kept = manager.history_tracker.get_watch_history(person, limit=1000)
    assert len(manager.storage.read_log(HISTORY, person)) == 1000
    assert kept[0].watched_at <= ends[0].isoformat(timespec="microseconds")
    assert kept[0].length_known is True
    assert manager.verify() == []


def test_a_row_counts_once_over_batches_and_beyond_the_list(manager: UserManager, person: str) -> None:
    made = watches(1500)
    assert manager.batches.record(person, made[:900], batch="one", source="test") == 900
    assert manager.batches.record(person, [*made, *made], batch="two", source="test") == 600
    before = state(manager.storage)
    assert manager.batches.record(person, reversed(made), batch="three", source="test") == 0
    assert state(manager.storage) == before
    assert [(batch.name, batch.watches) for batch in manager.batches.all_of(person)] == [("one", 900), ("two", 600)]


def test_a_batch_that_is_taken_out_leaves_nothing_but_badges(
    manager: UserManager, person: str, clock: FixedClock
) -> None:
    without_badges = UserManager(manager.storage, clock=clock, badges=())
    manager.record_watch_activity(person, "own", 60)
    manager.record_interaction(person, "like")
    manager.batches.record(person, watches(50, prefix="w"), batch="kept", source="test")
    before = state(manager.storage)
    clock.advance(hours=1)
    later = [watch._replace(digest="f" + watch.digest[1:]) for watch in watches(1200)]
    manager.batches.record(person, later, batch="gone", source="test")
    assert state(manager.storage) != before
    clock.advance(hours=1)
    assert without_badges.batches.remove(person, "gone") == 1200
    assert state(manager.storage) == before
    assert manager.verify() == []
    assert [batch.name for batch in manager.batches.all_of(person)] == ["kept"]
    assert manager.batches.remove(person, "gone") == 0
    assert manager.batches.record(person, later, batch="gone", source="test") == 1200


def test_counters_that_came_without_a_log_survive_a_batch_and_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    manager = UserManager(_opened(folder))
    person = manager.create_user("ada", "ada@example.org")
    stats = json.loads((folder / "user_stats.json").read_text())
    stats[person] |= {"watch_history_entries": 7, "total_watched_hours": 2.5}
    stats[person]["last_activity_timestamp"] = "2026-02-01T00:00:00.000000+00:00"
    manager.storage.close()
    (folder / "user_stats.json").write_text(json.dumps(stats))
    (folder / "user_totals.json").write_text("{}")
    manager = UserManager(_opened(folder), clock=FixedClock())
    before = manager.get_user_stats(person)
    manager.batches.record(person, watches(40), batch="past", source="test")
    assert manager.get_user_stats(person).watch_history_entries == 47
    manager.batches.remove(person, "past")
    assert replace(manager.get_user_stats(person), updated_at=before.updated_at) == before
    assert manager.verify() == []


def test_the_last_activity_is_the_end_of_the_newest_watch(manager: UserManager, person: str, clock: FixedClock) -> None:
    created = manager.get_user_stats(person).last_activity_timestamp
    manager.batches.record(person, [Watch("a", 60, watched_at="2020-01-01")], batch="old", source="test")
    assert manager.get_user_stats(person).last_activity_timestamp == created
    clock.advance(hours=2)
    watched_at = clock.now - timedelta(hours=1)
    manager.batches.record(person, [Watch("b", 60, watched_at=watched_at)], batch="new", source="test")
    last = manager.get_user_stats(person).last_activity_timestamp
    assert last == (watched_at + timedelta(seconds=60)).isoformat(timespec="microseconds")
    assert manager.verify() == []


def test_two_writers_at_once_record_each_row_once(manager: UserManager, person: str) -> None:
    made = [checked_watch(watch, now=FixedClock().now) for watch in watches(300)]
    one = manager.batches.writer(person, "one", source="test")
    two = manager.batches.writer(person, "two", source="test")
    assert one.add(made[:200]) == (200, 0)
    assert two.add(made[100:]) == (100, 100)
    assert one.add(made) == (0, 300)
    assert manager.get_user_stats(person).watch_history_entries == 300
    assert manager.verify() == []


def test_a_chunk_is_whole_or_not_there(manager: UserManager, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = manager.batches.writer(person, "past", source="test")
    made = [checked_watch(watch, now=FixedClock().now) for watch in watches(30)]
    writer.add(made[:10])
    before = state(manager.storage)
    monkeypatch.setattr(writer, "_list", lambda tx, entries: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writer.add(made)
    monkeypatch.undo()
    assert state(manager.storage) == before
    assert writer.add(made) == (20, 10)


def test_who_may_not_is_refused_and_nothing_is_recorded(manager: UserManager, person: str) -> None:
    other = manager.create_user("bob", "bob@example.org")
    admin = manager.create_user("grace", "grace@example.org", UserRole.ADMIN)
    before = state(manager.storage)
    with pytest.raises(Forbidden):
        manager.batches.record(person, watches(3), batch="past", source="test", actor=other)
    with pytest.raises(InvalidInput, match="duration_seconds"):
        manager.batches.record(person, [*watches(3), Watch("v", -1)], batch="past", source="test")
    with pytest.raises(InvalidInput, match="duration_seconds"):
        manager.batches.record(person, [Watch("v", 5, length_known=False)], batch="past", source="test")
    with pytest.raises(UserNotFound):
        manager.batches.record("00000000-0000-4000-8000-000000000000", watches(3), batch="past", source="test")
    assert state(manager.storage) == before
    manager.batches.record(person, watches(3), batch="past", source="test", actor=admin)
    with pytest.raises(Forbidden):
        manager.batches.remove(person, "past", actor=other)
    assert manager.batches.remove(person, "past", actor=person) == 3


def test_what_was_not_told_is_not_made_up(manager: UserManager, person: str) -> None:
    manager.batches.record(
        person,
        [
            Watch(
                "v", 0, watched_at="2020-01-01", length_known=False, stamp="day", creator="Someone", source="letterboxd"
            )
        ],
        batch="past",
        source="test",
    )
    entry = manager.history_tracker.get_watch_history(person)[0]
    assert (entry.duration_seconds, entry.length_known) == (0, False)
    assert manager.storage.get(USER_TOTALS, person)["video"] == {"count": 1, "seconds": 0, "completed": 0}  # type: ignore[index]


def _opened(folder: Path) -> Storage:
    from user_stats.storage import open_storage

    return open_storage(str(folder))


def test_the_day_of_a_batch_alone_goes_with_it(manager: UserManager, person: str) -> None:
    manager.batches.record(person, [Watch("v", 60, watched_at=START)], batch="past", source="test")
    assert [day for day, _ in manager.storage.scan(DAY_TOTALS)].count("2025-12-31") == 1
    manager.batches.remove(person, "past")
    assert "2025-12-31" not in dict(manager.storage.scan(DAY_TOTALS))
