"""One watch before it is recorded: what a caller tells of it, the checks, and the two forms in which it is kept.

The *entry* stands in the person's list, the *event* in the activity log. Where they go is in `history.py` for one watch
and in `batches.py` for many.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from user_stats import fields
from user_stats.errors import InvalidInput
from user_stats.storage import Record
from user_stats.times import checked_moment, to_iso

Stamp = Literal["start", "end", "day"]
STAMPS: tuple[Stamp, ...] = ("start", "end", "day")
LONGEST_LENGTH_SECONDS = 10 * 86_400


class Watch(NamedTuple):
    """One watch as a caller tells it; `watched_at` is its start (None: now less the duration)."""

    video_id: str
    duration_seconds: int
    content_type: str = "video"
    stream_id: str | None = None
    session_id: str | None = None
    completed: bool = False
    quality: str = "720p"
    watched_at: datetime | str | None = None
    title: str | None = None
    category: str | None = None
    tags: Sequence[str] | None = None
    length_seconds: int | None = None
    """The length of the whole video, not of what was watched."""
    creator: str | None = None
    """Who made it: a channel, an artist, a series."""
    length_known: bool = True
    """False where nobody knows how long was watched; `duration_seconds` is 0 then."""
    stamp: Stamp = "start"
    """What the source had recorded: the start of the watch, its end, or the day alone."""
    source: str | None = None
    """The service that the watch comes from."""
    digest: str = ""
    """A text that is the same for the same row of a source: such a row counts once. Empty: counts every time."""


class CheckedWatch(NamedTuple):
    """A watch that is fit to be kept. `event` has its `at` still to be set."""

    entry: Record
    event: Record
    digest: str
    end: datetime
    ended_at: str
    """The same moment as it is stored."""


def checked_watch(watch: Watch, *, now: datetime) -> CheckedWatch:
    """Raises InvalidInput."""
    start = _checked_start(watch, now)
    entry = _checked_entry(watch, start)
    extra = _checked_extra(watch)
    event = {"at": "", "kind": "watch", "subject": entry["video_id"], **entry, **extra}
    del event["video_id"]
    for name in ("title", "length_known"):
        if name in extra:
            entry[name] = extra[name]
    end = start + timedelta(seconds=watch.duration_seconds)
    return CheckedWatch(entry, event, watch.digest, end, to_iso(end))


def entry_of(event: Record) -> Record:
    """The entry in the list of an event in the log."""
    entry = {name: event[name] for name in ENTRY_FIELDS if name in event}
    return {"video_id": event["subject"], **entry}


ENTRY_FIELDS = (
    *("video_id", "stream_id", "watched_at", "duration_seconds", "content_type", "session_id", "completed", "quality"),
    *("title", "length_known"),
)


def _checked_start(watch: Watch, now: datetime) -> datetime:
    seconds = fields.checked_whole("duration_seconds", watch.duration_seconds, 0, fields.LONGEST_DURATION_SECONDS)
    if watch.watched_at is None:
        return now - timedelta(seconds=seconds)
    return checked_moment("watched_at", watch.watched_at, now=now)


def _checked_entry(watch: Watch, start: datetime) -> Record:
    video_id = fields.checked_content_id("video_id", watch.video_id)
    content_type = fields.checked_content_type(watch.content_type)
    stream_id = watch.stream_id
    if content_type == "stream":
        stream_id = fields.checked_content_id("stream_id", video_id if stream_id is None else stream_id)
    elif stream_id is not None:
        raise InvalidInput.of("stream_id", stream_id, "a stream_id only with content_type stream")
    return {
        "video_id": video_id,
        "stream_id": stream_id,
        "watched_at": to_iso(start),
        "duration_seconds": watch.duration_seconds,
        "content_type": content_type,
        "session_id": _session_id(watch),
        "completed": fields.checked_flag("completed", watch.completed),
        "quality": fields.checked_word("quality", watch.quality, fields.QUALITIES),
    }


def _session_id(watch: Watch) -> str:
    """What was told; else a UUID4, for the same row of a source always the same."""
    if watch.session_id is not None:
        return fields.checked_text("session_id", watch.session_id, fields.LONGEST_ID)
    if not watch.digest:
        return str(uuid.uuid4())
    digest = watch.digest
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def _checked_extra(watch: Watch) -> Record:
    """What is kept only where it was told."""
    extra: Record = {}
    if watch.title is not None:
        extra["title"] = fields.checked_text("title", watch.title, fields.LONGEST_TITLE)
    for name, value in (("category", watch.category), ("creator", watch.creator), ("source", watch.source)):
        if value is not None:
            extra[name] = fields.checked_text(name, value, fields.LONGEST_ID)
    if watch.tags is not None:
        extra["tags"] = fields.checked_tags(watch.tags)
    if watch.length_seconds is not None:
        extra["length_seconds"] = fields.checked_whole(
            "length_seconds", watch.length_seconds, 1, LONGEST_LENGTH_SECONDS
        )
    if not watch.length_known:
        if watch.duration_seconds != 0:
            raise InvalidInput.of("duration_seconds", watch.duration_seconds, "0 where the length is not known")
        extra["length_known"] = False
    if watch.stamp != "start":
        extra["stamp"] = fields.checked_word("stamp", watch.stamp, STAMPS)
    return extra
