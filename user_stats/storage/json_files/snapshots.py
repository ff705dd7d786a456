"""The whole store as of one moment, while others go on writing.

The files are copied to one nameless file, which is gone with its process. While they are copied, writers change some of
them; these are copied again, and again, until few are left. The last few are copied under the lock: what is there then
is the moment. A file has changed when its inode, its size or its time of change has.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage import Collection, Log
from user_stats.storage.json_files.arrays import Arrays
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.lines import CHUNK_BYTES, LONGEST_LINE, NARROWEST, TAIL, USUAL_LINE
from user_stats.storage.json_files.values import compact, described
from user_stats.storage.keys import is_log_key

MOST_PASSES = 8
FEW_BYTES = 8 << 20
"""What is copied under the lock at the most, where writers let it come to that."""
COARSE_NANOSECONDS = 50_000_000
"""Older kernels move the time of change in steps of some milliseconds: two changes in one step look like one. A file
that changed just before it was copied is therefore copied again."""

Version = tuple[int, int, int]
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_entries = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Copy(NamedTuple):
    """Where in the nameless file a file lies; `version` is None where it may have changed since."""

    version: Version | None
    offset: int
    size: int


class Copies:
    """The copied files, and what they hold: a Snapshot of the port."""

    def __init__(self, disk: Disk, folder: str, collections: Iterable[Collection], logs: Iterable[Log]) -> None:
        self._disk = disk
        self._folder = folder
        self._names = [collection.name + ".json" for collection in collections]
        self._logs = list(logs)
        self._arrays = Arrays(disk, folder)
        self._copies: dict[str, _Copy] = {}
        self._keys: dict[str, list[str]] = {}
        self._end = 0
        place = folder if os.access(folder, os.W_OK) else None
        self._file = tempfile.TemporaryFile(dir=place, buffering=0)  # noqa: SIM115 - open as long as the snapshot is

    def take(self, lock: Callable[[], None]) -> None:
        """Copies everything; `lock` is called before the last pass, which must see no writer."""
        for _ in range(MOST_PASSES):
            if self._copy_changed() <= FEW_BYTES:
                break
        lock()
        self._copy_changed()

    def close(self) -> None:
        self._file.close()

    def _copy_changed(self) -> int:
        """How many bytes were copied."""
        copies: dict[str, _Copy] = {}
        copied = 0
        for name in self._listed():
            try:
                copies[name], size = self._copied(name)
            except FileNotFoundError:
                continue
            copied += size
        self._copies = copies
        return copied

    def _listed(self) -> Iterator[str]:
        yield from self._names
        for log in self._logs:
            keys = self._keys[log.name] = sorted(key for key in self._arrays.keys(log) if is_log_key(key))
            for key in keys:
                yield self._arrays.name(log, key)

    def _copied(self, name: str) -> tuple[_Copy, int]:
        path = f"{self._folder}/{name}"
        about = os.stat(path, follow_symlinks=False)
        version = (about.st_ino, about.st_size, about.st_ctime_ns)
        known = self._copies.get(name)
        if known is not None and known.version == version:
            return known, 0
        is_settled = time.time_ns() - about.st_ctime_ns > COARSE_NANOSECONDS
        offset = self._end
        for part in self._disk.chunks(path, CHUNK_BYTES, 0, about.st_size):
            self._disk.pwrite(self._file.fileno(), part, self._end)
            self._end += len(part)
        return _Copy(version if is_settled else None, offset, self._end - offset), self._end - offset

    # -- what they hold -----------------------------------------------------------------------------------------------

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        name = collection.name + ".json"
        copy = self._copies.get(name)
        if copy is None:
            return
        width = self._slot_width(copy)
        if not width:
            yield from _parsed(name, self._read(copy, 0, copy.size)).items()
            return
        for lines in self._lines(copy, width):
            yield from _parsed(name, b"{" + lines.lstrip(b" \n").removeprefix(b",") + b"}").items()

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        for key in self._keys.get(log.name, ()):
            name = self._arrays.name(log, key)
            copy = self._copies.get(name)
            if copy is None:
                continue
            data = self._read(copy, 0, copy.size)
            try:
                data.decode()
                entries = [_one_line(name, raw) for raw in _decode_entries(data)]
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise StorageCorrupt(f"{name} is damaged: {described(data, error)}", path=name) from None
            if entries:
                yield key, entries

    def _read(self, copy: _Copy, start: int, size: int) -> bytes:
        return self._disk.pread(self._file.fileno(), size, copy.offset + start)

    def _slot_width(self, copy: _Copy) -> int:
        """The width of the lines of a file in our layout; 0 for any other, which is parsed as a whole."""
        head = self._read(copy, 0, USUAL_LINE)
        if b"\n" not in head:
            head = self._read(copy, 0, LONGEST_LINE)
        width = head.find(b"\n") + 1
        if head[:1] != b"{" or width < NARROWEST or head[1 : width - 1].strip(b" ") or (copy.size - len(TAIL)) % width:
            return 0
        for lines in self._lines(copy, width):
            if lines[width - 1 :: width].strip(b"\n"):
                return 0
        return width

    def _lines(self, copy: _Copy, width: int) -> Iterator[bytes]:
        """Many whole lines at a time, without the first and the last of the file."""
        step = max(1, CHUNK_BYTES // width) * width
        for start in range(width, copy.size - len(TAIL), step):
            yield self._read(copy, start, min(step, copy.size - len(TAIL) - start))


def _parsed(name: str, data: bytes) -> dict[str, bytes]:
    try:
        data.decode()
        return {key: _one_line(name, raw) for key, raw in _decode_members(data).items()}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageCorrupt(f"{name} is damaged: {described(data, error)}", path=name) from None


def _one_line(name: str, raw: msgspec.Raw) -> bytes:
    value = bytes(raw)
    if value[:1] != b"{":
        raise StorageCorrupt(f"{name} is damaged: a record is no object", path=name)
    return compact(value) if b"\n" in value else value
