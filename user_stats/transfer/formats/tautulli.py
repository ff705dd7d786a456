"""Tautulli: what `get_history` of its API answers. A row is one play, or several in a group, of one person."""

from __future__ import annotations

from user_stats.transfer.json_rows import JsonForm
from user_stats.transfer.rows import (
    Record,
    Row,
    RowRejected,
    clean,
    content_id,
    moment_of_epoch,
    optional_text,
    whole_of,
)
from user_stats.watches import Watch

SERVICE = "tautulli"
CATEGORIES = {"movie": "movie", "episode": "series", "track": "music", "clip": "clip", "live": "live"}
NOT_VIEWING = {"photo": "photo", "clip": "clip"}
WATCHED = 1


def _identity(record: Record) -> object:
    """The number of the row; while something plays it has none."""
    return record.get("row_id") or record


def _seconds(record: Record) -> int:
    """How long was played, without pauses."""
    for key in ("play_duration", "duration"):
        if record.get(key) not in (None, ""):
            return whole_of(record[key], key)
    paused = whole_of(record.get("paused_counter") or 0, "paused_counter")
    return whole_of(record["stopped"], "stopped") - whole_of(record["started"], "started") - paused


def _convert(record: Record, digest: str) -> Row:
    kind = record["media_type"]
    profile = optional_text(record, "friendly_name") or optional_text(record, "user") or ""
    if record.get("state") in ("playing", "paused", "buffering") or not record.get("stopped"):
        return Row(skipped="still playing", profile=profile)
    title = optional_text(record, "full_title", 500) or optional_text(record, "title", 500)
    if title is None:
        raise RowRejected("full_title is empty")
    key = clean(str(record.get("rating_key") or ""))
    watch = Watch(
        f"plex:{key}" if key else content_id(SERVICE, title),
        _seconds(record),
        completed=record.get("watched_status") == WATCHED,
        quality="audio" if kind == "track" else "unknown",
        watched_at=moment_of_epoch(record["started"], "started"),
        title=title,
        category=CATEGORIES.get(kind, "other"),
        creator=optional_text(record, "grandparent_title"),
        source=SERVICE,
        digest=digest,
    )
    return Row(watch, skipped=NOT_VIEWING.get(kind, ""), profile=profile)


FORMS = (
    JsonForm(
        SERVICE,
        "Tautulli history",
        frozenset({"started", "stopped", "media_type", "user"}),
        _convert,
        paths=(("response", "data", "data"), ("data", "data"), ("data",), ()),
        identity=_identity,
        has_profiles=True,
    ),
)
