"""What lies in the database: the tables of collections and logs, made when they are first used, and their statements.

    records_NAME   key, number (the order of creation), record, and a column `field_NAME` for each field to compare
    tallies_NAME   how many records there are of each kind; see `tallies.py`
    counts_NAME    for collections that count: whole numbers that are still to be added to a record
    lists_NAME     key, how many entries its list has; the row is what a transaction holds of a list
    entries_NAME   key, position (by the log's order), number (the order of appending), entry
    commits        how many transactions each connection has committed; see `commits.py`

`layout` holds the version of all that; an older one is brought up to date when the store is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from user_stats.errors import StorageError
from user_stats.storage import Collection, Log, Record
from user_stats.storage.postgres import indexes, tallies
from user_stats.storage.postgres.names import SCHEMA, checked, column
from user_stats.storage.postgres.values import stored_value

LOCK = 0x75736572
"""The number of the advisory lock under which tables are made and changed."""
STEPS = (
    f"CREATE TABLE {SCHEMA}.layout (version integer NOT NULL); INSERT INTO {SCHEMA}.layout VALUES (0);"
    f" CREATE TABLE {SCHEMA}.commits (connection text PRIMARY KEY, number bigint NOT NULL,"
    " made_at timestamptz NOT NULL DEFAULT now())",
)
"""Statements that bring a layout to the next version each, the oldest first."""
BACKFILLED_AT_ONCE = 1000


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that counts what it commits."""

    opened_at = 0.0
    commit_name = ""
    commits = 0


class RecordTable:
    """The table of one collection."""

    def __init__(self, collection: Collection) -> None:
        name = checked(collection.name)
        self.title = f"records {name}"
        self.collection = collection
        self.compared = tuple(dict.fromkeys((*collection.unique, *collection.fields)))
        self.name = f"{SCHEMA}.records_{name}"
        self.counts = f"{SCHEMA}.counts_{name}"
        self.names = (self.name, self.counts) if collection.counts else (self.name,)
        self.tallies = f"{SCHEMA}.tallies_{name}"
        self.kinds = [column(field) for field in collection.kinds]
        columns = [column(field) for field in self.compared]
        names = self.columns = ", ".join(["key", "record", *columns])
        marks = ", ".join(["%s"] * (2 + len(columns)))
        changes = ", ".join(f"{one} = EXCLUDED.{one}" for one in ("record", *columns))
        self.get = f"SELECT record FROM {self.name} WHERE key = %s"
        if collection.counts:
            self.get = (
                f"SELECT (SELECT record FROM {self.name} WHERE key = %s),"
                f" (SELECT json_agg(amounts) FROM {self.counts} WHERE key = %s)"
            )
        self.hold = f"SELECT record FROM {self.name} WHERE key = %s FOR UPDATE"
        self.take_counts = f"DELETE FROM {self.counts} WHERE key = %s RETURNING amounts"
        self.count_up = f"INSERT INTO {self.counts} (key, amounts) VALUES (%s, %s)"
        self.insert = f"INSERT INTO {self.name} ({names}) VALUES ({marks})"
        self.put = f"INSERT INTO {self.name} ({names}) VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET {changes}"
        self.delete = f"DELETE FROM {self.name} WHERE key = %s"
        self.scan = f"SELECT number, key, record FROM {self.name} WHERE number > %s ORDER BY number LIMIT %s"
        self.get_many = f"SELECT key, record, NULL FROM {self.name} WHERE key = ANY(%(keys)s)"
        if collection.counts:
            self.get_many = (
                f"SELECT key, record, amounts FROM (SELECT key, record FROM {self.name} WHERE key = ANY(%(keys)s))"
                f" AS stored FULL JOIN (SELECT key, json_agg(amounts) AS amounts FROM {self.counts}"
                " WHERE key = ANY(%(keys)s) GROUP BY key) AS counted USING (key)"
            )
        self.scan_counted = (
            f"SELECT coalesce(stored.key, counted.key), record, amounts FROM {self.name} AS stored FULL JOIN"
            f" (SELECT key, json_agg(amounts) AS amounts FROM {self.counts} GROUP BY key) AS counted USING (key)"
            " ORDER BY number NULLS LAST"
        )
        self.count = f"SELECT count(*) FROM {self.name}"
        if collection.counts:
            self.count = (
                f"SELECT count(*) FROM (SELECT key FROM {self.name} UNION SELECT key FROM {self.counts}) AS keys"
            )
        elif self.kinds:
            self.count = f"SELECT {tallies.total(self.tallies, ())}"

    def sum_up(self, fields: Sequence[str]) -> str:
        """Each record is taken apart once; what is no number in it adds nothing."""
        names = [f'"{checked(field)}"' for field in fields]
        one = "sum(CASE json_typeof({0}) WHEN 'number' THEN {0}::text::numeric END)"
        columns = ", ".join(f"{name} json" for name in names)
        sums = ", ".join(one.format(name) for name in names)
        return f"SELECT {sums} FROM {self.name}, json_to_record(record) AS field ({columns})"

    def row(self, key: str, text: str, record: Record) -> tuple[str | None, ...]:
        """The parameters of `insert` and `put`."""
        return (key, text, *self.values(record))

    def values(self, record: Record) -> list[str | None]:
        """What stands in the columns for the fields."""
        comparable = self.collection.comparable
        return [stored_value(comparable(field, record.get(field))) for field in self.compared]

    def find(self, field: str) -> str:
        return f"SELECT key FROM {self.name} WHERE {column(field)} = %s"

    def is_there(self, known: Mapping[str, set[str]]) -> bool:
        """Whether nothing is lacking, by the columns that every table and every index has."""
        name = self.collection.name
        return (
            known.get(f"records_{name}", set()) >= {"key", *map(column, self.compared)}
            and known.get(f"tallies_{name}", set()) >= set(self.kinds)
            and all(known.get(order.name) == order.columns for order in indexes.orders(self.name, self.collection))
        )

    def make(self, connection: Connection) -> None:
        """Makes the table, or what it lacks."""
        for statement in self._definition():
            connection.execute(statement)
        there = known_columns(connection)
        added = [field for field in self.compared if column(field) not in there[f"records_{self.collection.name}"]]
        for field in added:
            connection.execute(f'ALTER TABLE {self.name} ADD COLUMN {column(field)} text COLLATE "C"')
        if added:
            self._fill(connection)
        for field in added:
            if field in self.collection.unique:
                indexes.make_unique(connection, self.name, self.collection, field)
        for order in indexes.orders(self.name, self.collection):
            if there.get(order.name) != order.columns:
                connection.execute(f"DROP INDEX IF EXISTS {SCHEMA}.{order.name}")
                connection.execute(order.statement.encode())
        if self.kinds and f"tallies_{self.collection.name}" not in there:
            for statement in tallies.definition(self.tallies, self.name, self.kinds):
                connection.execute(statement.encode())

    def _definition(self) -> list[str]:
        statements = [
            f'CREATE TABLE IF NOT EXISTS {self.name} (key text COLLATE "C" PRIMARY KEY,'
            " number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,"
            " record json NOT NULL CHECK (json_typeof(record) = 'object')) WITH (fillfactor = 80)"
        ]
        if self.collection.counts:
            index = f"counts_{self.collection.name}_key"
            statements += [
                f'CREATE TABLE IF NOT EXISTS {self.counts} (key text COLLATE "C" NOT NULL, amounts json NOT NULL)',
                f"CREATE INDEX IF NOT EXISTS {index} ON {self.counts} (key)",
            ]
        return statements

    def _fill(self, connection: Connection) -> None:
        """Fills the columns of records that were there before them."""
        changes = ", ".join(f"{column(field)} = %s" for field in self.compared)
        last = 0
        while rows := connection.execute(self.scan, (last, BACKFILLED_AT_ONCE)).fetchall():
            for number, _, record in rows:
                update = f"UPDATE {self.name} SET {changes} WHERE number = %s"
                connection.execute(update, (*self.values(record), number))
            last = rows[-1][0]


class EntryTable:
    """The tables of one log."""

    def __init__(self, log: Log) -> None:
        name = checked(log.name)
        self.title = f"entries {name}"
        self.log = log
        self.name = f"{SCHEMA}.entries_{name}"
        self.lists = f"{SCHEMA}.lists_{name}"
        self.names = (self.name, self.lists)
        self.append = f"SELECT {SCHEMA}.append_{name}(%s, %s, %s, %s)"
        self.hold = (
            f"INSERT INTO {self.lists} (key, entries) VALUES (%s, 0) ON CONFLICT (key) DO UPDATE SET key = EXCLUDED.key"
        )
        self.clear = f"DELETE FROM {self.name} WHERE key = %s"
        self.clear_list = f"DELETE FROM {self.lists} WHERE key = %s"
        self.read = f"SELECT entry FROM {self.name} WHERE key = %s ORDER BY position DESC, number DESC LIMIT %s"
        self.keys = f"SELECT key FROM {self.lists} WHERE key > %s AND entries > 0 ORDER BY key LIMIT %s"

    def position(self, entry: Record) -> str:
        """Where an entry stands in its list."""
        return "" if self.log.order is None else stored_value(self.log.order(entry)) or ""

    def is_there(self, known: Mapping[str, set[str]]) -> bool:
        return f"lists_{self.log.name}" in known

    def make(self, connection: Connection) -> None:
        for statement in (
            f'CREATE TABLE IF NOT EXISTS {self.lists} (key text COLLATE "C" PRIMARY KEY, entries integer NOT NULL)'
            " WITH (fillfactor = 70)",
            f'CREATE TABLE IF NOT EXISTS {self.name} (key text COLLATE "C" NOT NULL,'
            ' position text COLLATE "C" NOT NULL,'
            " number bigint GENERATED ALWAYS AS IDENTITY, entry json NOT NULL CHECK (json_typeof(entry) = 'object'),"
            " PRIMARY KEY (key, position, number))",
            _APPEND.format(schema=SCHEMA, name=self.log.name, lists=self.lists, entries=self.name),
        ):
            connection.execute(statement)


_APPEND = """
CREATE OR REPLACE FUNCTION {schema}.append_{name}(the_key text, the_position text, the_entry json, keep integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    surplus integer;
BEGIN
    INSERT INTO {lists} AS list (key, entries) VALUES (the_key, 1)
        ON CONFLICT (key) DO UPDATE SET entries = list.entries + 1
        RETURNING list.entries - keep INTO surplus;
    INSERT INTO {entries} (key, position, entry) VALUES (the_key, the_position, the_entry);
    IF surplus > 0 THEN
        DELETE FROM {entries} WHERE (key, position, number) IN (
            SELECT key, position, number FROM {entries} WHERE key = the_key ORDER BY position, number LIMIT surplus);
        UPDATE {lists} SET entries = entries - surplus WHERE key = the_key;
    END IF;
END $$
"""
"""The row of the list is held until the transaction ends, so that appends to one list come one after the other."""


def lay_out(connection: Connection) -> None:
    """Brings the layout up to date. Raises StorageError for one that is newer than this program."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        if not _exists(connection, "SELECT 1 FROM pg_namespace WHERE nspname = %s", SCHEMA):
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
        version = 0
        if _exists(connection, "SELECT 1 FROM pg_tables WHERE tablename = 'layout' AND schemaname = %s", SCHEMA):
            row = connection.execute(f"SELECT version FROM {SCHEMA}.layout").fetchone()
            version = row[0] if row is not None else 0
        if version > len(STEPS):
            message = f"the database was laid out by a newer user_stats (layout {version}, here {len(STEPS)})"
            raise StorageError(f"{message}; allowed: the newer program")
        for step in STEPS[version:]:
            connection.execute(step.encode())
        if version < len(STEPS):
            connection.execute(f"UPDATE {SCHEMA}.layout SET version = %s", (len(STEPS),))


def known_columns(connection: Connection) -> dict[str, set[str]]:
    """The columns of every table of the schema."""
    columns: dict[str, set[str]] = {}
    for table, name in connection.execute(
        "SELECT relname, attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
        " JOIN pg_namespace ON relnamespace = pg_namespace.oid WHERE nspname = %s AND attnum > 0 AND NOT attisdropped",
        (SCHEMA,),
    ):
        columns.setdefault(table, set()).add(name)
    return columns


def make(connection: Connection, table: RecordTable | EntryTable) -> None:
    """Makes what the table lacks; other processes that want to do the same wait."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        table.make(connection)


def _exists(connection: Connection, query: Any, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
