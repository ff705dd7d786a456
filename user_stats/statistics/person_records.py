"""What is known of one person, read once, and what several of their figures share, worked out once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Any

from user_stats.day_totals import ACTS
from user_stats.models import User, UserStats
from user_stats.statistics.badges import KEPT, BadgeProgress, badge_progress, lifetime_values
from user_stats.statistics.day_bits import active_days, streak_of
from user_stats.statistics.kinds import completes, has_length
from user_stats.statistics.moments import Quarters, Session, by_hour_and_weekday, day_of, seconds_of, sessions, spread
from user_stats.statistics.rules import Measure
from user_stats.statistics.settings import StatisticsSettings
from user_stats.storage import Record
from user_stats.times import from_iso

PERIOD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Watched:
    """One watch from the log. `start` is in seconds since 1970; `has_time` is False where only the day is known."""

    content_id: str
    start: float
    seconds: int
    content_type: str
    quality: str
    is_completed: bool
    length_seconds: int | None
    category: str | None
    has_length: bool
    has_time: bool

    @property
    def end(self) -> float:
        return self.start + self.seconds


def watched(event: Record, watched_threshold: float) -> Watched:
    seconds, length = event["duration_seconds"], event.get("length_seconds")
    return Watched(
        event["subject"],
        seconds_of(event["watched_at"]),
        seconds,
        event["content_type"],
        event.get("quality", "unknown"),
        completes(event, watched_threshold),
        length,
        event.get("category"),
        has_length(event),
        event.get("stamp", "start") != "day",
    )


@dataclass(frozen=True)
class PersonRecords:
    """One person at one moment, in one zone."""

    user: User
    stats: UserStats
    events: list[Record]
    """The activity log, as it was recorded."""
    now: datetime
    zone: tzinfo
    settings: StatisticsSettings
    contents: Callable[[str], Mapping[str, Any]] = field(default=lambda content_id: {})
    """What is known of an item: title, category, tags, size; empty where nobody told."""
    rank: Callable[[], tuple[int, int, int] | None] = field(default=lambda: None)
    """The place on the leaderboard, how many are on it with the person, and the events of the site behind it."""
    referred: Callable[[], int | None] = field(default=lambda: None)
    """Accounts that came through this person and were active; None where no referral was recorded."""

    def of(self, *kinds: str) -> list[Record]:
        """The events of these kinds."""
        return [event for kind in kinds for event in self._by_kind.get(kind, ())]

    @cached_property
    def _by_kind(self) -> dict[str, list[Record]]:
        kinds: dict[str, list[Record]] = {}
        for event in self.events:
            kinds.setdefault(event["kind"], []).append(event)
        return kinds

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @cached_property
    def watches(self) -> list[Watched]:
        return [watched(event, self.settings.watched_threshold) for event in self.of("watch")]

    @cached_property
    def timed_watches(self) -> list[Watched]:
        """Those whose length is known."""
        return [watch for watch in self.watches if watch.has_length]

    @cached_property
    def quarters(self) -> Quarters:
        """Watched seconds by quarter of an hour."""
        quarters: Quarters = defaultdict(int)
        for watch in self.timed_watches:
            if watch.has_time:
                spread(quarters, watch.start, watch.seconds)
        return quarters

    @cached_property
    def seconds_by_hour_and_weekday(self) -> list[list[int]]:
        return by_hour_and_weekday(self.quarters, self.zone)

    @cached_property
    def acts(self) -> list[tuple[float, float]]:
        """Start and end of everything that the person did."""
        spans = [(watch.start, watch.end) for watch in self.watches if watch.has_time]
        for kind, events in self._by_kind.items():
            if kind in ACTS and kind != "watch":
                spans += [(moment, moment) for moment in map(moment_of, events)]
        return spans

    @cached_property
    def active_days(self) -> set[date]:
        """Local days on which something was begun; a watch of which only the day is known counts for that day."""
        days = {day_of(start, self.zone) for start, _ in self.acts}
        return days | {
            from_iso(event["watched_at"]).date() for event in self.of("watch") if event.get("stamp") == "day"
        }

    @cached_property
    def sessions(self) -> list[Session]:
        return sessions(self.acts, self.settings.session_gap)

    @cached_property
    def utc_days(self) -> int:
        """The UTC days on which the person did something, as in `day_bits.py`."""
        return active_days(self.events)

    @cached_property
    def lifetime(self) -> dict[Measure, float]:
        """Every measure that the rules of badges look at."""
        return lifetime_values(self.stats, self.utc_days, streak_of(self.utc_days, self.now.date()))

    @cached_property
    def recorded(self) -> int:
        """How many events there are, but for those that say what the others earned."""
        return sum(event["kind"] != KEPT for event in self.events)

    @cached_property
    def badges(self) -> list[BadgeProgress]:
        return badge_progress(self.settings.badges, self.lifetime, self.events, self.utc_days)

    @cached_property
    def items(self) -> list[Record]:
        """The person's items that are not deleted, since when each is there; its size lies with its first owner."""
        found: list[Record] = []
        for subject, event in self._item_events.items():
            about = self.contents(subject)
            if not about:
                found += [event] if event["kind"] == "upload" else []  # else it went with its last owner
            elif self.user.user_id in about["owners"] and not about.get("deleted_at"):
                size = about.get("size_bytes") if about["owners"][0] == self.user.user_id else None
                found.append({"subject": subject, "at": about["created_at"], "size_bytes": size})
        return [*found, *(event for event in self.of("upload") if event["subject"] is None)]

    @cached_property
    def _item_events(self) -> dict[str, Record]:
        """The newest event of each item that was the person's once."""
        events = self.of("upload", "content", "stream_started")
        return {event["subject"]: event for event in events if event["subject"] is not None}

    @cached_property
    def titles(self) -> dict[str, str]:
        """What the watched items were called when they were watched, by their ids, where somebody told."""
        return {event["subject"]: event["title"] for event in self.of("watch") if event.get("title")}

    def title_of(self, content_id: str) -> str:
        """The id where nobody told a title."""
        title: str | None = self.titles.get(content_id) or self.contents(content_id).get("title")
        return title or content_id

    def days_of(self, kind: str) -> list[date]:
        """The local days of the events of a kind."""
        return [day_of(moment_of(event), self.zone) for event in self.of(kind)]

    def since(self, event: Record, days: int = PERIOD_DAYS) -> bool:
        """True where the event lies in the last so many local days, today included."""
        return (self.today - day_of(moment_of(event), self.zone)).days < days


def moment_of(event: Record) -> float:
    return seconds_of(event["at"])
