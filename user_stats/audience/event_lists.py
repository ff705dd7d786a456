"""Visits and jobs one by one: lists of some thousands under the day and a number, so that an event is written in the
same time whether the day has ten or a million, and a whole day can be taken out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from user_stats.audience.ledger import Ledger
from user_stats.storage import Log, Record, Storage, Transaction

LIST_LENGTH = 2000


def append(ledger: Ledger, log: Log, day: str, number: int, entry: Record) -> None:
    """Adds the event that is the `number`-th of its day, counted from 0."""
    ledger.tx.append(log, f"{day}-{number // LIST_LENGTH:06d}", entry)


def append_all(ledger: Ledger, log: Log, day: str, number: int, entries: Sequence[Record]) -> None:
    """Adds events of one day of which the first is the `number`-th."""
    append_to = ledger.tx.append
    for at in range(-(number % LIST_LENGTH), len(entries), LIST_LENGTH):
        key = f"{day}-{(number + at) // LIST_LENGTH:06d}"
        for entry in entries[max(at, 0) : at + LIST_LENGTH]:
            append_to(log, key, entry)


def newest(storage: Storage, log: Log, limit: int) -> list[Record]:
    """The newest events by their time, newest first."""
    found: list[Record] = []
    for key in sorted(storage.log_keys(log), reverse=True):
        found += sorted(storage.read_log(log, key), key=_time, reverse=True)
        if len(found) >= limit + LIST_LENGTH:  # a list more, for events of a day come in any order
            break
    return sorted(found, key=_time, reverse=True)[:limit]


def count_before(storage: Storage, log: Log, day: str) -> int:
    """How many events of earlier days there are."""
    return sum(len(storage.read_log(log, key)) for key in storage.log_keys(log) if key < day)


def clear_before(storage: Storage, log: Log, day: str) -> int:
    """Takes out every event of earlier days; returns how many there were."""
    count = 0
    for key in [key for key in storage.log_keys(log) if key < day]:
        count += storage.transaction(partial(_clear, log, key))
    return count


def _clear(log: Log, key: str, tx: Transaction) -> int:
    return tx.clear(log, key)


def _time(entry: Record) -> str:
    moment: str = entry["at"]
    return moment
