"""Trakt: the watched history as its API and its exports give it.

An event is known by its `id`. The action `watch` is a mark set by hand, often dozens in one minute: no viewing at that
time. Lengths are not told.
"""

from __future__ import annotations

from user_stats.transfer.json_rows import JsonForm
from user_stats.transfer.rows import Record, Row, RowRejected, content_id, moment_of, optional_text
from user_stats.watches import Watch

SERVICE = "trakt"
BY_HAND = "marked by hand"


def _identity(record: Record) -> object:
    return record.get("id") or record


def _convert(record: Record, digest: str) -> Row:
    kind = record["type"]
    if kind not in ("movie", "episode"):
        raise RowRejected(f"type is neither movie nor episode: {ascii(kind)[:40]}")
    item = record[kind]
    title, series = optional_text(item, "title", 300), None
    if kind == "episode":
        series = optional_text(record["show"], "title", 150)
        title = _episode_title(series, item, title)
    number = item["ids"].get("trakt")
    if title is None and number is None:
        raise RowRejected("neither a title nor an id")
    watch = Watch(
        f"{SERVICE}:{kind}:{number}" if type(number) is int else content_id(SERVICE, kind, title or ""),
        0,
        completed=True,
        quality="unknown",
        watched_at=moment_of(record, "watched_at"),
        title=title,
        category="series" if kind == "episode" else "movie",
        creator=series,
        length_known=False,
        source=SERVICE,
        digest=digest,
    )
    return Row(watch, skipped=BY_HAND if record["action"] == "watch" else "")


def _episode_title(series: str | None, episode: Record, title: str | None) -> str:
    season, number = episode.get("season"), episode.get("number")
    place = f"S{season:02d}E{number:02d}" if type(season) is int and type(number) is int else ""
    name = " ".join(part for part in (series, place) if part)
    return f"{name}: {title}" if title and name else title or name or "episode"


FORMS = (
    JsonForm(
        SERVICE,
        "Trakt history",
        frozenset({"watched_at", "action", "type"}),
        _convert,
        identity=_identity,
        note="The file has no lengths.",
    ),
)
