"""Time as people see it: days, hours and weeks in a zone, sessions, streaks, and watches spread over what they cover.

Seconds are spread over quarters of an hour of UTC, because every zone is a whole number of them from UTC; so a day of
23 or 25 hours comes out right in any zone. A quarter is its number since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from user_stats.errors import InvalidInput

QUARTER_SECONDS = 900
DAY_QUARTERS = 96
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZONES = frozenset(available_timezones())
Quarters = dict[int, int]
"""Seconds by quarter of an hour."""


def checked_zone(name: str) -> ZoneInfo:
    """The zone of this name, say Europe/Berlin. Raises InvalidInput."""
    if name not in ZONES:
        raise InvalidInput.of("tz", name, "the name of a time zone such as Europe/Berlin or UTC")
    return ZoneInfo(name)


def spread(quarters: Quarters, start: float, seconds: int) -> None:
    """Adds a watch to the quarters that it covers; whole seconds, none lost."""
    at, end = int(start), int(start) + seconds
    while at < end:
        quarter = at // QUARTER_SECONDS
        until = min(end, (quarter + 1) * QUARTER_SECONDS)
        quarters[quarter] = quarters.get(quarter, 0) + until - at
        at = until


def local(moment: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment, zone)


def day_of(moment: float, zone: tzinfo) -> date:
    return local(moment, zone).date()


def by_hour_and_weekday(quarters: Quarters, zone: tzinfo) -> list[list[int]]:
    """Seconds for each weekday (Monday first) and hour of the day."""
    table = [[0] * 24 for _ in WEEKDAYS]
    for quarter, seconds in quarters.items():
        here = local(quarter * QUARTER_SECONDS, zone)
        table[here.weekday()][here.hour] += seconds
    return table


def by_day(quarters: Quarters, zone: tzinfo) -> dict[date, int]:
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


@dataclass(frozen=True)
class Session:
    """Events of one person without a long gap; one event alone lasts 0 seconds."""

    start: float
    seconds: float
    events: int


def sessions(spans: Iterable[tuple[float, float]], gap: timedelta) -> list[Session]:
    """From (start, end) of events in any order: the gap is from the latest end so far to the next start, the length of
    a session from its first start to its last."""
    found: list[list[float]] = []
    busy_until = float("-inf")
    for start, end in sorted(spans):
        if start - busy_until > gap.total_seconds():
            found.append([start, start, 0])
        found[-1][1] = start
        found[-1][2] += 1
        busy_until = max(busy_until, end)
    return [Session(first, last - first, int(count)) for first, last, count in found]


def iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def weeks_since(start: date, today: date) -> int:
    """ISO weeks from that of `start` to this one, both included."""
    monday = start - timedelta(days=start.weekday())
    return (today - timedelta(days=today.weekday()) - monday).days // 7 + 1


def start_of(day: date, zone: tzinfo) -> float:
    """The moment at which a local day begins, in seconds since 1970."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp()
