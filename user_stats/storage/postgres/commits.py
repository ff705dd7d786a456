"""Was it committed? When a connection is lost during a commit, nobody has been told.

So each connection has a row that says how many transactions it has committed, and each transaction counts it up. Who
has to know looks there, and moves the number on by a great step in doing so: should the server find the commit of the
lost connection only later, it does not fit any more, and is refused. A transaction thus counts exactly once, also when
the server crashes or another one takes over.
"""

from __future__ import annotations

import uuid
from typing import Any

from user_stats.storage.postgres.names import SCHEMA
from user_stats.storage.postgres.tables import Connection

STEP = 10**12
MAKE = f"INSERT INTO {SCHEMA}.commits (connection, number) VALUES (%s, 0)"
FORGET = f"DELETE FROM {SCHEMA}.commits WHERE made_at < now() - interval '1 day'"
"""The pool closes a connection after an hour."""
COUNT = f"UPDATE {SCHEMA}.commits SET number = CASE number WHEN %s THEN %s END WHERE connection = %s"
"""Without a number for an unexpected one, which the column refuses."""
ASK = f"UPDATE {SCHEMA}.commits SET number = number + {STEP} WHERE connection = %s RETURNING number"


class Unsure(Exception):
    """The connection was lost while a transaction was being committed, which gave `value`."""

    def __init__(self, connection: Connection, value: Any) -> None:
        super().__init__()
        self.name = connection.commit_name
        self.number = connection.commits + 1
        self.value = value


def begin_counting(connection: Connection) -> None:
    """Makes the row of a connection before its first transaction."""
    name = str(uuid.uuid4())
    connection.execute(MAKE.encode(), (name,))
    connection.execute(FORGET.encode())
    connection.commit_name = name


def counted(connection: Connection) -> tuple[str, tuple[Any, ...]]:
    """The statement by which a transaction counts itself."""
    return COUNT, (connection.commits, connection.commits + 1, connection.commit_name)


def is_committed(connection: Connection, unsure: Unsure) -> bool | None:
    """Asks on another connection; None where there is nothing to be known."""
    row = connection.execute(ASK.encode(), (unsure.name,)).fetchone()
    return None if row is None else bool(row[0] % STEP == unsure.number)
