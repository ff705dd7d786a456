"""One unit of work on PostgreSQL.

A record that is read is locked until the end, a list likewise; so two who work on the same things come one after the
other, each with what the one before has left. What is read as missing cannot be locked: it is inserted strictly, and
when somebody else was first, the work is run again. Writes wait until something has to see them, and go out together
with the commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

from user_stats.errors import AlreadyExists, shown
from user_stats.storage import Collection, Log, Record
from user_stats.storage.counting import added_up
from user_stats.storage.keys import checked_log_key, checked_record_key, is_record_key
from user_stats.storage.postgres.commits import Unsure, begin_counting, counted
from user_stats.storage.postgres.failures import is_lost
from user_stats.storage.postgres.tables import Connection, EntryTable, RecordTable
from user_stats.storage.postgres.values import encoded, stored_value

T = TypeVar("T")
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
Statement = tuple[str, tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]


class PostgresTransaction:
    """Reads and writes of one unit of work; see the port for what each does."""

    def __init__(
        self,
        connection: Connection,
        records: Callable[[Collection], RecordTable],
        entries: Callable[[Log], EntryTable],
    ) -> None:
        self._connection = connection
        self._records = records
        self._entries = entries
        self._is_begun = False
        self._pending: list[Statement] = []
        self._written: dict[tuple[str, str], str] = {}
        self._missing: set[tuple[str, str]] = set()
        self.counted: set[tuple[Collection, str]] = set()
        """What was counted up without being read."""
        self.deleted_from: set[str] = set()
        """The names of tables from which something was deleted."""

    # -- records ------------------------------------------------------------------------------------------------------

    def get(self, collection: Collection, key: str) -> Record | None:
        text = self._written.get((collection.name, key))
        if text is not None:
            written: Record = json.loads(text)
            return written
        if not is_record_key(key):
            return None
        table = self._records(collection)
        if collection.counts:
            return self._get_counted(table, key)
        row = self._execute((table.hold, (key,)))[-1].fetchone()
        if row is None:
            self._missing.add((collection.name, key))
            return None
        record: Record = row[0]
        return record

    def peek(self, collection: Collection, key: str) -> Record | None:
        if collection.counts or (collection.name, key) in self._written or not is_record_key(key):
            return self.get(collection, key)
        row = self._execute((self._records(collection).get, (key,)))[-1].fetchone()
        return row[0] if row is not None else None

    def _get_counted(self, table: RecordTable, key: str) -> Record | None:
        """Adds what was counted up to the record, for good."""
        self._flush()
        held, taken = self._execute((table.hold, (key,)), (table.take_counts, (key,)))[-2:]
        row, amounts = held.fetchone(), [amount for (amount,) in taken]
        record = row[0] if row is not None else None
        if row is None:
            self._missing.add((table.collection.name, key))
        if amounts:
            record = added_up(table.collection, record, amounts)
            self._write(table, key, record)
        return record

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        folded = stored_value(collection.unique[field](value))
        row = self._execute((self._records(collection).find(field) + " FOR UPDATE", (folded,)))[-1].fetchone()
        return row[0] if row is not None else None

    def put(self, collection: Collection, key: str, record: Record) -> None:
        table = self._records(collection)
        checked_record_key(key)
        for field in collection.unique:
            value = record.get(field)
            if isinstance(value, str) and self.find(collection, field, value) not in (None, key):
                raise AlreadyExists(f"{field}: {shown(value)} is taken; allowed: one that nobody has", field=field)
        if collection.counts:
            self._pending.append((table.take_counts, (key,)))
        self._write(table, key, record)
        if collection.unique:
            self._flush()  # so that the next one who asks for a name sees it

    def _write(self, table: RecordTable, key: str, record: Record) -> None:
        name = (table.collection.name, key)
        text = encoded(table.collection.name, record)
        statement = table.insert if name in self._missing else table.put
        self._pending.append((statement, table.row(key, text, record)))
        self._missing.discard(name)
        self._written[name] = text

    def increment(self, collection: Collection, key: str, amounts: Record) -> None:
        checked_record_key(key)
        if (collection.name, key) in self._written:
            self.put(collection, key, added_up(collection, self.get(collection, key), [amounts]))
            return
        text = encoded(collection.name, amounts)
        self._pending.append((self._records(collection).count_up, (key, text)))
        self.counted.add((collection, key))

    def delete(self, collection: Collection, key: str) -> bool:
        table = self._records(collection)
        if not is_record_key(key):
            return False
        statements = [(table.delete, (key,))]
        if collection.counts:
            statements.append((table.take_counts, (key,)))
        self._flush()
        deleted = self._execute(*statements)[-len(statements) :]
        self._written.pop((collection.name, key), None)
        self.deleted_from.add(table.name)
        return any(cursor.rowcount for cursor in deleted)

    # -- lists --------------------------------------------------------------------------------------------------------

    def append(self, log: Log, key: str, entry: Record, keep: int | None = None) -> None:
        table = self._entries(log)
        text = encoded(log.name, entry)
        self._pending.append((table.append, (checked_log_key(key), table.position(entry), text, keep)))

    def clear(self, log: Log, key: str) -> int:
        table, only = self._entries(log), (checked_log_key(key),)
        self._flush()
        _, cleared, _ = self._execute((table.hold, only), (table.clear, only), (table.clear_list, only))[-3:]
        return cleared.rowcount

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        table = self._entries(log)
        checked_log_key(key)
        self._flush()
        rows = self._execute((table.hold, (key,)), (table.read, (key, newest)))[-1].fetchall()
        return [entry for (entry,) in reversed(rows)]

    # -- the end ------------------------------------------------------------------------------------------------------

    def commit(self, value: object) -> None:
        """Sends what is still to be written, and commits. Raises Unsure, with `value`, where it may have done so."""
        if not self._is_begun and not self._pending:
            return
        self._begin()
        try:
            self._execute(*self._taken(), counted(self._connection), ("COMMIT", ()))
        except psycopg.Error as error:
            if is_lost(error) or self._connection.closed:
                self._connection.close()
                raise Unsure(self._connection, value) from None
            raise
        self._connection.commits += 1

    def roll_back(self) -> None:
        if self._is_begun:
            with suppress(psycopg.Error):  # a lost connection has rolled back by itself
                self._connection.execute("ROLLBACK")

    def _taken(self) -> list[Statement]:
        taken, self._pending = self._pending, []
        return taken

    def _flush(self) -> None:
        if self._pending:
            self._execute(*self._taken())

    def _begin(self) -> None:
        if not self._connection.commit_name:
            begin_counting(self._connection)

    def _execute(self, *statements: Statement) -> list[Cursor]:
        """Sends all of them together, after the beginning of the transaction if this is the first time."""
        if self._is_begun and len(statements) == 1:
            return [self._connection.execute(*_encoded(statements[0]))]
        self._begin()
        with self._connection.pipeline():
            if not self._is_begun:
                self._connection.execute(BEGIN)
                self._is_begun = True
            return [self._connection.execute(*_encoded(statement)) for statement in statements]


def _encoded(statement: Statement) -> tuple[bytes, tuple[Any, ...]]:
    return statement[0].encode(), statement[1]
