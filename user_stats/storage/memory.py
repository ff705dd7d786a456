"""An engine of the port in memory, for tests and trials: the rules of the port in their plainest form."""

from __future__ import annotations

import copy
import json
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from user_stats.errors import AlreadyExists, InvalidInput, shown
from user_stats.storage import Collection, Damage, Log, PageQuery, Record, Snapshot, Transaction
from user_stats.storage.counting import added_up, sums_of
from user_stats.storage.keys import checked_log_key, checked_record_key
from user_stats.storage.pages import page_of

T = TypeVar("T")


class MemoryStorage:
    """Records in dicts. One transaction at a time works on copies of what it touches."""

    keeps_replaced = False

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = {}
        self.logs: dict[str, dict[str, list[Record]]] = {}
        self._lock = threading.RLock()
        self._is_writing = False

    def get(self, collection: Collection, key: str) -> Record | None:
        with self._lock:
            return copy.deepcopy(self.records.get(collection.name, {}).get(key))

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        fold = collection.unique[field]
        with self._lock:
            return _holder(self.records.get(collection.name, {}), field, fold, value)

    def scan(self, collection: Collection) -> Iterator[tuple[str, Record]]:
        with self._lock:
            return iter(copy.deepcopy(list(self.records.get(collection.name, {}).items())))

    def count(self, collection: Collection) -> int:
        with self._lock:
            return len(self.records.get(collection.name, {}))

    def get_many(self, collection: Collection, keys: Iterable[str]) -> dict[str, Record]:
        return {key: record for key in keys if (record := self.get(collection, key)) is not None}

    def sum_up(self, collection: Collection, fields: Sequence[str]) -> dict[str, float]:
        return sums_of((record for _, record in self.scan(collection)), fields)

    def find_page(self, collection: Collection, query: PageQuery) -> tuple[list[tuple[str, Record]], int]:
        return page_of(collection, self.scan(collection), query)

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        checked_log_key(key)
        with self._lock:
            entries = self.logs.get(log.name, {}).get(key, [])
            return copy.deepcopy(entries if newest is None else entries[-newest:] if newest else [])

    def log_keys(self, log: Log) -> Iterator[str]:
        with self._lock:
            return iter(list(self.logs.get(log.name, {})))

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        with self._lock:
            if self._is_writing:
                raise RuntimeError("a transaction cannot be started inside another one")
            self._is_writing = True
            try:
                transaction = _MemoryTransaction(self)
                value = work(transaction)
                transaction.commit()
            finally:
                self._is_writing = False
            return value

    @contextmanager
    def snapshot(self, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Snapshot]:
        with self._lock:
            taken = _MemorySnapshot(copy.deepcopy(self.records), copy.deepcopy(self.logs))
        yield taken

    def replace_all(self, source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log]) -> str | None:
        records = {one.name: {key: json.loads(raw) for key, raw in source.members(one)} for one in collections}
        lists = {log.name: {key: [json.loads(raw) for raw in raws] for key, raws in source.lists(log)} for log in logs}
        with self._lock:
            self.records.update(records)
            self.logs.update(lists)
        return None

    def find_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        return []

    def mend_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        return []

    def forget_deleted(self) -> None:
        """Nothing is kept besides the records."""

    def close(self) -> None:
        """Nothing is kept anywhere."""


class _MemorySnapshot:
    def __init__(self, records: dict[str, dict[str, Record]], logs: dict[str, dict[str, list[Record]]]) -> None:
        self._records = records
        self._logs = logs

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        return ((key, _as_text(record)) for key, record in self._records.get(collection.name, {}).items())

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        lists = sorted(self._logs.get(log.name, {}).items())
        return ((key, [*map(_as_text, entries)]) for key, entries in lists if entries)


class _MemoryTransaction:
    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self._records: dict[str, dict[str, Record]] = {}
        self._logs: dict[str, dict[str, list[Record]]] = {}

    def _of(self, collection: Collection) -> dict[str, Record]:
        if collection.name not in self._records:
            self._records[collection.name] = dict(self._storage.records.get(collection.name, {}))
        return self._records[collection.name]

    def _list(self, log: Log, key: str) -> list[Record]:
        lists = self._logs.setdefault(log.name, {})
        if checked_log_key(key) not in lists:
            lists[key] = list(self._storage.logs.get(log.name, {}).get(key, []))
        return lists[key]

    def get(self, collection: Collection, key: str) -> Record | None:
        return copy.deepcopy(self._of(collection).get(key))

    peek = get

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        return _holder(self._of(collection), field, collection.unique[field], value)

    def put(self, collection: Collection, key: str, record: Record) -> None:
        checked_record_key(key)
        for field, fold in collection.unique.items():
            value = record.get(field)
            if isinstance(value, str) and _holder(self._of(collection), field, fold, value) not in (None, key):
                raise AlreadyExists(f"{field}: {shown(value)} is taken; allowed: one that nobody has", field=field)
        self._of(collection)[key] = _copied(collection.name, record)

    def increment(self, collection: Collection, key: str, amounts: Record) -> None:
        self.put(collection, key, added_up(collection, self.get(collection, key), [amounts]))

    def delete(self, collection: Collection, key: str) -> bool:
        return self._of(collection).pop(key, None) is not None

    def append(self, log: Log, key: str, entry: Record, keep: int | None = None) -> None:
        entries = self._list(log, key)
        added = _copied(log.name, entry)
        place = len(entries) if log.order is None else bisect_right(entries, log.order(added), key=log.order)
        entries.insert(place, added)
        if keep is not None:
            del entries[:-keep]

    def clear(self, log: Log, key: str) -> int:
        entries = self._list(log, key)
        count = len(entries)
        entries.clear()
        return count

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        entries = self._list(log, key)
        return copy.deepcopy(entries if newest is None else entries[-newest:] if newest else [])

    def commit(self) -> None:
        self._storage.records.update(self._records)
        for name, lists in self._logs.items():
            stored = self._storage.logs.setdefault(name, {})
            for key, entries in lists.items():
                if entries:
                    stored[key] = entries
                else:
                    stored.pop(key, None)


def _holder(records: dict[str, Record], field: str, fold: Callable[[str], str], value: str) -> str | None:
    folded = fold(value)
    for key, record in records.items():
        if isinstance(held := record.get(field), str) and fold(held) == folded:
            return key
    return None


def _as_text(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _copied(place: str, record: Record) -> Record:
    """A copy as JSON would keep it."""
    try:
        text = json.dumps(record, allow_nan=False, ensure_ascii=False)
        copied: Record = json.loads(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{place}: a record cannot be written as JSON: {error}") from None
    return copied
