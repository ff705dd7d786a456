"""Shapes of what is stored besides people and statistics: each check gives the record, or names what is damaged.

All raise StorageCorrupt. A figure that nothing recorded is 0 and a missing record is empty; what is there must have the
right shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from user_stats.errors import StorageCorrupt, shown
from user_stats.models import CONTENT_TYPES, COUNTERS, INTERACTION_TYPES, SubscriberFeature
from user_stats.times import from_iso

PLANS = ("subscriber_plans", "premium_plans")
"""Figures of a day that may fall below 0: by how many the running plans grew."""


def _corrupt(file: str, subject: str, problem: str) -> StorageCorrupt:
    return StorageCorrupt(f"{file}: the record of {subject} is damaged: {problem}", path=file)


def is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def checked_totals(user_id: str, record: dict[str, Any]) -> dict[str, Any]:
    """The watches of a person by content type."""
    for content_type in CONTENT_TYPES:
        by_type = record.get(content_type)
        if type(by_type) is not dict or not (
            is_count(by_type.get("count")) and is_count(by_type.get("seconds")) and is_count(by_type.get("completed"))
        ):
            problem = f"{content_type} is {shown(by_type)}; allowed: count, seconds and completed from 0 on"
            raise _corrupt("user_totals.json", user_id, problem)
    if not is_count(events := record.get("events", 0)):
        raise _corrupt("user_totals.json", user_id, f"events is {shown(events)}; allowed: a whole number from 0 on")
    if type(active_on := record.get("active_on", "")) is not str:
        raise _corrupt("user_totals.json", user_id, f"active_on is {shown(active_on)}; allowed: a day")
    return record


def checked_assignments(user_id: str, record: dict[str, Any] | None) -> dict[str, Any]:
    """Grants, revocations and uses of the features of a person; all of them empty where there is no record."""
    found = {"user_id": user_id, "granted": [], "revoked": [], "uses": {}, **(record or {})}
    uses = found["uses"]
    if type(uses) is not dict or not all(is_count(count) for count in uses.values()):
        raise _corrupt("subscriber_features.json", user_id, f"uses is {shown(uses)}; allowed: a count for each feature")
    for name in ("granted", "revoked"):
        if type(found[name]) is not list or not all(type(feature) is str for feature in found[name]):
            problem = f"{name} is {shown(found[name])}; allowed: a list of features"
            raise _corrupt("subscriber_features.json", user_id, problem)
    return found


def checked_version(user_id: str, record: Mapping[str, Any] | None) -> int:
    """How often an account was changed, from 1 on."""
    version = 1 if record is None else record.get("version")
    if type(version) is not int or version < 1:
        raise _corrupt("user_versions.json", user_id, f"version is {shown(version)}; allowed: a whole number from 1 on")
    return version


def checked_day(day: str, record: dict[str, Any]) -> dict[str, Any]:
    """The totals of a day."""
    untraced = record.get("untraced", {})
    if type(untraced) is not dict or not all(type(value) is int for value in untraced.values()):
        raise _corrupt("day_totals.json", day, f"untraced is {shown(untraced)}; allowed: whole numbers")
    for name, value in record.items():
        if name not in ("date", "untraced") and not is_count(value) and not (name in PLANS and type(value) is int):
            raise _corrupt("day_totals.json", day, f"{name} is {shown(value)}; allowed: a whole number from 0 on")
    return record


def checked_admins(record: Mapping[str, Any] | None) -> list[str]:
    """The ids of the active admins; none where nothing is listed."""
    listed = [] if record is None else record.get("user_ids")
    if type(listed) is not list or not all(type(user_id) is str for user_id in listed):
        raise _corrupt("site.json", "admins", f"user_ids is {shown(listed)}; allowed: a list of user ids")
    return listed


def checked_event(user_id: str, event: Mapping[str, Any]) -> None:
    """One event of the activity log."""
    try:
        _check_event(event)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        place = f"activity/{user_id}_activity.json"
        raise StorageCorrupt(f"{place}: an event is damaged: {error}", path=place) from None


def _check_badge(event: Mapping[str, Any]) -> None:
    is_named = all(type(event[name]) is str for name in ("subject", "name", "measure", "rarity"))
    if not (is_named and is_count(event["points"]) and event["threshold"] > 0):
        raise ValueError("the rule of a badge is of the wrong kind")
    if event["on"] is not None:
        from_iso(event["on"])


def _check_event(event: Mapping[str, Any]) -> None:
    kind = event["kind"]
    if type(kind) is not str or type(event["subject"]) not in (str, type(None)):
        raise ValueError(f"kind is {shown(kind)} and subject {shown(event['subject'])}")
    from_iso(event["at"])
    if kind == "watch":
        from_iso(event["watched_at"])
        if not is_count(event["duration_seconds"]) or type(event["completed"]) is not bool:
            raise ValueError("duration_seconds or completed is of the wrong kind")
    if kind in ("watch", "upload") and event["content_type"] not in CONTENT_TYPES:
        raise ValueError(f"content_type is {shown(event['content_type'])}")
    if kind == "interaction" and event["interaction_type"] not in INTERACTION_TYPES:
        raise ValueError(f"interaction_type is {shown(event['interaction_type'])}")
    for name in ("expires", "before_expires"):
        if event.get(name) is not None:
            from_iso(event[name])
    if kind == "feature_use":
        SubscriberFeature(event["subject"])
    if kind == "badge":
        _check_badge(event)
    if kind == "opening":
        checked_totals("", event["watched"])
        if not all(is_count(event[name]) for name in COUNTERS) or not event["total_watched_hours"] >= 0:
            raise ValueError("a counter is of the wrong kind")
