"""What can be wrong in the database, and how it is mended: columns that do not say what the record says.

The server holds that everything is JSON and that no two records share a unique value; a record that somebody changed by
hand counts, and its columns are set again from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import psycopg

from user_stats.storage import Damage
from user_stats.storage.postgres.tables import Connection, RecordTable, column

READ_AT_ONCE = 1000


def find(connection: Connection, given: Iterable[RecordTable]) -> list[Damage]:
    return [
        Damage(f"{table.collection.name}.json", f"{key}: what is searched by does not fit the record", True)
        for table in given
        for _, key, _ in _wrong(connection, table)
    ]


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
    return done


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
