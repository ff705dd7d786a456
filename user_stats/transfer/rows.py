"""One row of a file from elsewhere: a watch, or a named reason why it is none; and what makers of rows share."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from user_stats.watches import Watch

Record = dict[str, Any]
LONGEST_TITLE = 500
LONGEST_ID = 256
JOINER = "\u200d"
"""Holds the parts of one picture together; not shown itself."""
NOT_TEXT = "not valid UTF-8 text"
_is_torn = re.compile("[\ud800-\udfff]").search
_sorted_json = msgspec.json.Encoder(order="sorted").encode
_clock = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.\d+)?").fullmatch


class RowRejected(ValueError):
    """The row cannot be used; the text says why."""


@dataclass(slots=True)
class Row:
    """One row: a `watch` that may be `skipped` for a reason (it is no viewing), or `rejected` for one.

    `profile` is whose row it is, where a file holds those of several people."""

    watch: Watch | None = None
    skipped: str = ""
    rejected: str = ""
    profile: str = ""
    number: int = 0
    """Counted from 1 in its part, without a line of names."""


def row_digest(service: str, identity: object) -> str:
    """A text that is the same for the same row; `identity` is all of it, or what the service knows it by.
    Raises RowRejected where it is no valid text."""
    try:
        return hashlib.blake2b(service.encode() + _sorted_json(identity), digest_size=16).hexdigest()
    except (UnicodeEncodeError, msgspec.MsgspecError, TypeError, RecursionError):
        raise RowRejected(NOT_TEXT) from None


def content_id(service: str, *words: str) -> str:
    """A short id that is the same for the same title at a service which has no ids of its own."""
    digest = hashlib.blake2b("\0".join((service, *words)).encode(), digest_size=8)
    return f"{service}:{digest.hexdigest()}"


def text_of(record: Record, key: str) -> str:
    """A text that must be there. Raises KeyError, RowRejected."""
    value = record[key]
    cleaned = clean(value, LONGEST_TITLE) if isinstance(value, str) else None
    if cleaned is None:
        raise RowRejected(f"{key} is empty" if isinstance(value, str | None) else f"{key} is no text")
    return cleaned


def optional_text(record: Record, key: str, longest: int = LONGEST_ID) -> str | None:
    value = record.get(key)
    return clean(value, longest) if isinstance(value, str) else None


def clean(text: str, longest: int = LONGEST_ID) -> str | None:
    """Text without what is not shown, at most as long as that; None where nothing is left. Raises RowRejected where
    the bytes of the file were no text."""
    if not text.isprintable():
        if _is_torn(text) is not None:
            raise RowRejected(NOT_TEXT)
        text = "".join(
            " " if one.isspace() else one for one in text if one.isprintable() or one.isspace() or one == JOINER
        )
    text = text.strip()
    return text[:longest] if text else None


def moment_of(record: Record, key: str) -> datetime:
    """An ISO time that must be there; without an offset it is UTC. Raises KeyError, RowRejected."""
    value = record[key]
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise RowRejected(f"{key} is no time: {_quoted(value)}") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def moment_of_epoch(value: object, name: str) -> datetime:
    """The moment of seconds since 1970, a number or its digits. Raises RowRejected."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        if seconds is None:
            raise ValueError
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise RowRejected(f"{name} is no time: {_quoted(value)}") from None


def whole_of(value: object, name: str) -> int:
    """A whole number or its digits. Raises RowRejected."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowRejected(f"{name} is no number: {_quoted(value)}")
    try:
        return round(float(value)) if not isinstance(value, int) else value
    except (ValueError, OverflowError):
        raise RowRejected(f"{name} is no number: {_quoted(value)}") from None


def seconds_of_clock(record: Record, key: str) -> int:
    """The seconds of a text like 01:02:03. Raises KeyError, RowRejected."""
    parts = _clock(record[key].strip())
    if parts is None:
        raise RowRejected(f"{key} is no duration: {_quoted(record[key])}")
    hours, minutes, seconds = parts.groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def rounded_seconds(milliseconds: int) -> int:
    """Whole seconds; of halves the even one, so that many of them add up."""
    return round(milliseconds / 1000)


def _quoted(value: object) -> str:
    return ascii(value)[:40]
