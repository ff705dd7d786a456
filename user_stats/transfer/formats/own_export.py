"""What user_stats itself lets out: a history as JSON or CSV, and the archive of a person.

A watch is known by its session, video and time, in whichever of the three it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from user_stats.transfer.csv_rows import CsvForm
from user_stats.transfer.json_rows import JsonForm
from user_stats.transfer.rows import (
    Record,
    Row,
    RowRejected,
    clean,
    moment_of,
    optional_text,
    row_digest,
    text_of,
    whole_of,
)
from user_stats.transfer.tables import text_of_cell
from user_stats.watches import STAMPS, Watch

SERVICE = "user_stats"
PERSON = '"user_stats person"'
NO_WATCH = "not a watch"
KEYS = frozenset({"video_id", "watched_at", "duration_seconds", "content_type"})
TEXTS = ("stream_id", "session_id", "title", "category", "creator")


def _identity(record: Record) -> object:
    video = record.get("video_id", record.get("subject"))
    seconds = record.get("duration_seconds")
    return [record.get("session_id") or "", video, str(record.get("watched_at")), str(seconds)]


def digests(records: Iterable[Record]) -> Iterator[str]:
    """What rows of these entries or events would be known by."""
    return (row_digest(SERVICE, _identity(record)) for record in records)


def _watch(record: Record, digest: str, *, video_id: str) -> Watch:
    texts: dict[str, Any] = {name: clean(record[name], 500) for name in TEXTS if record.get(name)}
    stamp = record.get("stamp", "start")
    tags = record.get("tags")
    return Watch(
        video_id,
        whole_of(record["duration_seconds"], "duration_seconds"),
        record["content_type"],
        completed=_flag(record.get("completed"), default=False),
        quality=record.get("quality") or "unknown",
        watched_at=moment_of(record, "watched_at"),
        tags=tags if isinstance(tags, list) else None,
        length_seconds=record.get("length_seconds") if type(record.get("length_seconds")) is int else None,
        length_known=_flag(record.get("length_known"), default=True),
        stamp=stamp if stamp in STAMPS else "start",
        source=clean(record.get("source") or SERVICE),
        digest=digest,
        **texts,
    )


def _flag(value: object, *, default: bool) -> bool:
    if value in (None, ""):
        return default
    if value in (True, "true", "True"):
        return True
    if value in (False, "false", "False"):
        return False
    raise RowRejected(f"{ascii(value)[:40]} is neither true nor false")


def _from_json(record: Record, digest: str) -> Row:
    watch = _watch(record, digest, video_id=text_of(record, "video_id"))
    return Row(watch, profile=optional_text(record, "user_id") or "")


def _from_csv(record: Record, digest: str) -> Row:
    return _from_json({name: text_of_cell(cell) for name, cell in record.items()}, digest)


def _csv_identity(record: Record) -> object:
    return _identity({name: text_of_cell(cell) for name, cell in record.items()})


def _from_log(record: Record, digest: str) -> Row:
    if record.get("kind") != "watch":
        return Row(skipped=NO_WATCH)
    return Row(_watch(record, digest, video_id=text_of(record, "subject")))


@dataclass(frozen=True)
class PersonForm(JsonForm):
    """`person.json` of an archive: the log has every watch, also those that the history has let go."""

    def recognise(self, head: str) -> bool:
        return PERSON in head[:200]


FORMS = (
    PersonForm(
        SERVICE,
        "everything on a person, by user_stats",
        frozenset({"kind"}),
        _from_log,
        paths=(("logs", "activity"),),
        identity=_identity,
    ),
    JsonForm(SERVICE, "a history by user_stats (JSON)", KEYS, _from_json, identity=_identity, has_profiles=True),
    CsvForm(SERVICE, "a history by user_stats (CSV)", KEYS, _from_csv, identity=_csv_identity, has_profiles=True),
)
