"""Every file operation of the JSON engine, in one object, so that a test can fail, tear or drop the k-th of them.

Errors of the system become the package's own here and nowhere else.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import stat
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from user_stats.errors import StorageCorrupt, StorageError, StorageFull, StorageReadOnly

Stamp = tuple[int, int]
"""What identifies the version of a file that is being looked at: (inode, size in bytes)."""

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077
"""The mode bits of everybody but the owner."""
NETWORK_FILE_SYSTEMS = frozenset({0x6969, 0x517B, 0xFF534D42, 0xFE534D42, 0x65735546, 0x01021997})
"""Magic numbers of NFS, SMB, CIFS, SMB2, FUSE and 9p, from Linux' magic.h: leases and locks cannot be trusted there."""
LEASE_RETRY_SECONDS = 20e-6

_STATX_INODE_AND_SIZE, _AT_FDCWD, _AT_EMPTY_PATH = 0x300, -100, 0x1000
_SYSTEM = ctypes.CDLL(None, use_errno=True)
_HOLDING = ctypes.PyDLL(None, use_errno=True)
"""Calls that take less than handing the interpreter lock to another thread and back: they keep it."""
_STATX: Any = getattr(_HOLDING, "statx", None)
"""None where the system has no such call: then a slower one tells the same."""
_FCNTL = _HOLDING.fcntl
_F_SETSIG, _F_SETLEASE = getattr(fcntl, "F_SETSIG", 0), getattr(fcntl, "F_SETLEASE", 0)
_F_WRLCK, _F_UNLCK, _SIGURG = fcntl.F_WRLCK, fcntl.F_UNLCK, int(signal.SIGURG)
_sync_data = getattr(os, "fdatasync", os.fsync)
_FILE_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW
_read_stamp = struct.Struct("<QQ").unpack_from  # stx_ino, stx_size at byte 32 of struct statx


class _Buffer(threading.local):
    """Where statx(2) puts its answer, one for each thread: another one may run before the answer is read."""

    def __init__(self) -> None:
        self.bytes = ctypes.create_string_buffer(256)


_BUFFER = _Buffer()


def translated(error: OSError, doing: str) -> StorageError:
    """The package's own error for an error of the system; one that is so already stays as it is."""
    if isinstance(error, StorageError):
        return error
    name = os.path.basename(error.filename) if isinstance(error.filename, str) else ""
    about = f"{doing} {name}".strip() + f": {os.strerror(error.errno) if error.errno else error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull(f"no space is left in the data folder ({about}); free some and try again")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageReadOnly(f"the data folder cannot be written or read ({about}); check its owner and mode")
    if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENOTDIR, errno.ENXIO):
        return StorageCorrupt(f"something in the data folder is not a plain file ({about})", path=name)
    return StorageError(f"the data folder failed ({about})")


@contextmanager
def named_errors(doing: str) -> Iterator[None]:
    """Raises the package's own errors for those of the system."""
    try:
        yield
    except OSError as error:
        raise translated(error, doing) from error


class Disk:
    """The real disk. Paths are absolute; files are made with mode 0600, folders with 0700, whatever the umask."""

    def __init__(self) -> None:
        self.leases = bool(_F_SETLEASE)

    # -- reading ----------------------------------------------------------------------------------------------------

    def stamp(self, path: str) -> Stamp | None:
        """Inode and size, or None where there is no such file. Never asks for the time of change: on kernels with
        fine-grained timestamps a queried mtime makes the next sync of the file about 55 µs slower."""
        if _STATX is None:
            return _stamp_by_stat(path)
        buffer = _BUFFER.bytes
        if _STATX(_AT_FDCWD, os.fsencode(path), 0, _STATX_INODE_AND_SIZE, buffer):
            code = ctypes.get_errno()
            if code == errno.ENOENT:
                return None
            raise OSError(code, os.strerror(code), path)
        return _read_stamp(buffer, 32)

    def stamp_of(self, descriptor: int) -> Stamp:
        """The same of an open file."""
        if _STATX is None:
            found = os.fstat(descriptor)
            return found.st_ino, found.st_size
        buffer = _BUFFER.bytes
        if _STATX(descriptor, b"", _AT_EMPTY_PATH, _STATX_INODE_AND_SIZE, buffer):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return _read_stamp(buffer, 32)

    def modified_ns(self, path: str) -> int:
        """The time of the last change; only for files that are not written in place."""
        try:
            return os.stat(path).st_mtime_ns
        except FileNotFoundError:
            return 0

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        return os.pread(descriptor, size, offset)

    def read(self, path: str, size: int, offset: int) -> bytes:
        """Up to `size` bytes at `offset`. The file is closed again: a lease needs every other descriptor closed."""
        descriptor = self.open(path, os.O_RDONLY)
        try:
            return os.pread(descriptor, size, offset)
        finally:
            os.close(descriptor)

    def read_whole(self, path: str) -> bytes:
        descriptor = self.open(path, os.O_RDONLY)
        try:
            parts = []
            while part := os.read(descriptor, 1 << 24):
                parts.append(part)
            return b"".join(parts)
        finally:
            os.close(descriptor)

    def chunks(self, path: str, size: int, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end` in pieces of `size`."""
        while start < end:
            data = self.read(path, min(size, end - start), start)
            if not data:
                return
            yield data
            start += len(data)

    def names(self, folder: str) -> list[str]:
        return os.listdir(folder)

    # -- writing ----------------------------------------------------------------------------------------------------

    def open(self, path: str, flags: int) -> int:
        """A descriptor. Links are not followed and a FIFO does not block: neither belongs into the folder."""
        try:
            descriptor = os.open(path, flags | _FILE_FLAGS | os.O_NONBLOCK, FILE_MODE)
        except BlockingIOError:  # a plain file on which somebody has a lease: wait these microseconds
            descriptor = os.open(path, flags | _FILE_FLAGS, FILE_MODE)
        if flags & os.O_CREAT and os.fstat(descriptor).st_mode & FILE_MODE != FILE_MODE:
            os.fchmod(descriptor, FILE_MODE)  # the umask took it away
        return descriptor

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> None:
        written = os.pwrite(descriptor, data, offset)
        while written != len(data):
            written += os.pwrite(descriptor, data[written:], offset + written)

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def fdatasync(self, descriptor: int) -> None:
        _sync_data(descriptor)

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def rename(self, source: str, target: str) -> None:
        os.replace(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def make_folder(self, path: str) -> None:
        """One that is there is closed to others too, where it is ours to close; a place of everybody, such as /tmp,
        stays as it is."""
        if not os.path.isdir(path):
            os.makedirs(path, FOLDER_MODE, exist_ok=True)
            os.chmod(path, FOLDER_MODE)
        elif (mode := os.stat(path).st_mode) & OTHERS and not mode & stat.S_ISVTX:
            with suppress(OSError):
                os.chmod(path, FOLDER_MODE)

    def remove_folder(self, path: str) -> None:
        """An empty one."""
        os.rmdir(path)

    def sync_folder(self, folder: str) -> None:
        """Makes names in the folder durable."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_all(self, folder: str) -> None:
        """Makes everything on the folder's file system durable, in one call: a flush after thousands of small writes
        costs one commit of the file system instead of one a file."""
        if not hasattr(_SYSTEM, "syncfs"):
            os.sync()
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _SYSTEM.syncfs(descriptor):
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), folder)
        finally:
            os.close(descriptor)

    # -- composed of the above --------------------------------------------------------------------------------------

    def write_new(self, path: str, parts: Iterable[bytes], *, sync: bool) -> None:
        """A complete file under a name that nobody reads yet."""
        descriptor = self.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            offset = 0
            for part in parts:
                self.pwrite(descriptor, part, offset)
                offset += len(part)
            if sync:
                self.fsync(descriptor)
        finally:
            self.close(descriptor)

    def replace(self, path: str, parts: Iterable[bytes], *, sync: bool) -> None:
        """The file as a whole: readers see the old one or the new one. With `sync` it is durable at return."""
        temporary = path + ".tmp"
        try:
            self.write_new(temporary, parts, sync=sync)
            self.rename(temporary, path)
        except OSError:
            self.discard(temporary)
            raise
        if sync:
            self.sync_folder(os.path.dirname(path))

    def discard(self, path: str) -> None:
        """Removes a left-over, if it can."""
        try:
            self.unlink(path)
        except OSError:
            return

    def take_lease(self, descriptor: int, patience_seconds: float) -> bool:
        """Holds off every other open of the file until the lease is released: whoever opens it meanwhile waits these
        microseconds and never sees a write half-done. False when somebody has the file open and keeps it so."""
        if not self.leases:
            return False
        # The default signal of a broken lease, SIGIO, would end the process; SIGURG is ignored by default.
        _FCNTL(descriptor, _F_SETSIG, _SIGURG)
        deadline = 0.0
        while _FCNTL(descriptor, _F_SETLEASE, _F_WRLCK):
            code = ctypes.get_errno()
            if code != errno.EAGAIN:  # not our file, or a file system without leases
                self.leases = code == errno.EACCES
                return False
            now = time.monotonic()
            deadline = deadline or now + patience_seconds
            if now >= deadline:
                return False
            time.sleep(LEASE_RETRY_SECONDS)
        return True

    def release_lease(self, descriptor: int) -> None:
        _FCNTL(descriptor, _F_SETLEASE, _F_UNLCK)


def _stamp_by_stat(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size


def can_write_in_place(folder: str) -> bool:
    """True on Linux with a local file system: there in-place writes, leases and locks keep their promises."""
    if sys.platform != "linux":
        return False
    buffer = ctypes.create_string_buffer(256)
    if _SYSTEM.statfs(os.fsencode(folder), buffer):
        return False
    magic: int = struct.unpack_from("<q", buffer, 0)[0]
    return magic & 0xFFFFFFFF not in NETWORK_FILE_SYSTEMS
