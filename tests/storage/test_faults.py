"""Every single file operation fails, once or from then on: the error is named, a refused transaction has changed
nothing, and the store works again without a restart as soon as the fault is gone."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from harness import FailingDisk, NaiveStorage, all_json_is_valid, judge, step

from user_stats.errors import StorageError, StorageFull, StorageReadOnly
from user_stats.storage.json_files.engine import JsonStorage

NAMED = {errno.ENOSPC: StorageFull, errno.EROFS: StorageReadOnly, errno.EIO: StorageError}
STEPS = 16
FIRST_STEPS = 20


def prepared(folder: Path) -> tuple[JsonStorage, FailingDisk, int]:
    """A store with some content, and how many operations the following steps take."""
    disk = FailingDisk()
    storage = JsonStorage(str(folder), disk=disk)
    for _ in range(FIRST_STEPS):
        step(storage)
    disk.calls = 0
    for _ in range(STEPS):
        step(storage)
    return storage, disk, disk.calls


@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failing_operation_changes_nothing_and_heals(tmp_path: Path, code: int, for_ever: bool) -> None:
    storage, disk, operations = prepared(tmp_path)
    for fail_at in range(1, operations // STEPS * 4):
        number = judge(storage)
        disk.plan(fail_at, for_ever=for_ever, code=code)
        refused = 0
        for _ in range(4):
            try:
                number = step(storage)
            except StorageError as error:
                refused += 1
                assert isinstance(error, NAMED[code]), error
        disk.heal()
        assert refused > 0 or disk.failures <= 1  # a lost background flush is made up for later
        assert judge(storage) == number
        assert step(storage) == number + 1
        all_json_is_valid(tmp_path)
    again = JsonStorage(str(tmp_path))
    judge(again)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_fault_while_recovering_is_named_and_heals(tmp_path: Path) -> None:
    storage, disk, _ = prepared(tmp_path)
    for fail_at in range(1, 60):
        number = judge(storage)
        storage._state.set_dirty()  # as if a process had died while writing
        disk.plan(fail_at, for_ever=False, code=errno.EIO)
        try:
            number = step(storage)
        except StorageError:
            pass
        disk.heal()
        storage._state.set_dirty()
        assert step(storage) == number + 1
        judge(storage)


def test_a_store_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    for fail_at in range(1, 12):
        disk = FailingDisk()
        disk.plan(fail_at, for_ever=False, code=errno.ENOSPC)
        folder = tmp_path / str(fail_at)
        try:
            storage = JsonStorage(str(folder), disk=disk)
        except StorageError as error:
            assert isinstance(error, StorageFull)
            storage = JsonStorage(str(folder))
        disk.heal()
        assert step(storage) == 1


def test_a_failed_flush_is_made_up_for(tmp_path: Path) -> None:
    storage, disk, _ = prepared(tmp_path)
    number = judge(storage)
    disk.plan(1, for_ever=True, code=errno.EIO)
    storage._committer._flush(0)
    disk.heal()
    assert step(storage) == number + 1
    judge(storage)


def test_the_harness_catches_a_naive_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    naive = NaiveStorage(str(tmp_path))
    naive.step()
    real, calls = json.dump, []

    def failing(content: object, file: object) -> None:
        calls.append(content)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "no space")
        real(content, file)  # type: ignore[arg-type]

    monkeypatch.setattr(json, "dump", failing)
    with pytest.raises(OSError, match="no space"):
        naive.step()
    with pytest.raises((AssertionError, json.JSONDecodeError)):
        naive.judge()
