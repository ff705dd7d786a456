"""Sets of UTC days as the bits of a number, day by day since 1970: small, and counted at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from user_stats.day_totals import ACTS
from user_stats.statistics.moments import DAY_QUARTERS, Streak, iso_week
from user_stats.storage import Record

EPOCH = date(1970, 1, 1).toordinal()
_remembered = lru_cache(20_000)
"""Days repeat."""


@_remembered
def day_bit(day: str) -> int:
    return 1 << (date.fromisoformat(day).toordinal() - EPOCH)


@_remembered
def week_of_day(day: str, before: int = 0) -> str:
    """The ISO week, or the one so many weeks before."""
    return iso_week(date.fromisoformat(day) - timedelta(weeks=before))


@_remembered
def is_edge(day: str) -> bool:
    """True of the first and the last day of a month, on which a month begins or ends in some zone."""
    return day.endswith("-01") or (date.fromisoformat(day) + timedelta(days=1)).day == 1


@_remembered
def month_of_day(number: int) -> tuple[str, int]:
    """Of a day since 1970: its month, and how many quarters of an hour are before it in there."""
    day = date.fromordinal(EPOCH + number)
    return day.isoformat()[:7], (day.day - 1) * DAY_QUARTERS


def days_between(first: date, last: date) -> int:
    """These days, both included; none where they are in the wrong order."""
    return max(0, (2 << (last.toordinal() - EPOCH)) - (1 << (first.toordinal() - EPOCH)))


def active_days(events: Iterable[Record]) -> int:
    """The days on which somebody did something; a watch counts for the day of its start."""
    days = {event["watched_at" if event["kind"] == "watch" else "at"][:10] for event in events if event["kind"] in ACTS}
    bits = 0
    for day in days:
        bits |= day_bit(day)
    return bits


def streak_of(days: int, today: date) -> Streak:
    if not days:
        return Streak(0, 0)
    first = (days & -days).bit_length() - 1
    runs = f"{days >> first:b}".split("0")
    newest = EPOCH + days.bit_length() - 1
    is_running = newest >= today.toordinal() - 1
    return Streak(len(runs[0]) if is_running else 0, max(map(len, runs)))
