"""Writers are killed at random moments and before each single file operation: nothing acknowledged is lost, nothing is
half there, and whoever reads the files sees valid JSON all the time."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from harness import CountingDisk, NaiveStorage, all_json_is_valid, judge, step

from user_stats.storage import open_storage
from user_stats.storage.json_files.engine import JsonStorage

WRITER = str(Path(__file__).parent / "writer.py")
STEPS = 30
"""Enough for every kind of write, a compaction apart."""


def started(
    url: str | Path, *, kind: str = "real", threads: int = 1, kill_at: int = 0, steps: int = 10**6
) -> subprocess.Popen[bytes]:
    words = [sys.executable, WRITER, str(url), kind, str(threads), str(kill_at), str(steps)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def first_line(writer: subprocess.Popen[bytes]) -> bytes:
    """Waits until it writes."""
    assert writer.stdout is not None
    return writer.stdout.readline()


def last_acknowledged(output: bytes) -> int:
    lines = output.split(b"\n")[:-1]  # what follows the last line feed is no acknowledgement
    return max((int(line) for line in lines), default=0)


class Reader:
    """Reads every JSON file in a loop, as any other program would, until it is stopped."""

    def __init__(self, folder: Path) -> None:
        self._stop = threading.Event()
        self._folder = folder
        self.problems: list[str] = []
        self.rounds = 0
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                all_json_is_valid(self._folder)
            except AssertionError as error:
                self.problems.append(str(error))
            self.rounds += 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def kill_at_random(url: str, rounds: int, *, processes: int = 2, threads: int = 2) -> None:
    chance = random.Random(1)
    folder = Path(url)
    if "://" not in url:
        folder.mkdir()
    reader = Reader(folder)
    known = 0
    try:
        for _ in range(rounds):
            writers = [started(url, threads=threads) for _ in range(processes)]
            firsts = [first_line(writer) for writer in writers]
            time.sleep(chance.random() * 0.3)
            for writer in writers:
                writer.kill()
            outputs = [first + writer.communicate()[0] for first, writer in zip(firsts, writers, strict=True)]
            acknowledged = max(map(last_acknowledged, outputs))
            storage = open_storage(url)
            number = judge(storage)
            assert number >= max(acknowledged, known)
            known = number
            storage.close()
            all_json_is_valid(folder)
    finally:
        reader.stop()
    assert reader.problems == []
    assert reader.rounds > 0
    assert known > rounds


def test_killed_writers_lose_nothing(url: str) -> None:
    kill_at_random(url, 6)


@pytest.mark.soak
def test_three_hundred_killed_writers_lose_nothing(url: str) -> None:
    kill_at_random(url, 300)


def operations_of_a_run(folder: Path) -> int:
    disk = CountingDisk()
    storage = JsonStorage(str(folder), disk=disk)
    for _ in range(STEPS):
        step(storage)
    return disk.calls


def kill_at_operation(folder: Path, kill_at: int) -> None:
    writer = started(folder, kill_at=kill_at, steps=STEPS)
    output, errors = writer.communicate(timeout=60)
    assert writer.returncode == -9, errors.decode()
    if folder.exists():
        all_json_is_valid(folder)
    storage = open_storage(str(folder))
    number = judge(storage)
    assert number in (last_acknowledged(output), last_acknowledged(output) + 1)
    assert step(storage) == number + 1
    judge(storage)
    all_json_is_valid(folder)
    storage.close()
    assert not list(folder.rglob("*.tmp"))


def test_a_kill_before_some_operations_loses_nothing(tmp_path: Path) -> None:
    total = operations_of_a_run(tmp_path / "count")
    for kill_at in range(1, total, max(1, total // 25)):
        kill_at_operation(tmp_path / f"store{kill_at}", kill_at)


@pytest.mark.soak
def test_a_kill_before_every_operation_loses_nothing(tmp_path: Path) -> None:
    total = operations_of_a_run(tmp_path / "count")
    for kill_at in range(1, total):
        kill_at_operation(tmp_path / f"store{kill_at}", kill_at)


def test_the_harness_catches_a_naive_writer(tmp_path: Path) -> None:
    caught = 0
    for number in range(20):
        folder = tmp_path / f"naive{number}"
        writer = started(folder, kind="naive")
        lines = [first_line(writer) for _ in range(20 + number)]
        writer.kill()
        acknowledged = last_acknowledged(b"".join(lines) + writer.communicate()[0])
        try:
            caught += NaiveStorage(str(folder)).judge() < acknowledged
        except (AssertionError, json.JSONDecodeError):
            caught += 1
    assert caught > 0
