"""Threads queue up to write: nobody waits longer than the timeout, and who is interrupted holds up nobody."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from user_stats.errors import StorageBusy
from user_stats.storage import Collection, Transaction
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.engine import JsonStorage
from user_stats.storage.json_files.lock import StoreLock

NAMES = Collection("names", width=128)
SHELVES = [Collection(f"shelf{number}", width=128) for number in range(6)]
INTERRUPTS = 300


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


def is_held_off(path: Path) -> bool:
    """True where whoever opens the file would wait."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except BlockingIOError:
        return True
    return False


def test_an_interrupt_in_the_middle_of_a_write_leaves_no_file_held_off(tmp_path: Path) -> None:
    storage, chance = JsonStorage(str(tmp_path)), random.Random(4)

    def count(tx: Transaction) -> None:
        for shelf in SHELVES:
            tx.put(shelf, "sum", {"value": (tx.get(shelf, "sum") or {"value": 0})["value"] + 1})

    storage.transaction(count)
    began = time.perf_counter()
    for _ in range(50):
        storage.transaction(count)
    usual_seconds = (time.perf_counter() - began) / 50
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    interrupted = 0
    try:
        for _ in range(INTERRUPTS):
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.2, 1.1) * usual_seconds)
                storage.transaction(count)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            assert [shelf.name for shelf in SHELVES if is_held_off(tmp_path / f"{shelf.name}.json")] == []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > INTERRUPTS / 10
    storage.transaction(count)
    sums = {storage.get(shelf, "sum")["value"] for shelf in SHELVES}  # type: ignore[index]
    assert len(sums) == 1
    assert 51 < sums.pop() <= 52 + INTERRUPTS


def test_a_child_that_is_made_while_others_write_holds_no_file_off(tmp_path: Path) -> None:
    storage, is_over = JsonStorage(str(tmp_path)), threading.Event()
    write(storage, "first")
    children: list[int] = []

    def write_on() -> None:
        while not is_over.is_set():
            write(storage, "first")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_on)
        try:
            for _ in range(40):
                time.sleep(0.005)  # at any moment of a write
                child = os.fork()
                if not child:
                    time.sleep(60)
                    os._exit(0)
                children.append(child)
            is_over.set()
            writing.result(20)
            assert not is_held_off(tmp_path / "names.json")
        finally:
            is_over.set()
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
