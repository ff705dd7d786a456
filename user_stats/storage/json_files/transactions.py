"""One batch of transactions before it is written: what each reads and what all of them will write.

A transaction keeps its own changes until its work has returned; then they are planned into the batch, where the next
one sees them. So one that fails leaves no trace, and all that succeed share one journal record and one sync.
"""

from __future__ import annotations

from typing import Protocol

from user_stats.errors import AlreadyExists, InvalidInput, TooLarge, shown
from user_stats.storage import Collection, Log, Record
from user_stats.storage.counting import added_up
from user_stats.storage.json_files.array_plans import ArrayPlan, Entry
from user_stats.storage.json_files.arrays import Arrays
from user_stats.storage.json_files.disk import translated
from user_stats.storage.json_files.indexes import UniqueIndex
from user_stats.storage.json_files.journal import Write
from user_stats.storage.json_files.lines import LONGEST_LINE
from user_stats.storage.json_files.slot_plans import SlotPlan
from user_stats.storage.json_files.slots import SlotFile
from user_stats.storage.json_files.state import State
from user_stats.storage.json_files.values import decode_record, encode
from user_stats.storage.keys import checked_log_key, checked_record_key, refuse_nan

LONGEST_RECORD = LONGEST_LINE // 4
MOST_OPEN_ARRAYS = 200
"""Arrays that a batch keeps open from the plan to the write; further ones are opened again."""


class Files(Protocol):
    """What a batch needs of the store."""

    arrays: Arrays

    def file(self, collection: Collection) -> SlotFile: ...

    def unique_index(self, collection: Collection, field: str) -> UniqueIndex: ...


class Batch:
    """The planned changes of all files."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.names: dict[tuple[str, str, str], str | None] = {}
        """Unique values that this batch took (key) or freed (None)."""
        self._slots: dict[str, SlotPlan] = {}
        self._arrays: dict[str, ArrayPlan] = {}

    def slots(self, collection: Collection) -> SlotPlan:
        plan = self._slots.get(collection.name)
        if plan is None:
            plan = self._slots[collection.name] = SlotPlan(self.files.file(collection))
        return plan

    def array(self, log: Log, key: str) -> ArrayPlan:
        name = self.files.arrays.name(log, key)
        plan = self._arrays.get(name)
        if plan is None:
            plan = self._arrays[name] = ArrayPlan(self.files.arrays, log, key)
            if len(self._arrays) > MOST_OPEN_ARRAYS:
                plan.close()
        return plan

    def pending_array(self, log: Log, key: str) -> ArrayPlan | None:
        return self._arrays.get(self.files.arrays.name(log, key))

    def groups(self) -> list[tuple[list[Write], int]]:
        """All writes of each file that changes, with its descriptor from the plan on (or -1)."""
        arrays = [(plan.writes, plan.descriptor) for plan in self._arrays.values() if plan.writes]
        return arrays + [(plan.writes(), plan.descriptor) for plan in self._slots.values() if plan.changes]

    def close(self) -> None:
        for slots in self._slots.values():
            slots.close()
        for array in self._arrays.values():
            array.close()

    def committed(self, state: State) -> None:
        """The writes are on the disk: tells this process and the others."""
        changed = [plan for plan in self._slots.values() if plan.changes]
        for slots in changed:
            if lines := slots.lines_to_report():
                state.report_changes(slots.file.name, lines)
        for slots in changed:
            slots.committed()
        for array in self._arrays.values():
            array.committed()


class _LogChange:
    """What a transaction does to one list."""

    __slots__ = ("added", "cleared", "keep", "key", "log")

    def __init__(self, log: Log, key: str) -> None:
        self.log = log
        self.key = key
        self.keep: int | None = None
        self.cleared = False
        self.added: list[Entry] = []


class JsonTransaction:
    """Reads and writes of one unit of work; see the port for what each does."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._records: dict[tuple[str, str], tuple[Collection, bytes | None]] = {}
        self._logs: dict[tuple[str, str], _LogChange] = {}
        self._names: dict[tuple[str, str, str], str | None] = {}

    def get(self, collection: Collection, key: str) -> Record | None:
        if self._records:
            own = self._records.get((collection.name, key))
            if own is not None:
                return None if own[1] is None else decode_record(own[1])
        try:
            return self._batch.slots(collection).get(key)
        except OSError as error:
            raise translated(error, "reading") from error

    peek = get

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        name = (collection.name, field, collection.unique[field](value))
        for names in (self._names, self._batch.names):
            if name in names:
                return names[name]
        try:
            return self._batch.files.unique_index(collection, field).find(value)
        except OSError as error:
            raise translated(error, "reading") from error

    def put(self, collection: Collection, key: str, record: Record) -> None:
        checked_record_key(key)
        if collection.unique:
            self._take_names(collection, key, record)
        self._records[collection.name, key] = (collection, _encoded(collection.name, key, record))

    def _take_names(self, collection: Collection, key: str, record: Record) -> None:
        before = self.get(collection, key) or {}
        taken: dict[tuple[str, str, str], str | None] = {}
        for field_name, fold in collection.unique.items():
            old, new = before.get(field_name), record.get(field_name)
            if isinstance(old, str):
                taken[collection.name, field_name, fold(old)] = None
            if isinstance(new, str):
                if self.find(collection, field_name, new) not in (None, key):
                    message = f"{field_name}: {shown(new)} is taken; allowed: one that nobody has"
                    raise AlreadyExists(message, field=field_name)
                taken[collection.name, field_name, fold(new)] = key
        self._names.update(taken)

    def increment(self, collection: Collection, key: str, amounts: Record) -> None:
        self.put(collection, key, added_up(collection, self.get(collection, key), [amounts]))

    def delete(self, collection: Collection, key: str) -> bool:
        before = self.get(collection, key)
        if before is None:
            return False
        for field_name, fold in collection.unique.items():
            if isinstance(value := before.get(field_name), str):
                self._names[collection.name, field_name, fold(value)] = None
        self._records[collection.name, key] = (collection, None)
        return True

    def append(self, log: Log, key: str, entry: Record, keep: int | None = None) -> None:
        change = self._change(log, key)
        raw = _encoded(log.name, key, entry)
        change.added.append(Entry(raw, None if log.order is None else log.order(entry)))
        change.keep = keep

    def clear(self, log: Log, key: str) -> int:
        count = len(self.read_log(log, key))
        change = self._change(log, key)
        change.cleared = True
        change.added.clear()
        return count

    def _change(self, log: Log, key: str) -> _LogChange:
        change = self._logs.get((log.name, key))
        if change is None:
            change = self._logs[log.name, key] = _LogChange(log, checked_log_key(key))
        return change

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        own = self._logs.get((log.name, key))
        pending = self._batch.pending_array(log, checked_log_key(key))
        try:
            if own is None and pending is None:
                return self._batch.files.arrays.read(log, key, newest)
            entries = [] if own is not None and own.cleared else self._batch.array(log, key).entries()
        except OSError as error:
            raise translated(error, "reading") from error
        if own is not None:
            entries += [decode_record(entry.raw) for entry in own.added]
            if log.order is not None:
                entries.sort(key=log.order)
            if own.keep is not None:
                entries = entries[-own.keep :]
        return entries if newest is None else entries[-newest:] if newest else []

    def plan(self) -> None:
        """Hands the changes to the batch. When this raises, the batch is of no use any more."""
        for change in self._logs.values():
            array = self._batch.array(change.log, change.key)
            if change.cleared:
                array.clear()
            if change.added:
                array.append(change.added, change.keep)
        for (_, key), (collection, raw) in self._records.items():
            slots = self._batch.slots(collection)
            if raw is None:
                slots.delete(key)
            else:
                slots.put(key, raw)
        self._batch.names.update(self._names)


def _encoded(name: str, key: str, record: Record) -> bytes:
    """Raises InvalidInput for what JSON cannot hold."""
    try:
        raw = encode(record)
        if b"null" in raw:  # what the encoder also makes of numbers that are none
            refuse_nan(record)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidInput(f"{name}: {shown(key)} cannot be written as JSON: {error}") from None
    if len(raw) > LONGEST_RECORD:
        raise TooLarge(f"{name}: {shown(key)} has {len(raw):,} bytes; allowed: at most {LONGEST_RECORD:,}")
    return raw
