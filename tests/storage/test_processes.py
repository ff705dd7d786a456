"""Several processes and threads on one folder: no update is lost, nothing is done twice, nobody waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import all_json_is_valid, judge

from user_stats.errors import StorageBusy, StorageError
from user_stats.storage import Collection, open_storage
from user_stats.storage.json_files.engine import JsonStorage

WRITER = str(Path(__file__).parent / "writer.py")
NAMES = Collection("names", width=128, unique={"name": str.casefold})

TAKE_A_NAME = """
import sys
from user_stats.errors import AlreadyExists
from user_stats.storage import Collection, open_storage
names = Collection("names", width=128, unique={"name": str.casefold})
try:
    open_storage(sys.argv[1]).transaction(lambda tx: tx.put(names, sys.argv[2], {"name": "Ada"}))
    print("won")
except AlreadyExists:
    print("lost")
"""

HOLD_THE_LOCK = """
import sys
from user_stats.storage import open_storage
storage = open_storage(sys.argv[1])
def work(tx):
    print("held", flush=True)
    sys.stdin.read()
storage.transaction(work)
"""


def all_write(url: str, *, processes: int, threads: int, steps: int) -> None:
    words = [sys.executable, WRITER, url, "real", str(threads), "0", str(steps)]
    writers = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in range(processes)]
    numbers = [int(line) for writer in writers for line in writer.communicate(timeout=600)[0].split()]
    assert all(writer.returncode == 0 for writer in writers)
    assert sorted(numbers) == list(range(1, processes * threads * steps + 1))
    storage = open_storage(url)
    assert judge(storage) == processes * threads * steps
    all_json_is_valid(Path(url))


def test_processes_and_threads_lose_nothing(url: str) -> None:
    all_write(url, processes=4, threads=4, steps=40)


@pytest.mark.soak
def test_eight_processes_of_four_threads_lose_nothing(url: str) -> None:
    all_write(url, processes=8, threads=4, steps=1000)


def test_the_harness_catches_a_naive_writer(tmp_path: Path) -> None:
    words = [sys.executable, WRITER, str(tmp_path), "naive", "1", "0", "400"]
    gate, gun = os.pipe()
    writers = [subprocess.Popen(words, stdin=gate, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(3)]
    os.close(gate)
    time.sleep(1)  # they are other processes that wait at the gate
    os.close(gun)
    numbers = [int(line) for writer in writers for line in writer.communicate(timeout=60)[0].split()]
    assert sorted(numbers) != list(range(1, 1201))


def test_of_many_processes_that_take_one_name_one_gets_it(url: str) -> None:
    words = [sys.executable, "-c", TAKE_A_NAME, url]
    takers = [
        subprocess.Popen([*words, f"k{number}"], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        for number in range(10)
    ]
    answers = [taker.communicate(timeout=60)[0].decode().strip() for taker in takers]
    assert sorted(answers) == ["lost"] * 9 + ["won"]
    assert open_storage(url).count(NAMES) == 1


def holder_of(folder: Path) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def test_a_lock_that_is_kept_is_named_after_the_timeout(tmp_path: Path) -> None:
    storage = JsonStorage(str(tmp_path), lock_timeout_seconds=0.3)
    storage.transaction(lambda tx: tx.put(NAMES, "a", {"name": "ada"}))
    holder = holder_of(tmp_path)
    os.kill(holder.pid, signal.SIGSTOP)
    start = time.monotonic()
    with pytest.raises(StorageBusy, match="locked"):
        storage.transaction(lambda tx: tx.put(NAMES, "b", {"name": "bob"}))
    assert time.monotonic() - start >= 0.3
    assert storage.get(NAMES, "a") == {"name": "ada"}  # readers take no lock
    holder.kill()
    holder.wait()
    storage.transaction(lambda tx: tx.put(NAMES, "b", {"name": "bob"}))
    assert storage.count(NAMES) == 2


def test_users_of_the_filelock_library_are_excluded_too(tmp_path: Path) -> None:
    filelock = pytest.importorskip("filelock")
    holder = holder_of(tmp_path)
    with pytest.raises(filelock.Timeout):
        filelock.FileLock(tmp_path / "store.lock").acquire(timeout=0.1)
    holder.communicate()
    filelock.FileLock(tmp_path / "store.lock").acquire(timeout=5).lock.release()


def test_a_lock_file_that_was_removed_is_made_again(tmp_path: Path) -> None:
    one, other = open_storage(str(tmp_path)), open_storage(str(tmp_path))
    one.transaction(lambda tx: tx.put(NAMES, "a", {"name": "ada"}))
    (tmp_path / "store.lock").unlink()
    other.transaction(lambda tx: tx.put(NAMES, "b", {"name": "bob"}))
    one.transaction(lambda tx: tx.put(NAMES, "c", {"name": "eve"}))
    assert one.count(NAMES) == other.count(NAMES) == 3


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_lock_that_is_no_plain_file_is_named(tmp_path: Path, kind: str) -> None:
    if kind == "folder":
        (tmp_path / "store.lock").mkdir()
    else:
        (tmp_path / "store.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError) as refused:
        open_storage(str(tmp_path))
    assert not isinstance(refused.value, StorageBusy)
    assert not (tmp_path / "elsewhere").exists()


def test_a_child_made_by_fork_works_for_itself(url: str) -> None:
    storage = open_storage(url)
    storage.transaction(lambda tx: tx.put(NAMES, "a", {"name": "ada"}))
    child = os.fork()
    if child == 0:
        try:
            for number in range(50):
                storage.transaction(lambda tx, number=number: tx.put(NAMES, f"c{number}", {"name": f"c{number}"}))
        finally:
            os._exit(0)
    for number in range(50):
        storage.transaction(lambda tx, number=number: tx.put(NAMES, f"p{number}", {"name": f"p{number}"}))
    os.waitpid(child, 0)
    assert storage.count(NAMES) == 101
    assert len(dict(open_storage(url).scan(NAMES))) == 101
