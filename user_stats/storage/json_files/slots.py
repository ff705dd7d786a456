"""A collection as a file: one JSON object with one member a line, each line padded with blanks to the same width.

    {                                                  the head: as wide as every line
     "4ae2…":{"user_id":"4ae2…",…}                     the first member
    ,"77b0…":{"user_id":"77b0…",…}                     the others; a deleted member leaves a blank line
    }

An update writes one line in place at a known offset, so that its cost does not grow with the file, which is valid JSON
at every moment. New members go to the end. A file in any other layout (written by hand or by another program) is read
whole, and laid out like this before the first write. What a write changes is planned in `slot_plans.py`; what is
searched by value is in `indexes.py`.
"""

from __future__ import annotations

import os
import threading
import time
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage import Collection, Record
from user_stats.storage.json_files.disk import Disk, Stamp
from user_stats.storage.json_files.state import State

NO_SLOT = 0xFFFFFFFF
"""The slot of a key that has none."""
TAIL = b"}\n"
NARROWEST = 128
CHUNK_BYTES = 4 << 20
READ_ATTEMPTS = 20
READ_PAUSE_SECONDS = 200e-6
BLANKS_WORTH_A_LAYOUT = 1000

encode = msgspec.json.Encoder().encode
decode_record = msgspec.json.Decoder(dict).decode
_decode_records = msgspec.json.Decoder(dict[str, dict[str, Any]]).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class KeyTable:
    """Numbers for keys, shared by the files that have the same keys: the keys are the largest thing in memory."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, key: str) -> int:
        return self.numbers.setdefault(key, len(self.numbers))


def compact(raw: bytes) -> bytes:
    """The same value in one line."""
    return encode(decode_record(raw))


def member(key: str, raw: bytes, *, first: bool) -> bytes:
    """A line without its padding. Keys are plain words: nothing in them needs escaping."""
    return (b' "' if first else b',"') + key.encode() + b'":' + raw


def laid_out(members: Iterable[tuple[str, bytes]], width: int) -> Iterator[bytes]:
    """The whole file, in pieces."""
    head = b"{".ljust(width - 1) + b"\n"
    lines = (member(key, raw, first=not at).ljust(width - 1) + b"\n" for at, (key, raw) in enumerate(members))
    return chain([head], lines, [TAIL])


class SlotFile:
    """One file: where each key stands, and reads. It writes nothing; `SlotPlan` says what is to be written."""

    def __init__(self, disk: Disk, folder: str, collection: Collection, keys: KeyTable, state: State) -> None:
        self.collection = collection
        self.name = collection.name + ".json"
        self.path = os.path.join(folder, self.name)
        self.layouts_seen = 0
        """Changes whenever every position may have changed."""
        self._disk = disk
        self._keys = keys
        self._state = state
        self._loading = threading.RLock()
        self._forget(None)

    def _forget(self, stamp: Stamp | None) -> None:
        self.stamp: Stamp | None = stamp
        self.width = self.collection.width
        self.count = 0
        self.live = 0
        self.foreign: dict[str, bytes] | None = None
        """The members of a file in another layout."""
        self.damaged: set[int] = set()
        self._slots = array("I")
        self._is_live = bytearray()
        self._changes = self._state.changes
        self.layouts_seen += 1

    # -- where things are ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Notices what others have done to the file since the last look."""
        if self._disk.stamp(self.path) != self.stamp:
            self.notice()

    def follow(self) -> None:
        """Notices which lines others have blanked since."""
        changes = self._state.changes
        if changes == self._changes:
            return
        with self._loading:
            changed = self._state.changed_since(self.name, self._changes)
            if changed is None:
                self._load(self.stamp)
            elif self.foreign is None:
                for slot in changed:
                    if slot < self.count:
                        self._mark(slot, self._disk.read(self.path, 2, self.width * (slot + 1))[1:] == b'"')
            self._changes = changes

    def _mark(self, slot: int, is_live: bool) -> None:
        missing = slot + 1 - len(self._is_live)
        if missing > 0:
            self._is_live.extend(bytes(missing))
        self.live += is_live - self._is_live[slot]
        self._is_live[slot] = is_live

    def notice(self) -> None:
        """Somebody saw another file than the one that is known here: looks again, and takes in what has changed."""
        with self._loading:
            stamp = self._disk.stamp(self.path)
            if stamp == self.stamp:
                return
            if not self._has_only_grown(stamp):
                self._load(stamp)
            elif stamp is not None:
                self._scan(self.count, (stamp[1] - len(TAIL)) // self.width - 1)
                self.stamp = stamp

    def _has_only_grown(self, stamp: Stamp | None) -> bool:
        if stamp is None or self.stamp is None or self.foreign is not None or not self.count:
            return False
        grown = stamp[1] - self.stamp[1]
        tidy = grown > 0 and grown % self.width == 0 and stamp[0] == self.stamp[0]
        return tidy and self._disk.read(self.path, 3, stamp[1] - 3) == b"\n" + TAIL

    def _load(self, stamp: Stamp | None) -> None:
        self._forget(None)
        if stamp is None:
            return
        head = self._disk.read(self.path, 1 << 17, 0)
        width = head.find(b"\n") + 1
        if head[:1] == b"{" and width >= NARROWEST and width & (width - 1) == 0:
            self.width = width
            if head[: width - 1].rstrip(b" ") != b"{":
                self.damaged.add(-1)
            count, left_over = divmod(stamp[1] - len(TAIL) - width, width)
            if left_over or self._disk.read(self.path, 3, stamp[1] - 3) != b"\n" + TAIL:
                self.damaged.add(count)
            self._scan(0, count)
            if self.damaged:
                with suppress(StorageCorrupt):  # lines may be of other widths and the whole still be right
                    self._take_foreign()
        else:
            self._take_foreign()
        self.stamp = stamp

    def _take_foreign(self) -> None:
        members = self.parsed()
        self._forget(None)
        self.foreign = {key: bytes(raw) for key, raw in members.items()}
        self.live = len(members)

    def _scan(self, first: int, last: int) -> None:
        width, numbers, slot = self.width, self._keys.numbers, first
        self._make_room(len(numbers) + last - first)
        is_live = bytearray(last - first)
        slots = self._slots
        step = max(1, CHUNK_BYTES // width) * width
        for chunk in self._disk.chunks(self.path, step, width * (first + 1), width * (last + 1)):
            for at in range(0, len(chunk), width):
                mark = chunk[at : at + 2]
                end = chunk.find(b'"', at + 2, at + width)
                is_whole = chunk[end + 1 : end + 2] == b":" and chunk[at + width - 1 : at + width] == b"\n"
                if mark in (b',"', b' "') and is_whole:
                    key = chunk[at + 2 : end].decode("ascii", "replace")
                    slots[numbers.setdefault(key, len(numbers))] = slot
                    is_live[slot - first] = 1
                elif mark != b"  ":
                    self.damaged.add(slot)
                slot += 1
        self._is_live[first:] = is_live
        self.count = last
        self.live = sum(self._is_live)

    def _make_room(self, size: int) -> None:
        if len(self._slots) < size:
            self._slots.extend(array("I", [NO_SLOT]) * (size - len(self._slots)))

    def parsed(self) -> dict[str, msgspec.Raw]:
        """Every member of the file, whatever its layout. Raises StorageCorrupt with the place."""
        data = self._disk.read_whole(self.path)
        try:
            return _decode_members(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StorageCorrupt(f"{self.name} is damaged: {described(data, error)}", path=self.name) from None

    # -- reads --------------------------------------------------------------------------------------------------------

    def slot_of(self, key: str) -> int:
        number = self._keys.numbers.get(key)
        return NO_SLOT if number is None or number >= len(self._slots) else self._slots[number]

    def open(self, flags: int) -> int:
        """A descriptor, or -1 where there is no such file; what others have done to it is noticed."""
        try:
            descriptor = self._disk.open(self.path, flags)
        except FileNotFoundError:
            if self.stamp is not None:
                self.notice()
            return -1
        if self._disk.stamp_of(descriptor) != self.stamp:
            try:
                self.notice()
            except BaseException:
                self._disk.close(descriptor)
                raise
        return descriptor

    def close(self, descriptor: int) -> None:
        self._disk.close(descriptor)

    def find_line(self, key: str, descriptor: int) -> tuple[int, bytes] | None:
        """The slot and the line of a key; always compared with what is on the disk, for others may have moved it."""
        start = f'"{key}":'.encode()
        for attempt in (1, 2):
            slot = self.slot_of(key)
            if slot == NO_SLOT:
                break
            width = self.width
            line = self._disk.pread(descriptor, width, width * (slot + 1))
            if line.startswith(start, 1):
                return slot, line
            self.forget_key(key, slot)
            if attempt == 1 and line[1:2] == b'"':  # somebody else's: the lines were put in another order
                self._load(self._disk.stamp_of(descriptor))
        if self.damaged:
            raise StorageCorrupt(f"{self.name} is damaged in {self.damaged_places()}", path=self.name)
        return None

    def line(self, slot: int, descriptor: int) -> bytes:
        return self._disk.pread(descriptor, self.width, self.width * (slot + 1))

    def damaged_places(self) -> str:
        lines = ", ".join(str(slot + 2) for slot in sorted(self.damaged)[:5])
        return f"line {lines}" + (" and more" if len(self.damaged) > 5 else "")

    def forget_key(self, key: str, slot: int) -> None:
        if slot != NO_SLOT and self.slot_of(key) == slot:
            self._slots[self._keys.numbers[key]] = NO_SLOT

    def get(self, key: str) -> Record | None:
        """Takes no lock: a line that another process is just writing is read again."""
        found: tuple[int, bytes] | None = None
        for attempt in range(READ_ATTEMPTS):
            descriptor = self.open(os.O_RDONLY)
            if descriptor < 0:
                return None
            try:
                if self.foreign is not None:
                    return self.record(key, self.foreign[key]) if key in self.foreign else None
                found = self.find_line(key, descriptor)
            finally:
                self._disk.close(descriptor)
            if found is None:
                return None
            try:
                return decode_record(found[1][len(key) + 4 :])
            except (msgspec.DecodeError, UnicodeDecodeError):
                if attempt:
                    time.sleep(READ_PAUSE_SECONDS)
        line = found[0] + 2 if found is not None else 0
        raise StorageCorrupt(f"{self.name} is damaged in line {line}, at {key}", path=self.name)

    def record(self, key: str, raw: bytes) -> Record:
        try:
            return decode_record(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StorageCorrupt(f"{self.name} is damaged at {key}: {error}", path=self.name) from None

    def member_at(self, slot: int) -> tuple[str, Record] | None:
        """Key and record of one line; None where it is blank or not there any more."""
        line = self._disk.read(self.path, self.width, self.width * (slot + 1))
        end = line.find(b'"', 2)
        if line[1:2] != b'"' or line[end + 1 : end + 2] != b":":
            return None
        key = line[2:end].decode("ascii", "replace")
        return key, self.record(key, line[end + 2 :])

    def members(self) -> Iterator[tuple[int, str, bytes]]:
        """Every member in the order of the file: slot, key, value. A torn line is left out and noted as damaged."""
        self.refresh()
        if self.foreign is not None:
            yield from ((slot, key, raw) for slot, (key, raw) in enumerate(self.foreign.items()))
            return
        yield from self.members_between(0, self.count)

    def members_between(self, first: int, last: int) -> Iterator[tuple[int, str, bytes]]:
        width, slot = self.width, first
        step = max(1, CHUNK_BYTES // width) * width
        for chunk in self._disk.chunks(self.path, step, width * (first + 1), width * (last + 1)):
            for at in range(0, len(chunk), width):
                end = chunk.find(b'"', at + 2, at + width)
                if chunk[at + 1 : at + 2] == b'"' and chunk[end + 1 : end + 2] == b":":
                    yield slot, chunk[at + 2 : end].decode("ascii", "replace"), chunk[end + 2 : at + width]
                slot += 1

    def records(self) -> Iterator[tuple[str, Record]]:
        """Every key with its record, decoded many lines at a time. Raises StorageCorrupt at a damaged one."""
        self.refresh()
        if self.foreign is not None:
            yield from ((key, self.record(key, raw)) for key, raw in self.foreign.items())
            return
        if self.damaged:
            raise StorageCorrupt(f"{self.name} is damaged in {self.damaged_places()}", path=self.name)
        step = max(1, (CHUNK_BYTES >> 2) // self.width)
        for first in range(0, self.count, step):
            last = min(first + step, self.count)
            data = self._disk.read(self.path, (last - first) * self.width, self.width * (first + 1))
            try:
                yield from _decode_records(b"{" + data.lstrip(b" \n").removeprefix(b",") + b"}").items()
            except (msgspec.DecodeError, UnicodeDecodeError):
                for _, key, _ in self.members_between(first, last):
                    if (record := self.get(key)) is not None:
                        yield key, record

    def wants_layout(self) -> bool:
        """True where a write would need, or most of the lines deserve, a new layout."""
        blank = self.count - self.live
        return self.foreign is not None or (blank > self.live and blank > BLANKS_WORTH_A_LAYOUT)

    # -- after a commit -----------------------------------------------------------------------------------------------

    def take_in(self, slots: dict[str, int], lines: Iterable[tuple[int, bool]], count: int) -> None:
        """A commit has put these keys into these slots (or nowhere), wrote these lines, live or blank, and the file has
        so many lines now."""
        with self._loading:
            for key, slot in slots.items():
                if slot == NO_SLOT:
                    self.forget_key(key, self.slot_of(key))
                elif self.slot_of(key) != slot:
                    number = self._keys.number(key)
                    self._make_room(number + 1)
                    self._slots[number] = slot
            for slot, is_live in lines:
                self._mark(slot, is_live)
            if self.stamp is not None:
                self.stamp = (self.stamp[0], self.stamp[1] + (count - self.count) * self.width)
            self.count = count
            self._changes = self._state.changes


def described(data: bytes, error: Exception) -> str:
    """The parser's complaint with line and column, where it tells a position."""
    text = str(error)
    at = text.rfind("(byte ")
    if at < 0:
        return text
    position = int(text[at + 6 : -1])
    line = data.count(b"\n", 0, position) + 1
    column = position - (data.rfind(b"\n", 0, position) + 1) + 1
    return f"{text[:at].strip()} in line {line}, column {column}"
