"""What is kept in memory to search a slotted file by value: made when first asked for, brought up to date at each use.

Lines that were added are found by the size of the file, lines that were changed in place by the list of changes in the
shared state; so several processes see each other's writes without reading a file again.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from user_stats.storage import Collection, PageQuery, Record
from user_stats.storage.json_files.lines import Lines
from user_stats.storage.json_files.slots import READ_ATTEMPTS, SlotFile
from user_stats.storage.json_files.state import State

LARGEST_HEAP_PAGE = 5_000
"""Up to here the first rows are picked with a heap; for pages further behind all rows are sorted."""


class _Follower:
    """Follows the lines of one file; what to do with a line is the subclass's."""

    def __init__(self, file: SlotFile, state: State) -> None:
        self._file = file
        self._state = state
        self._lock = threading.Lock()
        self._lines: Lines | None = None
        self._count = 0
        self._changes = 0

    def follow(self) -> Lines:
        """Takes in all that was committed; the lines that are known now."""
        file = self._file
        lines = file.refresh()
        if self._lines is lines and self._count == _lines_in(lines) and self._changes == self._state.changes:
            return lines
        with self._lock:
            lines = file.refresh()
            changes = self._state.changes
            changed = self._state.changed_since(file.name, self._changes)
            if self._lines is not lines or changed is None:
                self._lines = None  # whatever fails from here on
                self._start()
                self._take_between(lines, 0, _lines_in(lines))
                self._finish()
                self._lines = lines
            else:
                for slot in set(changed):
                    if slot < self._count:
                        self._forget(slot)
                        self._take_between(lines, slot, slot + 1)
                self._take_between(lines, self._count, _lines_in(lines))
            self._count = _lines_in(lines)
            self._changes = changes
        return lines

    def _take_between(self, lines: Lines, first: int, last: int) -> None:
        for slot, _, raw in self._file.members_between(lines, first, last):
            self._take(slot, raw)

    def _start(self) -> None:
        """Begins anew, beside what readers still use."""
        raise NotImplementedError

    def _finish(self) -> None:
        """What was begun anew is complete: readers use it from now on."""
        raise NotImplementedError

    def _take(self, slot: int, raw: bytes) -> None:
        raise NotImplementedError

    def _forget(self, slot: int) -> None:
        raise NotImplementedError

    def is_still(self, lines: Lines) -> bool:
        """True where what was read of these lines since they were followed was theirs."""
        return self._file.refresh() is lines


def _lines_in(lines: Lines) -> int:
    return lines.count if lines.foreign is None else len(lines.foreign)


class UniqueIndex(_Follower):
    """From the folded value of one unique field to the line that has it."""

    def __init__(self, file: SlotFile, state: State, field: str, fold: Callable[[str], str]) -> None:
        super().__init__(file, state)
        self._field = field
        self._fold = fold
        self._decode = msgspec.json.Decoder(msgspec.defstruct("One", [(field, str | None, None)])).decode
        self._slots: dict[str, int] = {}

    def _start(self) -> None:
        self._taking: dict[str, int] = {}

    def _finish(self) -> None:
        self._slots = self._taking

    def _take(self, slot: int, raw: bytes) -> None:
        value = self._value(raw)
        if value is not None:
            self._taking[self._fold(value)] = slot

    def _forget(self, slot: int) -> None:
        """An old value stays: it is compared with the disk before it is believed."""

    def _value(self, raw: bytes) -> str | None:
        try:
            value: str | None = getattr(self._decode(raw), self._field)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # a damaged line is nobody's; reading it by key says so
        return value

    def find(self, value: str) -> str | None:
        """The key of the record that has this value in this field."""
        folded = self._fold(value)
        for _ in range(READ_ATTEMPTS):
            lines = self.follow()
            slot = self._slots.get(folded)
            found = self._file.member_at(slot) if slot is not None else None
            if found is not None and (held := self._value(found[1])) is not None and self._fold(held) == folded:
                return found[0]
            if self.is_still(lines):
                break
        return None


class Columns(_Follower):
    """The searchable fields of every record as columns, one row a line."""

    def __init__(self, file: SlotFile, state: State, collection: Collection) -> None:
        super().__init__(file, state)
        self._comparable = collection.comparable
        self._fields = collection.fields
        fields = [(field, Any, None) for field in collection.fields]
        self._decode = msgspec.json.Decoder(msgspec.defstruct("Row", fields, array_like=False)).decode
        self._shared: dict[Any, Any] = {}
        self._start()

    def _start(self) -> None:
        self._live = bytearray()
        self._columns: dict[str, list[Any]] = {field: [] for field in self._fields}

    def _finish(self) -> None:
        """Nobody reads but under the lock."""

    def _take(self, slot: int, raw: bytes) -> None:
        try:
            row = self._decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        missing = slot + 1 - len(self._live)
        if missing > 0:
            self._live.extend(bytes(missing))
            for column in self._columns.values():
                column.extend([None] * missing)
        self._live[slot] = 1
        for field in self._fields:
            value = self._comparable(field, getattr(row, field))
            if isinstance(value, str) and len(value) < 16:
                value = self._shared.setdefault(value, value)
            self._columns[field][slot] = value

    def _forget(self, slot: int) -> None:
        if slot < len(self._live):
            self._live[slot] = 0

    def page(self, query: PageQuery) -> tuple[list[tuple[str, Record]], int]:
        """The records of one page, each with its key, and how many match."""
        for _ in range(READ_ATTEMPTS):
            lines = self.follow()
            with self._lock:
                rows = self._matching(query)
                chosen = self._sorted(rows, query)[query.offset : query.offset + query.limit]
            found = [member for slot in chosen if (member := self._file.member_at(slot)) is not None]
            if self.is_still(lines):
                break
        return [(key, self._file.record(key, raw)) for key, raw in found], len(rows)

    def _matching(self, query: PageQuery) -> list[int]:
        rows = [slot for slot, live in enumerate(self._live) if live]
        for field, value in query.equal.items():
            column = self._columns[field]
            rows = [slot for slot in rows if column[slot] == value]
        for field, (start, end) in query.ranges.items():
            column = self._columns[field]
            rows = [
                slot
                for slot in rows
                if (value := column[slot]) is not None
                and (start is None or value >= start)
                and (end is None or value < end)
            ]
        if query.text:
            text, columns = query.text, [self._columns[field] for field in query.text_fields]
            rows = [slot for slot in rows if any(text in (column[slot] or "") for column in columns)]
        return rows

    def _sorted(self, rows: list[int], query: PageQuery) -> list[int]:
        if not query.sort:
            return rows[::-1] if query.descending else rows
        column = self._columns[query.sort]

        def order(slot: int) -> tuple[bool, Any]:
            value = column[slot]
            return (value is None, "" if value is None else value)

        wanted = query.offset + query.limit
        if wanted > LARGEST_HEAP_PAGE:
            return sorted(rows, key=order, reverse=query.descending)
        pick = heapq.nlargest if query.descending else heapq.nsmallest
        return pick(wanted, rows, key=order)
