"""The bodies, queries and answers of the statistics, of items and of what people do with one another."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from user_stats.api.values import ContentId, ContentKind, DayName, Input, PastMoment, Text, Title, UserId, Whole
from user_stats.items import Item
from user_stats.statistics.leaderboard import Place
from user_stats.statistics.moments import ZONES

Bytes = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 10**15})]
Length = Annotated[int, Meta(description="of the whole video", extra_json_schema={"minimum": 1, "maximum": 864_000})]
ZoneName = Annotated[
    str,
    Meta(description="a time zone; by default that of the site", extra_json_schema={"enum": sorted(ZONES)}),
]
Metric = Literal["points", "watched_hours", "watches", "interactions", "uploads"]
Period = Literal["week", "last_week", "month", "last_month", "year", "all"]


class ZoneQuery(Input):
    tz: ZoneName | UnsetType = UNSET


class LeaderQuery(Input):
    metric: Metric = "points"
    period: Period = "all"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class PlaceQuery(Input):
    metric: Metric = "points"
    period: Period = "all"


class CountQuery(Input):
    count: Annotated[int, Meta(ge=1, le=100)] = 10


class YearQuery(Input):
    year: Annotated[int, Meta(ge=1970, le=9998, description="by default this one")] | UnsetType = UNSET


class WeekLine(Struct):
    name: str
    value: float
    before: float
    growth: float | None


class Week(Struct):
    """An ISO week (UTC); `text` is the same for a mail or a message."""

    week: str
    first: DayName
    last: DayName
    lines: list[WeekLine]
    text: str


class FigureRow(Struct):
    """One figure; `value` is null where there is no data, and `missing` says why."""

    number: Whole
    name: str
    group: str
    value: Any
    unit: str
    events: Whole
    detail: dict[str, Any]
    is_estimate: bool
    definition: str
    missing: str | None
    needs: str


class FigureList(Struct):
    catalogue: dict[str, FigureRow]


class Leaderboard(Struct):
    places: list[Place]


class OwnPlace(Struct):
    """`place` is null for who has nothing yet; who opted out of the list is shown their place here."""

    place: Place | None


class Years(Struct):
    years: list[int]


class Recommendations(Struct):
    items: list[str]


class ItemFacts(Input):
    content_type: ContentKind | None = None
    title: Title | None = None
    category: Text | None = None
    tags: list[Text] | None = None
    size_bytes: Bytes | None = None
    length_seconds: Length | None = None
    collaborators: Annotated[list[UserId], Meta(description="fewer than 50")] | None = None


class StreamStart(Input):
    title: Title | None = None
    category: Text | None = None
    tags: list[Text] | None = None
    started_at: PastMoment | None = None


class StreamEnd(Input):
    ended_at: PastMoment | None = None


class FoundItem(Struct):
    item: Item


class NewRating(Input):
    content_id: ContentId
    stars: Annotated[
        float, Meta(description="1 to 5 in steps of a half", extra_json_schema={"minimum": 1, "maximum": 5})
    ]


class NewDownload(Input):
    content_id: ContentId
    size_bytes: Bytes | None = None


class OfItem(Input):
    content_id: ContentId


class OfPerson(Input):
    user_id: UserId


class NewPreference(Input):
    name: Annotated[
        str,
        Meta(
            extra_json_schema={
                "pattern": r"^(theme|(notifications|privacy)\.[a-z][a-z_]{0,39})$",
                "examples": ["theme"],
            }
        ),
    ]
    value: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 64})]


class Preferences(Struct):
    preferences: dict[str, str]


class HasChanged(Struct):
    changed: bool


class Shown(Input):
    items: Annotated[list[ContentId], Meta(description="at most 100")]


class NewPayment(Input):
    amount: Annotated[float, Meta(extra_json_schema={"exclusiveMinimum": 0, "maximum": 1_000_000})]
    currency: Annotated[str, Meta(extra_json_schema={"pattern": "^[A-Z]{3}$", "examples": ["EUR"]})]


class NewPlaylist(Input):
    name: Title
    items: Annotated[list[ContentId], Meta(description="at most 1,000")] = []


class PlaylistChanges(Input):
    name: Title | None = None
    items: list[ContentId] | None = None


class PlaylistMade(Struct):
    playlist_id: str


class Playlists(Struct):
    playlists: dict[str, dict[str, Any]]


class People(Struct):
    user_ids: list[str]
