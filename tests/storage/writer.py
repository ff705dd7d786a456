"""A process that writes until it is killed, or for a number of steps; each acknowledged number goes to its output."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))

from harness import KillingDisk, NaiveStorage, step

from user_stats.storage import open_storage
from user_stats.storage.json_files.engine import JsonStorage


def main(url: str, kind: str, threads: str, kill_at: str, steps: str) -> None:
    if kind == "naive":
        naive = NaiveStorage(url)
        sys.stdin.readline()  # all of them start at once
        _repeat(naive.step, int(steps))
        return
    storage = JsonStorage(url, disk=KillingDisk(int(kill_at))) if int(kill_at) else open_storage(url)
    workers = [
        threading.Thread(target=_repeat, args=(lambda: step(storage), int(steps))) for _ in range(int(threads) - 1)
    ]
    for worker in workers:
        worker.start()
    _repeat(lambda: step(storage), int(steps))
    for worker in workers:
        worker.join()


def _repeat(call: object, steps: int) -> None:
    end = time.monotonic() + 600  # whatever happens to the parent
    done = 0
    while done < steps and time.monotonic() < end:
        number = call()  # type: ignore[operator]
        os.write(1, f"{number}\n".encode())
        done += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
