"""Spotify: the streaming history of the account data, and the extended one.

Times are the end of a play, in UTC; in the account data to the minute. Lengths are in milliseconds and are rounded, not
cut. Addresses and devices of the extended history are not taken over.
"""

from __future__ import annotations

from datetime import timedelta

from user_stats.transfer.json_rows import JsonForm
from user_stats.transfer.rows import (
    Record,
    Row,
    RowRejected,
    content_id,
    moment_of,
    optional_text,
    rounded_seconds,
    text_of,
)
from user_stats.watches import Watch

SERVICE = "spotify"
MUSIC, PODCAST, AUDIOBOOK = "music", "podcast", "audiobook"


def _seconds(record: Record, key: str) -> int:
    milliseconds = record[key]
    if type(milliseconds) is not int or milliseconds < 0:
        raise RowRejected(f"{key} is no whole number from 0 on: {ascii(milliseconds)[:40]}")
    return rounded_seconds(milliseconds)


def _account(creator: str, title: str, category: str) -> JsonForm:
    def convert(record: Record, digest: str) -> Row:
        maker, name = text_of(record, creator), text_of(record, title)
        seconds = _seconds(record, "msPlayed")
        watch = Watch(
            content_id(SERVICE, maker, name),
            seconds,
            quality="audio",
            watched_at=moment_of(record, "endTime") - timedelta(seconds=seconds),
            title=name,
            category=category,
            creator=maker[:256],
            stamp="end",
            source=SERVICE,
            digest=digest,
        )
        return Row(watch)

    keys = frozenset({"endTime", creator, title, "msPlayed"})
    return JsonForm(SERVICE, "Spotify streaming history", keys, convert, note="Times are the end of each play.")


def _kind(record: Record) -> tuple[str, str, str, str | None]:
    """Category, title, address and maker of what was played."""
    if record.get("spotify_episode_uri") or record.get("episode_name"):
        return PODCAST, "episode_name", "spotify_episode_uri", optional_text(record, "episode_show_name")
    if record.get("audiobook_chapter_uri") or record.get("audiobook_title"):
        chapter = "audiobook_chapter_title" if record.get("audiobook_chapter_title") else "audiobook_title"
        return AUDIOBOOK, chapter, "audiobook_chapter_uri", optional_text(record, "audiobook_title")
    return (
        MUSIC,
        "master_metadata_track_name",
        "spotify_track_uri",
        optional_text(record, "master_metadata_album_artist_name"),
    )


def _extended(record: Record, digest: str) -> Row:
    category, key, address, maker = _kind(record)
    seconds = _seconds(record, "ms_played")
    end = moment_of(record, "ts")
    title, uri = optional_text(record, key, 500), optional_text(record, address)
    if title is None and uri is None:
        raise RowRejected("neither a title nor an address")
    watch = Watch(
        uri or content_id(SERVICE, maker or "", title or ""),
        seconds,
        completed=record.get("reason_end") == "trackdone",
        quality="audio",
        watched_at=end - timedelta(seconds=seconds),
        title=title,
        category=category,
        creator=maker,
        stamp="end",
        source=SERVICE,
        digest=digest,
    )
    return Row(watch)


FORMS = (
    _account("artistName", "trackName", MUSIC),
    _account("podcastName", "episodeName", PODCAST),
    JsonForm(
        SERVICE,
        "Spotify extended streaming history",
        frozenset({"ts", "ms_played", "master_metadata_track_name", "reason_end"}),
        _extended,
        note="Times are the end of each play.",
    ),
)
