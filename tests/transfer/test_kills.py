"""Whoever is killed while a site is filled, emptied or replaced leaves nothing half there; doing it again ends it."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock
from harness import CountingDisk, KillingDisk
from importing import written
from whole_sites import held, populate

from user_stats import UserManager, audit
from user_stats.audience import Audience, Visit, log_imports
from user_stats.collections import LOG_IMPORTS, SESSIONS, VISITOR_MARKS
from user_stats.storage import Snapshot, Storage, Transaction, open_storage
from user_stats.storage.json_files.engine import JsonStorage
from user_stats.transfer import imports
from user_stats.transfer.backup import take_backup
from user_stats.transfer.imports import Imports
from user_stats.transfer.restore import restore

ROWS, CHUNK = 100, 20
MOMENTS = 20
"""Kills over all operations of a kind of work."""
Work = Callable[[Storage], Any]
Check = Callable[[Storage], None]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (imports, log_imports):
        monkeypatch.setattr(module, "CHUNK", CHUNK)


# -- who kills --------------------------------------------------------------------------------------------------------


def ended(work: Callable[[], Any]) -> bool:
    """True where the work came to its end in a process of its own, False where that was killed."""

    def run() -> None:
        work()
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


class Fate:
    """Ends the process with SIGKILL at the k-th step of what is done to a store: before, in and after a transaction,
    and while everything is replaced."""

    def __init__(self, storage: Storage, kill_at: int) -> None:
        self._left = kill_at
        self._transaction, self._replace_all = storage.transaction, storage.replace_all
        storage.transaction = self.transaction  # type: ignore[method-assign]
        storage.replace_all = self.replace_all  # type: ignore[method-assign]

    def _step(self) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def transaction(self, work: Callable[[Transaction], Any]) -> Any:
        def inside(tx: Transaction) -> Any:
            given = work(tx)
            self._step()
            return given

        given = self._transaction(inside)
        self._step()
        return given

    def replace_all(self, source: Snapshot, *places: Any) -> Any:
        class Watched:
            members = staticmethod(lambda place: self._after(source.members(place)))
            lists = staticmethod(lambda place: self._after(source.lists(place)))

        aside = self._replace_all(Watched(), *places)  # type: ignore[arg-type]
        self._step()
        return aside

    def _after(self, rows: Iterator[Any]) -> Iterator[Any]:
        yield from rows
        self._step()


def kill_at_each_step(url: str, work: Work, check: Check, *, every: int = 1) -> int:
    """How often the work was killed before it came to its end, ever later; what is there is checked each time."""
    for killed in range(1000):
        kill_at = 1 + killed * every
        is_done = ended(lambda: with_fate(open_storage(url), kill_at, work))  # noqa: B023
        with closing(open_storage(url)) as storage:
            check(storage)
        if is_done:
            return killed
    raise AssertionError("it never ends")


def with_fate(storage: Storage, kill_at: int, work: Work) -> None:
    Fate(storage, kill_at)
    work(storage)


def kill_at_operations(before: Path, work: Work, check: Check) -> None:
    """Kills at operations of the disk all over the work, each time on the same files; then does it again to the end."""
    disk, counted = CountingDisk(), before.with_name("counted")
    shutil.copytree(before, counted)
    with closing(JsonStorage(str(counted), disk=disk)) as storage:
        begun = disk.calls
        work(storage)
        operations = disk.calls - begun
    for number in range(MOMENTS):
        kill_at = begun + 1 + number * operations // MOMENTS
        folder = before.with_name(f"killed-{number}")
        shutil.copytree(before, folder)
        assert not ended(lambda: work(JsonStorage(str(folder), disk=KillingDisk(kill_at))))  # noqa: B023
        with closing(open_storage(str(folder))) as storage:
            check(storage)
            work(storage)
            check(storage)


# -- a history --------------------------------------------------------------------------------------------------------


class History:
    """A person, and a file with watches of theirs."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        rows = [
            {
                "endTime": f"2026-01-{n // 5 + 1:02d} 0{n % 10}:0{n % 7}",
                "artistName": "A",
                "trackName": f"T{n}",
                "msPlayed": 1000 * n,
            }
            for n in range(ROWS)
        ]
        self._path = written(folder, "plays.json", rows)
        self._person = UserManager(storage).create_user("ada", "ada@example.org")

    def come(self, storage: Storage) -> None:
        Imports(UserManager(storage)).import_file(self._path, self._person)

    def go(self, storage: Storage) -> None:
        brought = Imports(UserManager(storage))
        for batch in brought.batches(self._person):
            brought.undo(self._person, batch.name)

    def count(self, storage: Storage) -> int:
        """How many rows are there, in every place that tells."""
        manager = UserManager(storage)
        assert manager.verify() == []
        rows = manager.get_user_stats(self._person).watch_history_entries
        assert rows == sum(batch.watches for batch in manager.batches.all_of(self._person))
        listed = manager.history_tracker.get_watch_history(self._person, 1000)
        assert len({entry.session_id for entry in listed}) == len(listed) == rows
        return rows

    def check_chunks(self, storage: Storage) -> None:
        assert self.count(storage) % CHUNK == 0

    def check_all_or_none(self, storage: Storage) -> None:
        assert self.count(storage) in (0, ROWS)


def test_a_killed_import_is_whole_chunks_and_goes_on(url: str, tmp_path: Path) -> None:
    with closing(open_storage(url)) as storage:
        history = History(storage, tmp_path)
    assert kill_at_each_step(url, history.come, history.check_chunks) >= ROWS // CHUNK
    with closing(open_storage(url)) as storage:
        assert history.count(storage) == ROWS
        history.go(storage)
        assert history.count(storage) == 0


def test_a_killed_undoing_leaves_all_of_an_import_or_nothing(url: str, tmp_path: Path) -> None:
    with closing(open_storage(url)) as storage:
        history = History(storage, tmp_path)
        history.come(storage)
    assert kill_at_each_step(url, history.go, history.check_all_or_none) >= 2
    with closing(open_storage(url)) as storage:
        assert history.count(storage) == 0
        history.come(storage)
        assert history.count(storage) == ROWS


def test_an_import_that_is_killed_at_any_write_is_whole_chunks_and_goes_on(tmp_path: Path) -> None:
    with closing(open_storage(str(tmp_path / "before"))) as storage:
        history = History(storage, tmp_path)
    kill_at_operations(tmp_path / "before", history.come, history.check_chunks)


def test_an_undoing_that_is_killed_at_any_write_leaves_all_or_nothing(tmp_path: Path) -> None:
    with closing(open_storage(str(tmp_path / "before"))) as storage:
        history = History(storage, tmp_path)
        history.come(storage)
    kill_at_operations(tmp_path / "before", history.go, history.check_all_or_none)


# -- a log ------------------------------------------------------------------------------------------------------------


def visits() -> Iterator[Visit]:
    for number in range(ROWS):
        at = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=20 * number)
        yield Visit(at, f"/{number}", "Firefox", f"192.0.2.{number % 9}", bytes_sent=10)


def import_log(storage: Storage) -> None:
    with closing(Audience(storage)) as audience:
        audience.import_visits(visits(), fingerprint="abc", name="access.log")


def count_visits(storage: Storage) -> int:
    """How many lines are counted, in every place that tells."""
    with closing(Audience(storage)) as audience:
        days, totals = audience.all_days(), audience.totals()
        listed = audience.newest_visits(1000)
    assert totals.visits == sum(day.visits for day in days) == len(listed) == len({visit["path"] for visit in listed})
    assert totals.visitor_days == sum(day.visitors for day in days)
    assert sum(day.bytes_sent for day in days) == 10 * totals.visits
    return totals.visits


def check_visits(storage: Storage) -> None:
    count = count_visits(storage)
    assert count % CHUNK == 0
    assert storage.get(LOG_IMPORTS, "abc") is None or count == ROWS


def check_all_visits(storage: Storage) -> None:
    assert count_visits(storage) == ROWS
    with closing(Audience(storage)) as audience:
        assert all(day.visitors == 9 for day in audience.all_days()[:-1])
        assert audience.import_visits(visits(), fingerprint="abc").was_known
        assert audience.import_visits(visits(), fingerprint="another").visits == 0


def test_a_killed_import_of_a_log_counts_each_line_once(url: str) -> None:
    assert kill_at_each_step(url, import_log, check_visits) >= ROWS // CHUNK
    with closing(open_storage(url)) as storage:
        check_all_visits(storage)


def test_an_import_of_a_log_that_is_killed_at_any_write_counts_each_line_once(tmp_path: Path) -> None:
    open_storage(str(tmp_path / "before")).close()
    kill_at_operations(tmp_path / "before", import_log, check_visits)
    with closing(open_storage(str(tmp_path / "killed-7"))) as storage:
        check_all_visits(storage)


# -- the whole site ---------------------------------------------------------------------------------------------------


class Replaced:
    """A site that has grown since a backup of it was made, and where somebody is signed in."""

    def __init__(self, storage: Storage, clock: FixedClock, folder: Path) -> None:
        self._clock = clock
        ids = populate(storage, clock)
        self._path = take_backup(storage, folder / "b.zip", now=clock()).path
        self._new = held(storage)
        UserManager(storage, clock=clock).create_user("later", "later@example.org")
        storage.transaction(lambda tx: tx.put(SESSIONS, ids[0], {"sessions": {}, "devices": {}}))
        self._old = held(storage)

    def restore(self, storage: Storage) -> None:
        restore(storage, self._path, now=self._clock())

    def check(self, storage: Storage) -> None:
        found = held(storage)
        assert found in (self._old, self._new)
        assert UserManager(storage, clock=self._clock).verify() == []
        is_new = found == self._new
        noted = [entry.kind for entry in audit.newest_entries(storage, 1)]
        assert (noted == ["restored"]) is is_new
        assert (storage.count(SESSIONS), storage.count(VISITOR_MARKS)) == ((0, 0) if is_new else (1, 1))
        assert audit.is_intact(storage)


def test_a_killed_restore_leaves_the_old_or_the_new_site(url: str, clock: FixedClock, tmp_path: Path) -> None:
    with closing(open_storage(url)) as storage:
        site = Replaced(storage, clock, tmp_path)
    assert kill_at_each_step(url, site.restore, site.check, every=17) > 1


def test_a_restore_that_is_killed_at_any_write_leaves_the_old_or_the_new_site(
    clock: FixedClock, tmp_path: Path
) -> None:
    with closing(open_storage(str(tmp_path / "before"))) as storage:
        site = Replaced(storage, clock, tmp_path)
    kill_at_operations(tmp_path / "before", site.restore, site.check)
