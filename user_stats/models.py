"""The words and records of user_stats: roles, features, people, their statistics, what they watched.

Checks of single fields are in `fields.py`, moments in `times.py`, who has which feature in `features.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter
from typing import Any, Literal, get_args

from user_stats.errors import StorageCorrupt, shown
from user_stats.times import normal_iso

ContentType = Literal["video", "stream", "image"]
InteractionType = Literal["like", "comment", "share"]
CONTENT_TYPES: tuple[ContentType, ...] = get_args(ContentType)
INTERACTION_TYPES: tuple[InteractionType, ...] = get_args(InteractionType)
SECONDS_PER_HOUR = 3600


class UserRole(str, Enum):
    """What a person is on the site."""

    FREE = "free"
    SUBSCRIBER = "subscriber"
    PREMIUM = "premium"
    ADMIN = "admin"


class SubscriberFeature(str, Enum):
    """What a plan may include."""

    CUSTOM_BRANDING = "custom_branding"
    PRIORITY_UPLOAD = "priority_upload"
    ADVANCED_ANALYTICS = "advanced_analytics"
    HD_STREAMING = "hd_streaming"
    AD_FREE = "ad_free"
    EARLY_ACCESS = "early_access"
    CUSTOM_PLAYLISTS = "custom_playlists"
    BULK_OPERATIONS = "bulk_operations"


@dataclass(frozen=True)
class User:
    """One person's account. `subscription_expires` is None where there is no subscription."""

    user_id: str
    username: str
    email: str
    role: UserRole
    created_at: str
    updated_at: str
    is_active: bool = True
    subscription_expires: str | None = None

    @classmethod
    def from_stored(cls, user_id: str, record: Mapping[str, Any]) -> User:
        """Raises StorageCorrupt where the record has the wrong shape. A missing `is_active` means True."""
        try:
            expires = record.get("subscription_expires")
            created_at = normal_iso(record["created_at"])
            user = cls(
                user_id,
                _text(record["username"]),
                _text(record["email"]),
                UserRole(record["role"]),
                created_at,
                normal_iso(record.get("updated_at") or created_at),
                _flag(record.get("is_active", True)),
                None if expires is None else normal_iso(expires),
            )
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            raise StorageCorrupt(
                f"users.json: the record of {user_id} is damaged: {error}", path="users.json"
            ) from None
        if record.get("user_id", user_id) != user_id:
            raise StorageCorrupt(f"users.json: the record of {user_id} carries another user_id", path="users.json")
        return user

    def to_stored(self) -> dict[str, Any]:
        return {
            "user_id": self.user_id,
            "username": self.username,
            "email": self.email,
            "role": self.role.value,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "is_active": self.is_active,
            "subscription_expires": self.subscription_expires,
        }


COUNTERS = (
    "subscriber_features_used",
    "watch_history_entries",
    "videos_uploaded",
    "streams_created",
    "images_uploaded",
    "total_interactions",
)
"""The statistics that count; the other two are hours and a moment."""


@dataclass(frozen=True)
class UserStats:
    """The eight statistics of one person: lifetime figures, in counts and hours."""

    user_id: str
    subscriber_features_used: int = 0
    watch_history_entries: int = 0
    total_watched_hours: float = 0.0
    videos_uploaded: int = 0
    streams_created: int = 0
    images_uploaded: int = 0
    total_interactions: int = 0
    last_activity_timestamp: str = ""
    created_at: str = ""
    updated_at: str = ""

    @classmethod
    def from_stored(cls, user_id: str, record: dict[str, Any]) -> UserStats:
        """Takes the record over. Raises StorageCorrupt where it has the wrong shape. A missing counter is 0."""
        try:
            check_statistics(user_id, record)
            last, created, updated = _moments_of(record)
            offsets_are_ours = last[OFFSET_AT:] == created[OFFSET_AT:] == updated[OFFSET_AT:] == UTC_OFFSET
            if offsets_are_ours and len(record) == len(_STATS_KEYS):
                stats = object.__new__(cls)
                _set(stats, "__dict__", record)  # a tenth of the time of __init__, for lists of all people
                return stats
        except (KeyError, TypeError, AttributeError):
            pass  # not as we write it: looked at one by one
        fields = {**_ZERO_STATS, "user_id": user_id, **{key: record[key] for key in record.keys() & _STATS_KEYS}}
        check_statistics(user_id, fields)
        fields["total_watched_hours"] = float(fields["total_watched_hours"])
        return cls(**{**fields, **_normal_moments(user_id, fields)})

    def to_stored(self) -> dict[str, Any]:
        return dict(self.__dict__)


INFINITY = float("inf")
OFFSET_AT, UTC_OFFSET = 26, "+00:00"
_set = object.__setattr__
MOMENTS = ("last_activity_timestamp", "created_at", "updated_at")
_counters_of, _moments_of = itemgetter(*COUNTERS), itemgetter(*MOMENTS)
_ZERO_STATS: dict[str, Any] = dict(UserStats("").__dict__)
_STATS_KEYS = _ZERO_STATS.keys()


def check_statistics(user_id: str, fields: Mapping[str, Any]) -> None:
    """Raises StorageCorrupt unless the counters of a record with all fields are what counters can be."""
    used, entries, videos, streams, images, interactions = counters = _counters_of(fields)
    hours = fields["total_watched_hours"]
    if not (
        type(used) is int
        and type(entries) is int
        and type(videos) is int
        and type(streams) is int
        and type(images) is int
        and type(interactions) is int
        and min(counters) >= 0
        and (type(hours) is float or type(hours) is int)
        and 0 <= hours < INFINITY
        and fields["user_id"] == user_id
        and type(fields["last_activity_timestamp"]) is str
    ):
        raise StorageCorrupt(f"user_stats.json: {_wrong_statistic(user_id, fields)}", path="user_stats.json")


def _wrong_statistic(user_id: str, fields: Mapping[str, Any]) -> str:
    for name in COUNTERS:
        value = fields[name]
        if type(value) is not int or value < 0:
            return f"{name} of {user_id} is {shown(value)}; allowed: a whole number from 0 on"
    if fields["user_id"] != user_id:
        return f"the record of {user_id} carries another user_id"
    if type(last := fields["last_activity_timestamp"]) is not str:
        return f"last_activity_timestamp of {user_id} is {shown(last)}; allowed: an ISO 8601 time"
    return f"total_watched_hours of {user_id} is {shown(fields['total_watched_hours'])}; allowed: a number from 0 on"


def _normal_moments(user_id: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """The three moments in the stored form; one that is missing stays empty."""
    return {name: _moment_of(user_id, name, fields[name]) for name in MOMENTS}


def _moment_of(user_id: str, name: str, text: object) -> str:
    try:
        return "" if text == "" else normal_iso(_text(text))
    except (ValueError, TypeError):
        message = f"user_stats.json: {name} of {user_id} is {shown(text)}; allowed: an ISO 8601 time"
        raise StorageCorrupt(message, path="user_stats.json") from None


@dataclass(frozen=True)
class WatchHistoryEntry:
    """One watch; `watched_at` is its start. `title` is None where nobody told it, and `length_known` is False where
    nobody knows how long was watched."""

    video_id: str
    stream_id: str | None
    watched_at: str
    duration_seconds: int
    content_type: ContentType
    session_id: str
    completed: bool
    quality: str
    title: str | None = None
    length_known: bool = True

    @classmethod
    def of(cls, checked: dict[str, Any]) -> WatchHistoryEntry:
        """An entry of fields that are checked already."""
        entry = object.__new__(cls)
        entry.__dict__.update(checked)
        return entry

    @classmethod
    def from_stored(cls, user_id: str, record: Mapping[str, Any]) -> WatchHistoryEntry:
        """Raises StorageCorrupt where the entry has the wrong shape."""
        try:
            entry = cls(
                record["video_id"],
                record.get("stream_id"),
                normal_iso(record["watched_at"]),
                record["duration_seconds"],
                record["content_type"],
                record.get("session_id") or "",
                record.get("completed", False),
                record.get("quality") or "",
                record.get("title"),
                record.get("length_known", True),
            )
            if type(entry.duration_seconds) is not int or entry.duration_seconds < 0:
                raise ValueError(f"duration_seconds is {shown(entry.duration_seconds)}")
            if entry.content_type not in CONTENT_TYPES:
                raise ValueError(f"content_type is {shown(entry.content_type)}")
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            name = f"history/{user_id}_history.json"
            raise StorageCorrupt(f"{name}: an entry is damaged: {error}", path=name) from None
        return entry


def hours_plus(hours: float, seconds: int) -> float:
    """Hours after some more seconds: exact while they stand for whole seconds, whatever their number."""
    whole = round(hours * SECONDS_PER_HOUR)
    if whole / SECONDS_PER_HOUR == hours:
        return (whole + seconds) / SECONDS_PER_HOUR
    return hours + seconds / SECONDS_PER_HOUR


def _text(value: object) -> str:
    if type(value) is not str or not value:
        raise TypeError(f"{shown(value)} is no text")
    return value


def _flag(value: object) -> bool:
    if type(value) is not bool:
        raise TypeError(f"{shown(value)} is neither true nor false")
    return value
