"""The work that is measured. Contenders take turns in short rounds, so that a slow moment of the machine meets all."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from user_stats.bench.contenders import (
    Append,
    Contender,
    Ours,
    Overwrite,
    Sqlite,
    TinyDb,
    WholeFile,
)
from user_stats.bench.samples import WATCHERS

ROUNDS = 20
BUDGET_SECONDS = 1.5
"""For one contender in one measurement, over all rounds."""
LONGEST_TINYDB, LONGEST_WHOLE_FILE = 100_000, 1_000_000
"""People beyond which one write takes minutes."""
FEWEST_CALLS = 3
THREADS = (1, 4, 16)
PROCESSES = 4


class Row(NamedTuple):
    """One figure: `work` of `contender` at `users`; times in microseconds, throughput in calls a second."""

    users: int
    work: str
    contender: str
    figures: dict[str, float]


def timed(calls: dict[str, Callable[[int], object]], *, at_most: int = 4000) -> dict[str, list[float]]:
    """Seconds of each call, by name; each gets the same time, in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call(0)  # what is made when first asked for is not measured
    for _ in range(ROUNDS):
        for name, call in calls.items():
            taken = times[name]
            end = time.perf_counter() + BUDGET_SECONDS / ROUNDS
            enough = len(taken) + at_most // ROUNDS
            if len(taken) >= FEWEST_CALLS and sum(taken) > BUDGET_SECONDS:
                continue
            while time.perf_counter() < end and len(taken) < enough:
                start = time.perf_counter()
                call(len(taken))
                taken.append(time.perf_counter() - start)
    return times


def _figures(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_us": median(ordered) * 1e6,
        "p99_us": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1e6,
        "calls": len(ordered),
    }


def rows_of(size: int, work: str, times: dict[str, list[float]]) -> list[Row]:
    return [Row(size, work, name, _figures(taken)) for name, taken in times.items()]


def record(folder: Path, size: int) -> list[Row]:
    """One watch, durably, one thread."""
    contenders: list[Contender] = [Ours(folder, size), Sqlite(folder, size), Append(folder, size)]
    contenders.append(Overwrite(folder, size))
    slow: list[Contender] = []
    if size <= LONGEST_TINYDB:
        slow.append(TinyDb(folder, size))
    if size <= LONGEST_WHOLE_FILE:
        slow.append(WholeFile(folder, size))
    times = timed({one.name: lambda n, one=one: one.record(n % WATCHERS) for one in contenders})  # type: ignore[misc]
    for one in slow:
        calls = 30 if size <= 1000 else 10 if size <= 10_000 else 3
        taken = []
        for number in range(calls):
            start = time.perf_counter()
            one.record(number % WATCHERS)
            taken.append(time.perf_counter() - start)
        times[one.name] = taken
    for one in [*contenders, *slow]:
        one.close()
    return rows_of(size, "record", times)


def threads(folder: Path, size: int) -> list[Row]:
    """Watches a second with several threads."""
    ours, sqlite = Ours(folder, size), Sqlite(folder, size)
    rows: list[Row] = []
    for count in THREADS:
        found: dict[str, list[dict[str, float]]] = {ours.name: [], sqlite.name: []}
        for _ in range(3):
            for one in (ours, sqlite):
                found[one.name].append(_throughput(one, count))
        for name, runs in found.items():
            rows.append(Row(size, f"record, {count} threads", name, _middle(runs)))
    ours.close()
    sqlite.close()
    return rows


def _middle(runs: list[dict[str, float]]) -> dict[str, float]:
    return sorted(runs, key=lambda run: run["calls_a_second"])[len(runs) // 2]


def _throughput(contender: Any, count: int) -> dict[str, float]:
    taken: list[list[float]] = [[] for _ in range(count)]
    end = time.perf_counter() + BUDGET_SECONDS

    def work(number: int) -> None:
        mine = contender.another() if isinstance(contender, Sqlite) else contender
        watcher, now = number, 0.0
        while now < end:
            start = time.perf_counter()
            mine.record(watcher % WATCHERS)
            now = time.perf_counter()
            taken[number].append(now - start)
            watcher += count

    workers = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return _shared_figures(taken)


def _shared_figures(taken: list[list[float]]) -> dict[str, float]:
    figures = _figures([one for times in taken for one in times])
    fewest, most = min(map(len, taken)), max(map(len, taken))
    figures |= {"calls_a_second": figures["calls"] / BUDGET_SECONDS, "fairness": fewest / max(most, 1)}
    return figures


def processes(folder: Path, size: int) -> list[Row]:
    """Watches a second with several processes on one store."""
    Ours(folder, size).close()
    Sqlite(folder, size).close()
    found: dict[str, list[dict[str, float]]] = {Ours.name: [], Sqlite.name: []}
    for _ in range(3):
        for name, runs in found.items():
            workers = [_child("worker", folder, size, name, str(number)) for number in range(PROCESSES)]
            runs.append(_shared_figures([_answer(worker) for worker in workers]))
    return [Row(size, f"record, {PROCESSES} processes", name, _middle(runs)) for name, runs in found.items()]


def reads(folder: Path, size: int) -> list[Row]:
    """Reads of one person, of everybody, by name, of a page."""
    ours, sqlite = Ours(folder, size), Sqlite(folder, size)
    pair = {ours.name: ours, sqlite.name: sqlite}
    rows: list[Row] = []
    step = 7919  # a prime: jumps over the people
    for work, at_most, call in (
        ("get_user_stats", 20_000, lambda one, n: one.get_stats(n * step % size)),
        ("get_watch_history(100)", 4000, lambda one, n: one.get_history(n % WATCHERS)),
        ("find by name", 20_000, lambda one, n: one.find(n * step % size)),
        ("directory page", 400, lambda one, n: one.page()),
        ("get_all_users_stats", 400, lambda one, n: one.all_stats()),
    ):
        calls: dict[str, Callable[[int], object]] = {name: partial(call, one) for name, one in pair.items()}
        rows += rows_of(size, work, timed(calls, at_most=at_most))
    ours.close()
    sqlite.close()
    return rows


def opening(folder: Path, size: int) -> list[Row]:
    """Opening a store in a fresh process and reading one person; and the memory of that process."""
    Ours(folder, size).close()
    Sqlite(folder, size).close()
    rows = []
    for name in (Ours.name, Sqlite.name):
        runs = [_answer(_child("opener", folder, size, name, "0")) for _ in range(3)]
        middle = sorted(runs, key=lambda run: run["open_ms"])[1]
        rows.append(Row(size, "open and read one", name, middle))
    return rows


PARTS: dict[str, Callable[[Path, int], list[Row]]] = {
    "record": record,
    "threads": threads,
    "processes": processes,
    "reads": reads,
    "open": opening,
}


# -- child processes --------------------------------------------------------------------------------------------------


def _child(task: str, folder: Path, size: int, name: str, number: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "user_stats.bench.child", task, str(folder), str(size), name, number]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def _answer(process: subprocess.Popen[str]) -> Any:
    output, _ = process.communicate(timeout=300)
    return json.loads(output)
