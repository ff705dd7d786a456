"""What the library takes for granted when it reads a record or an entry: its fields and their kinds.

A field with a default may be missing; what is not named here may be anything. Shapes that other parts of the library
check as they read (people, their statistics, activity, day totals) are not here; which is whose is in `unreadable.py`.
Whether a figure is right is another question: see `person.py` and `site.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from user_stats.audience.figures import DayFigures
from user_stats.times import from_iso

Count = Annotated[int, Meta(ge=0)]
Bits = Annotated[str, Meta(pattern="^[0-9a-f]{1,128}$")]
MARK_BYTES = 8
"""Of a line of an access log; see `audience/log_lines.py`."""


class Moment:
    """A text that is an ISO time."""


class Day:
    """A text that is a day."""


class Hexadecimal:
    """A text of bytes in hexadecimal."""


def checked_text(kind: type, value: Any) -> Any:
    """Stands for a text of one of the three kinds; raises TypeError or ValueError where it is none."""
    if not isinstance(value, str):
        raise TypeError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
    if kind is Hexadecimal:
        bytes.fromhex(value)
    elif kind is Day:
        check_day(value)
    else:
        from_iso(value)
    return kind()


def check_day(text: str) -> None:
    """Raises ValueError unless it is a day as we write it."""
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError(f"a day of another form: {text!r}")


# -- people -----------------------------------------------------------------------------------------------------------


class Reset(Struct):
    digest: str
    until: Moment


class Credentials(Struct):
    argon2id: str | None = None
    reset: Reset | None = None


class Identity(Struct):
    user_id: str
    identity: str


class DemoMark(Struct):
    user_id: str
    is_made_up: bool
    events: int
    made_at: Moment


class UpgradeRequest(Struct):
    plan: Literal["subscriber", "premium"]
    requested_at: Moment


class Connections(Struct):
    following: list[str] = []
    followers: list[str] = []
    referrer: str | None = None
    referred: list[str] = []


class Playlist(Struct):
    name: str
    items: list[str]


class Playlists(Struct):
    playlists: dict[str, Playlist] = {}


class Preferences(Struct):
    chosen: dict[str, str]


class ImportMark(Struct):
    number: int
    batch: str
    at: Moment
    watches: Count
    source: str | None = None
    seconds: Count | None = None
    first_on: Day | None = None
    last_on: Day | None = None
    digests: Hexadecimal | None = None

    def __post_init__(self) -> None:
        if self.watches and None in (self.source, self.seconds, self.first_on, self.last_on):
            raise ValueError("source, seconds, first_on or last_on is missing")


# -- the site ---------------------------------------------------------------------------------------------------------


class ContentItem(Struct):
    content_id: str
    owners: list[str]
    content_type: Literal["video", "stream", "image"]
    created_at: Moment
    title: str | None = None
    category: str | None = None
    tags: list[str] = []
    size_bytes: Count | None = None
    length_seconds: Count | None = None
    started_at: Moment | None = None
    ended_at: Moment | None = None
    deleted_at: Moment | None = None


class ApiKey(Struct):
    name: str
    scope: str
    digest: str
    made_at: Moment


class Erasure(Struct):
    at: Moment


class BackupMarks(Struct):
    verified_at: Moment | None = None
    failed_at: Moment | None = None


class AuditHead(Struct):
    entries: Count
    digest: str
    month: str = ""


class AuditEntry(Struct):
    at: Moment
    kind: str
    actor: str | None
    person: str | None
    digest: str


# -- the audience -----------------------------------------------------------------------------------------------------

_COUNTED = sorted(DayFigures.__dataclass_fields__.keys() - {"date"})
_LAST = ("last_visitors", "last_people", "last_bot_users", "last_linked_users")
AudienceTotals = msgspec.defstruct("AudienceTotals", [(name, int, 0) for name in _COUNTED])
AudienceDay = msgspec.defstruct(
    "AudienceDay",
    [
        *((name, int, 0) for name in (*_COUNTED, *_LAST)),
        ("date", Day | None, None),
        ("agents", dict[str, int], {}),
        ("job_kinds", dict[str, tuple[int, int]], {}),
    ],
)


class Paths(Struct):
    paths: dict[str, int] = {}


class KnownVisitor(Struct):
    first: Day
    last: Day
    seen: Bits


class VisitorPair(Struct):
    other: str
    joined_on: Day


class Instance(Struct):
    count: Count
    reported_at: Moment
    first_reported_at: Moment
    key_id: str | None
    signed_at: Moment | None
    most: Count = 0
    hour_at: Moment | None = None


class LogImport(Struct):
    lines: Count


class Visit(Struct):
    at: str
    path: str
    agent: str


class Job(Struct):
    at: str
    kind: str
    succeeded: bool
    error: str | None = None
    seconds: float | None = None
    labels: dict[str, str] = {}


class LogLines(Struct):
    count: Count
    key: str
    marks: bytes

    def __post_init__(self) -> None:
        if len(self.marks) % MARK_BYTES:
            raise ValueError("marks are cut")


# -- the bot ----------------------------------------------------------------------------------------------------------


class BotUser(Struct):
    user_id: int
    first_name: str | None
    first_seen: Moment
    username: str | None = None
    referral: str = ""


class BotDay(Struct):
    new: Count = 0


class BotFirstSeen(Struct):
    first_seen: Moment


class BotLink(Struct):
    telegram_id: str
    linked_at: Moment
    digest: str | None = None
