"""What is stored of a person, read as the rest of the library reads it; of a whole store see `unreadable.py`.

Each reader raises StorageCorrupt where the record has the wrong shape. What is read may still differ from the log: that
is told in `person.py` and `site.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from user_stats.collections import (
    ACTIVITY,
    HISTORY,
    SUBSCRIBER_FEATURES,
    USER_STATS,
    USER_TOTALS,
    USER_VERSIONS,
    USERS,
)
from user_stats.errors import StorageCorrupt, UserNotFound, shown
from user_stats.fields import checked_user_id
from user_stats.models import User, UserStats, WatchHistoryEntry
from user_stats.storage import Reader, Record
from user_stats.stored import (
    checked_assignments,
    checked_event,
    checked_totals,
    checked_version,
)
from user_stats.verification.difference import Difference

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
