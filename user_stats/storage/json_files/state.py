"""The shared state of the processes that have a folder open: two pages of memory, mapped from `store.state`.

It coordinates; it is never the truth. After a restart of the machine, or when a process died in the middle of a write
(`dirty`), the journal is read instead.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
import uuid
import zlib
from typing import NamedTuple

from user_stats.storage.json_files.disk import Disk

FORMAT = b"user_stats state 1\n".ljust(32)
SIZE = 8192
RING_ENTRIES = 900
"""Lines of searchable files that were changed in place last; who is further behind reads the file again."""

_BOOT_AT, _HEAD_AT, _LAYOUTS_AT, _COUNT_AT, _RING_AT = 32, 80, 120, 128, 136
_BOOT_END = _BOOT_AT + 36
_HEAD, _NUMBER, _ENTRY = struct.Struct("<5Q"), struct.Struct("<Q"), struct.Struct("<2L")


class Head(NamedTuple):
    """Where the store stands: `tail` and `sequence` are those of the next journal record."""

    dirty: int
    epoch: int
    tail: int
    sequence: int
    flushed_epoch: int


def boot_id() -> bytes:
    """What tells one run of the machine from the next."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read(36)
    except OSError:
        return uuid.uuid4().hex.encode().ljust(36)  # not known: every opening then reads the journal


class State:
    """The mapped pages. Written under the store's lock only; the ring may be read without it."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._boot = boot_id()
        try:
            descriptor = disk.open(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES):
                raise
            self._pages = mmap.mmap(-1, SIZE)  # a folder that cannot be written is read as it stands
            return
        try:
            if os.fstat(descriptor).st_size != SIZE:
                disk.truncate(descriptor, SIZE)
            self._pages = mmap.mmap(descriptor, SIZE)
        finally:
            disk.close(descriptor)

    def is_of_this_boot(self) -> bool:
        return self._pages[:32] == FORMAT and self._pages[_BOOT_AT:_BOOT_END] == self._boot

    def adopt_boot(self) -> None:
        self._pages[:32] = FORMAT
        self._pages[_BOOT_AT:_BOOT_END] = self._boot

    @property
    def head(self) -> Head:
        return Head(*_HEAD.unpack_from(self._pages, _HEAD_AT))

    @head.setter
    def head(self, head: Head) -> None:
        _HEAD.pack_into(self._pages, _HEAD_AT, *head)

    def is_in_order(self) -> bool:
        """True when nobody died while writing since this boot."""
        return (
            self._pages[_HEAD_AT] == 0 and self._pages[_BOOT_AT:_BOOT_END] == self._boot and self._pages[:32] == FORMAT
        )

    def set_dirty(self) -> None:
        self._pages[_HEAD_AT] = 1

    @property
    def changes(self) -> int:
        """How many lines were ever reported as changed in place."""
        count: int = _NUMBER.unpack_from(self._pages, _COUNT_AT)[0]
        return count

    def report_changes(self, name: str, slots: list[int]) -> None:
        """Tells the other processes which lines of the file have changed."""
        count, tag = self.changes, zlib.crc32(name.encode())
        for slot in slots:
            _ENTRY.pack_into(self._pages, _RING_AT + count % RING_ENTRIES * _ENTRY.size, tag, slot)
            count += 1
        _NUMBER.pack_into(self._pages, _COUNT_AT, count)

    def forget_changes(self) -> None:
        """Makes everybody read the searchable files again."""
        _NUMBER.pack_into(self._pages, _COUNT_AT, self.changes + RING_ENTRIES + 1)
        self.report_layout()

    @property
    def layouts(self) -> int:
        """How often a file was replaced: the number of a file and its size may come back, this does not."""
        count: int = _NUMBER.unpack_from(self._pages, _LAYOUTS_AT)[0]
        return count

    def report_layout(self) -> None:
        """Tells the other processes that a file was laid out anew."""
        _NUMBER.pack_into(self._pages, _LAYOUTS_AT, self.layouts + 1)

    def changed_since(self, name: str, count: int) -> list[int] | None:
        """The lines of the file that changed after `count` changes; None when that is too long ago to tell."""
        now, tag = self.changes, zlib.crc32(name.encode())
        entries = [
            _ENTRY.unpack_from(self._pages, _RING_AT + number % RING_ENTRIES * _ENTRY.size)
            for number in range(max(count, now - RING_ENTRIES), now)
        ]
        if self.changes - count > RING_ENTRIES:  # looked at again: it may have moved on while it was read
            return None
        return [slot for tagged, slot in entries if tagged == tag]
