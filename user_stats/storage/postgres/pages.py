"""A page of a directory: how many match, and the records of the page.

How many there are of a kind is kept count of (`tallies.py`), and the page is found by the index of its order, from the
end that is nearer.

Where a part of a text is asked for, whatever matches is found once, by the index of parts, and counted and sorted from
there. Where that is more than need be counted it is not found whole: the page is looked for among the first records of
its order, where it mostly is then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from user_stats.storage import PageQuery, Record
from user_stats.storage.postgres import tallies
from user_stats.storage.postgres.names import column
from user_stats.storage.postgres.tables import RecordTable
from user_stats.storage.postgres.values import pattern, stored_value

Parameters = dict[str, Any]
Rows = Callable[[str, Parameters], list[tuple[Any, ...]]]
Page = tuple[list[tuple[str, Record]], int]
FAR = 10_000
"""An offset from which the whole is counted first, to begin from the nearer end."""
FIRST_RECORDS = 5000
"""Among which, and twice the offset, the page of a search is looked for that finds more than need be counted."""
_part_of_a_word = re.compile(r"[^\W_]{3}").search
"""What the index of parts finds; for anything else it would be read whole."""


def find_page(rows: Rows, table: RecordTable, query: PageQuery) -> Page:
    """The page and how many match in all; `rows` sends a statement."""
    search = _Search(rows, table, query)
    return search.by_text() if query.text else search.by_order()


class _Search:
    """The statements that one page takes."""

    def __init__(self, rows: Rows, table: RecordTable, query: PageQuery) -> None:
        self._rows = rows
        self._table = table
        self._query = query
        self._conditions, self._parameters = _conditions(query)
        self._place = column(query.sort) if query.sort else "number"

    def by_order(self) -> Page:
        source = f"SELECT {self._columns} FROM {self._table.name}{_where(self._conditions)}"
        if self._query.offset < FAR:
            return self._send(source, self._total)
        ((total,),) = self._rows(f"SELECT {self._total}", self._parameters)
        return self._send(source, str(total), total if self._query.offset > total / 2 else None)

    def by_text(self) -> Page:
        query, text = self._query, _text_condition(self._query)
        self._parameters["text"] = pattern(query.text or "")
        matching = f"SELECT {self._columns} FROM {self._table.name}{_where([*self._conditions, text])}"
        most = "" if query.count_to is None else f" LIMIT {query.count_to + 1:d}"
        found, total = self._found(f"{matching}{most}")
        if query.count_to is None or total <= query.count_to:
            return found, total
        columns = ", ".join([self._columns, *map(column, query.text_fields)])
        first = f"SELECT {columns} FROM {self._table.name}{_where(self._conditions)} ORDER BY {self._order()}"
        limit = FIRST_RECORDS + 2 * query.offset
        found, _ = self._send(f"SELECT number, place FROM ({first} LIMIT {limit:d}) AS first WHERE {text}", "0")
        if len(found) < query.limit:
            found, _ = self._found(matching)
        return found, total

    @property
    def _columns(self) -> str:
        return f"number, {self._place} AS place"

    @property
    def _total(self) -> str:
        query, table = self._query, self._table
        if table.kinds and not query.ranges and query.equal.keys() <= set(table.collection.kinds):
            return tallies.total(table.tallies, self._conditions)
        return f"(SELECT count(*) FROM {table.name}{_where(self._conditions)})"

    def _order(self, *, backwards: bool = False) -> str:
        descending = " DESC" if self._query.descending is not backwards else ""
        return f"place{descending}, number{' DESC' if backwards else ''}"

    def _found(self, matching: str) -> Page:
        """The page of what is found whole before it is sorted and counted."""
        before = f"found AS MATERIALIZED ({matching}), "
        return self._send("SELECT * FROM found", "(SELECT count(*) FROM found)", before=before)

    def _send(self, source: str, total: str, from_the_end_of: int | None = None, before: str = "") -> Page:
        """The page of a source, as of one moment with the total."""
        offset, limit = self._query.offset, self._query.limit
        if from_the_end_of is not None:
            limit = max(0, min(limit, from_the_end_of - offset))
            offset = max(0, from_the_end_of - offset - limit)
        order = self._order(backwards=from_the_end_of is not None)
        answer = self._rows(
            f"WITH {before}page AS ({source} ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s)"
            f" SELECT total, key, record FROM (SELECT {total} AS total) AS counted"
            f" LEFT JOIN (page JOIN {self._table.name} USING (number)) ON true ORDER BY {self._order()}",
            {**self._parameters, "offset": offset, "limit": limit},
        )  # an empty page is a row with the total alone
        return [(key, record) for _, key, record in answer if key is not None], answer[0][0]


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _text_condition(query: PageQuery) -> str:
    ending = "" if _part_of_a_word(query.text or "") else " || ''"  # of that there is no index
    found = [f"{column(field)}{ending} LIKE %(text)s" for field in query.text_fields]
    return f"({' OR '.join(found) or 'false'})"


def _conditions(query: PageQuery) -> tuple[list[str], Parameters]:
    """What is matched but for the text."""
    parameters: Parameters = {}
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
    return conditions, parameters
