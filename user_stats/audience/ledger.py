"""The figures of days while a transaction works on them: each record is read once and written once.

A day has one record, `{"date", "visits", "visitors", …}`; every move of a day's figure moves the same figure of the
site's totals, so that the totals are the sums of the days, always. The figures named `last_…` are of days alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from user_stats.collections import AUDIENCE_DAYS, SITE
from user_stats.storage import Collection, Record, Storage, Transaction

TOTALS = "audience"
"""The key of the totals among the facts about the site."""


class Ledger:
    """Records that one transaction reads and changes, besides those that it touches only once."""

    def __init__(self, tx: Transaction, now: datetime) -> None:
        self.tx = tx
        self.now = now
        self._records: dict[tuple[str, str], Record] = {}
        self._changed: dict[tuple[str, str], Collection] = {}

    def read(self, collection: Collection, key: str) -> Record:
        """The record as it is by now, empty where there is none; not to be changed."""
        name = (collection.name, key)
        record = self._records.get(name)
        if record is None:
            record = self._records[name] = self.tx.get(collection, key) or {}
        return record

    def change(self, collection: Collection, key: str) -> Record:
        """The same, to be changed; it is written at the end."""
        self._changed[collection.name, key] = collection
        return self.read(collection, key)

    def day(self, day: str) -> Record:
        record = self.change(AUDIENCE_DAYS, day)
        if not record:
            record["date"] = day
        return record

    def add(self, day: str, name: str, amount: int = 1) -> None:
        """Moves a figure of a day, and the site's total of it."""
        for record in (self.day(day), self.change(SITE, TOTALS)):
            record[name] = record.get(name, 0) + amount

    def add_to_day(self, day: str, name: str, amount: int) -> None:
        """Moves a figure of a day that has no total."""
        record = self.day(day)
        record[name] = record.get(name, 0) + amount

    def write(self) -> None:
        for (name, key), collection in self._changed.items():
            self.tx.put(collection, key, self._records[name, key])


Event = Callable[[Ledger], Any]
"""One thing to count: what it does to the ledger, and what the one who counts is told."""


def commit(storage: Storage, events: Sequence[Event], now: datetime) -> list[Any]:
    """Counts all events in one transaction, or none of them; returns what each gave."""

    def work(tx: Transaction) -> list[Any]:
        ledger = Ledger(tx, now)
        given = [event(ledger) for event in events]
        ledger.write()
        return given

    return storage.transaction(work)
