"""What is stored where: every collection and every log of the store, in one list.

Backups, exports, erasure, `verify` and copies walk these lists, so that nothing is forgotten.
"""

from __future__ import annotations

from user_stats.fields import fold_email, fold_username
from user_stats.storage import Collection, Log, Record
from user_stats.times import from_iso


def watch_end(entry: Record) -> float:
    """When a watch ended, in seconds since 1970: what a history is ordered by."""
    return from_iso(entry["watched_at"]).timestamp() + float(entry["duration_seconds"])


USERS = Collection(
    "users",
    width=1024,
    unique={"username": fold_username, "email": fold_email},
    fields=("username", "email", "role", "is_active", "created_at", "subscription_expires"),
    keys="user_id",
)
"""People: {user_id: User}."""
USER_STATS = Collection("user_stats", keys="user_id")
"""The eight statistics: {user_id: UserStats}."""
SUBSCRIBER_FEATURES = Collection("subscriber_features", width=1024)
"""Grants, revocations and uses: {user_id: {user_id, granted, revoked, uses}}."""
USER_TOTALS = Collection("user_totals", keys="user_id")
"""Lifetime watches of a person by content type: {user_id: {user_id, video, stream, image}}."""
USER_VERSIONS = Collection("user_versions", width=128)
"""How often an account was changed, for edits at the same time: {user_id: {version}}."""
CREDENTIALS = Collection("credentials")
"""Password hashes: {user_id: {…}}."""
DAY_TOTALS = Collection("day_totals", width=1024)
"""What happened on each UTC day: {YYYY-MM-DD: {date, counts and seconds}}."""
SITE = Collection("site", width=1024)
"""Facts about the site as a whole: {"admins": {user_ids}}."""

HISTORY = Log("history", order=watch_end)
"""What each person watched, the newest MAX_WATCH_HISTORY_ENTRIES."""
ACTIVITY = Log("activity")
"""Everything that each person did, for good; every counter can be computed from it."""

PERSONAL_COLLECTIONS = (USERS, USER_STATS, SUBSCRIBER_FEATURES, USER_TOTALS, USER_VERSIONS, CREDENTIALS)
"""Records under a person's id; erasing a person removes them."""
PERSONAL_LOGS = (HISTORY, ACTIVITY)

ALL_COLLECTIONS = (*PERSONAL_COLLECTIONS, DAY_TOTALS, SITE)
ALL_LOGS = PERSONAL_LOGS
