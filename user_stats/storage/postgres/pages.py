"""A page of a directory as two statements: how many match, and the records of the page."""

from __future__ import annotations

from typing import Any

from user_stats.storage import PageQuery
from user_stats.storage.postgres.tables import RecordTable, column
from user_stats.storage.postgres.values import pattern, stored_value


def page_statements(table: RecordTable, query: PageQuery) -> tuple[str, str, dict[str, Any]]:
    """The statement that counts, the one that reads the page, and the parameters of both."""
    parameters: dict[str, Any] = {"offset": query.offset, "limit": query.limit}
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
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    direction = " DESC" if query.descending else ""
    order = f"{column(query.sort)}{direction}, number" if query.sort else f"number{direction}"
    page = f"SELECT key, record FROM {table.name}{where} ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s"
    return f"SELECT count(*) FROM {table.name}{where}", page, parameters
