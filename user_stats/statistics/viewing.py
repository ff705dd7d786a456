"""What a list of watches shows: by day, hour and weekday, the most watched, the longest run of days, the sessions.

A watch counts whole where its source had stamped it, be that its start or its end: these are the figures of a history
as its service would give them. Charts that spread a watch over the hours that it covers are in `watching.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from user_stats.models import SECONDS_PER_HOUR
from user_stats.statistics.moments import WEEKDAYS, Streak, sessions, streak
from user_stats.storage import Record
from user_stats.times import from_iso

HOURS = 24


@dataclass
class Ranking:
    """How often and how long each of some names was watched."""

    watches: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)

    def add(self, name: str | None, seconds: int) -> None:
        if name is not None:
            self.watches[name] += 1
            self.seconds[name] += seconds


@dataclass
class Viewing:
    """The figures of some watches; days, hours and weekdays in one zone."""

    zone: tzinfo
    watches: int = 0
    seconds: int = 0
    without_length: int = 0
    first: datetime | None = None
    last: datetime | None = None
    days: dict[date, list[int]] = field(default_factory=dict)
    """Watches and seconds by day."""
    by_hour: list[int] = field(default_factory=lambda: [0] * HOURS)
    """Watches whose hour is known."""
    by_weekday: list[int] = field(default_factory=lambda: [0] * len(WEEKDAYS))
    """Watches, Monday first."""
    titles: Ranking = field(default_factory=Ranking)
    creators: Ranking = field(default_factory=Ranking)
    items: Ranking = field(default_factory=Ranking)
    """By id: two artists may have a song of one title."""
    names: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Title and creator of each item, by its id."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    """Start and end of each watch whose time is known; the stamp alone where the length is not."""

    @property
    def hours(self) -> float:
        return self.seconds / SECONDS_PER_HOUR

    def streak(self, today: date) -> Streak:
        return streak(self.days, today)

    def sessions(self, gap: timedelta) -> int:
        return len(sessions(self.spans, gap))

    def add(self, event: Record) -> None:
        """Counts one watch of the activity log."""
        seconds, stamp = event["duration_seconds"], event.get("stamp", "start")
        start = from_iso(event["watched_at"])
        at = start + timedelta(seconds=seconds) if stamp == "end" else start
        here = at if stamp == "day" else at.astimezone(self.zone)
        self.watches += 1
        self.seconds += seconds
        self.without_length += not event.get("length_known", True)
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        day = self.days.setdefault(here.date(), [0, 0])
        day[0] += 1
        day[1] += seconds
        self.by_weekday[here.weekday()] += 1
        if stamp != "day":
            self.by_hour[here.hour] += 1
            self.spans.append((start.timestamp(), start.timestamp() + seconds))
        self.titles.add(event.get("title"), seconds)
        self.creators.add(event.get("creator"), seconds)
        self.items.add(event["subject"], seconds)
        self.names.setdefault(event["subject"], (event.get("title"), event.get("creator")))


def viewing(events: Iterable[Record], zone: tzinfo) -> Viewing:
    """The figures of the watches among the events."""
    figures = Viewing(zone)
    for event in events:
        if event["kind"] == "watch":
            figures.add(event)
    return figures


def to_plain(figures: Viewing, *, today: date, gap: timedelta, most: int = 10) -> dict[str, Any]:
    """The figures as one JSON object, with the `most` most watched of each kind."""
    best = figures.streak(today)
    return {
        "zone": str(figures.zone),
        "watches": figures.watches,
        "seconds": figures.seconds,
        "hours": figures.hours,
        "without_length": figures.without_length,
        "first": figures.first.isoformat() if figures.first else None,
        "last": figures.last.isoformat() if figures.last else None,
        "days": {str(day): {"watches": one[0], "seconds": one[1]} for day, one in sorted(figures.days.items())},
        "by_hour": figures.by_hour,
        "by_weekday": dict(zip(WEEKDAYS, figures.by_weekday, strict=True)),
        "titles": _ranked("title", figures.titles, most),
        "creators": _ranked("creator", figures.creators, most),
        "items": _named(_ranked("video_id", figures.items, most), figures.names),
        "longest_streak": {"days": best.best, "first": _text(best.first), "last": _text(best.last)},
        "sessions": figures.sessions(gap),
    }


def _ranked(name: str, ranking: Ranking, most: int) -> dict[str, Any]:
    return {
        "distinct": len(ranking.watches),
        "by_watches": [{name: key, "watches": count} for key, count in ranking.watches.most_common(most)],
        "by_seconds": [{name: key, "seconds": count} for key, count in ranking.seconds.most_common(most) if count],
    }


def _named(items: dict[str, Any], names: dict[str, tuple[str | None, str | None]]) -> dict[str, Any]:
    for row in (*items["by_watches"], *items["by_seconds"]):
        row["title"], row["creator"] = names[row["video_id"]]
    return items


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
