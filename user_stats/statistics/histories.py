"""What one person watched: when, how long, of which type. Functions of histories and activity logs, in a zone.

A watch is spread over the hours that it covers; one whose length is not known counts as a watch and has no hours.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Literal

from user_stats.activity import UPLOAD_COUNTERS
from user_stats.models import COUNTERS, SECONDS_PER_HOUR, ContentType, WatchHistoryEntry
from user_stats.times import from_iso

Step = Literal["day", "week", "month"]
MOST_DAYS, MOST_WEEKS = 62, 70
"""Bars of a chart: beyond this many the next larger step is taken."""


class Measure(StrEnum):
    """What a chart counts: hours, or watches where no length is known."""

    HOURS = "Hours"
    WATCHES = "Watches"


@dataclass(frozen=True)
class PeriodAmount:
    """Hours or watches of one type in the day, week (from Monday) or month that begins on `starts_on`."""

    starts_on: date
    content_type: ContentType
    amount: float


@dataclass(frozen=True)
class WeekHour:
    """Hours or watches at one hour of one day of the week, 0 for Monday."""

    weekday: int
    hour: int
    amount: float


@dataclass(frozen=True)
class DurationFigures:
    """How long watches were, in seconds, over those whose length is known and that are no pictures."""

    watches: int
    total_seconds: int
    mean_seconds: float
    median_seconds: float
    longest_seconds: int


@dataclass(frozen=True)
class Favourite:
    """One title with its watches."""

    title: str
    watches: int
    hours: float


def spread(start: datetime, seconds: int, zone: tzinfo) -> Iterator[tuple[datetime, float]]:
    """The pieces of a watch: the local moment at which each begins, and its seconds; no piece spans two hours."""
    moment = start.astimezone(UTC)
    left = float(seconds)
    while left > 0:
        local = moment.astimezone(zone)
        piece = min(left, SECONDS_PER_HOUR - local.minute * 60 - local.second - local.microsecond / 1e6)
        yield local, piece
        moment += timedelta(seconds=piece)
        left -= piece


def step_for(days: int) -> Step:
    """The step of a chart over so many days."""
    return "day" if days <= MOST_DAYS else "week" if days <= MOST_WEEKS * 7 else "month"


def over_time(
    entries: Iterable[WatchHistoryEntry], zone: tzinfo, step: Step, measure: Measure = Measure.HOURS
) -> list[PeriodAmount]:
    """Hours or watches by period and type, oldest first; periods without any are left out."""
    amounts: dict[tuple[date, ContentType], float] = defaultdict(float)
    for entry in entries:
        for local, amount in _parts(entry, zone, measure):
            amounts[_start_of(local.date(), step), entry.content_type] += amount
    return [PeriodAmount(day, content_type, value) for (day, content_type), value in sorted(amounts.items())]


def _parts(entry: WatchHistoryEntry, zone: tzinfo, measure: Measure) -> Iterator[tuple[datetime, float]]:
    """Where a watch counts, and how much: its hours where they pass, or the whole of it where it begins."""
    start = from_iso(entry.watched_at)
    if measure is Measure.WATCHES:
        yield start.astimezone(zone), 1
        return
    for local, seconds in spread(start, entry.duration_seconds, zone):
        yield local, seconds / SECONDS_PER_HOUR


def _start_of(day: date, step: Step) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def week_pattern(
    entries: Iterable[WatchHistoryEntry], zone: tzinfo, measure: Measure = Measure.HOURS
) -> list[WeekHour]:
    """Hours or watches at each of the 168 hours of a week."""
    amounts = [[0.0] * 24 for _ in range(7)]
    for entry in entries:
        for local, amount in _parts(entry, zone, measure):
            amounts[local.weekday()][local.hour] += amount
    return [WeekHour(weekday, hour, amounts[weekday][hour]) for weekday in range(7) for hour in range(24)]


def duration_figures(entries: Iterable[WatchHistoryEntry]) -> DurationFigures:
    """All 0 where there is no watch with a length."""
    lengths = [entry.duration_seconds for entry in entries if entry.content_type != "image" and _has_length(entry)] or [
        0
    ]
    count = 0 if lengths == [0] else len(lengths)
    return DurationFigures(
        count, sum(lengths), statistics.fmean(lengths), float(statistics.median(lengths)), max(lengths)
    )


def _has_length(entry: WatchHistoryEntry) -> bool:
    return entry.length_known and entry.duration_seconds > 0


def favourites(entries: Iterable[WatchHistoryEntry], most: int) -> list[Favourite]:
    """The titles with the most hours, ties by watches; what has no title goes by its id."""
    found: dict[str, list[float]] = {}
    for entry in entries:
        sums = found.setdefault(entry.title or entry.video_id, [0, 0.0])
        sums[0] += 1
        sums[1] += entry.duration_seconds / SECONDS_PER_HOUR
    ranked = sorted(found.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    return [Favourite(title, int(watches), hours) for title, (watches, hours) in ranked[:most]]


def daily_statistics(events: Iterable[dict[str, Any]], zone: tzinfo, days: Sequence[date]) -> dict[str, list[float]]:
    """For each of the statistics that count: what was added to it on each of these days, which follow one another."""
    places = {day: place for place, day in enumerate(days)}
    series: dict[str, list[float]] = {name: [0.0] * len(days) for name in (*COUNTERS, "total_watched_hours")}

    def add(name: str, local: datetime, amount: float) -> None:
        place = places.get(local.date())
        if place is not None:
            series[name][place] += amount

    oldest = datetime.combine(days[0], datetime.min.time(), UTC) - timedelta(days=3)
    for event in events:
        moment = from_iso(event["watched_at"] if event["kind"] == "watch" else event["at"])
        if moment < oldest:
            continue
        local = moment.astimezone(zone)
        if event["kind"] == "watch":
            add("watch_history_entries", local, 1)
            for part, seconds in spread(moment, event["duration_seconds"], zone):
                add("total_watched_hours", part, seconds / SECONDS_PER_HOUR)
        elif event["kind"] == "upload":
            add(UPLOAD_COUNTERS[event["content_type"]], local, 1)
        elif event["kind"] == "interaction":
            add("total_interactions", local, 1)
        elif event["kind"] == "feature_use":
            add("subscriber_features_used", local, 1)
    return series
