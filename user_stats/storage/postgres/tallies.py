"""How many records there are of each kind, so that nobody has to count them: kept by the database itself.

Each statement that makes, changes or deletes records leaves beside them by how many there are more or fewer of a kind;
all of that added up is how many there are. So nobody who writes waits for another. Now and then such a statement puts
together what the others left, but for what somebody else is putting together.
"""

from __future__ import annotations

from collections.abc import Sequence

STATEMENTS_BETWEEN_TIDYING = 100
_KEEP = """
CREATE OR REPLACE FUNCTION {tallies}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM {tallies};
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO {tallies} SELECT {columns}, count(*) FROM added GROUP BY {columns};
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO {tallies} SELECT {columns}, -count(*) FROM removed GROUP BY {columns};
    ELSE
        INSERT INTO {tallies} SELECT {columns}, sum(change) FROM
            (SELECT {columns}, 1 AS change FROM added UNION ALL SELECT {columns}, -1 FROM removed) AS changed
            GROUP BY {columns} HAVING sum(change) <> 0;
    END IF;
    IF random() * {between} < 1 THEN
        WITH chosen AS (SELECT ctid FROM {tallies} FOR UPDATE SKIP LOCKED),
            taken AS (DELETE FROM {tallies} WHERE ctid IN (SELECT ctid FROM chosen) RETURNING *)
        INSERT INTO {tallies} SELECT {columns}, sum(records) FROM taken GROUP BY {columns} HAVING sum(records) <> 0;
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = {
    "INSERT": "REFERENCING NEW TABLE AS added",
    "UPDATE": "REFERENCING OLD TABLE AS removed NEW TABLE AS added",
    "DELETE": "REFERENCING OLD TABLE AS removed",
    "TRUNCATE": "",
}


def definition(tallies: str, records: str, columns: Sequence[str]) -> list[str]:
    """The statements that make the tallies of the columns of a table and fill them; to which nobody else writes until
    the end of the transaction."""
    texts = ", ".join(f'{one} text COLLATE "C"' for one in columns)
    keep = _KEEP.format(tallies=tallies, columns=", ".join(columns), between=STATEMENTS_BETWEEN_TIDYING)
    triggers = [
        f"CREATE TRIGGER tally_{event.lower()} AFTER {event} ON {records} {rows} EXECUTE FUNCTION {tallies}()"
        for event, rows in _TRIGGERS.items()
    ]
    return [
        f"CREATE TABLE {tallies} ({texts}, records bigint NOT NULL)",
        keep,
        *triggers,
        *recount(tallies, records, columns),
    ]


def recount(tallies: str, records: str, columns: Sequence[str]) -> list[str]:
    """The statements that set the tallies by counting the records."""
    names = ", ".join(columns)
    counted = f"SELECT {names}, count(*) FROM {records} GROUP BY {names}"
    return [f"LOCK TABLE {records} IN SHARE MODE", f"DELETE FROM {tallies}", f"INSERT INTO {tallies} {counted}"]


def differences(tallies: str, records: str, columns: Sequence[str]) -> str:
    """The statement that gives a row for each kind of which there are not as many as the tallies say."""
    names = ", ".join(columns)
    both = f"SELECT {names}, records FROM {tallies} UNION ALL SELECT {names}, -count(*) FROM {records} GROUP BY {names}"
    return f"SELECT {names} FROM ({both}) AS compared GROUP BY {names} HAVING sum(records) <> 0"


def total(tallies: str, conditions: Sequence[str]) -> str:
    """How many records fulfil conditions on the columns, as an expression."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"(SELECT coalesce(sum(records), 0)::bigint FROM {tallies}{where})"
