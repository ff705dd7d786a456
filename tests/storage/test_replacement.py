"""Everything replaced at once: old or new as a whole, whoever is killed and whatever the disk does."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import CAPPED, COUNTERS, TRAIL, WIDE, FailingDisk, KillingDisk, all_json_is_valid, judge, step

from user_stats.errors import StorageCorrupt, StorageError
from user_stats.storage import Collection, Log, Snapshot, open_storage
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.engine import JsonStorage

COLLECTIONS, LOGS = (COUNTERS, WIDE), (CAPPED, TRAIL)
OLD, NEW = 5, 23
"""Transactions in the store that is replaced, and in the one that replaces it."""


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Snapshot]:
    """A snapshot of another store, with NEW transactions in it."""
    other = open_storage(str(tmp_path / "other"))
    for _ in range(NEW):
        step(other)
    with other.snapshot(COLLECTIONS, LOGS) as snapshot:
        yield snapshot
    other.close()


def old_store(folder: Path, disk: Disk | None = None) -> JsonStorage:
    storage = JsonStorage(str(folder), disk=disk)
    for _ in range(OLD):
        step(storage)
    return storage


def left_over(folder: Path) -> list[str]:
    return [
        path.name for path in folder.rglob("*") if path.name.startswith((".", "incoming-")) or path.suffix == ".tmp"
    ]


def replace(folder: str, kill_at: int, source: Snapshot) -> None:
    storage = JsonStorage(folder)
    storage._disk = KillingDisk(kill_at)
    storage._committer._disk = storage._committer._journal._disk = storage._disk
    storage.replace_all(source, COLLECTIONS, LOGS)
    os._exit(0)


def test_who_is_killed_at_any_call_leaves_the_old_or_the_new_store(tmp_path: Path, source: Snapshot) -> None:
    fork = multiprocessing.get_context("fork")
    found = []
    for kill_at in range(1, 500):
        folder = tmp_path / f"killed{kill_at}"
        old_store(folder).close()
        process = fork.Process(target=replace, args=(str(folder), kill_at, source))
        process.start()
        process.join()
        storage = JsonStorage(str(folder))
        number = judge(storage)
        assert number in (OLD, NEW)
        assert step(storage) == number + 1
        judge(storage)
        storage.close()
        all_json_is_valid(folder)
        assert left_over(folder) == []
        found.append(number)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    assert found == sorted(found), "once it has decided for the new store, it stays with it"
    assert (found[0], found[-1], len(found) > 20) == (OLD, NEW, True)


@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_any_call_leaves_the_old_or_the_new_store(
    tmp_path: Path, source: Snapshot, code: int, for_ever: bool
) -> None:
    for fail_at in range(1, 500):
        folder = tmp_path / f"failed{fail_at}"
        disk = FailingDisk()
        storage = old_store(folder, disk)
        disk.plan(fail_at, for_ever=for_ever, code=code)
        refused = False
        try:
            storage.replace_all(source, COLLECTIONS, LOGS)
        except StorageError:
            refused = True
        failed = disk.failures
        disk.heal()
        storage.transaction(lambda tx: None)
        number = judge(storage)
        assert number in (OLD, NEW)
        assert refused or number == NEW
        assert left_over(folder) == []
        assert step(storage) == number + 1
        storage.close()
        if not failed:
            break
    assert fail_at > 20


def test_other_processes_go_on_with_the_new_store(tmp_path: Path, source: Snapshot) -> None:
    here = old_store(tmp_path / "users")
    there = JsonStorage(str(tmp_path / "users"))
    assert judge(there) == OLD
    here.replace_all(source, COLLECTIONS, LOGS)
    assert judge(there) == NEW
    step(there)
    assert judge(here) == NEW + 1
    step(here)
    assert judge(there) == NEW + 2
    for storage in (here, there):
        storage.close()


def test_writers_that_go_on_meanwhile_are_in_the_old_store_or_in_the_new_one(tmp_path: Path, source: Snapshot) -> None:
    storage = old_store(tmp_path / "users")
    stop = threading.Event()
    numbers: list[int] = []

    def write() -> None:
        while not stop.is_set():
            numbers.append(step(storage))

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(5):
        storage.replace_all(source, COLLECTIONS, LOGS)
    stop.set()
    writer.join()
    assert judge(storage) == (numbers[-1] if numbers and numbers[-1] > NEW else NEW)
    storage.close()


def test_what_was_there_is_kept_aside_as_a_store_of_its_own(tmp_path: Path, source: Snapshot) -> None:
    storage = old_store(tmp_path / "users")
    aside = storage.replace_all(source, COLLECTIONS, LOGS)
    assert aside is not None
    assert stat.S_IMODE(os.stat(aside).st_mode) == 0o700
    kept = open_storage(aside)
    assert judge(kept) == OLD
    kept.close()
    fresh = JsonStorage(str(tmp_path / "fresh"))
    assert fresh.replace_all(source, COLLECTIONS, LOGS) is None
    assert judge(fresh) == NEW
    fresh.close()
    storage.close()


@pytest.mark.parametrize("key", ["../out", "a/b", "A", "", "x" * 65, "a.b", "\0"])
def test_a_key_of_a_list_never_becomes_another_path(tmp_path: Path, key: str) -> None:
    class Hostile:
        def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
            return iter(())

        def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
            yield key, [b'{"n":1}']

    storage = old_store(tmp_path / "users")
    with pytest.raises(ValueError, match="key"):
        storage.replace_all(Hostile(), COLLECTIONS, LOGS)
    assert judge(storage) == OLD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "users"] or not (tmp_path / "out").exists()
    storage.close()


# -- snapshots ------------------------------------------------------------------------------------------------------


def test_a_snapshot_leaves_no_file_behind_also_when_it_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    old_store(folder).close()
    before = sorted(path.name for path in folder.rglob("*"))

    def take() -> None:
        with JsonStorage(str(folder)).snapshot(COLLECTIONS, LOGS):
            os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=take)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_files_of_another_layout_are_in_a_snapshot_as_lines(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    (folder / "trail").mkdir(parents=True)
    (folder / "wide.json").write_text('{\n "a": {\n  "n": 1\n }, "b": {"n": "ü", "x": [1,\n 2]}\n}')
    (folder / "trail" / "a_trail.json").write_text('[{"n": 1},\n\n {\n"n": 2}]')
    (folder / "trail" / "Not ours_trail.json").write_text("[{}]")
    with open_storage(str(folder)).snapshot(COLLECTIONS, LOGS) as snapshot:
        assert dict(snapshot.members(WIDE)) == {"a": b'{"n":1}', "b": '{"n":"ü","x":[1,2]}'.encode()}
        assert list(snapshot.lists(TRAIL)) == [("a", [b'{"n": 1}', b'{"n":2}'])]


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', '{"a": {"n": "\udcff"}}', "[]"])
def test_a_damaged_file_is_named_when_a_snapshot_is_read(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "users"
    folder.mkdir()
    (folder / "wide.json").write_text(text, errors="surrogateescape")
    with (
        pytest.raises(StorageCorrupt, match=r"wide\.json"),
        open_storage(str(folder)).snapshot(COLLECTIONS, LOGS) as snapshot,
    ):
        list(snapshot.members(WIDE))


def test_a_folder_that_cannot_be_written_can_be_copied(tmp_path: Path) -> None:
    old_store(tmp_path / "users").close()

    class ReadOnly(Disk):
        def open(self, path: str, flags: int) -> int:
            if flags & (os.O_RDWR | os.O_WRONLY):
                raise OSError(errno.EROFS, "read-only", path)
            return super().open(path, flags)

    storage = JsonStorage(str(tmp_path / "users"), disk=ReadOnly())
    with storage.snapshot(COLLECTIONS, LOGS) as snapshot:
        assert len(dict(snapshot.members(COUNTERS))) == 1
