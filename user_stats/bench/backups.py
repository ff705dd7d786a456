"""How long a backup takes, the proof by restoring it included, alone and while somebody writes; how long that one must
wait; how long a restore takes."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from user_stats.bench.measures import Row
from user_stats.manager import UserManager
from user_stats.storage import Storage, open_storage
from user_stats.transfer.backup import take_backup
from user_stats.transfer.restore import restore
from user_stats.watches import Watch

MOST_PEOPLE, WATCHES = 1000, 1000
START = datetime(2024, 1, 1, tzinfo=UTC)
BACKUP, RESTORE = "backup", "restore"


def backups(folder: Path, size: int) -> list[Row]:
    """Of up to 1,000 people with 1,000 watches each; at larger sizes nothing is measured."""
    if size > MOST_PEOPLE:
        return []
    with_people = folder / "site"
    storage = open_storage(str(with_people))
    manager = UserManager(storage)
    ids = [_with_watches(manager, number) for number in range(size)]
    path = folder / "site.zip"
    start = time.perf_counter()
    made = take_backup(storage, path, now=datetime.now(UTC))
    figures = {"seconds": time.perf_counter() - start, "entries": made.entries, "size_mb": made.size_bytes / 1e6}
    figures |= _while_written(storage, manager, ids, path)
    start = time.perf_counter()
    restore(storage, path, now=datetime.now(UTC))
    storage.close()
    return [
        Row(size, BACKUP, "user_stats", figures),
        Row(size, RESTORE, "user_stats", {"seconds": time.perf_counter() - start}),
    ]


def _while_written(storage: Storage, manager: UserManager, ids: list[str], path: Path) -> dict[str, float]:
    """The same while a thread of this process writes as much as it can, to everybody in turn."""
    waits: list[float] = []
    done = threading.Event()
    writer = threading.Thread(target=_write, args=(manager, ids, waits, done))
    writer.start()
    start = time.perf_counter()
    take_backup(storage, path, now=datetime.now(UTC))
    seconds = time.perf_counter() - start
    done.set()
    writer.join()
    return {
        "seconds_while_written": seconds,
        "longest_wait_ms": max(waits) * 1e3,
        "writes_meanwhile": len(waits),
    }


def _with_watches(manager: UserManager, number: int) -> str:
    user_id = manager.create_user(f"person{number}", f"person{number}@example.org")
    watches = (
        Watch(
            f"video-{(number * 31 + at * 7) % 5000}",
            60 + at % 1800,
            watched_at=START + timedelta(hours=at, seconds=number),
            completed=at % 3 == 0,
        )
        for at in range(WATCHES)
    )
    manager.batches.record(user_id, watches, batch="made", source="bench")
    return user_id


def _write(manager: UserManager, ids: list[str], waits: list[float], done: threading.Event) -> None:
    """Watches, one after the other, until the backup is done."""
    number = 0
    while not done.is_set():
        start = time.perf_counter()
        manager.record_watch_activity(ids[number % len(ids)], "live", 60)
        waits.append(time.perf_counter() - start)
        number += 7
