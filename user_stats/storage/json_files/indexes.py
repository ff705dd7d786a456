"""What is kept in memory to search a slotted file by value: made when first asked for, brought up to date at each use.

Lines that were added are found by the size of the file, lines that were changed in place by the list of changes in the
shared state; so several processes see each other's writes without reading a file again.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from user_stats.storage import Collection, PageQuery, Record
from user_stats.storage.json_files.slots import SlotFile
from user_stats.storage.json_files.state import State

LARGEST_HEAP_PAGE = 5_000
"""Up to here the first rows are picked with a heap; for pages further behind all rows are sorted."""


class _Follower:
    """Follows the lines of one file; what to do with a line is the subclass's."""

    def __init__(self, file: SlotFile, state: State) -> None:
        self._file = file
        self._state = state
        self._lock = threading.Lock()
        self._layout = -1
        self._count = 0
        self._changes = 0

    def follow(self) -> None:
        """Takes in all that was committed."""
        file = self._file
        file.refresh()
        is_known = self._layout == file.layouts_seen and self._count == file.count and file.foreign is None
        if is_known and self._changes == self._state.changes:
            return
        with self._lock:
            file.refresh()
            changes = self._state.changes
            changed = self._state.changed_since(self._file.name, self._changes)
            if self._layout != self._file.layouts_seen or changed is None:
                self._layout = self._file.layouts_seen
                self._count = 0
                self._start()
                changed = []
            self._changes = changes
            for slot in set(changed):
                if slot < self._count:
                    self._forget(slot)
                    for _, _, raw in self._file.members_between(slot, slot + 1):
                        self._take(slot, raw)
            if self._file.foreign is not None:
                added: Iterator[tuple[int, str, bytes]] = self._file.members() if not self._count else iter(())
                count = len(self._file.foreign)
            else:
                count = self._file.count
                added = self._file.members_between(self._count, count)
            for slot, _, raw in added:
                self._take(slot, raw)
            self._count = count

    def _start(self) -> None:
        raise NotImplementedError

    def _take(self, slot: int, raw: bytes) -> None:
        raise NotImplementedError

    def _forget(self, slot: int) -> None:
        raise NotImplementedError

    def member(self, slot: int) -> tuple[str, Record] | None:
        """Key and record of a line, as it stands on the disk."""
        if self._file.foreign is not None:
            key = list(self._file.foreign)[slot]
            return key, self._file.record(key, self._file.foreign[key])
        return self._file.member_at(slot)


class UniqueIndex(_Follower):
    """From the folded value of one unique field to the line that has it."""

    def __init__(self, file: SlotFile, state: State, field: str, fold: Callable[[str], str]) -> None:
        super().__init__(file, state)
        self._field = field
        self._fold = fold
        self._decode = msgspec.json.Decoder(msgspec.defstruct("One", [(field, str | None, None)])).decode

    def _start(self) -> None:
        self._slots: dict[str, int] = {}

    def _take(self, slot: int, raw: bytes) -> None:
        value = self._value(raw)
        if value is not None:
            self._slots[self._fold(value)] = slot

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
        self.follow()
        folded = self._fold(value)
        slot = self._slots.get(folded)
        found = self.member(slot) if slot is not None else None
        if found is None or self._fold(str(found[1].get(self._field, ""))) != folded:
            return None
        return found[0]


class Columns(_Follower):
    """The searchable fields of every record as columns, one row a line."""

    def __init__(self, file: SlotFile, state: State, collection: Collection) -> None:
        super().__init__(file, state)
        self._fields = collection.fields
        self._folds = [collection.unique.get(field) for field in collection.fields]
        fields = [(field, Any, None) for field in collection.fields]
        self._decode = msgspec.json.Decoder(msgspec.defstruct("Row", fields, array_like=False)).decode
        self._shared: dict[Any, Any] = {}

    def _start(self) -> None:
        self._live = bytearray()
        self._columns: dict[str, list[Any]] = {field: [] for field in self._fields}

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
        for field, fold in zip(self._fields, self._folds, strict=True):
            value = getattr(row, field)
            if fold is not None and isinstance(value, str):
                value = fold(value)
            elif isinstance(value, str) and len(value) < 16:
                value = self._shared.setdefault(value, value)
            self._columns[field][slot] = value

    def _forget(self, slot: int) -> None:
        if slot < len(self._live):
            self._live[slot] = 0

    def page(self, query: PageQuery) -> tuple[list[tuple[str, Record]], int]:
        """The records of one page, each with its key, and how many match."""
        self.follow()
        with self._lock:
            rows = self._matching(query)
            chosen = self._sorted(rows, query)[query.offset : query.offset + query.limit]
        found = (self.member(slot) for slot in chosen)
        return [entry for entry in found if entry is not None], len(rows)

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
