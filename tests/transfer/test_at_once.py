"""Several processes that bring in, take out and copy a site at the same time: nothing twice, nothing lost."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from importing import written

from user_stats import Conflict, UserManager
from user_stats.audience import Audience, Visit, log_imports
from user_stats.collections import ACTIVITY
from user_stats.storage import Storage, open_storage
from user_stats.times import utc_now
from user_stats.transfer import imports
from user_stats.transfer.backup import take_backup
from user_stats.transfer.imports import Imports
from user_stats.transfer.restore import restore
from user_stats.transfer.site_export import save_site

CHUNK = 50
Work = Callable[[Storage], Any]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (imports, log_imports):
        monkeypatch.setattr(module, "CHUNK", CHUNK)


def together(url: str, *works: Work) -> None:
    """Each in a process and with a store of its own, begun at one moment; all of them must come to their end."""
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(len(works))

    def run(work: Work) -> None:
        storage = open_storage(url)
        barrier.wait(30)
        work(storage)
        os._exit(0)

    processes = [fork.Process(target=run, args=(work,)) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * len(works)


def plays(first: int, last: int) -> list[dict[str, Any]]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {
            "endTime": f"{start + timedelta(minutes=7 * number):%Y-%m-%d %H:%M}",
            "artistName": "A",
            "trackName": f"T{number}",
            "msPlayed": 60_000,
        }
        for number in range(first, last)
    ]


def bring_in(path: Path, person: str) -> Work:
    return lambda storage: Imports(UserManager(storage)).import_file(path, person)


def rows_of(storage: Storage, person: str) -> int:
    """In every place that tells."""
    manager = UserManager(storage)
    assert manager.verify() == []
    rows = manager.get_user_stats(person).watch_history_entries
    assert rows == sum(batch.watches for batch in manager.batches.all_of(person))
    titles = {event["subject"] for event in storage.read_log(ACTIVITY, person) if event["kind"] == "watch"}
    assert len(titles) == rows
    return rows


@pytest.fixture
def person(url: str) -> str:
    with closing(open_storage(url)) as storage:
        return UserManager(storage).create_user("ada", "ada@example.org")


def test_files_that_overlap_come_in_at_once_and_each_row_counts_once(url: str, person: str, tmp_path: Path) -> None:
    parts = [plays(0, 400), plays(200, 600), plays(0, 600)[::-1]]
    paths = [written(tmp_path, f"{number}.json", rows) for number, rows in enumerate(parts)]
    together(url, *(bring_in(path, person) for path in paths))
    with closing(open_storage(url)) as storage:
        assert rows_of(storage, person) == 600
        brought = Imports(UserManager(storage))
        assert sum(brought.undo(person, batch.name) for batch in brought.batches(person)) == 600
        assert rows_of(storage, person) == 0


def test_what_is_recorded_and_imported_at_once_is_all_there(url: str, person: str, tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", plays(0, 400))

    def watch(storage: Storage) -> None:
        for number in range(40):
            UserManager(storage).record_watch_activity(person, f"live-{number}", 60)

    together(url, bring_in(path, person), watch)
    with closing(open_storage(url)) as storage:
        manager = UserManager(storage)
        assert manager.verify() == []
        assert manager.get_user_stats(person).watch_history_entries == 440
        assert manager.history_tracker.get_watch_stats_by_type(person)["video"]["count"] == 440


def test_an_import_that_is_taken_out_while_it_goes_on_ends_and_leaves_nothing(
    url: str, person: str, tmp_path: Path
) -> None:
    path = written(tmp_path, "a.json", plays(0, 400))
    gone: list[int] = []
    with closing(open_storage(url)) as storage, closing(open_storage(url)) as other:

        def take_out(done: int, total: int) -> None:
            brought = Imports(UserManager(other))
            gone.extend(brought.undo(person, batch.name) for batch in brought.batches(person) if batch.watches == 150)

        with pytest.raises(Conflict, match="taken out"):
            Imports(UserManager(storage)).import_file(path, person, progress=take_out)
        assert gone == [150]
        assert rows_of(storage, person) == 0
        bring_in(path, person)(storage)
        assert rows_of(storage, person) == 400


def lines(first: int, last: int) -> Iterator[Visit]:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    for number in range(first, last):
        at = start + timedelta(minutes=5 * number)
        yield Visit(at, f"/{number % 7}", "Firefox", f"192.0.2.{number % 9}", bytes_sent=number)


def count(first: int, last: int, name: str) -> Work:
    def work(storage: Storage) -> None:
        with closing(Audience(storage)) as audience:
            audience.import_visits(lines(first, last), fingerprint=name, name=name)

    return work


@pytest.mark.parametrize("logs", [[(0, 600, "a"), (0, 600, "a")], [(0, 400, "a"), (200, 600, "b"), (0, 600, "c")]])
def test_logs_that_come_in_at_once_count_each_line_once(url: str, logs: list[tuple[int, int, str]]) -> None:
    together(url, *(count(*log) for log in logs))
    with closing(open_storage(url)) as storage, closing(Audience(storage)) as audience:
        assert audience.totals().visits == 600
        days = audience.all_days()
        assert sum(day.visits for day in days) == 600
        assert [day.visitors for day in days] == [9] * len(days)
        assert sum(day.bytes_sent for day in days) == sum(range(600))


def test_a_backup_and_an_export_while_much_comes_in_are_of_one_moment(url: str, person: str, tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", plays(0, 1000))

    def copy(storage: Storage) -> None:
        for number in range(3):
            take_backup(storage, tmp_path / f"{number}.zip", now=utc_now())
            save_site(tmp_path / f"{number}.json", storage, "json", now=utc_now())

    together(url, bring_in(path, person), count(0, 600, "a"), copy)
    with closing(open_storage(url)) as storage:
        assert rows_of(storage, person) == 1000
    for number in range(3):
        with closing(open_storage("memory:")) as side:
            restore(side, tmp_path / f"{number}.zip", now=utc_now())
            assert rows_of(side, person) % CHUNK == 0
        document = json.loads((tmp_path / f"{number}.json").read_text())
        events = document["logs"]["activity"][person]
        told = document["collections"]["user_stats"][person]["watch_history_entries"]
        assert sum(event["kind"] == "watch" for event in events) == told
