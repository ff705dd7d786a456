"""Jellyfin Playback Reporting: tab-separated, nine columns, no line of names.

Cells stand as they are: a quote in one is part of a title. Times are the server's own without saying which; they are
read as UTC. Fractions have seven digits. Some versions wrote milliseconds: nobody plays one thing for longer than a
day, so a number beyond that is one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from user_stats.transfer.csv_rows import csv_records
from user_stats.transfer.forms import converted
from user_stats.transfer.rows import Record, Row, RowRejected, clean, content_id, rounded_seconds, text_of, whole_of
from user_stats.transfer.sources import Part
from user_stats.watches import Watch

SERVICE = "jellyfin"
COLUMNS = (
    *("DateCreated", "UserId", "ItemId", "ItemType", "ItemName", "PlaybackMethod", "ClientName", "DeviceName"),
    "PlayDuration",
)
CATEGORIES = {"Movie": "movie", "Episode": "series", "Audio": "music", "MusicVideo": "music", "TvChannel": "live"}
LONGEST_SECONDS = 86_400
_time = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?").fullmatch
_episode = re.compile(r"(.+?) - s\d+e\d+ - ").match


def _identity(record: Record) -> object:
    return [record["DateCreated"], record["UserId"], record["ItemId"]]


def _moment(text: str) -> datetime:
    parts = _time(text.strip())
    if parts is None:
        raise RowRejected(f"DateCreated is no time: {ascii(text)[:40]}")
    seconds, fraction, offset = parts.groups()
    try:
        moment = datetime.fromisoformat(f"{seconds}.{(fraction or '0')[:6]:0<6}{offset or '+00:00'}")
    except ValueError:
        raise RowRejected(f"DateCreated is no time: {ascii(text)[:40]}") from None
    return moment.astimezone(UTC)


def _convert(record: Record, digest: str) -> Row:
    title, kind = text_of(record, "ItemName"), record["ItemType"].strip()
    number = whole_of(record["PlayDuration"].strip(), "PlayDuration")
    if number < 0:
        raise RowRejected(f"PlayDuration is negative: {number}")
    series = _episode(title)
    item = clean(record["ItemId"])
    watch = Watch(
        f"{SERVICE}:{item}"[:256] if item else content_id(SERVICE, title),
        number if number <= LONGEST_SECONDS else rounded_seconds(number),
        quality="audio" if kind == "Audio" else "unknown",
        watched_at=_moment(record["DateCreated"]),
        title=title,
        category=CATEGORIES.get(kind, "other"),
        creator=clean(series.group(1)) if series else None,
        source=SERVICE,
        digest=digest,
    )
    return Row(watch, profile=clean(record["UserId"]) or "")


@dataclass(frozen=True)
class ReportingForm:
    """The backup file of the plugin."""

    service: str = SERVICE
    title: str = "Jellyfin Playback Reporting"
    has_profiles: bool = True
    note: str = "Times carry no zone and are read as UTC."

    def recognise(self, head: str) -> bool:
        lines = [line.rstrip("\r") for line in head.split("\n")[:5]]
        return any(line.count("\t") == len(COLUMNS) - 1 and _time(line.split("\t", 1)[0]) for line in lines)

    def rows(self, part: Part) -> Iterator[Row]:
        for number, record in csv_records(part, COLUMNS, "\t", skip_names=False, has_quotes=False):
            if isinstance(record, str):
                row = Row(rejected=record)
            else:
                row = converted(self.service, record, _convert, _identity)
            row.number = number
            yield row


FORMS = (ReportingForm(),)
