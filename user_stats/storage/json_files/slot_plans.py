"""What a batch of transactions changes in one slotted file: planned here, written by `writes.py`."""

from __future__ import annotations

import os

from user_stats.storage import Record
from user_stats.storage.json_files.journal import Write
from user_stats.storage.json_files.lines import NO_SLOT, TAIL, member
from user_stats.storage.json_files.slots import SlotFile


class Layout(Exception):
    """The file must be laid out anew, with lines of this width, before the write that was planned."""

    def __init__(self, file: SlotFile, width: int) -> None:
        self.file, self.width = file, width


class SlotPlan:
    """What a batch of transactions does to one file: reads see it, nothing is written yet."""

    def __init__(self, file: SlotFile) -> None:
        self.file = file
        self.descriptor = -1
        self.changes: dict[int, Write] = {}
        """The last write of each line."""
        self._is_open = False
        """False as long as nothing but keys that the file lacks was asked for."""
        self._count = self._live = 0
        self._slots: dict[str, int] = {}
        self._lines: dict[int, bytes] = {}
        self._before: dict[int, bytes] = {}
        self._has_moved = False
        """True when a line came or went."""

    def _open(self) -> None:
        self._is_open = True
        self.descriptor = self.file.open(os.O_RDWR)
        self.file.follow(self.descriptor)
        lines = self.file.lines
        self._count, self._live = lines.count, lines.live

    def close(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1  # never closed twice: its number may be another's by then
        if descriptor >= 0:
            self.file.close(descriptor)

    def get(self, key: str) -> Record | None:
        slot = self._slot_of(key)
        if slot == NO_SLOT:
            return None
        foreign = self.file.lines.foreign
        return self.file.record(key, self._lines[slot][len(key) + 4 :] if foreign is None else foreign[key])

    def _slot_of(self, key: str) -> int:
        slot = self._slots.get(key)
        if slot is None:
            slot = NO_SLOT
            if not self._is_open:
                if self.file.lacks(key):
                    return slot
                self._open()
            if (foreign := self.file.lines.foreign) is not None:
                slot = 0 if key in foreign else NO_SLOT
            elif (found := self.file.find_line(key, self.descriptor)) is not None:
                slot, line = found
                self._lines[slot] = self._before[slot] = line
            self._slots[key] = slot
        return slot

    def put(self, key: str, raw: bytes) -> None:
        """Raises Layout when the file cannot take the line as it is."""
        slot = self._slot_of(key)
        if not self._is_open:
            self._open()
        width, needed = self.file.lines.width, len(key) + len(raw) + 5
        if self.file.lines.wants_layout() or needed > width:
            while needed > width:
                width *= 2
            raise Layout(self.file, width)
        if slot != NO_SLOT:
            self._write_line(slot, member(key, raw, first=self._lines[slot][:1] == b" "))
            return
        line = member(key, raw, first=not self._live)
        slot = self._slots[key] = self._count
        self._count += 1
        self._live += 1
        self._has_moved = True
        self._write_line(slot, line)

    def delete(self, key: str) -> bool:
        slot = self._slot_of(key)
        if slot == NO_SLOT:
            return False
        if self.file.lines.wants_layout():
            raise Layout(self.file, self.file.lines.width)
        was_first = self._lines[slot][:1] == b" "
        self._write_line(slot, b"")
        self._slots[key] = NO_SLOT
        self._live -= 1
        self._has_moved = True
        if was_first and self._live:
            following = self._next_live(slot)
            self._write_line(following, b" " + self._lines[following][1:])
        return True

    def _next_live(self, slot: int) -> int:
        while True:
            slot += 1
            if slot not in self._lines:
                self._lines[slot] = self._before[slot] = self.file.line(slot, self.descriptor)
            if self._lines[slot][1:2] == b'"':
                self._lines[slot] = self._lines[slot].rstrip()
                return slot
            self._write_line(slot, b"")  # blank already; so that one write covers all from the first line to this

    def _write_line(self, slot: int, line: bytes) -> None:
        self._lines[slot] = line
        lines = self.file.lines
        kind, before = ("s", self._before[slot]) if slot < lines.count else ("g", TAIL)
        self.changes[slot] = Write(kind, self.file.name, lines.width * (slot + 1), lines.width, line, before)

    def writes(self) -> list[Write]:
        if self.file.lines.stamp is not None:
            return list(self.changes.values())
        lines = b"".join(write.image()[: write.length] for write in self.changes.values())
        head = b"{".ljust(self.file.lines.width - 1) + b"\n"
        return [Write("f", self.file.name, 0, 0, head + lines + TAIL)]

    def lines_to_report(self) -> list[int]:
        """The lines that other processes must look at again: blanked ones, and in searchable files changed ones."""
        is_searchable = bool(self.file.collection.unique or self.file.collection.fields)
        count = self.file.lines.count
        return [slot for slot, write in self.changes.items() if slot < count and (is_searchable or not write.data)]

    def committed(self) -> None:
        """The writes are on the disk: the file knows where everything stands now."""
        if self._has_moved:
            self.file.take_in(
                self._slots, [(slot, bool(write.data)) for slot, write in self.changes.items()], self._count
            )
