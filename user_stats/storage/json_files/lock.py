"""Who may write: one lock file, `store.lock`, held by one process at a time. Readers take no lock.

The lock is flock(2) on that file, which excludes users of the filelock library on the same path too; taking it costs
under a microsecond. Where that is not to be had (not Linux, or a network disk) filelock itself is used. The lock file
is never deleted or replaced.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time

import filelock

from user_stats.errors import StorageBusy
from user_stats.storage.json_files.disk import Disk

FIRST_PAUSE_SECONDS = 300e-6
"""About one write: whoever came into the way of a single one goes on at once."""
PATIENCE_SECONDS = 20e-3
"""How long a process that writes on and on may go on before others insist: each change of the process costs as much as
several writes, for the next one starts with cold caches."""


class StoreLock:
    """The lock of one folder for this process; one of its threads holds it at a time."""

    def __init__(self, disk: Disk, path: str, *, timeout_seconds: float, portable: bool) -> None:
        self._disk = disk
        self._path = path
        self._timeout_seconds = timeout_seconds
        self._portable = filelock.FileLock(path, mode=0o600, thread_local=False) if portable else None
        self._descriptor = -1
        self._inode = 0
        self._process = 0
        self._threads = threading.Lock()
        """Among threads: the lock of the file is the process's, and would let all of them in."""

    def __enter__(self) -> None:
        self.acquire(time.monotonic() + self._timeout_seconds)

    def __exit__(self, *exception: object) -> None:
        self.release()

    def acquire(self, deadline: float) -> None:
        """Raises StorageBusy when the lock is not free by then, on the monotonic clock."""
        if not self._threads.acquire(blocking=False) and not self._threads.acquire(
            timeout=max(0.0, deadline - time.monotonic())
        ):
            raise self._busy()
        try:
            if self._portable is None:
                self._take(deadline)
            else:
                self._portable.acquire(timeout=max(0.0, deadline - time.monotonic()))
        except filelock.Timeout:
            self._threads.release()
            raise self._busy() from None
        except BaseException:
            self._threads.release()
            raise

    def release(self) -> None:
        try:
            if self._portable is None:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            else:
                self._portable.release()
        finally:
            self._threads.release()

    def _take(self, deadline: float) -> None:
        started = 0.0
        while True:
            if self._process != os.getpid():  # never share a lock with the process that forked this one
                self._open()
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                now = time.monotonic()
                if now >= deadline:
                    raise self._busy() from None
                time.sleep(_pause_seconds(now - started) if started else FIRST_PAUSE_SECONDS)
                started = started or now
                continue
            stamp = self._disk.stamp(self._path)
            if stamp is not None and stamp[0] == self._inode:
                return
            self._open()  # somebody removed or replaced the file: hold the one that the others will see

    def _open(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = self._disk.open(self._path, os.O_RDWR | os.O_CREAT)
        self._inode = os.fstat(self._descriptor).st_ino
        self._process = os.getpid()

    def _busy(self) -> StorageBusy:
        return StorageBusy(
            f"another process has kept the data folder locked for {self._timeout_seconds:g} seconds; try again"
        )

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._process = 0


def _pause_seconds(waited_seconds: float) -> float:
    """Shorter and shorter until the patience is over; then a hundredth of the wait, for it is something long."""
    return max((PATIENCE_SECONDS - waited_seconds) / 2, waited_seconds / 100)
