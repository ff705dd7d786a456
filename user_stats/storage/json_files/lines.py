"""Where the lines of one version of a slotted file stand: which key is in which slot, which slots are blank.

A version is read aside and then takes the place of the one before, so that a reader, who takes no lock, never meets
half of one. It only grows and is marked afterwards. What it says is compared with the disk before it is believed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage.json_files.disk import Disk, Stamp
from user_stats.storage.json_files.key_tables import KeyTable
from user_stats.storage.json_files.values import described

NO_SLOT = 0xFFFFFFFF
"""The slot of a key that has none."""
TAIL = b"}\n"
NARROWEST = 128
CHUNK_BYTES = 4 << 20
USUAL_LINE, LONGEST_LINE = 128 << 10, 16 << 20
"""Bytes of the widest line; longer records are refused."""
BLANKS_WORTH_A_LAYOUT = 1000

decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def member(key: str, raw: bytes, *, first: bool) -> bytes:
    """A line without its padding. Keys are plain words: nothing in them needs escaping."""
    return (b' "' if first else b',"') + key.encode() + b'":' + raw


def laid_out(members: Iterable[tuple[str, bytes]], width: int) -> Iterator[bytes]:
    """The whole file, in pieces."""
    head = b"{".ljust(width - 1) + b"\n"
    lines = (member(key, raw, first=not at).ljust(width - 1) + b"\n" for at, (key, raw) in enumerate(members))
    return chain([head], lines, [TAIL])


class Lines:
    """One version of one file; `stamp` is None where there is no file."""

    def __init__(self, keys: KeyTable, width: int) -> None:
        self.stamp: Stamp | None = None
        self.width = width
        self.count = 0
        self.live = 0
        self.foreign: dict[str, bytes] | None = None
        """The members of a file in another layout."""
        self.modified_ns = 0
        """When such a file was changed: whoever edits it in place may leave number and size as they were."""
        self.damaged: set[int] = set()
        self._keys = keys
        self._slots = array("I")
        self._is_live = bytearray()

    def slot_of(self, key: str) -> int:
        number = self._keys.find(key)
        return NO_SLOT if number is None or number >= len(self._slots) else self._slots[number]

    def wants_layout(self) -> bool:
        """True where a write would need, or most of the lines deserve, a new layout."""
        blank = self.count - self.live
        return self.foreign is not None or (blank > self.live and blank > BLANKS_WORTH_A_LAYOUT)

    def damaged_places(self) -> str:
        lines = ", ".join(str(slot + 2) for slot in sorted(self.damaged)[:5])
        return f"line {lines}" + (" and more" if len(self.damaged) > 5 else "")

    def mark(self, slot: int, is_live: bool) -> None:
        missing = slot + 1 - len(self._is_live)
        if missing > 0:
            self._is_live.extend(bytes(missing))
        self.live += is_live - self._is_live[slot]
        self._is_live[slot] = is_live

    def take_in(self, slots: dict[str, int], lines: Iterable[tuple[int, bool]], count: int) -> None:
        """A commit has put these keys into these slots (or nowhere), wrote these lines, live or blank, and the file has
        so many lines now."""
        for key, slot in slots.items():
            if self.slot_of(key) != slot:
                self._place(key, slot)
        for slot, is_live in lines:
            self.mark(slot, is_live)
        if self.stamp is not None:
            self.stamp = (self.stamp[0], self.stamp[1] + (count - self.count) * self.width)
        self.count = count

    def grow(self, disk: Disk, path: str, stamp: Stamp) -> None:
        """Takes in the lines behind those that are known."""
        self._scan(disk, path, self.count, (stamp[1] - len(TAIL)) // self.width - 1)
        self.stamp = stamp

    def _scan(self, disk: Disk, path: str, first: int, last: int) -> None:
        width, place, slot = self.width, self._place, first
        self._make_room(len(self._keys) + last - first)
        is_live = bytearray(last - first)
        step = max(1, CHUNK_BYTES // width) * width
        for chunk in disk.chunks(path, step, width * (first + 1), width * (last + 1)):
            for at in range(0, len(chunk), width):
                mark = chunk[at : at + 2]
                end = chunk.find(b'"', at + 2, at + width)
                is_whole = chunk[end + 1 : end + 2] == b":" and chunk[at + width - 1 : at + width] == b"\n"
                if mark in (b',"', b' "') and is_whole:
                    key = chunk[at + 2 : end].decode("ascii", "replace")
                    place(key, slot)
                    is_live[slot - first] = 1
                elif mark != b"  ":
                    self.damaged.add(slot)
                slot += 1
        self._is_live[first:] = is_live
        self.live = sum(self._is_live)
        self.count = last

    def _place(self, key: str, slot: int) -> None:
        number = self._keys.number(key)
        if number >= len(self._slots):  # files that share the keys are read at the same time
            self._make_room(number + 1)
        self._slots[number] = slot

    def _make_room(self, size: int) -> None:
        if len(self._slots) < size:
            self._slots.extend(array("I", [NO_SLOT]) * (size - len(self._slots)))

    @classmethod
    def read(cls, disk: Disk, path: str, name: str, keys: KeyTable, width: int) -> Lines:
        """The file as it stands. Raises StorageCorrupt where it is neither in slots nor JSON."""
        stamp = disk.stamp(path)
        if stamp is None:
            return cls(keys, width)
        head = disk.read(path, USUAL_LINE, 0)
        if b"\n" not in head:
            head = disk.read(path, LONGEST_LINE, 0)
        found = head.find(b"\n") + 1
        if head[:1] != b"{" or found < NARROWEST or found & (found - 1):
            return cls._foreign(disk, path, name, keys, width, stamp)
        lines = cls(keys, found)
        if head[: found - 1].rstrip(b" ") != b"{":
            lines.damaged.add(-1)
        count, left_over = divmod(stamp[1] - len(TAIL) - found, found)
        if left_over or disk.read(path, 3, stamp[1] - 3) != b"\n" + TAIL:
            lines.damaged.add(count)
        lines._scan(disk, path, 0, count)
        lines.stamp = stamp
        if lines.damaged:
            with suppress(StorageCorrupt):  # lines may be of other widths and the whole still be right
                return cls._foreign(disk, path, name, keys, width, stamp)
        return lines

    @classmethod
    def _foreign(cls, disk: Disk, path: str, name: str, keys: KeyTable, width: int, stamp: Stamp) -> Lines:
        lines = cls(keys, width)
        lines.modified_ns = disk.modified_ns(path)  # asked before it is read
        lines.foreign = {key: bytes(raw) for key, raw in parsed(disk, path, name).items()}
        lines.live = len(lines.foreign)
        lines.stamp = stamp
        return lines


def parsed(disk: Disk, path: str, name: str) -> dict[str, msgspec.Raw]:
    """Every member of a file, whatever its layout. Raises StorageCorrupt with the place."""
    data = disk.read_whole(path)
    try:
        return decode_members(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageCorrupt(f"{name} is damaged: {described(data, error)}", path=name) from None
