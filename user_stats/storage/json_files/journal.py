"""The journal: what a transaction is going to write, made durable before any data file is touched.

Two halves, `store.journal0` and `store.journal1`, written beforehand so that a sync has no file size to record. One
transaction is one record: a line `crc epoch sequence length` and the writes behind it. Records of one epoch follow one
another from the start of a half; the next epoch goes on in the other half, once the data files are flushed up to the
epoch before. After a loss of power both halves are replayed; a record that is torn ends its half.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from user_stats.storage.json_files.disk import Disk

HALF_BYTES = 4 << 20
_HEAD_BYTES = 8 + 1 + 16 + 1 + 16 + 1 + 8 + 1  # "crc epoch sequence length\n" in hexadecimal


class Write(NamedTuple):
    """One change of one file. `kind` is a letter:

    s  a line of a slotted file: `data`, padded to `length`      w  `data` at `offset`
    g  the same at the end of the file, and the closing brace     b  `length` blanks at `offset`
    f  the whole file is `data`                                   d  the file is gone

    `before` is what stands there until then (a file that grows ends with it); it is not journalled.
    """

    kind: str
    path: str
    offset: int
    length: int
    data: bytes
    before: bytes = b""

    def image(self) -> bytes:
        """The bytes as they stand in the file."""
        if self.kind == "s":
            return self.data.ljust(self.length - 1) + b"\n"
        if self.kind == "g":
            return self.data.ljust(self.length - 1) + b"\n}\n"
        if self.kind == "b":
            return b" " * self.length
        return self.data


def _decoded(body: bytes) -> Iterator[Write]:
    at = 0
    while at < len(body):
        end = body.index(b"\n", at)
        kind, path, offset, length, size = body[at:end].decode().split(" ")
        at = end + 1
        yield Write(kind, path, int(offset), int(length), body[at : at + int(size)])
        at += int(size) + 1


def encoded_record(epoch: int, sequence: int, writes: list[Write]) -> bytes:
    """The bytes of one transaction."""
    parts = [b""]
    for kind, path, offset, length, data, _ in writes:
        parts += (f"{kind} {path} {offset} {length} {len(data)}\n".encode(), data, b"\n")
    parts[0] = b"%016x %016x %08x\n" % (epoch, sequence, sum(map(len, parts)))
    rest = b"".join(parts)
    return b"%08x " % zlib.crc32(rest) + rest


class Record(NamedTuple):
    """A record that was read back whole."""

    epoch: int
    sequence: int
    end: int
    writes: list[Write]


class Journal:
    """The two halves. All calls are made under the store's lock."""

    def __init__(self, disk: Disk, folder: str) -> None:
        self._disk = disk
        self._paths = [os.path.join(folder, f"store.journal{half}") for half in (0, 1)]
        for path in self._paths:
            if disk.stamp(path) is None:
                disk.replace(path, [b"\n" * HALF_BYTES], sync=True)
        self._descriptors = [disk.open(path, os.O_RDWR) for path in self._paths]

    def has_room(self, tail: int, size: int) -> bool:
        """A record that is larger than a half gets one for itself."""
        return tail == 0 or tail + size <= HALF_BYTES

    def write(self, epoch: int, tail: int, data: bytes) -> None:
        """Durable at return."""
        descriptor = self._descriptors[epoch & 1]
        self._disk.pwrite(descriptor, data, tail)
        self._disk.fdatasync(descriptor)

    def take_back(self, epoch: int, tail: int, size: int) -> None:
        """Makes sure that what a failed write may have left is never replayed."""
        self.write(epoch, tail, b"\n" * size)

    def reset(self, epoch: int) -> None:
        """Empties both halves, durably, that of `epoch` last: the older records alone must never be found."""
        for older_first in (epoch - 1, epoch):
            self.write(older_first, 0, b"\n" * _HEAD_BYTES)

    def erase(self) -> None:
        """Overwrites both halves as a whole, durably; they must be empty already."""
        for half, path in enumerate(self._paths):
            stamp = self._disk.stamp(path)
            self.write(half, 0, b"\n" * max(HALF_BYTES, stamp[1] if stamp is not None else 0))

    def records(self, epoch: int, tail: int) -> list[Record]:
        """The whole records of one half from `tail` on."""
        data = self._disk.read_whole(self._paths[epoch & 1])
        found: list[Record] = []
        at = tail
        while (record := _record_at(data, at)) is not None:
            if found and (record.epoch, record.sequence) != (found[-1].epoch, found[-1].sequence + 1):
                break
            found.append(record)
            at = record.end
        return found

    def all_records(self) -> list[Record]:
        """The whole records of both halves, oldest first. An older half that does not lead up to the newer one is
        being written over: what it held is flushed, and a part of it must not be replayed."""
        halves = sorted((self.records(half, 0) for half in (0, 1)), key=lambda half: half[0].epoch if half else -1)
        older, newer = halves
        if older and newer and older[-1].sequence + 1 != newer[0].sequence:
            return newer
        return older + newer

    def close(self) -> None:
        for descriptor in self._descriptors:
            self._disk.close(descriptor)


def _record_at(data: bytes, at: int) -> Record | None:
    head = data[at : at + _HEAD_BYTES]
    try:
        crc, epoch, sequence, length = (int(word, 16) for word in head.split(b" "))
    except ValueError:
        return None
    end = at + _HEAD_BYTES + length
    if len(head) != _HEAD_BYTES or end > len(data) or zlib.crc32(data[at + 9 : end]) != crc:
        return None
    return Record(epoch, sequence, end, list(_decoded(data[at + _HEAD_BYTES : end])))
