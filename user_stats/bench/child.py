"""What a measured child process does: writes for a while, or opens a store; the answer goes to standard output."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from user_stats.bench.contenders import Ours, Sqlite
from user_stats.bench.measures import BUDGET_SECONDS, PROCESSES
from user_stats.bench.samples import WATCHERS

START_TOGETHER_SECONDS = 0.5


def megabytes() -> float:
    """Memory of this process that is in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main(task: str, folder: str, size: str, name: str, number: str) -> object:
    kind = Ours if name == Ours.name else Sqlite
    if task == "worker":
        return _work(kind(Path(folder), int(size), fill=False), int(number))
    before = megabytes()
    ids_only = kind(Path(folder), 100, fill=False)  # the ids of the first people; nothing is read yet
    start = time.perf_counter()
    if isinstance(ids_only, Ours):
        ids_only.manager.get_user(ids_only.ids[50])
    else:
        ids_only.get_stats(50)
    opened = time.perf_counter() - start
    ids_only.record(1)
    ids_only.get_stats(2)
    used = megabytes()
    ids_only.find(3)
    return {"open_ms": opened * 1e3, "memory_mb": used, "memory_before_mb": before, "memory_found_mb": megabytes()}


def _work(contender: Ours | Sqlite, number: int) -> list[float]:
    contender.record(number)
    time.sleep(START_TOGETHER_SECONDS)
    taken = []
    watcher = number
    end = time.perf_counter() + BUDGET_SECONDS
    while (start := time.perf_counter()) < end:
        contender.record(watcher % WATCHERS)
        taken.append(time.perf_counter() - start)
        watcher += PROCESSES
    return taken


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
