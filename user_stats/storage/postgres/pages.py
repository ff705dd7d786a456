"""A page of a directory as one statement: how many match, and the records of the page, as of one moment.

Where a part of a text is asked for, whatever matches is found once, by the index of parts, and counted and sorted from
there: nobody knows beforehand how far the index of the order would have to be walked until enough match. Else both are
left to the indexes of the fields; so are one or two letters, which are in no index of parts and in most names.
"""

from __future__ import annotations

from typing import Any

from user_stats.storage import PageQuery
from user_stats.storage.postgres.tables import RecordTable, column
from user_stats.storage.postgres.values import pattern, stored_value

LETTERS_OF_A_PART = 3
"""How many the index of parts has together."""


def page_statement(table: RecordTable, query: PageQuery) -> tuple[str, dict[str, Any]]:
    """The statement, which gives rows of the total, a key and a record (an empty page: a total alone), and its
    parameters."""
    conditions, parameters = _conditions(query)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    place = column(query.sort) if query.sort else "number"
    once = "MATERIALIZED" if len(query.text or "") >= LETTERS_OF_A_PART else "NOT MATERIALIZED"
    order = f"place{' DESC' if query.descending else ''}, number"
    statement = (
        f"WITH found AS {once} (SELECT number, {place} AS place FROM {table.name}{where}),"
        f" page AS (SELECT number, place FROM found ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s)"
        " SELECT total, key, record FROM (SELECT count(*) AS total FROM found) AS counted"
        f" LEFT JOIN (page JOIN {table.name} USING (number)) ON true ORDER BY {order}"
    )
    return statement, {**parameters, "offset": query.offset, "limit": query.limit}


def _conditions(query: PageQuery) -> tuple[list[str], dict[str, Any]]:
    parameters: dict[str, Any] = {}
    conditions: list[str] = []

    def add(condition: str, value: Any) -> None:
        name = f"value{len(parameters)}"
        parameters[name] = value
        conditions.append(condition.format(f"%({name})s"))

    for field, wanted in query.equal.items():
        add(
            f"{column(field)} IS NOT DISTINCT FROM {{}}" if wanted is None else f"{column(field)} = {{}}",
            stored_value(wanted),
        )
    for field, (start, end) in query.ranges.items():
        conditions.append(f"{column(field)} IS NOT NULL")
        if start is not None:
            add(f"{column(field)} >= {{}}", stored_value(start))
        if end is not None:
            add(f"{column(field)} < {{}}", stored_value(end))
    if query.text:
        parameters["text"] = pattern(query.text)
        found = [f"{column(field)} LIKE %(text)s" for field in query.text_fields]
        conditions.append(f"({' OR '.join(found) or 'false'})")
    return conditions, parameters
