"""The activity log: one event for each thing that a person does, and the counters and totals that it moves.

An event is `{"at", "kind", "subject", …}`. What it moves of a person is here, what it moves in the totals of days in
`day_totals.py`: the only places that know, both when it is recorded and when everything is counted again from the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from user_stats import day_totals
from user_stats.collections import ACTIVITY, HISTORY, USER_STATS, USER_TOTALS, USERS
from user_stats.day_totals import ACTS, Move
from user_stats.errors import Forbidden, StorageCorrupt
from user_stats.models import (
    CONTENT_TYPES,
    COUNTERS,
    SECONDS_PER_HOUR,
    User,
    UserRole,
    UserStats,
    check_statistics,
    hours_plus,
)
from user_stats.storage import Record, Transaction
from user_stats.stored import checked_event, checked_totals
from user_stats.times import normal_iso, to_iso
from user_stats.user_records import no_such_user

UPLOAD_COUNTERS = {"video": "videos_uploaded", "stream": "streams_created", "image": "images_uploaded"}
MADE_UP = "made_up"
"""The key that is true in an event which a generator made up."""


class Recorded:
    """How many events this process recorded, for who keeps in step with the log; those of a transaction that ran twice
    are counted twice."""

    events = 0


RECORDED = Recorded()

# -- what an event moves ------------------------------------------------------------------------------------------


def move(stats: Record, totals: Record, event: Record) -> list[Move]:
    """Moves the eight statistics and the watches by type of one person; what is left to add to the totals of days."""
    RECORDED.events += 1
    _move_person(stats, totals, event)
    return [*day_totals.moves_of(event), *day_totals.move_active(totals, event)]


def _move_person(stats: Record, totals: Record, event: Record) -> None:
    kind = event["kind"]
    totals["events"] = totals.get("events", 0) + 1
    if kind == "watch":
        seconds = event["duration_seconds"]
        stats["watch_history_entries"] += 1
        stats["total_watched_hours"] = hours_plus(stats["total_watched_hours"], seconds)
        by_type = totals[event["content_type"]]
        by_type["count"] += 1
        by_type["seconds"] += seconds
        by_type["completed"] += event["completed"]
    elif kind == "upload":
        stats[UPLOAD_COUNTERS[event["content_type"]]] += 1
    elif kind == "interaction":
        stats["total_interactions"] += 1
    elif kind == "feature_use":
        stats["subscriber_features_used"] += 1
    elif kind == "opening":
        for name in COUNTERS:
            stats[name] += event[name]
        stats["total_watched_hours"] += event["total_watched_hours"]
        stats["last_activity_timestamp"] = max(
            stats["last_activity_timestamp"], event.get("last_activity_timestamp", "")
        )
        for content_type in CONTENT_TYPES:
            for name, value in event["watched"][content_type].items():
                totals[content_type][name] += value
    if (kind in ACTS or kind == "account_created") and event["at"] > stats["last_activity_timestamp"]:
        stats["last_activity_timestamp"] = event["at"]


def move_back(
    stats: Record, totals: Record, events: list[Record], gone: list[Record], kept: list[Record]
) -> list[Move]:
    """Takes events out of the statistics and the watches by type; what is left to add to the totals of days.

    `events` is the log, `kept` what it holds without those that are `gone`."""
    moved, moved_totals = recounted("", gone)
    for name in COUNTERS:
        stats[name] = max(0, stats[name] - moved[name])  # it may have been edited by hand
    seconds = round(moved["total_watched_hours"] * SECONDS_PER_HOUR)
    stats["total_watched_hours"] = max(0.0, hours_plus(stats["total_watched_hours"], -seconds))
    for content_type in CONTENT_TYPES:
        for name, amount in moved_totals[content_type].items():
            totals[content_type][name] -= amount
    day_totals.set_active(totals, kept)
    if stats["last_activity_timestamp"] <= moved["last_activity_timestamp"]:
        stats["last_activity_timestamp"] = max([stats["created_at"], *_moments_of(kept)])
    totals["events"] = max(0, totals.get("events", 0) - moved_totals.get("events", 0))
    return [*day_totals.turned(day_totals.moves_of_log(events)), *day_totals.moves_of_log(kept)]


def _moments_of(events: Iterable[Record]) -> Iterator[str]:
    """When a person was seen to act."""
    for event in events:
        if event["kind"] in ACTS:
            yield event["at"]
        elif event["kind"] == "opening":
            yield event.get("last_activity_timestamp", "")


def empty_totals(user_id: str) -> Record:
    totals: Record = {"user_id": user_id}
    for content_type in CONTENT_TYPES:
        totals[content_type] = {"count": 0, "seconds": 0, "completed": 0}
    return totals


# -- recording ---------------------------------------------------------------------------------------------------


def record(tx: Transaction, user_id: str, event: Record, *, now: datetime) -> Record:
    """The person's statistics after the event. Raises UserNotFound, and Forbidden for an inactive account.

    `at` is set here: the clock's time, but never before the person's last activity."""
    require_active(tx, user_id)
    return add(tx, user_id, event, now=now)


def require_active(tx: Transaction, user_id: str) -> None:
    """Raises UserNotFound, and Forbidden for an inactive account."""
    user = tx.get(USERS, user_id)
    if user is None:
        raise no_such_user(user_id)
    if not user.get("is_active", True):
        raise Forbidden("this account is inactive; an admin can reactivate it")


def add(tx: Transaction, user_id: str, event: Record, *, now: datetime) -> Record:
    """The same for what happens to an account, whether it is active or not."""
    stats, totals = person(tx, user_id, now=now)
    at = to_iso(now)
    event["at"] = max(at, stats["last_activity_timestamp"]) if event["kind"] in ACTS else at
    moves = move(stats, totals, event)
    if event["kind"] in ACTS:
        stats["updated_at"] = event["at"]
    tx.append(ACTIVITY, user_id, event)
    tx.put(USER_STATS, user_id, stats)
    tx.put(USER_TOTALS, user_id, totals)
    day_totals.add(tx, moves)
    return stats


def untrace(tx: Transaction, user: User, *, now: datetime) -> None:
    """Before a person is erased: ends their subscription and their part in who was active lately, and keeps what else
    they moved in the totals of days, apart as `untraced`, so that a recount from the log comes out; what is made up
    goes. A damaged event keeps nobody from being erased: what it moved is unknown."""
    events = _whole_events(tx, user.user_id)
    real = [event for event in events if not event.get(MADE_UP)]
    kept = day_totals.moves_of_log(real)
    if len(real) < len(events):
        day_totals.add(tx, [*day_totals.turned(day_totals.moves_of_log(events)), *kept])
    end: Record = {"at": to_iso(now), "kind": "subscription", "subject": UserRole.FREE.value}
    end |= {"before": user.role.value, "before_expires": user.subscription_expires}
    leaving = [*day_totals.moves_of(end), *day_totals.turned(day_totals.last_active(real))]
    day_totals.add(tx, leaving)
    day_totals.add_untraced(tx, [*kept, *leaving])


def take_from_days(tx: Transaction, user_id: str) -> None:
    """Takes everything of a person out of the totals of days, as if they had never been."""
    day_totals.add(tx, day_totals.turned(day_totals.moves_of_log(_whole_events(tx, user_id))))


def _whole_events(tx: Transaction, user_id: str) -> list[Record]:
    return [event for event in tx.read_log(ACTIVITY, user_id) if _is_whole(user_id, event)]


def _is_whole(user_id: str, event: Record) -> bool:
    try:
        checked_event(user_id, event)
    except StorageCorrupt:
        return False
    return True


def person(tx: Transaction, user_id: str, *, now: datetime) -> tuple[Record, Record]:
    """Statistics and totals of one person, to be changed and put back. Counters that came in a file without a log are
    put into the log first, as an opening balance."""
    stored = tx.get(USER_STATS, user_id)
    totals = tx.get(USER_TOTALS, user_id)
    if totals is not None:
        checked_totals(user_id, totals)
        if stored is not None and stored.keys() >= _ZERO.keys():
            check_statistics(user_id, stored)
            return stored, totals
    stats = {**UserStats.from_stored(user_id, stored or {}).to_stored(), **(stored or {}), "user_id": user_id}
    for name in ("created_at", "updated_at", "last_activity_timestamp"):
        stats[name] = normal_iso(stats[name]) if stats[name] else to_iso(now)
    if totals is None:
        totals = empty_totals(user_id)
        day_totals.set_active(totals, tx.read_log(ACTIVITY, user_id))
        opening = opening_event(stats, tx.read_log(HISTORY, user_id), at=to_iso(now))
        if opening is not None:
            for content_type in CONTENT_TYPES:
                totals[content_type] = dict(opening["watched"][content_type])
            tx.append(ACTIVITY, user_id, opening)
    return stats, totals


def opening_event(stats: Record, history: Iterable[Record], *, at: str) -> Record | None:
    """What a person brought along: the counters as they stand, and the listed watches by type. None where all is 0."""
    watched = watched_by_type(history)
    counters = {name: stats[name] for name in (*COUNTERS, "total_watched_hours")}
    if not any(counters.values()) and not any(watched[content_type]["count"] for content_type in CONTENT_TYPES):
        return None
    last = {"last_activity_timestamp": stats["last_activity_timestamp"]}
    return {"at": at, "kind": "opening", "subject": None, **counters, **last, "watched": watched}


def watched_by_type(history: Iterable[Record]) -> dict[str, dict[str, int]]:
    """Count, seconds and completed watches of a list of entries, for each content type."""
    totals: dict[str, dict[str, int]] = empty_totals("")
    for entry in history:
        by_type = totals.get(entry.get("content_type", "video"))
        if isinstance(by_type, dict):
            by_type["count"] += 1
            by_type["seconds"] += entry["duration_seconds"]
            by_type["completed"] += bool(entry.get("completed"))
    return {content_type: totals[content_type] for content_type in CONTENT_TYPES}


_ZERO: dict[str, Any] = UserStats("").to_stored()


def recounted(user_id: str, events: Iterable[Record]) -> tuple[Record, Record]:
    """Statistics and totals of one person from the log alone."""
    stats, totals = dict(_ZERO, user_id=user_id), empty_totals(user_id)
    for event in events:
        _move_person(stats, totals, event)
        day_totals.move_active(totals, event)
    return stats, totals
