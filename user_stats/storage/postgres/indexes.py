"""The indexes of a table of records: of unique values, of parts of texts, and of orders in both directions.

An index of an order holds the kinds of the records too, so that a page of one kind is found in it alone, however far
from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg

from user_stats.storage import Collection
from user_stats.storage.postgres.names import SCHEMA, checked, column


class Order(NamedTuple):
    """The index of an order."""

    name: str
    columns: set[str]
    statement: str


def orders(table: str, collection: Collection) -> Iterator[Order]:
    for field in collection.fields:
        kinds = [column(kind) for kind in collection.kinds if kind != field]
        included = f" INCLUDE ({', '.join(kinds)})" if kinds else ""
        for ending, direction in (("up", ""), ("down", " DESC")):
            name = f"{collection.name}_{checked(field)}_{ending}"
            statement = f"CREATE INDEX {name} ON {table} ({column(field)}{direction}, number){included}"
            yield Order(name, {column(field), "number", *kinds}, statement)


def make_unique(connection: psycopg.Connection[Any], table: str, collection: Collection, field: str) -> None:
    """That of a unique field, and that of parts of its texts where the database has such."""
    name = f"{collection.name}_{checked(field)}"
    connection.execute(f"CREATE UNIQUE INDEX {name}_unique ON {table} ({column(field)})".encode())
    if operators := _trigram_operators(connection):
        connection.execute(f"CREATE INDEX {name}_text ON {table} USING gin ({column(field)} {operators})".encode())


def _trigram_operators(connection: psycopg.Connection[Any]) -> str | None:
    """The operators for an index by parts of words, where the database has them or lets us add them."""
    try:
        with connection.transaction():
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA {SCHEMA}".encode())
    except psycopg.Error:
        return None
    row = connection.execute(
        "SELECT nspname FROM pg_extension JOIN pg_namespace space ON extnamespace = space.oid WHERE extname = 'pg_trgm'"
    ).fetchone()
    return f'"{row[0]}".gin_trgm_ops' if row is not None else None
