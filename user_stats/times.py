"""Moments: stored as ISO 8601 text in UTC with microseconds, so that the order of texts is the order of moments."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from user_stats.errors import InvalidInput

Clock = Callable[[], datetime]
EARLIEST_YEAR = 1970
CLOCK_SKEW = timedelta(minutes=1)
"""How far ahead of ours another clock may be."""
_looks_like_a_moment = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?").fullmatch


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_iso(moment: datetime) -> str:
    """The stored form of an aware moment."""
    if moment.tzinfo is UTC:
        return moment.isoformat(timespec="microseconds")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_iso(text: str) -> datetime:
    """An aware moment from a stored or hand-written text; without an offset it means UTC. Raises ValueError."""
    return _in_utc(datetime.fromisoformat(text))


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"no moment in UTC: {moment.isoformat()}") from None


def normal_iso(text: str) -> str:
    """The stored form of a text that may lack its offset or microseconds. Raises ValueError."""
    return text if len(text) == 32 and text.endswith("+00:00") else to_iso(from_iso(text))


def checked_moment(field: str, value: object, *, now: datetime | None = None) -> datetime:
    """A moment from outside, as datetime, date or ISO text; with `now` it may not lie in the future."""
    allowed = f"an ISO 8601 time from {EARLIEST_YEAR} on" + (", not in the future" if now is not None else "")
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, str) and _looks_like_a_moment(value):
        try:
            value = from_iso(value)
        except (ValueError, OverflowError):
            raise InvalidInput.of(field, value, allowed) from None
    if not isinstance(value, datetime):
        raise InvalidInput.of(field, value, allowed)
    if value.year < EARLIEST_YEAR or value.year > 9998:
        raise InvalidInput.of(field, value.isoformat(), allowed)
    moment = _in_utc(value)
    if now is not None and moment > now + CLOCK_SKEW:
        raise InvalidInput.of(field, moment.isoformat(), allowed)
    return moment
