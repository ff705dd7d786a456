"""The whole store at once: copied out while nobody writes, and replaced in one transaction of the server."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import IO, Any

from user_stats.errors import InvalidInput
from user_stats.storage import Collection, Log, Record, Snapshot
from user_stats.storage.keys import checked_log_key, checked_record_key
from user_stats.storage.redis import indexes, names
from user_stats.storage.redis.texts import decoded, encoded
from user_stats.storage.redis.turns import LONGEST_STEP_MILLISECONDS

ROWS_BETWEEN_CALLS = 500


class Copy:
    """A Snapshot of the port in nameless files, one for each collection and log: a key, a blank and a record a line."""

    def __init__(self) -> None:
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Copy:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            file.close()

    def add_members(
        self, collection: Collection, records: Iterable[tuple[str, Record]], go_on: Callable[[], None]
    ) -> None:
        self._add(f"records {collection.name}", collection.name, records, go_on)

    def add_lists(self, log: Log, lists: Iterable[tuple[str, list[Record]]], go_on: Callable[[], None]) -> None:
        entries = ((key, entry) for key, entries in lists for entry in entries)
        self._add(f"lists {log.name}", log.name, entries, go_on)

    def _add(self, title: str, place: str, rows: Iterable[tuple[str, Record]], go_on: Callable[[], None]) -> None:
        file = self._files[title] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the copy
        for number, (key, record) in enumerate(rows):
            file.write(b"%s %s\n" % (key.encode(), encoded(place, record)))
            if number % ROWS_BETWEEN_CALLS == 0:
                go_on()

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        return self._rows(f"records {collection.name}")

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        for key, rows in groupby(self._rows(f"lists {log.name}"), key=lambda row: row[0]):
            yield key, [raw for _, raw in rows]

    def _rows(self, title: str) -> Iterator[tuple[str, bytes]]:
        file = self._files.get(title)
        if file is None:
            return
        place = 0
        while True:
            file.seek(place)
            line = file.readline()
            if not line:
                return
            place = file.tell()
            key, _, raw = line.rstrip(b"\n").partition(b" ")
            yield key.decode(), raw


def replace(
    client: Any,
    source: Snapshot,
    collections: Iterable[Collection],
    logs: Iterable[Log],
    old: Iterable[bytes],
    go_on: Callable[..., None],
) -> None:
    """Removes what stands under the old names and sets what the source holds, all of it or nothing. Raises WatchError
    where anything was committed since the old names were read."""
    with client.pipeline(transaction=True) as pipeline:
        pipeline.watch(names.CLOCK)
        go_on()
        pipeline.multi()
        for number, name in enumerate(old):
            pipeline.unlink(name)
            if number % ROWS_BETWEEN_CALLS == 0:
                go_on()
        for collection in collections:
            _set_records(pipeline, source, collection, go_on)
        for log in logs:
            _set_lists(pipeline, source, log, go_on)
        pipeline.incr(names.CLOCK)
        go_on(LONGEST_STEP_MILLISECONDS)
        pipeline.execute()


def names_of(collection: Collection, records: Iterable[tuple[str, Record]]) -> Iterator[bytes]:
    """Everything under which a collection lies."""
    yield names.keys(collection)
    yield from (names.index(collection, field) for field in collection.fields)
    for key, record in records:
        yield from (names.record(collection, key), names.count(collection, key))
        yield from _unique_names(collection, record)


def names_of_lists(log: Log, keys: Iterable[str]) -> Iterator[bytes]:
    """The same for a log."""
    yield from (names.lists(log), names.versions(log))
    yield from (names.list_of(log, key) for key in keys)


def _unique_names(collection: Collection, record: Record) -> Iterator[bytes]:
    for field, fold in collection.unique.items():
        if isinstance(value := record.get(field), str):
            yield names.unique(collection, field, fold(value))


def _set_records(pipeline: Any, source: Snapshot, collection: Collection, go_on: Callable[[], None]) -> None:
    taken: set[bytes] = set()
    number = 0
    for number, (key, raw) in enumerate(source.members(collection), 1):
        record = decoded(f"{collection.name}.json", raw)
        pipeline.set(names.record(collection, checked_record_key(key)), encoded(collection.name, record))
        pipeline.zadd(names.keys(collection), {key: number})
        indexes.add(pipeline, collection, key, record)
        for name in _unique_names(collection, record):
            if name in taken:
                raise InvalidInput(f"{collection.name}: two records share what must be unique")
            taken.add(name)
            pipeline.set(name, key)
        if number % ROWS_BETWEEN_CALLS == 0:
            go_on()
    indexes.tell(pipeline, collection)
    pipeline.incrby(names.CLOCK, number)  # later records come after these


def _set_lists(pipeline: Any, source: Snapshot, log: Log, go_on: Callable[[], None]) -> None:
    version = str(uuid.uuid4())  # unlike any that somebody has read
    for number, (key, raws) in enumerate(source.lists(log)):
        entries = [encoded(log.name, decoded(log.name, raw)) for raw in raws]
        pipeline.rpush(names.list_of(log, checked_log_key(key)), *entries)
        pipeline.zadd(names.lists(log), {key: 0})
        pipeline.hset(names.versions(log), key, version)
        if number % ROWS_BETWEEN_CALLS == 0:
            go_on()
