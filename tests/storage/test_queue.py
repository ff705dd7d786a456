"""Threads queue up to write: nobody waits longer than the timeout, and who is interrupted holds up nobody."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from user_stats.errors import StorageBusy
from user_stats.storage import Collection
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.engine import JsonStorage
from user_stats.storage.json_files.lock import StoreLock

NAMES = Collection("names", width=128)


def write(storage: JsonStorage, key: str) -> None:
    storage.transaction(lambda tx: tx.put(NAMES, key, {"name": key}))


def is_waiting_in_transaction(thread: int) -> bool:
    frame = sys._current_frames()[thread]
    return frame.f_code.co_name == "run" and frame.f_code.co_filename.endswith("group_commit.py")


def test_an_interrupt_while_waiting_holds_up_nobody(tmp_path: Path) -> None:
    storage = JsonStorage(str(tmp_path))
    main, entered, may_end = threading.get_ident(), threading.Event(), threading.Event()

    def slow(tx: object) -> None:
        entered.set()
        for _ in range(20_000):
            if is_waiting_in_transaction(main):
                break
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)
        may_end.wait(20)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(storage.transaction, slow)
        entered.wait(20)
        with pytest.raises(KeyboardInterrupt):
            write(storage, "main")
        others = [pool.submit(write, storage, f"k{number}") for number in range(3)]
        may_end.set()
        first.result(20)
        for other in others:
            other.result(20)
    write(storage, "after")
    assert sorted(key for key, _ in storage.scan(NAMES)) == ["after", "k0", "k1", "k2"]


def test_everybody_in_the_queue_waits_no_longer_than_the_timeout(tmp_path: Path) -> None:
    storage, another = (JsonStorage(str(tmp_path), lock_timeout_seconds=1.0) for _ in range(2))
    write(storage, "before")
    lock = StoreLock(Disk(), str(tmp_path / "store.lock"), timeout_seconds=1, portable=False)
    refused: list[str] = []

    def refuse(store: JsonStorage, name: str) -> None:
        with pytest.raises(StorageBusy):
            write(store, name)
        refused.append(name)

    with lock, ThreadPoolExecutor(9) as pool:
        calls = [pool.submit(refuse, storage, f"k{number}") for number in range(8)]
        wait(calls, return_when=FIRST_COMPLETED)
        refuse(another, "who came when the first was refused")
    assert len(refused) == 9
    assert refused[-1] == "who came when the first was refused"
    write(storage, "after")
    assert storage.count(NAMES) == 2
