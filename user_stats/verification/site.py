"""What concerns all people together: names, the list of admins, day totals, and records of nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from user_stats.collections import DAY_TOTALS, PERSONAL_COLLECTIONS, PERSONAL_LOGS, SITE, USERS
from user_stats.day_totals import moves_of_log
from user_stats.errors import StorageCorrupt, shown
from user_stats.models import User
from user_stats.permissions import ADMINS, is_admin
from user_stats.storage import Record, Storage, Transaction
from user_stats.stored import checked_admins, checked_day
from user_stats.verification.difference import Difference


class Accounts:
    """Who there is, by whom each name is held, and who is an admin."""

    def __init__(self) -> None:
        self.people: set[str] = set()
        self.admins: set[str] = set()
        self._names: dict[tuple[str, str], str] = {}

    def take(self, user_id: str, record: Record) -> Iterator[Difference]:
        self.people.add(user_id)
        try:
            user = User.from_stored(user_id, record)
        except StorageCorrupt:
            return  # named with the person
        if is_admin(user):
            self.admins.add(user_id)
        for field, fold in USERS.unique.items():
            holder = self._names.setdefault((field, fold(record[field])), user_id)
            if holder != user_id:
                yield Difference("users.json", user_id, field, shown(record[field]), f"not that of {holder}", False)


def belonging_to_nobody(storage: Storage, people: set[str], broken: set[str]) -> Iterator[Difference]:
    """Personal records without a person; who signed up meanwhile is somebody."""
    for collection in PERSONAL_COLLECTIONS:
        name = f"{collection.name}.json"
        keys: Iterable[str] = () if name in broken else (key for key, _ in storage.scan(collection))
        for key in keys:
            if key not in people and storage.get(USERS, key) is None:
                yield Difference(name, key, "record", "of nobody", "a person in users.json", False)
    for log in PERSONAL_LOGS:
        for key in storage.log_keys(log):
            if key not in people and storage.get(USERS, key) is None:
                yield Difference(f"{log.name}/{key}_{log.name}.json", key, "list", "of nobody", "a person", False)


def mend_admins(tx: Transaction, admins: set[str], *, is_mending: bool) -> list[Difference]:
    """The list of admins beside the accounts, which are asked again: they may have changed meanwhile."""
    record = tx.get(SITE, ADMINS)
    if record is None:
        return []
    try:
        listed = checked_admins(record)
        shown_value: Any = listed
    except StorageCorrupt:
        listed, shown_value = [], shown(record.get("user_ids"))
    right = sorted(user_id for user_id in {*admins, *listed} if _is_active_admin(tx, user_id))
    if sorted(listed) == right and listed is shown_value:
        return []
    if is_mending:
        tx.put(SITE, ADMINS, {"user_ids": right})
    return [Difference("site.json", ADMINS, "user_ids", str(shown_value), str(right), True)]


def _is_active_admin(tx: Transaction, user_id: str) -> bool:
    record = tx.get(USERS, user_id)
    try:
        return record is not None and is_admin(User.from_stored(user_id, record))
    except StorageCorrupt:
        return False


class Days:
    """The totals of each day as the logs of all people give them."""

    def __init__(self, before: dict[str, Record] | None = None) -> None:
        self.is_complete = before is not None
        """False where somebody could not be counted: then no total can be told."""
        self._before = before or {}
        self._counted: dict[str, dict[str, int]] = {}

    def take(self, events: list[Record]) -> None:
        for day, name, amount in moves_of_log(events):
            totals = self._counted.setdefault(day, {})
            totals[name] = totals.get(name, 0) + amount

    def differences(
        self, now: dict[str, Record], mending: Storage | None, *, has_lost_events: bool
    ) -> Iterator[Difference]:
        """Of the days that nobody has changed since the counting began."""
        for day in sorted(self._counted.keys() | now.keys()):
            record, before = now.get(day), self._before.get(day)
            if record != before:
                continue
            try:
                wrong = self._wrong(day, checked_day(day, record or {"date": day}))
            except StorageCorrupt as error:
                yield Difference("day_totals.json", day, "record", error.message, "the right shape", False)
                continue
            for name, (stored, expected) in wrong.items():
                yield Difference("day_totals.json", day, name, str(stored), str(expected), True)
            if wrong and mending is not None:
                right = _right(record or {"date": day}, wrong, has_lost_events=has_lost_events)
                mending.transaction(lambda tx, day=day, before=before, right=right: _put(tx, day, before, right))  # type: ignore[misc]

    def _wrong(self, day: str, record: Record) -> dict[str, tuple[int, int]]:
        """Stored and expected figures, by name."""
        counted, untraced = self._counted.get(day, {}), record.get("untraced", {})
        names = {name for name, value in record.items() if type(value) is int} | counted.keys() | untraced.keys()
        figures = {name: (record.get(name, 0), counted.get(name, 0) + untraced.get(name, 0)) for name in sorted(names)}
        return {name: (stored, expected) for name, (stored, expected) in figures.items() if stored != expected}


def _right(record: Record, wrong: dict[str, tuple[int, int]], *, has_lost_events: bool) -> Record:
    """Where events were lost, what the totals have beyond the log is theirs, and stays as `untraced`."""
    if has_lost_events and all(stored >= expected for stored, expected in wrong.values()):
        untraced = dict(record.get("untraced", {}))
        for name, (stored, expected) in wrong.items():
            untraced[name] = untraced.get(name, 0) + stored - expected
        return {**record, "untraced": untraced}
    return {**record, **{name: expected for name, (_, expected) in wrong.items()}}


def _put(tx: Transaction, day: str, before: Record | None, right: Record) -> None:
    if tx.get(DAY_TOTALS, day) == before:  # else somebody has counted on
        tx.put(DAY_TOTALS, day, right)
