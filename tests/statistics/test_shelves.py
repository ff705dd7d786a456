"""Shelves: the roll-ups of people who did little are read together, and are right whatever becomes of one of them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from clocks import FixedClock
from counting_storage import CountingStorage

from user_stats.collections import ROLLUPS, SHELVES
from user_stats.manager import UserManager
from user_stats.statistics import ledger, rollups, shelves
from user_stats.statistics.fold import FAMILIES
from user_stats.statistics.service import Statistics
from user_stats.statistics.settings import StatisticsSettings
from user_stats.storage import Log, Record, Storage, open_storage
from user_stats.transfer.backup import take_backup
from user_stats.transfer.copying import copy_site
from user_stats.transfer.restore import restore
from user_stats.watches import Watch

PEOPLE, WATCHES = 12, 10


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=[200, 2], ids=["few shelves", "many shelves"])
def manager(request: pytest.FixtureRequest, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> UserManager:
    monkeypatch.setattr(shelves, "MOST_PEOPLE", request.param / 16)
    manager = UserManager(open_storage("memory:"), clock=clock)
    for number in range(PEOPLE):
        user_id = manager.create_user(f"person{number}", f"p{number}@example.org")
        manager.batches.record(user_id, _watches(number), batch="past", source="test")
    started(manager, clock)[0].roll_up()
    return manager


def _watches(person: int) -> list[Watch]:
    return [
        Watch(
            f"item{(number + person) % 7}",
            600 + person,
            ("video", "stream", "image")[number % 3],
            completed=number % 2 == 0,
            watched_at=f"2025-{number % 12 + 1:02}-{person + 1:02}T23:50:00Z",
            title=f"Item {(number + person) % 7}",
            tags=["a", "b"],
        )
        for number in range(WATCHES)
    ]


def started(manager: UserManager, clock: FixedClock, **settings: Any) -> tuple[Statistics, CountingStorage]:
    """As a process that has just begun."""
    storage = CountingStorage(manager.storage)
    return Statistics(storage, clock=clock, settings=StatisticsSettings(**settings)), storage  # type: ignore[arg-type]


def people_of(manager: UserManager) -> list[str]:
    return list(manager.get_all_users_stats())


def figures_without(manager: UserManager, clock: FixedClock) -> dict[str, Any]:
    """From the logs alone."""
    return Statistics(WithoutRollups(manager.storage), clock=clock).platform_catalogue()  # type: ignore[arg-type]


class WithoutRollups:
    """A store that has none."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def log_keys(self, log: Log) -> Iterator[str]:
        return iter(()) if log in (SHELVES, ROLLUPS) else self._storage.log_keys(log)

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        return [] if log in (SHELVES, ROLLUPS) else self._storage.read_log(log, key, newest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def on_shelves(storage: Storage) -> list[str]:
    return [user_id for key in storage.log_keys(SHELVES) for user_id in shelves.people_on(storage, key)]


def test_a_start_reads_no_log_of_those_on_shelves(manager: UserManager, clock: FixedClock) -> None:
    everybody = people_of(manager)
    assert sorted(on_shelves(manager.storage)) == sorted(everybody)
    assert not list(manager.storage.log_keys(ROLLUPS))
    statistics, storage = started(manager, clock)
    found = statistics.platform_catalogue()
    assert storage.events_read == 0
    assert found == figures_without(manager, clock)
    items = {user_id: {f"item{(number + n) % 7}" for n in range(WATCHES)} for number, user_id in enumerate(everybody)}
    assert statistics.ledger.histories() == items
    assert manager.verify() == []


def test_what_is_newer_is_read_from_the_log(manager: UserManager, clock: FixedClock) -> None:
    for user_id in people_of(manager)[:3]:
        manager.record_watch_activity(user_id, "new", 600, completed=True)
    statistics, storage = started(manager, clock)
    assert statistics.platform_catalogue() == figures_without(manager, clock)
    assert storage.events_read == 3 * 2  # the newest that is known, and the new one
    statistics.roll_up()
    _, storage = started(manager, clock)
    assert storage.events_read == 0
    assert manager.verify() == []


def test_who_is_erased_or_undoes_an_import_is_on_no_shelf_and_the_others_stay(
    manager: UserManager, clock: FixedClock
) -> None:
    running, _ = started(manager, clock)
    running.platform_catalogue()
    gone, undone, *others = people_of(manager)
    manager.delete_user(gone)
    manager.batches.remove(undone, "past")
    assert sorted(on_shelves(manager.storage)) == sorted(others)
    assert gone not in str([manager.storage.read_log(SHELVES, key) for key in manager.storage.log_keys(SHELVES)])
    assert manager.verify() == []
    after, storage = started(manager, clock)
    assert after.platform_catalogue() == running.platform_catalogue() == figures_without(manager, clock)
    assert storage.events_read < WATCHES
    running.roll_up()
    assert sorted(on_shelves(manager.storage)) == sorted([undone, *others])
    assert manager.verify() == []


def test_who_is_erased_while_shelves_are_written_is_not_brought_back(manager: UserManager, clock: FixedClock) -> None:
    gone, undone, *_ = people_of(manager)
    for user_id in (gone, undone):
        manager.record_watch_activity(user_id, "new", 600)
    running, _ = started(manager, clock)
    running.ledger.refresh()
    manager.delete_user(gone)
    manager.batches.remove(undone, "past")
    running.ledger.save()
    assert not {gone, undone} & set(on_shelves(manager.storage))
    assert manager.verify() == []


def test_who_does_more_gets_a_record_of_their_own(manager: UserManager, clock: FixedClock) -> None:
    busy = people_of(manager)[0]
    running, _ = started(manager, clock)
    for _ in range(ledger.FEWEST_OWN):
        manager.record_watch_activity(busy, "new", 60)
    running.roll_up()
    assert busy not in on_shelves(manager.storage)
    assert list(manager.storage.log_keys(ROLLUPS)) == [busy]
    after, storage = started(manager, clock)
    assert after.platform_catalogue() == figures_without(manager, clock)
    assert storage.events_read == 0
    assert manager.verify() == []


def test_more_people_are_put_on_more_shelves(
    manager: UserManager, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, _ = started(manager, clock)
    running.roll_up()
    monkeypatch.setattr(shelves, "MOST_PEOPLE", PEOPLE / 16**3)
    assert started(manager, clock)[0].platform_catalogue() == running.platform_catalogue()
    running.roll_up()
    assert {len(key) for key in manager.storage.log_keys(SHELVES)} == {3}
    assert sorted(on_shelves(manager.storage)) == sorted(people_of(manager))
    assert manager.verify() == []


def test_where_little_happened_few_shelves_are_written(
    manager: UserManager, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many did nothing: their shelves wait, but for so many at a time."""
    monkeypatch.setattr(ledger, "UNSAVED_SHARE", 1.1)
    monkeypatch.setattr(ledger, "SHELVES_AT_ONCE", 1)
    running, _ = started(manager, clock)
    for user_id in people_of(manager):
        manager.record_watch_activity(user_id, "new", 60)
    count = len(list(manager.storage.log_keys(SHELVES)))
    for left in range(count - 1, -1, -1):
        running.roll_up()
        statistics, storage = started(manager, clock)
        statistics.platform_catalogue()
        assert (storage.events_read > 0) is (left > 0)


@pytest.mark.parametrize("changes", [{"sums": "bm90aGluZw=="}, {"people": {}}, {"people": 7}, {"made_by": 1}])
def test_verify_finds_a_wrong_shelf_and_repair_takes_it_away(
    manager: UserManager, clock: FixedClock, changes: dict[str, Any]
) -> None:
    key = next(iter(manager.storage.log_keys(SHELVES)))
    _edit(manager, key, **changes)
    assert [(one.place, one.mendable) for one in manager.verify()] == [(f"shelves/{key}_shelves.json", True)]
    statistics, _ = started(manager, clock)
    if "people" not in changes:
        assert statistics.platform_catalogue() == figures_without(manager, clock)
    manager.repair()
    assert manager.verify() == []
    assert statistics.platform_catalogue() == figures_without(manager, clock)
    statistics.roll_up()
    assert sorted(on_shelves(manager.storage)) == sorted(people_of(manager))
    assert manager.verify() == []


def test_somebody_on_the_wrong_shelf_is_found(manager: UserManager) -> None:
    """Erasing them would not reach it."""
    key = next(iter(manager.storage.log_keys(SHELVES)))
    stored = manager.storage.read_log(SHELVES, key)[0]
    wrong = ("0" if key[0] != "0" else "1") * len(key)
    manager.storage.transaction(lambda tx: (tx.clear(SHELVES, wrong), tx.append(SHELVES, wrong, stored)))
    assert [one.place for one in manager.verify()] == [f"shelves/{wrong}_shelves.json"]


def test_a_damaged_shelf_keeps_nobody_from_being_erased(manager: UserManager) -> None:
    key = next(iter(manager.storage.log_keys(SHELVES)))
    gone = shelves.people_on(manager.storage, key)[0]
    _edit(manager, key, sums="bm90aGluZw==")
    manager.delete_user(gone)
    assert gone not in on_shelves(manager.storage)
    assert manager.verify() == []


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 9)).decode()


@pytest.mark.parametrize(
    "content",
    [
        msgspec.msgpack.encode(5),
        msgspec.msgpack.encode({"bogus": {"a": {"b": 1}}}),
        msgspec.msgpack.encode({family: {"a": {"b": "text"}} for family in FAMILIES}),
        b"\x91" * 100_000 + b"\x00",
        bytes((1 << 20) + 1),
    ],
    ids=["a number", "another family", "texts", "nested", "a bomb"],
)
def test_sums_and_people_of_another_shape_are_counted_from_the_logs(
    manager: UserManager, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(rollups, "LARGEST", 1 << 20)
    right = figures_without(manager, clock)
    key = next(iter(manager.storage.log_keys(SHELVES)))
    person = shelves.people_on(manager.storage, key)[0]
    stored = manager.storage.read_log(SHELVES, key)[0]
    for damage in ({"sums": _packed(content)}, {"people": {**stored["people"], person: _packed(content)}}):
        _edit(manager, key, **{**stored, **damage})
        assert started(manager, clock)[0].platform_catalogue() == right
        assert [found.subject for found in manager.verify()] == [key]
    manager.delete_user(person)
    assert person not in on_shelves(manager.storage)


def test_other_rules_read_the_log(manager: UserManager, clock: FixedClock) -> None:
    other, storage = started(manager, clock, watched_threshold=0.5)
    other.platform_catalogue()
    assert storage.events_read >= PEOPLE * WATCHES
    gone, *_ = people_of(manager)
    manager.delete_user(gone)  # from the shelf that was made by the rules of before, too
    assert gone not in on_shelves(manager.storage)


def test_shelves_outlive_an_erasure_a_copy_and_a_restore_on_each_engine(
    storage: Storage, manager: UserManager, clock: FixedClock, tmp_path: Path
) -> None:
    copy_site(manager.storage, storage, origin="memory:", now=clock(), progress=lambda *_: None)
    copied = UserManager(storage, clock=clock)
    gone, *others = people_of(copied)
    copied.delete_user(gone)
    backup = take_backup(storage, tmp_path / "backup.zip", now=clock()).path
    before = started(copied, clock)[0].platform_catalogue()
    copied.delete_user(others[0])
    restore(storage, backup, now=clock())
    assert sorted(on_shelves(storage)) == sorted(others[1:])  # who was erased since stays so
    assert copied.verify() == []
    after, reads = started(copied, clock)
    assert after.platform_catalogue() == figures_without(copied, clock) != before
    assert reads.events_read == 0


def _edit(manager: UserManager, key: str, **changes: Any) -> None:
    def work(tx: Any) -> None:
        stored = {**tx.read_log(SHELVES, key)[0], **changes}
        tx.clear(SHELVES, key)
        tx.append(SHELVES, key, stored)

    manager.storage.transaction(work)
