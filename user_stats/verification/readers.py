"""What is stored of a person, read as the rest of the library reads it; and what of a whole store cannot be read.

Each reader raises StorageCorrupt where the record has the wrong shape. What is read may still differ from the log: that
is told in `person.py` and `site.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from user_stats.collections import (
    ACTIVITY,
    DAY_TOTALS,
    HISTORY,
    SITE,
    SUBSCRIBER_FEATURES,
    USER_STATS,
    USER_TOTALS,
    USER_VERSIONS,
    USERS,
)
from user_stats.errors import StorageCorrupt, UserNotFound, shown
from user_stats.fields import checked_user_id
from user_stats.models import User, UserStats, WatchHistoryEntry
from user_stats.permissions import ADMINS
from user_stats.storage import Reader, Record, Storage
from user_stats.stored import (
    checked_admins,
    checked_assignments,
    checked_day,
    checked_event,
    checked_totals,
    checked_version,
)
from user_stats.verification.difference import Difference
from user_stats.verification.site import Accounts

T = TypeVar("T")
RIGHT_SHAPE = "the right shape"


def read_account(reader: Reader, user_id: str) -> User | None:
    record = reader.get(USERS, user_id)
    return None if record is None else User.from_stored(user_id, record)


def read_version(reader: Reader, user_id: str) -> Record | None:
    record = reader.get(USER_VERSIONS, user_id)
    checked_version(user_id, record)
    return record


def read_events(reader: Reader, user_id: str) -> list[Record]:
    events = reader.read_log(ACTIVITY, user_id)
    for event in events:
        checked_event(user_id, event)
    return events


def read_statistics(reader: Reader, user_id: str) -> Record | None:
    """As they are stored; None where they are missing."""
    record = reader.get(USER_STATS, user_id)
    UserStats.from_stored(user_id, dict(record or {}))
    return record


def read_totals(reader: Reader, user_id: str) -> Record | None:
    record = reader.get(USER_TOTALS, user_id)
    return None if record is None else checked_totals(user_id, record)


def read_history(reader: Reader, user_id: str) -> list[Record]:
    entries = reader.read_log(HISTORY, user_id)
    for entry in entries:
        WatchHistoryEntry.from_stored(user_id, entry)
    return entries


def read_assignments(reader: Reader, user_id: str) -> Record:
    return checked_assignments(user_id, reader.get(SUBSCRIBER_FEATURES, user_id))


OF_A_PERSON: tuple[Callable[[Reader, str], object], ...] = (
    *(read_account, read_version, read_events, read_statistics, read_totals, read_history, read_assignments),
)


def guarded(found: list[Difference], subject: str, read: Callable[[], T]) -> T | None:
    """What was read; None where it is damaged, which is then found."""
    try:
        return read()
    except StorageCorrupt as error:
        found.append(Difference(error.path or "", subject, "record", error.message, RIGHT_SHAPE, mendable=False))
        return None


def odd_key(user_id: str) -> Difference | None:
    """What is wrong with the key of an account that no call of the library would find."""
    try:
        checked_user_id(user_id)
    except UserNotFound:
        return Difference("users.json", shown(user_id), "key", "no user id", "a UUID in small letters", mendable=False)
    return None


def find_unreadable(storage: Storage) -> Iterator[Difference]:
    """Accounts under odd keys, names that two have, and records of people, days and admins of a wrong shape."""
    accounts = Accounts()
    found: list[Difference] = []
    for user_id, record in storage.scan(USERS):
        if (odd := odd_key(user_id)) is not None:
            yield odd
            continue
        yield from accounts.take(user_id, record)
        for read in OF_A_PERSON:
            guarded(found, user_id, lambda: read(storage, user_id))  # noqa: B023 - called at once
    for day, record in storage.scan(DAY_TOTALS):
        guarded(found, day, lambda: checked_day(day, record))  # noqa: B023 - called at once
    guarded(found, ADMINS, lambda: checked_admins(storage.get(SITE, ADMINS)))
    yield from found
