"""A person's year: what they watched, when, and what they reached. Days and hours are in the viewer's zone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from user_stats.statistics.moments import (
    QUARTER_SECONDS,
    WEEKDAYS,
    busiest,
    by_day,
    by_hour_and_weekday,
    day_of,
    streak,
)
from user_stats.statistics.person_records import PersonRecords, Watched

SECONDS_PER_HOUR = 3600
TOP = 5


@dataclass(frozen=True)
class Top:
    """One of the most: watches of an item, hours of a category."""

    name: str
    value: float


@dataclass(frozen=True)
class YearInReview:
    """One year of one person; None where there is no data."""

    year: int
    username: str
    watches: int
    watched_hours: float
    active_days: int
    longest_streak: int
    top_items: list[Top]
    """Titles, or ids where nobody told a title, with how often they were watched."""
    top_categories: list[Top]
    """With the hours watched."""
    hours_by_month: list[float]
    busiest_weekday: str | None
    busiest_hour: int | None
    interactions: int
    uploads: int
    badges: list[str]


def year_in_review(records: PersonRecords, year: int) -> YearInReview:
    """Of everything that was begun in the year; the hours of a watch over New Year's Eve count where they fall."""
    watches = [watch for watch in records.watches if day_of(watch.start, records.zone).year == year]
    days = {day for day in records.active_days if day.year == year}
    in_year = {
        quarter: seconds
        for quarter, seconds in records.quarters.items()
        if day_of(quarter * QUARTER_SECONDS, records.zone).year == year
    }
    table = by_hour_and_weekday(in_year, records.zone)
    weekdays, hours = (
        busiest([sum(row) for row in table]),
        busiest([sum(column) for column in zip(*table, strict=True)]),
    )
    return YearInReview(
        year=year,
        username=records.user.username,
        watches=len(watches),
        watched_hours=sum(watch.seconds for watch in watches) / SECONDS_PER_HOUR,
        active_days=len(days),
        longest_streak=streak(days, records.today).best,
        top_items=_top_items(records, watches),
        top_categories=_top_categories(records, watches),
        hours_by_month=_by_month(by_day(in_year, records.zone)),
        busiest_weekday=WEEKDAYS[weekdays[0]] if weekdays else None,
        busiest_hour=hours[0] if hours else None,
        interactions=_in_year(records, "interaction", year),
        uploads=_in_year(records, "upload", year),
        badges=[one.badge.name for one in records.badges if (one.earned_on or "").startswith(f"{year:04d}-")],
    )


def years(records: PersonRecords) -> list[int]:
    """The years in which the person did something, the newest first."""
    return sorted({day.year for day in records.active_days}, reverse=True)


def _top_items(records: PersonRecords, watches: list[Watched]) -> list[Top]:
    counts = Counter(watch.content_id for watch in watches)
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:TOP]
    return [Top(records.title_of(item), count) for item, count in ranked]


def _top_categories(records: PersonRecords, watches: list[Watched]) -> list[Top]:
    seconds = Counter[str]()
    for watch in watches:
        category = watch.category or records.contents(watch.content_id).get("category")
        if category:
            seconds[category] += watch.seconds
    ranked = sorted(seconds.items(), key=lambda one: (-one[1], one[0]))[:TOP]
    return [Top(category, amount / SECONDS_PER_HOUR) for category, amount in ranked]


def _by_month(days: dict[date, int]) -> list[float]:
    hours = [0.0] * 12
    for day, seconds in days.items():
        hours[day.month - 1] += seconds / SECONDS_PER_HOUR
    return hours


def _in_year(records: PersonRecords, kind: str, year: int) -> int:
    return sum(day.year == year for day in records.days_of(kind))
