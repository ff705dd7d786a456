"""The bodies, queries and answers of `/api/v1` as types; what OpenAPI says comes from here.

A type says what a value looks like; the rules (is the name free, does the feature belong to the plan) are the
library's.
Answers that are records of the library are its own types.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from user_stats.audience import Instance
from user_stats.features import FeatureAccess
from user_stats.models import User, UserStats, WatchHistoryEntry

MOST_WATCHES_AT_ONCE = 1000

Whole = Annotated[int, Meta(extra_json_schema={"minimum": 0})]
Count = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 10_000_000})]
DayName = Annotated[str, Meta(description="a UTC day", extra_json_schema={"format": "date"})]
Moment = Annotated[str, Meta(description="an ISO 8601 time", extra_json_schema={"format": "date-time"})]
PastMoment = Annotated[
    str,
    Meta(
        description="an ISO 8601 time from 1970 on and not in the future; without an offset it means UTC",
        extra_json_schema={"format": "date-time", "examples": ["2026-01-15T14:23:45Z"]},
    ),
]
UUID4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
UserId = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Username = Annotated[
    str,
    Meta(
        description="3 to 32 letters and digits of one script, and _ . -",
        extra_json_schema={"minLength": 3, "maxLength": 32, "examples": ["ada"]},
    ),
]
Email = Annotated[str, Meta(extra_json_schema={"format": "email", "maxLength": 254, "examples": ["ada@example.org"]})]
Password = Annotated[
    str, Meta(description="12 to 128 characters", extra_json_schema={"minLength": 12, "maxLength": 128})
]
Text = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 256})]
ContentId = Annotated[
    str,
    Meta(
        description="what the site calls it: no path and no markup",
        extra_json_schema={"minLength": 1, "maxLength": 256, "pattern": r"^[^/\\[\]<>{}*`|]+$"},
    ),
]
Title = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 500})]
Seconds = Annotated[int, Meta(description="0: not known", extra_json_schema={"minimum": 0, "maximum": 86_400})]
Days = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 3650})]
Offset = Annotated[int, Meta(ge=0, le=10**9)]
Limit = Annotated[int, Meta(ge=1, le=1000)]
Bound = Annotated[
    str,
    Meta(
        description="a day from 1970 to 2069",
        pattern=r"^(19[7-9]\d|20[0-6]\d)-\d\d-\d\d$",
        extra_json_schema={"format": "date"},
    ),
]
Role = Literal["free", "subscriber", "premium", "admin"]
Plan = Literal["subscriber", "premium"]
ContentKind = Literal["video", "stream", "image"]
Interaction = Literal["like", "comment", "share"]
Sort = Literal[
    "username", "email", "role", "created_at", "subscription_expires",
    "-username", "-email", "-role", "-created_at", "-subscription_expires",
]  # fmt: skip


class Input(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What comes in: unknown members are refused."""


# -- people -----------------------------------------------------------------------------------------------------------


class UserQuery(Input):
    """In a query nothing can be null, only left out."""

    search: Annotated[str, Meta(description="part of a name or an address", max_length=254)] | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    created_from: Bound | UnsetType = UNSET
    created_to: Annotated[Bound, Meta(description="the day after the last one")] | UnsetType = UNSET
    sort: Sort = "username"
    offset: Offset = 0
    limit: Limit = 50


class PageQuery(Input):
    offset: Offset = 0
    limit: Limit = 50


class LimitQuery(Input):
    limit: Limit = 100


class NewUser(Input):
    username: Username
    email: Email
    role: Role = "free"
    password: Password | None = None


class UserChanges(Input):
    username: Username | None = None
    email: Email | None = None
    is_active: bool | None = None
    role: Role | None = None
    expected_version: Annotated[int, Meta(extra_json_schema={"minimum": 1})] | None = None


class ManyChanges(Input):
    user_ids: Annotated[list[UserId], Meta(description="at most 10,000")]
    is_active: bool | None = None
    role: Role | None = None


class ManyUsers(Input):
    user_ids: Annotated[list[UserId], Meta(description="at most 10,000")]


class Subscription(Input):
    role: Plan
    days: Days | None = None


class Assignment(Input):
    assignment: Annotated[Literal["granted", "revoked", "plan"], Meta(description="plan: what the plan says")]


class Person(Struct):
    user: User
    version: Annotated[int, Meta(description="for expected_version", extra_json_schema={"minimum": 1})]


class UserList(Struct):
    users: list[User]
    total: Whole
    offset: Whole
    limit: Whole


class StatsList(Struct):
    stats: list[UserStats]
    total: Whole
    offset: Whole
    limit: Whole


class FeatureList(Struct):
    features: list[FeatureAccess]


class Changed(Struct):
    changed: Whole


# -- what people do ---------------------------------------------------------------------------------------------------


class NewWatch(Input):
    video_id: ContentId
    duration_seconds: Seconds
    content_type: ContentKind = "video"
    stream_id: ContentId | None = None
    session_id: Text | None = None
    completed: bool = False
    quality: Annotated[str, Meta(extra_json_schema={"examples": ["720p"]})] = "720p"
    watched_at: Annotated[PastMoment, Meta(description="the start of the watch")] | None = None
    title: Title | None = None
    category: Text | None = None
    tags: list[Text] | None = None
    length_seconds: (
        Annotated[int, Meta(description="of the whole video", extra_json_schema={"minimum": 1, "maximum": 864_000})]
        | None
    ) = None


class NewWatchOf(NewWatch, kw_only=True):
    user_id: UserId


class ManyWatches(Input):
    """Its rows are not checked here, for one that is wrong does not keep out the others."""

    watches: Annotated[
        list[dict[str, Any]],
        Meta(
            description="at most 1,000, each as in POST /api/v1/users/{user_id}/watches with a user_id besides",
            max_length=MOST_WATCHES_AT_ONCE,
        ),
    ]


class RejectedRow(Struct):
    row: Annotated[int, Meta(description="counted from 0", extra_json_schema={"minimum": 0})]
    code: str
    message: str
    field: str | None


class BulkAnswer(Struct):
    recorded: Whole
    rejected: list[RejectedRow]


class WatchList(Struct):
    history: list[WatchHistoryEntry]


class TypeTotals(Struct):
    count: Whole
    seconds: Whole
    hours: float
    completed: Whole


class WatchTotals(Struct):
    video: TypeTotals
    stream: TypeTotals
    image: TypeTotals


class NewUpload(Input):
    content_type: ContentKind
    content_id: ContentId | None = None
    title: Title | None = None
    size_bytes: Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 10**15})] | None = None
    category: Text | None = None
    tags: list[Text] | None = None
    length_seconds: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 864_000})] | None = None


class NewInteraction(Input):
    interaction_type: Interaction
    content_id: ContentId | None = None


class FeatureUses(Struct):
    feature: str
    uses: Whole


class Cleared(Struct):
    cleared: Whole


# -- the site ---------------------------------------------------------------------------------------------------------


class NewJob(Input):
    kind: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 64, "examples": ["transcode"]})]
    succeeded: bool
    error: Annotated[str, Meta(description="what went wrong; of a job that failed")] | None = None
    seconds: Annotated[float, Meta(extra_json_schema={"minimum": 0, "maximum": 604_800})] | None = None
    labels: Annotated[dict[str, str], Meta(description="at most 10")] | None = None
    finished_at: PastMoment | None = None


class Recorded(Struct):
    recorded: Whole


class JobRow(Struct, omit_defaults=True):
    at: Moment
    kind: str
    succeeded: bool
    error: str | None = None
    seconds: float | None = None
    labels: dict[str, str] | None = None


class JobList(Struct):
    jobs: list[JobRow]


class NewVisit(Input):
    path: Annotated[str, Meta(extra_json_schema={"maxLength": 2048})] = "/"
    address: Annotated[str, Meta(description="hashed, and kept nowhere", max_length=253)] | None = None
    user_agent: Annotated[str, Meta(description="only its family is kept", max_length=2048)] = ""
    client_id: Annotated[str, Meta(description="a UUID4", extra_json_schema={"pattern": UUID4})] | None = None
    visited_at: PastMoment | None = None
    do_not_track: bool = False


class ManyVisits(Input):
    visits: Annotated[list[NewVisit], Meta(description="at most 1,000; all are counted or none", max_length=1000)]


class VisitRow(Struct):
    at: Moment
    path: str
    agent: str


class VisitList(Struct):
    visits: list[VisitRow]


class AudienceQuery(Input):
    days: Annotated[int, Meta(ge=1, le=3660)] = 30


class InstanceList(Struct):
    instances: list[Instance]
    sum: Whole
