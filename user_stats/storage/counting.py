"""Adding up: what `increment` does to a record, and sums over records, for every engine alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from user_stats.errors import StorageCorrupt, shown
from user_stats.storage import Collection, Record


def added_up(collection: Collection, record: Record | None, amounts: Iterable[Record]) -> Record:
    """The record with every whole number added to its field; other values are set where there is none yet.

    Raises StorageCorrupt where something else than a whole number stands in such a field."""
    total = dict(record or {})
    for one in amounts:
        for name, value in one.items():
            if type(value) is not int:
                total.setdefault(name, value)
            elif type(before := total.get(name, 0)) is int:
                total[name] = before + value
            else:
                place = f"{collection.name}.json"
                raise StorageCorrupt(f"{place}: {name} is {shown(before)}; allowed: a whole number", path=place)
    return total


def sums_of(records: Iterable[Record], fields: Sequence[str]) -> dict[str, float]:
    """The sum of each field by looking at every record; what is no number adds nothing."""
    sums: dict[str, float] = dict.fromkeys(fields, 0)
    for record in records:
        for name in fields:
            value = record.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                sums[name] += value
    return sums
