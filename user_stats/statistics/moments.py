"""Time as people see it: days, hours and weeks in a zone, sessions, streaks, and watches spread over what they cover.

Seconds are spread over quarters of an hour of UTC, because every zone is a whole number of them from UTC; so a day of
23 or 25 hours comes out right in any zone. A quarter is its number since 1970.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from user_stats.errors import InvalidInput
from user_stats.times import from_iso

QUARTER_SECONDS = 900
DAY_QUARTERS = 96
STORED_LENGTH = len("2026-01-01T00:00:00.000000+00:00")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZONES = frozenset(available_timezones())
Quarters = defaultdict[int, int]
"""Seconds by quarter of an hour."""


def checked_zone(name: str) -> ZoneInfo:
    """The zone of this name, say Europe/Berlin. Raises InvalidInput."""
    if name not in ZONES:
        raise InvalidInput.of("tz", name, "the name of a time zone such as Europe/Berlin or UTC")
    return ZoneInfo(name)


@lru_cache(50_000)
def _hour(text: str) -> float:
    return from_iso(text).timestamp()


def seconds_of(moment: str) -> float:
    """A stored moment in seconds since 1970; hours repeat, so they are remembered. Raises ValueError."""
    if len(moment) == STORED_LENGTH and moment.endswith("+00:00"):
        return _hour(moment[:13]) + int(moment[14:16]) * 60 + float(moment[17:26])
    return from_iso(moment).timestamp()


def spread(quarters: Quarters, start: float, seconds: int) -> None:
    """Adds a watch to the quarters that it covers; whole seconds, none lost."""
    quarter, passed = divmod(int(start), QUARTER_SECONDS)
    part = QUARTER_SECONDS - passed
    while seconds > part:
        quarters[quarter] += part
        seconds -= part
        quarter += 1
        part = QUARTER_SECONDS
    if seconds:
        quarters[quarter] += seconds


def local(moment: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment, zone)


def day_of(moment: float, zone: tzinfo) -> date:
    return local(moment, zone).date()


def by_hour_and_weekday(quarters: Mapping[int, int], zone: tzinfo) -> list[list[int]]:
    """Seconds for each weekday (Monday first) and hour of the day."""
    table = [[0] * 24 for _ in WEEKDAYS]
    for quarter, seconds in quarters.items():
        here = local(quarter * QUARTER_SECONDS, zone)
        table[here.weekday()][here.hour] += seconds
    return table


def by_day(quarters: Mapping[int, int], zone: tzinfo) -> dict[date, int]:
    """Seconds of each local day."""
    days: dict[date, int] = {}
    for quarter, seconds in quarters.items():
        day = day_of(quarter * QUARTER_SECONDS, zone)
        days[day] = days.get(day, 0) + seconds
    return days


def busiest(amounts: Sequence[int]) -> list[int]:
    """The places of the largest amount, more than one where they tie; empty where there is nothing."""
    most = max(amounts, default=0)
    return [place for place, amount in enumerate(amounts) if amount == most] if most else []


@dataclass(frozen=True)
class Streak:
    """Days in a row: those that end today or yesterday, and the best ever with its first and last day."""

    current: int
    best: int
    first: date | None = None
    last: date | None = None


def streak(days: Iterable[date], today: date) -> Streak:
    known = sorted(set(days))
    best, first, last, length = 0, None, None, 0
    for place, day in enumerate(known):
        length = length + 1 if place and day - known[place - 1] == timedelta(days=1) else 1
        if length > best:
            best, last, first = length, day, day - timedelta(days=length - 1)
    is_running = bool(known) and known[-1] >= today - timedelta(days=1)
    return Streak(length if is_running else 0, best, first, last)


def session_spans(
    known: Iterable[Sequence[float]], spans: Iterable[tuple[float, float]], gap_seconds: float
) -> list[list[float]]:
    """Sessions in their order, each as the start of its first event, the start of its last and the end of all: those
    that are known, with (start, end) of further events. A session ends where nothing happens for longer than the gap,
    from the latest end so far to the next start; whatever comes first, the same comes out."""
    found: list[list[float]] = []
    for first, last, end in sorted([*map(tuple, known), *((start, start, end) for start, end in spans)]):
        if not found or first - found[-1][2] > gap_seconds:
            found.append([first, last, end])
        else:
            session = found[-1]
            session[1], session[2] = max(session[1], last), max(session[2], end)
    return found


@dataclass(frozen=True)
class Session:
    """Events of one person without a long gap; one event alone lasts 0 seconds."""

    start: float
    seconds: float


def sessions(spans: Iterable[tuple[float, float]], gap: timedelta) -> list[Session]:
    """From (start, end) of events in any order: the length is from its first start to its last."""
    return [Session(first, last - first) for first, last, _ in session_spans((), spans, gap.total_seconds())]


def iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def last_months(today: date, count: int) -> list[str]:
    """The newest first, as YYYY-MM."""
    number = today.year * 12 + today.month - 1
    return [f"{one // 12:04d}-{one % 12 + 1:02d}" for one in range(number, number - count, -1)]


def weeks_since(start: date, today: date) -> int:
    """ISO weeks from that of `start` to this one, both included."""
    monday = start - timedelta(days=start.weekday())
    return (today - timedelta(days=today.weekday()) - monday).days // 7 + 1


def start_of(day: date, zone: tzinfo) -> float:
    """The moment at which a local day begins, in seconds since 1970."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp()
