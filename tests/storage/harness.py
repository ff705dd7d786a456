"""Shared by the survival tests: a workload whose every state can be judged from outside, and disks that misbehave.

The workload: transaction `n` writes n to one counter record, to one line of a wide file, and as an entry of a capped
and of an unlimited list. Whatever happened, all four must agree, and hold at least what was acknowledged.
"""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from user_stats.storage import Collection, Log, Storage, Transaction
from user_stats.storage.json_files.disk import Disk

COUNTERS = Collection("counters", width=128)
WIDE = Collection("wide", width=256, unique={"name": str.casefold}, fields=("name",))
CAPPED = Log("capped", order=lambda entry: entry["n"])
TRAIL = Log("trail")
KEEP = 12
PEOPLE = 3


def step(storage: Storage) -> int:
    """One transaction over every kind of write; returns its number."""

    def work(tx: Transaction) -> int:
        number: int = (tx.get(COUNTERS, "n") or {"n": 0})["n"] + 1
        tx.put(COUNTERS, "n", {"n": number})
        key = f"k{number % PEOPLE}"
        tx.put(WIDE, key, {"name": f"{key}-{number}", "n": number})
        if number % 5 == 0:
            tx.delete(WIDE, f"k{(number + 1) % PEOPLE}")
        if number % 7 == 0:
            tx.put(WIDE, f"extra{number}", {"name": f"extra{number}", "n": number})
        if number % 11 == 0:
            tx.clear(CAPPED, "b")
        tx.append(CAPPED, "a", {"n": number, "text": "x" * (number % 50)}, keep=KEEP)
        tx.append(CAPPED, "b", {"n": -number})
        tx.append(TRAIL, "a", {"n": number})
        return number

    return storage.transaction(work)


def judge(storage: Storage) -> int:
    """The number of the last transaction, after making sure that it is there as a whole and nothing else is."""
    number: int = (storage.get(COUNTERS, "n") or {"n": 0})["n"]
    trail = [entry["n"] for entry in storage.read_log(TRAIL, "a")]
    assert trail == list(range(1, number + 1)), f"the counter says {number}, the list ends with {trail[-3:]}"
    capped = [entry["n"] for entry in storage.read_log(CAPPED, "a")]
    assert capped == list(range(max(1, number - KEEP + 1), number + 1))
    since = number // 11 * 11 if number >= 11 else 1
    assert [entry["n"] for entry in storage.read_log(CAPPED, "b")] == [-n for n in range(number, since - 1, -1) if n]
    assert {key: record["n"] for key, record in storage.scan(WIDE)} == expected_lines(number)
    for key, record in storage.scan(WIDE):
        assert storage.find(WIDE, "name", record["name"]) == key
    return number


def expected_lines(number: int) -> dict[str, int]:
    """What `step` leaves in WIDE, played on a dict."""
    lines: dict[str, int] = {}
    for n in range(1, number + 1):
        lines[f"k{n % PEOPLE}"] = n
        if n % 5 == 0:
            lines.pop(f"k{(n + 1) % PEOPLE}", None)
        if n % 7 == 0:
            lines[f"extra{n}"] = n
    return lines


def all_json_is_valid(folder: Path) -> None:
    """Reads as any program would: with json.load."""
    for path in folder.rglob("*.json"):
        try:
            with path.open() as file:
                json.load(file)
        except FileNotFoundError:
            continue  # removed in between
        except ValueError as error:
            raise AssertionError(f"{path.name} is no valid JSON: {error}") from error


MUTATING = (
    "pwrite",
    "truncate",
    "fdatasync",
    "fsync",
    "rename",
    "unlink",
    "make_folder",
    "remove_folder",
    "sync_folder",
    "sync_all",
    "open",
)


class CountingDisk(Disk):
    """Counts the calls that change something (an open may make a file), and lets a subclass step in before one."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def before(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Called before each."""

    def _counted(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.calls += 1
        self.before(name, arguments)


def _wrapped(name: str) -> Callable[..., Any]:
    real = getattr(Disk, name)

    def call(self: CountingDisk, *arguments: Any) -> Any:
        if name != "open" or arguments[1] & (os.O_CREAT | os.O_RDWR | os.O_WRONLY):
            self._counted(name, arguments)
        return real(self, *arguments)

    return call


for _name in MUTATING:
    setattr(CountingDisk, _name, _wrapped(_name))


class KillingDisk(CountingDisk):
    """Ends its process with SIGKILL at the k-th call; a write is done in half before."""

    def __init__(self, kill_at: int) -> None:
        super().__init__()
        self.kill_at = kill_at

    def before(self, name: str, arguments: tuple[Any, ...]) -> None:
        if self.calls == self.kill_at:
            if name == "pwrite":
                descriptor, data, offset = arguments
                os.pwrite(descriptor, data[: len(data) // 2], offset) if "journal" in _path(descriptor) else None
            os.kill(os.getpid(), signal.SIGKILL)


def _path(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")


class FailingDisk(CountingDisk):
    """Fails the k-th call with an error of the system, once or from then on, until it is healed."""

    def __init__(self) -> None:
        super().__init__()
        self.fail_at = 0
        self.for_ever = False
        self.code = errno.ENOSPC
        self.failures = 0

    def plan(self, fail_at: int, *, for_ever: bool, code: int) -> None:
        self.calls, self.fail_at, self.for_ever, self.code, self.failures = 0, fail_at, for_ever, code, 0

    def heal(self) -> None:
        self.fail_at = 0

    def before(self, name: str, arguments: tuple[Any, ...]) -> None:
        if self.fail_at and (self.calls == self.fail_at or (self.for_ever and self.calls > self.fail_at)):
            self.failures += 1
            raise OSError(self.code, os.strerror(self.code))


class NaiveStorage:
    """How it is often done: read everything, change it, write it over. The harness must find it wanting."""

    def __init__(self, folder: str) -> None:
        self.path = Path(folder) / "naive.json"
        self.trail = Path(folder) / "naive_trail.json"
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def step(self) -> int:
        number = self.read(self.path, {"n": 0})["n"] + 1
        self.write(self.path, {"n": number, "pad": "x" * 20_000})
        self.write(self.trail, [*self.read(self.trail, []), number])
        return int(number)

    def judge(self) -> int:
        number = self.read(self.path, {"n": 0})["n"]
        assert self.read(self.trail, []) == list(range(1, number + 1))
        return int(number)

    def read(self, path: Path, default: Any) -> Any:
        return json.loads(path.read_text()) if path.exists() else default

    def write(self, path: Path, content: Any) -> None:
        with path.open("w") as file:
            json.dump(content, file)
