"""A list of a log as a file: a JSON array with one entry a line.

    [                  the blank behind the bracket says that the entries are in order
                       blanks where older entries stood
    {"video_id":…},
    {"video_id":…}
    ]

An append overwrites the closing bracket; beyond the entries to keep, the oldest is blanked in front. The file is
written anew when about a hundred were blanked, when an entry belongs further up, and when it has any other layout; that
is planned in `array_plans.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage import Log, Record
from user_stats.storage.json_files.disk import Disk, Stamp
from user_stats.storage.json_files.slots import READ_ATTEMPTS, READ_PAUSE_SECONDS
from user_stats.storage.json_files.values import described, encode

HEAD, SEPARATOR, TAIL = b"[ \n", b",\n", b"\n]\n"
ENTRY_BYTES = 320
"""A generous guess of one entry, for how much of the end to read."""
END_BYTES = 64
CURSORS_KEPT = 20_000

decode_entries = msgspec.json.Decoder(list[dict[str, Any]]).decode


class Cursor(NamedTuple):
    """What must be known of an array to append to it."""

    size: int
    entries: int
    head: int
    """Offset of the oldest entry."""
    last_order: Any
    end: bytes
    """The last bytes of the file."""
    content: bytes | None = None
    """The whole file, where this batch writes it whole."""


EMPTY = Cursor(0, 0, 0, None, b"", b"[\n]\n")


def laid_out(raws: list[bytes]) -> bytes:
    return HEAD + SEPARATOR.join(raws) + TAIL if raws else b"[\n]\n"


class Arrays:
    """The files of all logs: reads, and what is known of the arrays that were written last."""

    def __init__(self, disk: Disk, folder: str) -> None:
        self._disk = disk
        self._folder = folder
        self._cursors: dict[str, tuple[Stamp, Cursor]] = {}

    def name(self, log: Log, key: str) -> str:
        return f"{log.name}/{key}_{log.name}.json"

    def keys(self, log: Log) -> Iterator[str]:
        ending = f"_{log.name}.json"
        try:
            names = self._disk.names(os.path.join(self._folder, log.name))
        except FileNotFoundError:
            return iter(())
        return (name[: -len(ending)] for name in names if name.endswith(ending))

    # -- reads --------------------------------------------------------------------------------------------------------

    def read(self, log: Log, key: str, newest: int | None) -> list[Record]:
        """The last entries in the log's order, oldest first; takes no lock."""
        name = self.name(log, key)
        end = self._end(f"{self._folder}/{name}", newest) if newest else None
        if end is not None:
            return end
        entries = self.parsed(name, log)
        return entries if newest is None else entries[-newest:] if newest else []

    def _end(self, path: str, newest: int) -> list[Record] | None:
        """The last entries of an array in our layout, from its last bytes; None where it must be read whole."""
        try:
            descriptor = self._disk.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return []
        try:
            if self._disk.pread(descriptor, len(HEAD), 0) != HEAD:
                return None
            size, want = self._disk.stamp_of(descriptor)[1], newest * ENTRY_BYTES
            while want < size:
                data = self._disk.pread(descriptor, want, size - want)
                if not data.endswith(b"}" + TAIL):
                    return None
                lines = data[: -len(TAIL)].split(SEPARATOR)
                if len(lines) > newest:
                    return decode_entries(b"[" + b",".join(lines[-newest:]) + b"]")
                want *= 2
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # a file that is just growing
        finally:
            self._disk.close(descriptor)
        return None

    def parsed(self, name: str, log: Log) -> list[Record]:
        """Every entry, whatever the layout. Raises StorageCorrupt with the place."""
        for attempt in range(READ_ATTEMPTS):
            data = self._content(name)
            try:
                entries = decode_entries(data) if data is not None else []
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                problem = described(data or b"", error)
                if attempt:  # it may have been read while it grew
                    time.sleep(READ_PAUSE_SECONDS)
                continue
            if log.order is not None and data is not None and not data.startswith(HEAD):
                with suppress(
                    LookupError, ValueError, TypeError, AttributeError
                ):  # whoever reads them says what is wrong
                    entries.sort(key=log.order)
            return entries
        raise StorageCorrupt(f"{name} is damaged: {problem}", path=name)

    def _content(self, name: str) -> bytes | None:
        try:
            return self._disk.read_whole(os.path.join(self._folder, name))
        except FileNotFoundError:
            return None

    # -- cursors ------------------------------------------------------------------------------------------------------

    def cursor(self, name: str, log: Log, descriptor: int) -> Cursor:
        """Where the open array ends, from memory when nobody else has written it: a file that was made anew may have
        the number and the size of the old one, but it does not end in the same words."""
        stamp = self._disk.stamp_of(descriptor)
        known = self._cursors.get(name)
        if known is not None and known[0] == stamp:
            end = known[1].end
            if self._disk.pread(descriptor, len(end), stamp[1] - len(end)) == end:
                return known[1]
        data = self._disk.pread(descriptor, stamp[1], 0)
        found = self._examined(data, log)
        if found is None:
            return self._laid_out_anew(name, log)
        self._cursors[name] = (stamp, found)
        return found

    def open(self, name: str) -> int:
        """A descriptor to read and write with, or -1 where there is no such array yet."""
        try:
            return self._disk.open(f"{self._folder}/{name}", os.O_RDWR)
        except FileNotFoundError:
            return -1

    def close(self, descriptor: int) -> None:
        self._disk.close(descriptor)

    def _examined(self, data: bytes, log: Log) -> Cursor | None:
        """None for any other layout than ours."""
        count = data.count(b"\n") - 2
        head = len(data) - len(data[len(HEAD) :].lstrip(b" "))
        ours = data.startswith(HEAD) and data[head : head + 2] == b'{"' and data.endswith(b"}" + TAIL)
        if not ours or data.count(b"},\n{") != count - 1:
            return None
        last_order = None
        if log.order is not None:
            try:
                last_order = log.order(decode_entries(b"[" + data[data.rfind(b"\n{") : -len(TAIL)] + b"]")[0])
            except (msgspec.DecodeError, LookupError, ValueError, TypeError, StorageCorrupt):
                return None
        return Cursor(len(data), count, head, last_order, data[-END_BYTES:])

    def _laid_out_anew(self, name: str, log: Log) -> Cursor:
        entries = self.parsed(name, log)
        content = laid_out([encode(entry) for entry in entries])
        last_order = log.order(entries[-1]) if log.order is not None and entries else None
        return Cursor(len(content), len(entries), len(HEAD), last_order, content[-END_BYTES:], content)

    def remember(self, name: str, cursor: Cursor) -> None:
        """After a commit."""
        stamp = self._disk.stamp(f"{self._folder}/{name}") if cursor.content is not None else None
        if stamp is None and (known := self._cursors.get(name)) is not None:
            stamp = (known[0][0], cursor.size)
        if stamp is not None:
            self._cursors[name] = (stamp, cursor if cursor.content is None else cursor._replace(content=None))
        if len(self._cursors) > CURSORS_KEPT:
            del self._cursors[next(iter(self._cursors))]

    def forget(self, name: str) -> None:
        self._cursors.pop(name, None)

    def content_between(self, name: str, start: int, end: int) -> bytes:
        return self._disk.read(f"{self._folder}/{name}", end - start, start)

    def first_entries(self, name: str, descriptor: int, head: int, entries: int) -> bytes:
        """The bytes of the first entries with their separators."""
        size = 4096
        while True:
            data = self._disk.pread(descriptor, size, head)
            at = -1
            for _ in range(entries):
                at = data.find(SEPARATOR, at + 1)
                if at < 0:
                    break
            if at >= 0:
                return data[: at + len(SEPARATOR)]
            if len(data) < size:
                raise StorageCorrupt(f"{name} is damaged: an entry does not end", path=name)
            size *= 4
