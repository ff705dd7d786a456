"""How far a person is with each badge, and since when each is theirs; by UTC days, the same for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from user_stats.models import COUNTERS, SECONDS_PER_HOUR, UserStats
from user_stats.statistics.day_bits import EPOCH
from user_stats.statistics.moments import Streak
from user_stats.statistics.rules import Badge, Measure
from user_stats.storage import Record

KEPT = "badge"
"""The kind of the event that says that a badge was earned; its subject is the key. See `kept_badges.py`."""
_COUNTED: dict[str, Measure] = {"video": "uploads", "stream": "streams", "image": "images"}


@dataclass(frozen=True)
class BadgeProgress:
    """A badge for one person: how far, and since when it is theirs."""

    badge: Badge
    value: float
    earned_on: str | None
    is_earned: bool

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return 1.0 if self.is_earned else self.value / self.badge.threshold


class Kept(NamedTuple):
    """A badge as it was earned, whatever the rules are now; of what was brought along nobody knows the day."""

    badge: Badge
    on: str | None


def kept_badges(events: Iterable[Record]) -> dict[str, Kept]:
    """The badges in a log, by key."""
    return {event["subject"]: Kept(_rule_in(event), event["on"]) for event in events if event["kind"] == KEPT}


def _rule_in(event: Record) -> Badge:
    name, measure, threshold = event["name"], event["measure"], event["threshold"]
    return Badge(event["subject"], name, measure, threshold, event["rarity"], event["points"])


def lifetime_values(stats: UserStats, days: int, streak: Streak) -> dict[Measure, float]:
    """Every measure that the rules of badges look at; each only grows. `days` as in `day_bits.py`."""
    counters = {name: getattr(stats, name) for name in COUNTERS}
    return {
        "watches": counters["watch_history_entries"],
        "watched_hours": stats.total_watched_hours,
        "uploads": counters["videos_uploaded"],
        "streams": counters["streams_created"],
        "images": counters["images_uploaded"],
        "interactions": counters["total_interactions"],
        "features_used": counters["subscriber_features_used"],
        "active_days": days.bit_count(),
        "streak": streak.best,
    }


def badge_progress(
    rules: Sequence[Badge], values: dict[Measure, float], events: Iterable[Record], days: int
) -> list[BadgeProgress]:
    """Every badge, earned or not, as the rules list them; then those that were earned by rules of before."""
    events = list(events)
    kept, story = kept_badges(events), _story(events, days)
    found = []
    for badge in rules:
        value = values[badge.measure]
        since = next((day for day, so_far in story.get(badge.measure, ()) if so_far >= badge.threshold), None)
        before = kept.pop(badge.key, None)
        if before is not None:
            found.append(BadgeProgress(badge, value, before.on, is_earned=True))
        else:
            is_earned = value >= badge.threshold
            found.append(BadgeProgress(badge, value, since if is_earned else None, is_earned))
    return [*found, *(BadgeProgress(one.badge, one.badge.threshold, one.on, is_earned=True) for one in kept.values())]


def _story(events: Iterable[Record], days: int) -> dict[Measure, list[tuple[str, float]]]:
    """For each measure the days on which it rose, in order, each with what it was at their end."""
    rises: dict[Measure, dict[str, float]] = {}
    for event in events:
        for measure, amount in _raised_by(event):
            of_day = rises.setdefault(measure, {})
            day = event["watched_at" if event["kind"] == "watch" else "at"][:10]
            of_day[day] = of_day.get(day, 0) + amount
    story = {measure: _summed(of_day) for measure, of_day in rises.items()}
    story["watched_hours"] = [(day, seconds / SECONDS_PER_HOUR) for day, seconds in story.get("watched_hours", ())]
    story["active_days"], story["streak"] = _days_so_far(days)
    return story


def _raised_by(event: Record) -> Iterable[tuple[Measure, float]]:
    """Which measures an event raises; hours in seconds, so that they add up exactly."""
    kind = event["kind"]
    if kind == "watch":
        return ("watches", 1), ("watched_hours", event["duration_seconds"])
    if kind == "upload":
        return ((_COUNTED[event["content_type"]], 1),)
    if kind == "interaction":
        return (("interactions", 1),)
    return (("features_used", 1),) if kind == "feature_use" else ()


def _summed(of_day: dict[str, float]) -> list[tuple[str, float]]:
    so_far, line = 0.0, []
    for day, amount in sorted(of_day.items()):
        so_far += amount
        line.append((day, so_far))
    return line


def _days_so_far(days: int) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """The number of days, and those in a row, up to each of the days."""
    first = (days & -days).bit_length() - 1 if days else 0
    active: list[tuple[str, float]] = []
    in_a_row: list[tuple[str, float]] = []
    length = 0
    for place, bit in enumerate(bin(days >> first)[:1:-1]):
        length = length + 1 if bit == "1" else 0
        if length:
            day = date.fromordinal(EPOCH + first + place).isoformat()
            active.append((day, len(active) + 1))
            in_a_row.append((day, length))
    return active, in_a_row
