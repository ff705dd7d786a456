"""A collection as a file: one JSON object with one member a line, each line padded with blanks to the same width.

    {                                                  the head: as wide as every line
     "4ae2…":{"user_id":"4ae2…",…}                     the first member
    ,"77b0…":{"user_id":"77b0…",…}                     the others; a deleted member leaves a blank line
    }

An update writes one line in place at a known offset, so that its cost does not grow with the file, which is valid JSON
at every moment. New members go to the end. A file in any other layout (written by hand or by another program) is read
whole, and laid out like this before the first write. Where the lines stand is kept in `lines.py`, what a write changes
is planned in `slot_plans.py`, what is searched by value is in `indexes.py`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator

import msgspec

from user_stats.errors import InvalidInput, StorageCorrupt
from user_stats.storage import Collection, Record
from user_stats.storage.json_files.disk import Disk, Stamp
from user_stats.storage.json_files.key_tables import KeyTable
from user_stats.storage.json_files.lines import CHUNK_BYTES, NO_SLOT, TAIL, Lines
from user_stats.storage.json_files.state import State
from user_stats.storage.json_files.values import decode_record, decode_records, decoded, encode
from user_stats.storage.keys import checked_record_key

READ_ATTEMPTS = 20
READ_PAUSE_SECONDS = 200e-6


class SlotFile:
    """One file: the version that is known of it, and reads. It writes nothing; `SlotPlan` says what is written."""

    def __init__(self, disk: Disk, folder: str, collection: Collection, keys: KeyTable, state: State) -> None:
        self.collection = collection
        self.name = collection.name + ".json"
        self.path = os.path.join(folder, self.name)
        self.lines = Lines(keys, collection.width)
        """Another object whenever every position may have changed."""
        self._disk = disk
        self._keys = keys
        self._state = state
        self._loading = threading.RLock()
        self._changes = state.changes
        self._layouts = state.layouts

    # -- where things are ---------------------------------------------------------------------------------------------

    def refresh(self) -> Lines:
        """Notices what others have done to the file since the last look."""
        if not self._is_known(self._disk.stamp(self.path)):
            self.notice()
        return self.lines

    def _is_known(self, stamp: Stamp | None) -> bool:
        """True where the file is the one that was looked at: number and size alone may come back."""
        lines = self.lines
        return (
            stamp == lines.stamp
            and self._state.layouts == self._layouts
            and (lines.foreign is None or lines.modified_ns == self._disk.modified_ns(self.path))
        )

    def follow(self, descriptor: int = -1) -> None:
        """Notices which lines others have blanked since; of an open file, where there is one."""
        changes = self._state.changes
        if changes == self._changes:
            return
        with self._loading:
            changed = self._state.changed_since(self.name, self._changes)
            lines = self.lines
            if changed is None:
                self._load()
            elif lines.foreign is None:
                for slot in set(changed):
                    if slot < lines.count:
                        lines.mark(slot, self._first_bytes(slot, lines, descriptor)[1:] == b'"')
            self._changes = changes

    def _first_bytes(self, slot: int, lines: Lines, descriptor: int) -> bytes:
        at = lines.width * (slot + 1)
        return self._disk.read(self.path, 2, at) if descriptor < 0 else self._disk.pread(descriptor, 2, at)

    def notice(self) -> None:
        """Somebody saw another file than the one that is known here: looks again, and takes in what has changed."""
        with self._loading:
            stamp = self._disk.stamp(self.path)
            lines = self.lines
            if self._is_known(stamp):
                return
            grown = stamp[1] - lines.stamp[1] if stamp is not None and lines.stamp is not None else 0
            is_same = stamp is not None and lines.stamp is not None and stamp[0] == lines.stamp[0]
            has_grown = is_same and lines.count and lines.foreign is None and grown > 0 and not grown % lines.width
            is_ours = stamp is not None and has_grown and self._state.layouts == self._layouts
            if stamp is not None and is_ours and self._disk.read(self.path, 3, stamp[1] - 3) == b"\n" + TAIL:
                lines.grow(self._disk, self.path, stamp)
            else:
                self._load()

    def _load(self) -> None:
        changes, layouts = self._state.changes, self._state.layouts  # what comes while it is read is seen next time
        self.lines = Lines.read(self._disk, self.path, self.name, self._keys, self.collection.width)
        self._changes, self._layouts = changes, layouts

    # -- reads --------------------------------------------------------------------------------------------------------

    def open(self, flags: int) -> int:
        """A descriptor of the file that is known here, or -1 where there is none."""
        for _ in range(READ_ATTEMPTS):
            try:
                descriptor = self._disk.open(self.path, flags)
            except FileNotFoundError:
                if self.lines.stamp is not None:
                    self.notice()
                return -1
            try:
                if self._is_known(self._disk.stamp_of(descriptor)):
                    return descriptor
                self.notice()
                known = self.lines.stamp
                if known is not None and self._disk.stamp_of(descriptor)[0] == known[0]:
                    return descriptor
            except BaseException:
                self._disk.close(descriptor)
                raise
            self._disk.close(descriptor)  # the file was replaced between opening it and looking at it
        raise StorageCorrupt(f"{self.name} is replaced again and again by another program", path=self.name)

    def close(self, descriptor: int) -> None:
        self._disk.close(descriptor)

    def find_line(self, key: str, descriptor: int) -> tuple[int, bytes] | None:
        """The slot and the line of a key; always compared with what is on the disk, for others may have moved it.
        Outside of the lock, None is final only if `lines` is still what it was."""
        start = f'"{key}":'.encode()
        for attempt in (1, 2):
            lines = self.lines
            slot = lines.slot_of(key)
            if slot == NO_SLOT:
                break
            width = lines.width
            line = self._disk.pread(descriptor, width, width * (slot + 1))
            if line.startswith(start, 1):
                return slot, line
            if line[1:2] != b'"':
                break
            if attempt == 1:  # somebody else's: the lines were put in another order
                with self._loading:
                    if lines is self.lines:
                        self._load()
        if self.lines.damaged:
            raise self.damage()
        return None

    def lacks(self, key: str) -> bool:
        """True where the file as it stands has no such key and none is hidden by damage; False decides nothing."""
        if self.lines.slot_of(key) != NO_SLOT:
            return False
        lines = self.refresh()
        self.follow()
        return lines is self.lines and lines.foreign is None and not lines.damaged and lines.slot_of(key) == NO_SLOT

    def line(self, slot: int, descriptor: int) -> bytes:
        width = self.lines.width
        return self._disk.pread(descriptor, width, width * (slot + 1))

    def damage(self) -> StorageCorrupt:
        return StorageCorrupt(f"{self.name} is damaged in {self.lines.damaged_places()}", path=self.name)

    def get(self, key: str) -> Record | None:
        """Takes no lock: a line that another process is just writing is read again."""
        found: tuple[int, bytes] | None = None
        for attempt in range(READ_ATTEMPTS):
            descriptor = self.open(os.O_RDONLY)
            if descriptor < 0:
                return None
            lines = self.lines
            try:
                if lines.foreign is not None:
                    return self.record(key, lines.foreign[key]) if key in lines.foreign else None
                found = self.find_line(key, descriptor)
            finally:
                self._disk.close(descriptor)
            if found is None:
                if lines is self.lines:
                    return None
                continue
            try:
                return decode_record(found[1][len(key) + 4 :])
            except (msgspec.DecodeError, UnicodeDecodeError):
                if attempt:
                    time.sleep(READ_PAUSE_SECONDS)
        line = found[0] + 2 if found is not None else 0
        raise StorageCorrupt(f"{self.name} is damaged in line {line}, at {key}", path=self.name)

    def record(self, key: str, raw: bytes) -> Record:
        record: Record = decoded(raw, decode_record, self.name, key)
        return record

    def checked_key(self, key: str) -> str:
        """A key that can stand in a line. Raises StorageCorrupt for one that another program has written."""
        try:
            return checked_record_key(key)
        except InvalidInput as error:
            raise StorageCorrupt(f"{self.name} is damaged: {error}", path=self.name) from None

    def compacted(self, key: str, raw: bytes) -> bytes:
        """The value of a member in one line. Raises StorageCorrupt where it is no record."""
        return encode(self.record(key, raw))

    def member_at(self, slot: int) -> tuple[str, bytes] | None:
        """Key and value of one line, as it stands on the disk; None where it is blank or not there any more."""
        lines = self.lines
        if lines.foreign is not None:
            return list(lines.foreign.items())[slot]
        line = self._disk.read(self.path, lines.width, lines.width * (slot + 1))
        end = line.find(b'"', 2)
        if line[1:2] != b'"' or line[end + 1 : end + 2] != b":":
            return None
        return line[2:end].decode("ascii", "replace"), line[end + 2 :]

    def members(self) -> Iterator[tuple[int, str, bytes]]:
        """Every member in the order of the file: slot, key, value. A torn line is left out and noted as damaged."""
        lines = self.refresh()
        return self.members_between(lines, 0, lines.live if lines.foreign is not None else lines.count)

    def members_between(self, lines: Lines, first: int, last: int) -> Iterator[tuple[int, str, bytes]]:
        if lines.foreign is not None:
            known = list(lines.foreign.items())[first:last]
            yield from ((slot, key, raw) for slot, (key, raw) in enumerate(known, first))
            return
        width, slot = lines.width, first
        step = max(1, CHUNK_BYTES // width) * width
        for chunk in self._disk.chunks(self.path, step, width * (first + 1), width * (last + 1)):
            for at in range(0, len(chunk), width):
                end = chunk.find(b'"', at + 2, at + width)
                if chunk[at + 1 : at + 2] == b'"' and chunk[end + 1 : end + 2] == b":":
                    yield slot, chunk[at + 2 : end].decode("ascii", "replace"), chunk[end + 2 : at + width]
                slot += 1

    def records(self) -> Iterator[tuple[str, Record]]:
        """Every key with its record, decoded many lines at a time. What is there all the while comes once, also when
        the file is laid out anew meanwhile. Raises StorageCorrupt at a damaged one."""
        given: list[tuple[Lines, int]] = []
        while True:
            lines, end = self.refresh(), 0
            for last, records in self._chunks_of(lines):
                news = {key: one for key, one in records.items() if not _is_given(given, key)} if given else records
                yield from news.items()
                end = last
            if self.refresh() is lines:
                return
            given.append((lines, end))

    def _chunks_of(self, lines: Lines) -> Iterator[tuple[int, dict[str, Record]]]:
        """The records of this version, as far as it stands: those before a slot and behind the slot before."""
        if lines.foreign is not None:
            yield len(lines.foreign), {key: self.record(key, raw) for key, raw in lines.foreign.items()}
            return
        if lines.damaged:
            raise self.damage()
        width, count = lines.width, lines.count
        step = max(1, (CHUNK_BYTES >> 2) // width)
        for first in range(0, count, step):
            last = min(first + step, count)
            data = self._disk.read(self.path, (last - first) * width, width * (first + 1))
            if self.refresh() is not lines:
                return  # these bytes may be another version's
            try:
                yield last, decode_records(b"{" + data.lstrip(b" \n").removeprefix(b",") + b"}")
            except (msgspec.DecodeError, UnicodeDecodeError):
                one_by_one = ((key, self.get(key)) for _, key, _ in self.members_between(lines, first, last))
                yield last, {key: record for key, record in one_by_one if record is not None}

    # -- after a commit -----------------------------------------------------------------------------------------------

    def take_in(self, slots: dict[str, int], lines: Iterable[tuple[int, bool]], count: int) -> None:
        """A commit has changed the lines: see `Lines.take_in`."""
        with self._loading:
            self.lines.take_in(slots, lines, count)
            self._changes = self._state.changes


def _is_given(given: list[tuple[Lines, int]], key: str) -> bool:
    """True for a record that stood before the end to which one of the versions was read."""
    return any(key in lines.foreign if lines.foreign is not None else lines.slot_of(key) < end for lines, end in given)
