"""The whole store at once: everything as of one moment, and everything replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from psycopg import errors

from user_stats.errors import InvalidInput
from user_stats.storage import Collection, Log, Record, Snapshot
from user_stats.storage.counting import added_up
from user_stats.storage.keys import checked_log_key, checked_record_key
from user_stats.storage.postgres.tables import Connection, EntryTable, RecordTable
from user_stats.storage.postgres.values import encoded

ROWS_AT_ONCE = 2000


class PostgresSnapshot:
    """A Snapshot of the port: a transaction that goes on seeing the moment of its beginning."""

    def __init__(self, connection: Connection, records: Sequence[RecordTable], entries: Sequence[EntryTable]) -> None:
        self._connection = connection
        self._records = {table.collection.name: table for table in records}
        self._entries = {table.log.name: table for table in entries}
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name in _names(records, entries):  # so that nobody empties one before it is read
            connection.execute(f"LOCK TABLE {name} IN ACCESS SHARE MODE".encode())
        connection.execute("SELECT 1")

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        table = self._records.get(collection.name)
        if table is None:
            return
        if collection.counts:
            for key, record, amounts in self._connection.execute(table.scan_counted.encode()):
                yield key, encoded(collection.name, added_up(collection, record, amounts or [])).encode()
            return
        with self._connection.cursor(name=f"members_{collection.name}") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            for key, text in cursor.execute(f"SELECT key, record::text FROM {table.name} ORDER BY number".encode()):
                yield key, _one_line(text)

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        table = self._entries.get(log.name)
        if table is None:
            return
        query = f"SELECT key, entry::text FROM {table.name} ORDER BY key, position, number"
        with self._connection.cursor(name=f"lists_{log.name}") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            for key, rows in groupby(cursor.execute(query.encode()), key=lambda row: row[0]):
                yield key, [_one_line(text) for _, text in rows]


def replace(
    connection: Connection, source: Snapshot, records: Sequence[RecordTable], entries: Sequence[EntryTable]
) -> None:
    """Empties the tables and fills them from the source, in one transaction; others wait meanwhile."""
    try:
        with connection.transaction():
            for name in _names(records, entries):
                connection.execute(f"TRUNCATE {name} RESTART IDENTITY".encode())
            for table in records:
                _fill_records(connection, source, table)
            for log_table in entries:
                _fill_entries(connection, source, log_table)
    except errors.UniqueViolation as error:
        raise InvalidInput(f"two records share what must be unique: {error.diag.message_detail}") from None


def _names(records: Sequence[RecordTable], entries: Sequence[EntryTable]) -> list[str]:
    return [name for table in records for name in table.names] + [name for table in entries for name in table.names]


def _fill_records(connection: Connection, source: Snapshot, table: RecordTable) -> None:
    with connection.cursor().copy(f"COPY {table.name} ({table.columns}) FROM STDIN".encode()) as copy:
        for key, raw in source.members(table.collection):
            record = _object(raw)
            copy.write_row(table.row(checked_record_key(key), encoded(table.collection.name, record), record))


def _fill_entries(connection: Connection, source: Snapshot, table: EntryTable) -> None:
    with connection.cursor().copy(f"COPY {table.name} (key, position, entry) FROM STDIN".encode()) as copy:
        for key, raws in source.lists(table.log):
            checked_log_key(key)
            for raw in raws:
                entry = _object(raw)
                copy.write_row((key, table.position(entry), encoded(table.log.name, entry)))
    count = f"INSERT INTO {table.lists} (key, entries) SELECT key, count(*) FROM {table.name} GROUP BY key"
    connection.execute(count.encode())


def _object(raw: bytes) -> Record:
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise InvalidInput(f"a record is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInput.of("record", value, "an object")
    return value


def _one_line(text: str) -> bytes:
    if "\n" in text:  # edited by hand
        text = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    return text.encode()
