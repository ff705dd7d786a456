"""A page of a directory in its plainest form: every record is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from user_stats.storage import Collection, PageQuery, Record


def page_of(
    collection: Collection, records: Iterable[tuple[str, Record]], query: PageQuery
) -> tuple[list[tuple[str, Record]], int]:
    """The records of one page, each with its key, and how many match; they are given in the order of creation."""

    def value(record: Record, field: str) -> Any:
        return collection.comparable(field, record.get(field))

    def matches(record: Record) -> bool:
        return (
            all(value(record, field) == wanted for field, wanted in query.equal.items())
            and all(
                (found := value(record, field)) is not None
                and (start is None or found >= start)
                and (end is None or found < end)
                for field, (start, end) in query.ranges.items()
            )
            and (not query.text or any(query.text in (value(record, field) or "") for field in query.text_fields))
        )

    found = [(key, record) for key, record in records if matches(record)]
    if query.sort:
        found.sort(
            key=lambda entry: ((one := value(entry[1], query.sort)) is None, "" if one is None else one),
            reverse=query.descending,
        )
    elif query.descending:
        found.reverse()
    return found[query.offset : query.offset + query.limit], len(found)
