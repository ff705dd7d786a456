"""What can be wrong in the database, and how it is mended: columns that do not say what the record says, and tallies
that do not say how many records there are.

The server holds that everything is JSON and that no two records share a unique value; a record that somebody changed by
hand counts, and its columns are set again from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import psycopg

from user_stats.storage import Damage
from user_stats.storage.postgres import tallies
from user_stats.storage.postgres.names import column
from user_stats.storage.postgres.tables import Connection, RecordTable

READ_AT_ONCE = 1000


def find(connection: Connection, given: Iterable[RecordTable]) -> list[Damage]:
    found = []
    for table in given:
        place = f"{table.collection.name}.json"
        for _, key, _ in _wrong(connection, table):
            found.append(Damage(place, f"{key}: what is searched by does not fit the record", True))
        if not _is_tallied(connection, table):
            found.append(Damage(place, "how many there are is not what was counted", True))
    return found


def mend(connection: Connection, given: Iterable[RecordTable]) -> list[Damage]:
    done = []
    for table in given:
        changes = ", ".join(f"{column(field)} = %s" for field in table.compared)
        update = f"UPDATE {table.name} SET {changes} WHERE number = %s".encode()
        for number, key, values in list(_wrong(connection, table)):
            place, is_set = f"{table.collection.name}.json", True
            try:
                connection.execute(update, (*values, number))
            except psycopg.errors.UniqueViolation:
                is_set = False
            problem = "set again from the record" if is_set else "a value is that of another record too"
            done.append(Damage(place, f"{key}: what is searched by was {problem}", is_set))
        if not _is_tallied(connection, table):
            with connection.transaction():
                for statement in tallies.recount(table.tallies, table.name, table.kinds):
                    connection.execute(statement.encode())
            done.append(Damage(f"{table.collection.name}.json", "how many there are was counted again", True))
    return done


def _is_tallied(connection: Connection, table: RecordTable) -> bool:
    if not table.kinds:
        return True
    differences = tallies.differences(table.tallies, table.name, table.kinds)
    return connection.execute(differences.encode()).fetchone() is None


def _wrong(connection: Connection, table: RecordTable) -> Iterator[tuple[int, str, list[str | None]]]:
    """The number and key of each record whose columns are wrong, and what they should be."""
    if not table.compared:
        return
    columns = ", ".join(column(field) for field in table.compared)
    query = f"SELECT number, key, record, {columns} FROM {table.name} WHERE number > %s ORDER BY number LIMIT %s"
    last = 0
    while rows := connection.execute(query.encode(), (last, READ_AT_ONCE)).fetchall():
        for number, key, record, *stored in rows:
            if (right := table.values(record)) != stored:
                yield number, key, right
        last = rows[-1][0]
