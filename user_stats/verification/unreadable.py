"""What of a whole store the library could not read: every record and every entry is held against its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from user_stats.audience.ledger import TOTALS
from user_stats.audit import HEAD
from user_stats.bot_users.bot_users import FIRST_SEEN_KEY
from user_stats.collections import ALL_LOGS, BACKED_UP_COLLECTIONS, USERS
from user_stats.errors import StorageCorrupt
from user_stats.models import User, UserStats, WatchHistoryEntry
from user_stats.permissions import ADMINS
from user_stats.statistics.service import BACKUPS
from user_stats.storage import Record, Storage
from user_stats.stored import (
    checked_admins,
    checked_assignments,
    checked_day,
    checked_event,
    checked_totals,
    checked_version,
)
from user_stats.verification import shapes
from user_stats.verification.difference import Difference
from user_stats.verification.readers import RIGHT_SHAPE, odd_key
from user_stats.verification.site import Accounts

Check = Callable[[str, bytes], object]
"""Reads a record or an entry by its key; raises StorageCorrupt, or ValueError, where it has another shape."""


def _of(shape: Any, *, is_by_day: bool = False) -> Check:
    decode = msgspec.json.Decoder(shape, dec_hook=shapes.checked_text).decode

    def check(key: str, raw: bytes) -> object:
        if is_by_day:
            shapes.check_day(key)
        return decode(raw)

    return check


def _as(read: Callable[[str, Record], object]) -> Check:
    """As another part of the library reads it."""
    return lambda key, raw: read(key, msgspec.json.decode(raw))


def _check_day_totals(day: str, raw: bytes) -> None:
    shapes.check_day(day)
    checked_day(day, msgspec.json.decode(raw))


FACTS: dict[str, Check] = {
    ADMINS: _as(lambda key, record: checked_admins(record)),
    TOTALS: _of(shapes.AudienceTotals),
    HEAD: _of(shapes.AuditHead),
    FIRST_SEEN_KEY: _of(shapes.BotFirstSeen),
    BACKUPS: _of(shapes.BackupMarks),
}
"""Records of SITE; others have no reader."""


def _check_fact(key: str, raw: bytes) -> None:
    if (check := FACTS.get(key)) is not None:
        check(key, raw)


CHECKS: dict[str, Check] = {
    "users": _as(User.from_stored),
    "user_stats": _as(UserStats.from_stored),
    "subscriber_features": _as(checked_assignments),
    "user_totals": _as(checked_totals),
    "user_versions": _as(checked_version),
    "credentials": _of(shapes.Credentials),
    "identities": _of(shapes.Identity),
    "demo": _of(shapes.DemoMark),
    "upgrade_requests": _of(shapes.UpgradeRequest),
    "connections": _of(shapes.Connections),
    "playlists": _of(shapes.Playlists),
    "preferences": _of(shapes.Preferences),
    "content": _of(shapes.ContentItem),
    "erasures": _of(shapes.Erasure),
    "api_keys": _of(shapes.ApiKey),
    "site": _check_fact,
    "day_totals": _check_day_totals,
    "audience_days": _of(shapes.AudienceDay, is_by_day=True),
    "audience_paths": _of(shapes.Paths, is_by_day=True),
    "known_visitors": _of(shapes.KnownVisitor),
    "visitor_pairs": _of(shapes.VisitorPair),
    "instances": _of(shapes.Instance),
    "log_imports": _of(shapes.LogImport),
    "bot_users": _of(shapes.BotUser),
    "bot_days": _of(shapes.BotDay, is_by_day=True),
    "bot_links": _of(shapes.BotLink),
    "history": _as(WatchHistoryEntry.from_stored),
    "activity": _as(checked_event),
    "imports": _of(shapes.ImportMark),
    "rollups": lambda key, raw: None,  # one that cannot be read is made anew
    "shelves": lambda key, raw: None,  # likewise
    "audit": _of(shapes.AuditEntry),
    "visits": _of(shapes.Visit),
    "jobs": _of(shapes.Job),
    "log_lines": _of(shapes.LogLines),
}
"""By the name of the collection or the log."""


def find_unreadable(storage: Storage) -> Iterator[Difference]:
    """Of everything that a backup holds: records and entries of a wrong shape, accounts under odd keys, and names that
    two have."""
    accounts = Accounts()
    with storage.snapshot(BACKED_UP_COLLECTIONS, ALL_LOGS) as copy:
        for collection in BACKED_UP_COLLECTIONS:
            place, check = f"{collection.name}.json", CHECKS[collection.name]
            for key, raw in copy.members(collection):
                yield from _misread(place, key, "record", check, [raw])
                if collection is USERS:
                    odd = odd_key(key)
                    yield from accounts.take(key, msgspec.json.decode(raw)) if odd is None else [odd]
        for log in ALL_LOGS:
            for key, entries in copy.lists(log):
                place = f"{log.name}/{key}_{log.name}.json"
                yield from _misread(place, key, "list", CHECKS[log.name], entries)


def _misread(place: str, key: str, field: str, check: Check, raws: list[bytes]) -> Iterator[Difference]:
    """The first that cannot be read."""
    for raw in raws:
        try:
            check(key, raw)
        except (StorageCorrupt, ValueError, RecursionError) as error:
            problem = error.message if isinstance(error, StorageCorrupt) else str(error)
            yield Difference(place, key, field, problem, RIGHT_SHAPE, mendable=False)
            return
