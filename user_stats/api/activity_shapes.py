"""The bodies, queries and answers of what people do, and of the audience and jobs of the site.

Answers that are records of the library are its own types.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from user_stats.api.values import ContentId, ContentKind, Input, Moment, PastMoment, Text, Title, UserId, Whole
from user_stats.audience import Active, Instance
from user_stats.day_totals import DayTotals
from user_stats.models import WatchHistoryEntry

MOST_WATCHES_AT_ONCE = 1000

UUID4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
Seconds = Annotated[int, Meta(description="0: not known", extra_json_schema={"minimum": 0, "maximum": 86_400})]
Interaction = Literal["like", "comment", "share"]


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


class HistoryQuery(Input):
    limit: Annotated[int, Meta(ge=1, le=100_000, description="the site keeps MAX_WATCH_HISTORY_ENTRIES")] = 100


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


class Cleared(Struct):
    cleared: Whole


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


class DaysQuery(Input):
    days: Annotated[int, Meta(ge=1, le=3660)] = 30


class SiteDays(Struct):
    days: list[DayTotals]
    active: Annotated[Active, Meta(description="people who did something in the last 1, 7 and 30 days")]


class InstanceList(Struct):
    instances: list[Instance]
    sum: Whole
