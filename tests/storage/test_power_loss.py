"""The power goes: of everything that was not synced, any part may be missing, in sectors of 512 bytes, and any name.

A recording disk keeps what is durable apart from what is not; from a cut at any operation many states of the disk are
made up, and each must open with everything that was acknowledged, whole. Also when the power goes again meanwhile.
"""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from harness import CAPPED, COUNTERS, TRAIL, WIDE, CountingDisk, all_json_is_valid, judge, step

from user_stats.errors import StorageError
from user_stats.storage.json_files import journal
from user_stats.storage.json_files.engine import JsonStorage

SECTOR = 512
STEPS = 26


class PowerCut(BaseException):
    """Nothing runs any more."""


class File:
    """One inode: what is durable of it, and what was written since."""

    def __init__(self, durable: bytes = b"") -> None:
        self.durable = durable
        self.writes: list[tuple[int, bytes]] = []

    def sync(self) -> None:
        self.durable = self.with_writes(lambda: True)
        self.writes = []

    def with_writes(self, keep: Any) -> bytes:
        image = bytearray(self.durable)
        for offset, data in self.writes:
            for start in range(offset - offset % SECTOR, offset + len(data), SECTOR):
                low, high = max(start, offset), min(start + SECTOR, offset + len(data))
                if keep():
                    image.extend(bytes(max(0, high - len(image))))
                    image[low:high] = data[low - offset : high - offset]
        return bytes(image)


Change = tuple[str, str | None, File | dict[str, File] | None]


class PowerDisk(CountingDisk):
    """Records what a loss of power would leave."""

    def __init__(self, folder: Path, cut_at: int) -> None:
        super().__init__()
        self.folder = str(folder)
        self.cut_at = cut_at
        self.is_cut = False
        self.files: dict[int, File] = {}
        """The inodes that exist now; a number is used again after a removal, a File never is."""
        self.durable_names: dict[str, File] = {}
        """The durable names."""
        self.renames: list[Change] = []
        """Names that were made (path, None, file), moved (to, from, file) or removed (path, path, None) since; of a
        folder that was moved, the files in it."""
        self._recording = threading.RLock()
        for path in folder.rglob("*"):
            if path.is_file():
                file = self.files[path.stat().st_ino] = File(path.read_bytes())
                self.durable_names[str(path)] = file

    def before(self, name: str, arguments: tuple[Any, ...]) -> None:
        if self.is_cut or self.calls == self.cut_at:
            self.is_cut = True
            raise PowerCut

    def open(self, path: str, flags: int) -> int:
        with self._recording:
            is_new = bool(flags & os.O_CREAT) and (bool(flags & os.O_TRUNC) or not os.path.exists(path))
            descriptor = super().open(path, flags)
            if is_new:
                file = self.files[os.fstat(descriptor).st_ino] = File()
                self.renames.append((path, None, file))
            return descriptor

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> None:
        with self._recording:
            super().pwrite(descriptor, data, offset)
            self._file(descriptor).writes.append((offset, data))

    def fdatasync(self, descriptor: int) -> None:
        with self._recording:
            super().fdatasync(descriptor)
            self._file(descriptor).sync()

    def fsync(self, descriptor: int) -> None:
        with self._recording:
            super().fsync(descriptor)
            self._file(descriptor).sync()

    def rename(self, source: str, target: str) -> None:
        with self._recording:
            file: File | dict[str, File]
            if os.path.isdir(source):
                inner = [path for path in Path(source).rglob("*") if path.is_file()]
                file = {str(path.relative_to(source)): self.files[path.stat().st_ino] for path in inner}
            else:
                file = self.files[os.stat(source).st_ino]
            super().rename(source, target)
            self.renames.append((target, source, file))

    def unlink(self, path: str) -> None:
        with self._recording:
            super().unlink(path)
            self.renames.append((path, path, None))

    def sync_folder(self, folder: str) -> None:
        with self._recording:
            super().sync_folder(folder)
            self._settle_names(lambda path: os.path.dirname(path) == folder)

    def sync_all(self, folder: str) -> None:
        with self._recording:
            super().sync_all(folder)
            for file in self.files.values():
                file.sync()
            self._settle_names(lambda path: True)

    def _file(self, descriptor: int) -> File:
        return self.files[os.fstat(descriptor).st_ino]

    def _settle_names(self, matches: Any) -> None:
        left = []
        for change in self.renames:
            if matches(change[0]):
                _apply(self.durable_names, change)
            else:
                left.append(change)
        self.renames = left

    def crash_into(self, folder: Path, chance: random.Random) -> None:
        """One of the states in which the disk may be found."""
        share = chance.choice([0.0, 0.2, 0.5, 0.8, 1.0])
        names = dict(self.durable_names)
        for change in self.renames:
            if chance.random() < share:
                _apply(names, change)
        for path, file in names.items():
            if path.endswith("store.state"):
                continue  # of another run of the machine, and not looked at
            target = folder / Path(path).relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.with_writes(lambda: chance.random() < share))


def _apply(names: dict[str, File], change: Change) -> None:
    path, source, file = change
    if isinstance(file, dict):
        for name in [name for name in names if name.startswith(f"{source}/")]:
            del names[name]
        names.update({f"{path}/{name}": inner for name, inner in file.items()})
        return
    if file is None:
        names.pop(path, None)
        return
    if source is not None:
        names.pop(source, None)
    names[path] = file


def run_until_the_cut(folder: Path, cut_at: int, disk_class: type[PowerDisk]) -> tuple[PowerDisk, int]:
    """The disk as the cut left it, and the number that was acknowledged last."""
    disk = disk_class(folder, cut_at)
    acknowledged = 0
    try:
        storage = JsonStorage(str(folder), disk=disk)
        for _ in range(STEPS):
            acknowledged = step(storage)
    except PowerCut:
        pass
    disk.is_cut = True
    return disk, acknowledged


def campaign(tmp_path: Path, cuts: range, states: int, disk_class: type[PowerDisk] = PowerDisk) -> None:
    chance = random.Random(3)
    for cut_at in cuts:
        folder = tmp_path / f"run{cut_at}"
        folder.mkdir()
        disk, acknowledged = run_until_the_cut(folder, cut_at, disk_class)
        for number in range(states):
            found = tmp_path / f"found{cut_at}_{number}"
            found.mkdir()
            disk.crash_into(found, chance)
            if number % 2:
                found = cut_while_recovering(found, tmp_path / f"again{cut_at}_{number}", chance)
            storage = JsonStorage(str(found))
            assert acknowledged <= judge(storage) <= acknowledged + 1
            all_json_is_valid(found)
            step(storage)
            judge(storage)
            storage.close()


def cut_while_recovering(found: Path, again: Path, chance: random.Random) -> Path:
    disk = PowerDisk(found, chance.randrange(1, 40))
    try:
        JsonStorage(str(found), disk=disk)
    except PowerCut:
        pass
    disk.is_cut = True
    again.mkdir()
    disk.crash_into(again, chance)
    return again


@pytest.fixture(autouse=True)
def small_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that the halves change often."""
    monkeypatch.setattr(journal, "HALF_BYTES", 5000)


def test_no_cut_loses_what_was_acknowledged(tmp_path: Path) -> None:
    campaign(tmp_path, range(3, 420, 13), states=3)


@pytest.mark.soak
def test_four_thousand_cuts_lose_nothing(tmp_path: Path) -> None:
    campaign(tmp_path, range(1, 500), states=8)


@pytest.mark.parametrize("missing", ["", "sync_all", "sync_folder"])
def test_no_cut_leaves_less_than_the_old_or_the_new_store(tmp_path: Path, missing: str) -> None:
    """Everything is replaced at once. Without syncs some states must be found wanting, or the test proves nothing."""
    collections, logs, old, new = (COUNTERS, WIDE), (CAPPED, TRAIL), 9, 25
    other = JsonStorage(str(tmp_path / "other"))
    for _ in range(new):
        step(other)
    chance = random.Random(5)
    numbers, failures = set(), 0
    with other.snapshot(collections, logs) as source:
        for cut_at in range(1, 200):
            folder = tmp_path / f"run{cut_at}"
            storage = JsonStorage(str(folder))
            for _ in range(old):
                step(storage)
            storage.close()
            disk = PowerDisk(folder, cut_at)
            setattr(disk, missing, lambda folder: None) if missing else None
            try:
                JsonStorage(str(folder), disk=disk).replace_all(source, collections, logs)
            except PowerCut:
                pass
            is_done, disk.is_cut = not disk.is_cut, True
            for number in range(4):
                found = tmp_path / f"found{cut_at}_{number}"
                found.mkdir()
                disk.crash_into(found, chance)
                try:
                    storage = JsonStorage(str(found))
                    numbers.add(judge(storage))
                    all_json_is_valid(found)
                    storage.close()
                except (AssertionError, StorageError):
                    failures += 1
            if is_done:
                break
    assert (failures > 0) == bool(missing)
    assert is_done
    assert numbers == {old, new} or missing


class NoJournalSync(PowerDisk):
    def fdatasync(self, descriptor: int) -> None:
        """Believes that it is not needed."""


class NoDataSync(PowerDisk):
    def sync_all(self, folder: str) -> None:
        """Believes that it is not needed."""


@pytest.mark.parametrize("sabotaged", [NoJournalSync, NoDataSync])
def test_the_harness_catches_a_missing_sync(tmp_path: Path, sabotaged: type[PowerDisk]) -> None:
    with pytest.raises((AssertionError, StorageError)):
        campaign(tmp_path, range(200, 420, 20), states=6, disk_class=sabotaged)
