"""What a batch of transactions changes in one list: planned here, written by `writes.py`."""

from __future__ import annotations

from typing import Any, NamedTuple

from user_stats.storage import Log, Record
from user_stats.storage.json_files.arrays import (
    EMPTY,
    END_BYTES,
    HEAD,
    SEPARATOR,
    TAIL,
    Arrays,
    Cursor,
    decode_entries,
    laid_out,
)
from user_stats.storage.json_files.journal import Write
from user_stats.storage.json_files.values import decode_record, encode

BLANK_BYTES = 32 << 10
"""Blanks in front of an array that are worth writing it anew: about a hundred entries."""
MOST_BLANKED = 64
"""Entries that one write blanks; for more the file is written anew."""


class Entry(NamedTuple):
    """One entry to add, written as JSON, and its place by the log's order."""

    raw: bytes
    order: Any


class ArrayPlan:
    """What a batch of transactions does to one array: reads see it, nothing is written yet."""

    def __init__(self, arrays: Arrays, log: Log, key: str) -> None:
        self.name = arrays.name(log, key)
        self.writes: list[Write] = []
        self._arrays = arrays
        self._log = log
        self._pending: list[bytes] = []
        self.descriptor = arrays.open(self.name)
        self._existed = self.descriptor >= 0
        try:
            self._cursor = arrays.cursor(self.name, log, self.descriptor) if self._existed else EMPTY
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1  # never closed twice: its number may be another's by then
        if descriptor >= 0:
            self._arrays.close(descriptor)

    def entries(self) -> list[Record]:
        """Every entry, those of this batch included."""
        if self._cursor.content is not None:
            return decode_entries(self._cursor.content)
        entries = self._arrays.parsed(self.name, self._log) + [decode_record(raw) for raw in self._pending]
        return entries[-self._cursor.entries :] if self._cursor.entries else []

    def clear(self) -> int:
        count = self._cursor.entries
        self.writes = [Write("d", self.name, 0, 0, b"")] if self._existed else []
        self._cursor = EMPTY
        self._pending = []
        return count

    def append(self, entries: list[Entry], keep: int | None) -> None:
        """Adds entries, each in its place; of more than `keep` the first ones go."""
        cursor = self._cursor
        raws = [entry.raw for entry in entries]
        orders = [] if self._log.order is None else [entry.order for entry in entries]
        surplus = max(0, cursor.entries + len(entries) - keep) if keep is not None else 0
        on_disk = cursor.entries - len(self._pending)
        if cursor.content is not None or surplus >= on_disk or surplus > MOST_BLANKED or not self._is_next(orders):
            self._write_whole(entries, keep)
            return
        blanked = self._first_entries(surplus) if surplus else b""
        if cursor.head + len(blanked) > BLANK_BYTES:
            self._write_without_blanks(raws, len(blanked), surplus, orders)
            return
        self._write_in_place(raws, blanked, surplus, orders)
        self._pending += raws

    def _is_next(self, orders: list[Any]) -> bool:
        """True where entries of these orders belong at the end."""
        if not orders:
            return True
        return bool(self._cursor.last_order <= orders[0]) and (len(orders) == 1 or orders == sorted(orders))

    def _first_entries(self, count: int) -> bytes:
        reopened = self.descriptor < 0
        descriptor = self._arrays.open(self.name) if reopened else self.descriptor
        try:
            return self._arrays.first_entries(self.name, descriptor, self._cursor.head, count)
        finally:
            if reopened:
                self._arrays.close(descriptor)

    def _write_in_place(self, raws: list[bytes], blanked: bytes, surplus: int, orders: list[Any]) -> None:
        size, count, head, _, _, _ = self._cursor
        if blanked:
            self.writes.append(Write("b", self.name, head, len(blanked), b"", blanked))
        data = SEPARATOR + SEPARATOR.join(raws) + TAIL
        offset = size - len(TAIL)
        self.writes.append(Write("w", self.name, offset, 0, data, TAIL))
        count += len(raws) - surplus
        last_order = orders[-1] if orders else None
        self._cursor = Cursor(offset + len(data), count, head + len(blanked), last_order, data[-END_BYTES:])

    def _write_without_blanks(self, added: list[bytes], blanked: int, surplus: int, orders: list[Any]) -> None:
        """The same entries and the added ones behind them, as the bytes that they are."""
        size, count, head, _, _, _ = self._cursor
        kept = self._arrays.content_between(self.name, head + blanked, size - len(TAIL))
        for write in self.writes:
            if write.kind == "w":  # of this batch, not on the disk yet
                kept = kept[: write.offset - head - blanked] + write.data[: -len(TAIL)]
        content = HEAD + SEPARATOR.join([kept, *added]) + TAIL
        self.writes = [Write("f", self.name, 0, 0, content)]
        count += len(added) - surplus
        last_order = orders[-1] if orders else None
        self._cursor = Cursor(len(content), count, len(HEAD), last_order, content[-END_BYTES:], content)
        self._pending = []

    def _write_whole(self, added: list[Entry], keep: int | None) -> None:
        order = self._log.order
        entries = [Entry(encode(entry), order(entry) if order is not None else None) for entry in self.entries()]
        entries += added
        if order is not None:
            entries.sort(key=lambda entry: entry.order)
        if keep is not None:
            entries = entries[-keep:]
        content = laid_out([entry.raw for entry in entries])
        self.writes = [Write("f", self.name, 0, 0, content)]
        self._cursor = Cursor(len(content), len(entries), len(HEAD), entries[-1].order, content[-END_BYTES:], content)
        self._pending = []

    def committed(self) -> None:
        if self._cursor.entries:
            self._arrays.remember(self.name, self._cursor)
        else:
            self._arrays.forget(self.name)
