"""`PostgresStorage`: the storage port on PostgreSQL. Several processes on several machines may use one database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from psycopg import errors

from user_stats.errors import StorageError
from user_stats.storage import Collection, Damage, Log, PageQuery, Record, Snapshot, Transaction
from user_stats.storage.counting import added_up, sums_of
from user_stats.storage.keys import checked_log_key, is_record_key
from user_stats.storage.nesting import Nesting
from user_stats.storage.postgres import repair, tables, whole
from user_stats.storage.postgres.commits import Unsure, is_committed
from user_stats.storage.postgres.connections import Connections
from user_stats.storage.postgres.pages import find_page
from user_stats.storage.postgres.tables import Connection, EntryTable, RecordTable
from user_stats.storage.postgres.transactions import PostgresTransaction
from user_stats.storage.postgres.values import number, stored_value

T = TypeVar("T")
READ_AT_ONCE = 2000
COUNTED_BEFORE_ADDING_UP = 100
"""Increments of this process to one collection, after which they are added to the records; reading adds up the rest."""


class PostgresStorage:
    """A database of PostgreSQL 13 or newer; its tables are made when they are first used."""

    keeps_replaced = False

    def __init__(self, url: str, *, lock_timeout_seconds: float = 10.0) -> None:
        self._connections = Connections(url, lock_timeout_seconds)
        self._tables: dict[str, RecordTable | EntryTable] = {}
        self._making = threading.Lock()
        self._nesting = Nesting()
        self._increments = 0
        self._deleted_from: set[str] = set()
        self._connections.apart(tables.lay_out)
        self._columns = self._connections.apart(tables.known_columns)

    # -- reads --------------------------------------------------------------------------------------------------------

    def get(self, collection: Collection, key: str) -> Record | None:
        if not is_record_key(key):
            return None
        table = self._records(collection)
        row = self._row(table.get, (key, key) if collection.counts else (key,))
        record: Record | None = row[0] if row is not None else None
        amounts = row[1] if row is not None and collection.counts else None
        return added_up(collection, record, amounts) if amounts else record

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        row = self._row(self._records(collection).find(field), (stored_value(collection.unique[field](value)),))
        return row[0] if row is not None else None

    def scan(self, collection: Collection) -> Iterator[tuple[str, Record]]:
        """In the order of creation, some thousand at a time; what is changed meanwhile is read as before or after."""
        table = self._records(collection)
        if collection.counts:
            for key, record, amounts in self._rows(table.scan_counted, ()):
                yield key, added_up(collection, record, amounts or [])
            return
        last = 0
        while rows := self._rows(table.scan, (last, READ_AT_ONCE)):
            for _, key, record in rows:
                yield key, record
            last = rows[-1][0]

    def count(self, collection: Collection) -> int:
        row = self._row(self._records(collection).count, ())
        return row[0] if row is not None else 0

    def get_many(self, collection: Collection, keys: Iterable[str]) -> dict[str, Record]:
        wanted = [key for key in dict.fromkeys(keys) if is_record_key(key)]
        rows = self._rows(self._records(collection).get_many, {"keys": wanted})
        return {key: added_up(collection, record, amounts) if amounts else record for key, record, amounts in rows}

    def sum_up(self, collection: Collection, fields: Sequence[str]) -> dict[str, float]:
        statement = self._records(collection).sum_up(fields)

        def add(connection: Connection) -> tuple[Any, ...] | None:
            try:
                return connection.execute(statement.encode()).fetchone()
            except errors.UntranslatableCharacter:  # a NUL in some text, which the database does not take apart
                return None

        row = self._connections.run(add)
        if row is None:
            return sums_of((record for _, record in self.scan(collection)), fields)
        return {name: number(total) for name, total in zip(fields, row, strict=True)}

    def find_page(self, collection: Collection, query: PageQuery) -> tuple[list[tuple[str, Record]], int]:
        table = self._records(collection)
        if collection.counts:
            self._add_up(collection, [key for key, _ in self.scan(collection)])
        return find_page(self._rows, table, query)

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        rows = self._rows(self._entries(log).read, (checked_log_key(key), newest))
        return [entry for (entry,) in reversed(rows)]

    def log_keys(self, log: Log) -> Iterator[str]:
        last = ""
        while rows := self._rows(self._entries(log).keys, (last, READ_AT_ONCE)):
            for (key,) in rows:
                yield key
            last = rows[-1][0]

    def _rows(self, statement: str, parameters: tuple[Any, ...] | dict[str, Any]) -> list[tuple[Any, ...]]:
        return self._connections.run(lambda connection: connection.execute(statement.encode(), parameters).fetchall())

    def _row(self, statement: str, parameters: tuple[Any, ...]) -> tuple[Any, ...] | None:
        return self._connections.run(lambda connection: connection.execute(statement.encode(), parameters).fetchone())

    # -- transactions -------------------------------------------------------------------------------------------------

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        with self._nesting.alone():
            value, tx = self._settled(work)
        self._deleted_from |= tx.deleted_from
        self._increments += len(tx.counted)
        if self._increments >= COUNTED_BEFORE_ADDING_UP:
            self._increments = 0
            for collection, key in tx.counted:
                self._add_up(collection, [key])
        return value

    def _settled(self, work: Callable[[Transaction], T]) -> tuple[T, PostgresTransaction]:
        """Runs the work until it is known to be committed, once."""
        while True:
            try:
                return self._connections.run(lambda connection: self._attempt(connection, work))
            except Unsure as unsure:
                if self._is_committed(unsure):
                    done: tuple[T, PostgresTransaction] = unsure.value
                    return done

    def _attempt(self, connection: Connection, work: Callable[[Transaction], T]) -> tuple[T, PostgresTransaction]:
        tx = PostgresTransaction(connection, self._records, self._entries)
        try:
            value = work(tx)
            tx.commit((value, tx))
        except BaseException:
            tx.roll_back()
            raise
        return value, tx

    def _is_committed(self, unsure: Unsure) -> bool:
        """Whether a transaction came through whose connection was lost. Raises StorageError where nobody can say."""
        message = "the connection was lost while writing, and it is not known whether that was done"
        try:
            answer = self._connections.run(lambda connection: is_committed(connection, unsure))
        except StorageError as error:
            raise StorageError(f"{message}: {error}") from None
        if answer is None:
            raise StorageError(message)
        return answer

    def _add_up(self, collection: Collection, keys: Iterable[str]) -> None:
        for key in keys:
            with self._nesting.alone():
                self._settled(lambda tx, key=key: tx.get(collection, key))  # type: ignore[misc]

    @contextmanager
    def snapshot(self, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Snapshot]:
        records, entries = [*map(self._records, collections)], [*map(self._entries, logs)]
        with self._connections.own() as connection:
            yield whole.PostgresSnapshot(connection, records, entries)

    def replace_all(self, source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log]) -> str | None:
        """In one transaction, for which everybody else waits. Nothing is kept aside."""
        records, entries = [*map(self._records, collections)], [*map(self._entries, logs)]
        with self._connections.own() as connection:
            whole.replace(connection, source, records, entries)
        return None

    # -- tables -------------------------------------------------------------------------------------------------------

    def _records(self, collection: Collection) -> RecordTable:
        table = self._tables.get(f"records {collection.name}") or self._made(RecordTable(collection))
        assert isinstance(table, RecordTable)
        return table

    def _entries(self, log: Log) -> EntryTable:
        table = self._tables.get(f"entries {log.name}") or self._made(EntryTable(log))
        assert isinstance(table, EntryTable)
        return table

    def _made(self, table: RecordTable | EntryTable) -> RecordTable | EntryTable:
        with self._making:
            if not table.is_there(self._columns):
                self._connections.apart(lambda connection: tables.make(connection, table))
            return self._tables.setdefault(table.title, table)

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def find_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        return self._connections.run(lambda connection: repair.find(connection, map(self._records, collections)))

    def mend_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        return self._connections.run(lambda connection: repair.mend(connection, map(self._records, collections)))

    def forget_deleted(self) -> None:
        """Frees what deleted rows took. The server's own journal and its backups keep them until they are recycled."""
        while self._deleted_from:
            statement = f"VACUUM {self._deleted_from.pop()}".encode()
            self._connections.run(lambda connection: connection.execute(statement))  # noqa: B023 - run at once

    def close(self) -> None:
        self._connections.close()
