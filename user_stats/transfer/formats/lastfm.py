"""Last.fm: scrobbles as several exporters write them, JSON and CSV. A scrobble is the start of a play; no lengths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from user_stats.transfer.csv_rows import CsvForm, csv_records
from user_stats.transfer.forms import converted, whole
from user_stats.transfer.json_rows import JsonForm
from user_stats.transfer.rows import (
    Record,
    Row,
    RowRejected,
    content_id,
    moment_of,
    moment_of_epoch,
    optional_text,
    text_of,
)
from user_stats.transfer.sources import Part
from user_stats.watches import Watch

SERVICE = "lastfm"
NOTE = "The file has no lengths."
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BARE_COLUMNS = ("artist", "album", "track", "date")
_written_date = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}),? (\d\d):(\d\d)").fullmatch


def _row(artist: str, track: str, at: datetime, digest: str) -> Row:
    watch = Watch(
        content_id(SERVICE, artist, track),
        0,
        quality="audio",
        watched_at=at,
        title=track,
        category="music",
        creator=artist[:256],
        length_known=False,
        source=SERVICE,
        digest=digest,
    )
    return Row(watch)


def _scrobble(record: Record, digest: str) -> Row:
    at = moment_of(record, "timestamp") if "timestamp" in record else _milliseconds(record["date"])
    return _row(text_of(record, "artist"), text_of(record, "track"), at, digest)


def _milliseconds(value: object) -> datetime:
    if not str(value).isdecimal():
        raise RowRejected(f"date is no time: {ascii(value)[:40]}")
    return moment_of_epoch(int(str(value)) / 1000, "date")


def _recent_track(record: Record, digest: str) -> Row:
    """A track of the API's `user.getRecentTracks`."""
    track = text_of(record, "name")
    artist = record["artist"]
    maker = optional_text(artist, "#text") or optional_text(artist, "name")
    if maker is None:
        raise RowRejected("artist is empty")
    if record.get("@attr", {}).get("nowplaying") == "true":
        return Row(skipped="still playing")
    return _row(maker, track, moment_of_epoch(record["date"]["uts"], "date"), digest)


def _exported(record: Record, digest: str) -> Row:
    return _row(text_of(record, "artist"), text_of(record, "track"), moment_of_epoch(record["uts"], "uts"), digest)


def _statistics_site(record: Record, digest: str) -> Row:
    date = next(value for name, value in record.items() if name.startswith("Date"))
    return _row(text_of(record, "Artist"), text_of(record, "Track"), _milliseconds(date), digest)


def _bare(record: Record, digest: str) -> Row:
    parts = _written_date(record["date"].strip())
    if parts is None or parts.group(2) not in MONTHS:
        raise RowRejected(f"date is no time: {ascii(record['date'])[:40]}")
    day, month, year, hour, minute = parts.groups()
    at = datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), tzinfo=UTC)
    return _row(text_of(record, "artist"), text_of(record, "track"), at, digest)


@dataclass(frozen=True)
class BareForm:
    """Artist, album, track and a written date (UTC), without a line of names."""

    service: str = SERVICE
    title: str = "Last.fm scrobbles (CSV without names)"
    has_profiles: bool = False
    note: str = NOTE

    def recognise(self, head: str) -> bool:
        lines = head.splitlines()[:5]
        return any(_written_date(line.rstrip().rsplit(",", 1)[-1].strip('"')) for line in lines)

    def rows(self, part: Part) -> Iterator[Row]:
        for number, record in csv_records(part, BARE_COLUMNS, ",", skip_names=False):
            row = Row(rejected=record) if isinstance(record, str) else converted(self.service, record, _bare, whole)
            row.number = number
            yield row


@dataclass(frozen=True)
class _DatedForm(CsvForm):
    """Lines whose last column is called Date and names the person behind a #."""

    def recognise(self, head: str) -> bool:
        return super().recognise(head) and ";Date" in head.split("\n", 1)[0]


FORMS = (
    JsonForm(
        SERVICE,
        "Last.fm scrobbles (JSON)",
        frozenset({"track", "artist"}),
        _scrobble,
        paths=(("scrobbles",),),
        note=NOTE,
    ),
    JsonForm(
        SERVICE,
        "Last.fm recent tracks (JSON)",
        frozenset({"name", "artist"}),
        _recent_track,
        paths=(("recenttracks", "track"),),
        note=NOTE,
    ),
    CsvForm(SERVICE, "Last.fm scrobbles (CSV)", frozenset({"uts", "artist", "track"}), _exported, note=NOTE),
    _DatedForm(
        SERVICE, "Last.fm scrobbles (CSV)", frozenset({"Artist", "Album", "Track"}), _statistics_site, note=NOTE
    ),
    BareForm(),
)
