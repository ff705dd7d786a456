"""What is known of the site: the sums of the ledger, people and items, with what several figures ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any

from user_stats.models import User, UserStats
from user_stats.statistics.badges import lifetime_values
from user_stats.statistics.content_records import ContentRecords, View
from user_stats.statistics.day_bits import EPOCH, days_between, is_edge, streak_of
from user_stats.statistics.kinds import Amounts
from user_stats.statistics.leaderboard import leaderboard
from user_stats.statistics.ledger import Sums
from user_stats.statistics.moments import DAY_QUARTERS, QUARTER_SECONDS, Streak, by_hour_and_weekday, local
from user_stats.statistics.rules import Measure
from user_stats.statistics.settings import StatisticsSettings
from user_stats.storage import Record
from user_stats.times import from_iso

TOP, TOP_STREAMS = 10, 3
_DAY_SUMS = {"watches": ("video_watches", "stream_watches", "image_watches"), "timed": ("timed_watches",)}
_INTERACTIONS = ("likes", "comments", "shares")


@dataclass(frozen=True)
class SiteRecords:
    """The site at one moment, in one zone. Days of people and items are UTC days."""

    people: Mapping[str, User]
    stats: Mapping[str, UserStats]
    tallies_by_person: Mapping[str, Record]
    days: Sums
    quarters: Mapping[int, int]
    """Watched seconds by quarter of an hour since 1970."""
    topics: Sums
    content_sums: Sums
    edges: Sums
    about: Mapping[str, Record]
    """What was told of each item."""
    now: datetime
    zone: tzinfo
    settings: StatisticsSettings
    backups: Mapping[str, Any]
    audience_days: Mapping[str, Record]
    events: int
    """How many were recorded, of everybody."""
    title_beside: Callable[[str], str | None] = field(default=lambda content_id: None)
    """What an item of which nobody told a title is called in the list of a viewer."""

    @property
    def users(self) -> list[User]:
        return list(self.people.values())

    @property
    def tallies(self) -> list[Record]:
        return list(self.tallies_by_person.values())

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def utc_today(self) -> date:
        return self.now.date()

    # -- sums -----------------------------------------------------------------------------------------------------

    @cached_property
    def contents(self) -> list[Record]:
        return [{"content_id": content_id, **sums} for content_id, sums in self.content_sums.items()]

    @cached_property
    def items(self) -> list[Record]:
        """The items that are not deleted: those that somebody described, and uploads of which nobody told more."""
        uploads = (
            {"content_id": content_id, "owners": [user_id], **upload}
            for user_id, tally in self.tallies_by_person.items()
            for content_id, upload in tally["uploads"].items()
            if content_id not in self.about
        )
        return [*(about for about in self.about.values() if not about.get("deleted_at")), *uploads]

    def total(self, name: str) -> int:
        if name in _DAY_SUMS:
            return sum(self.day_sum(one) for one in _DAY_SUMS[name])
        return sum(row.get(name, 0) for row in self.content_sums.values())

    def day_sum(self, name: str, last_days: int | None = None) -> int:
        """Of all days, or of the last so many."""
        first = "" if last_days is None else (self.utc_today - timedelta(days=last_days - 1)).isoformat()
        return sum(row.get(name, 0) for day, row in self.days.items() if day >= first)

    @cached_property
    def sums_by_month(self) -> dict[str, Amounts]:
        """Of each month in the zone, exactly: watches and their seconds by quality, bytes and payments."""
        months: dict[str, list[Amounts]] = {}
        for day, row in self.days.items():
            if not is_edge(day):
                months.setdefault(day[:7], []).append(row)
        for quarter, row in self.edges.items():
            month = local(int(quarter) * QUARTER_SECONDS, self.zone).isoformat()[:7]
            months.setdefault(month, []).append(row)
        return {month: _added_up(rows) for month, rows in months.items()}

    @property
    def month_sums(self) -> Amounts:
        """Of this month."""
        return self.sums_by_month.get(self.today.isoformat()[:7], {})

    @cached_property
    def day_sums(self) -> Amounts:
        """Of all days."""
        return _added_up(self.days.values())

    def quality_seconds(self) -> dict[str, int]:
        return by_name(self.day_sums, "seconds_")

    def category_seconds(self, other: str) -> dict[str, int]:
        """Watched seconds by category; those without one under `other`."""
        seconds: dict[str, int] = {}
        for row in self.topics.values():
            for name, amount in row.items():
                if name.startswith("category:"):
                    category = name.removeprefix("category:")
                    seconds[category] = seconds.get(category, 0) + amount
        for content_id, sums in self.content_sums.items():
            if rest := sums.get("uncategorised"):
                category = self.about.get(content_id, {}).get("category") or other
                seconds[category] = seconds.get(category, 0) + rest
        return seconds

    def tag_watches(self, days: int, before: int) -> dict[str, int]:
        """Watches by tag in so many UTC days that end so many days before today."""
        watches: dict[str, int] = {}
        for back in range(before, before + days):
            row = self.topics.get((self.utc_today - timedelta(days=back)).isoformat(), {})
            for name, amount in row.items():
                if name.startswith("tag:"):
                    tag = name.removeprefix("tag:")
                    watches[tag] = watches.get(tag, 0) + amount
        return watches

    def top(self, name: str, *, kind: str | None = None) -> list[Record]:
        """The ten items with most of something, each with its title where it is known."""
        rows = [row for row in self.contents if row.get(name, 0) > 0 and (kind is None or row.get("streams"))]
        rows.sort(key=lambda row: (-row[name], row["content_id"]))
        return [
            {
                "content_id": row["content_id"],
                "title": self.about.get(row["content_id"], {}).get("title") or self.title_beside(row["content_id"]),
                "watches": row.get("watches", 0),
                "viewers": row.get("viewers", 0),
                name: row[name],
            }
            for row in rows[:TOP]
        ]

    @cached_property
    def top_streams(self) -> list[ContentRecords]:
        """The streams with the most viewers, each with all its watches; few, for a big one has thousands."""
        return [self._stream(row["content_id"]) for row in self.top("viewers", kind="stream")[:TOP_STREAMS]]

    def _stream(self, stream_id: str) -> ContentRecords:
        about, totals = self.about.get(stream_id, {}), self.content_sums[stream_id]
        views = [
            View(start, start + seconds, user_id)
            for user_id, tally in self.tallies_by_person.items()
            for start, seconds in tally["streams"].get(stream_id, ())
        ]
        return ContentRecords(stream_id, about, totals, views, None, self.now, self.zone, None)

    def tally_sum(self, name: str) -> int:
        return sum(tally.get(name, 0) for tally in self.tallies)

    # -- time -----------------------------------------------------------------------------------------------------

    @cached_property
    def seconds_by_hour_and_weekday(self) -> list[list[int]]:
        return by_hour_and_weekday(self.quarters, self.zone)

    def viewers_in_hour(self, hour: int) -> int:
        """Distinct people who ever watched in this hour of the day."""
        masks: dict[str, int] = {}
        for quarter in self.quarters:
            if local(quarter * QUARTER_SECONDS, self.zone).hour == hour:
                day = date.fromordinal(EPOCH + quarter // DAY_QUARTERS)
                month, place = day.isoformat()[:7], (day.day - 1) * DAY_QUARTERS + quarter % DAY_QUARTERS
                masks[month] = masks.get(month, 0) | 1 << place
        return sum(any(bits & masks.get(month, 0) for month, bits in tally["hours"].items()) for tally in self.tallies)

    def local_day(self, moment: str) -> date:
        return from_iso(moment).astimezone(self.zone).date()

    def month_of(self, moment: str) -> str:
        return self.local_day(moment).isoformat()[:7]

    # -- people ---------------------------------------------------------------------------------------------------

    def active_people(self, until: date, days: int) -> int:
        """Distinct people with an act in so many UTC days that end with `until`."""
        mask = days_between(until - timedelta(days=days - 1), until)
        return sum(bool(tally["days"] & mask) for tally in self.tallies)

    def viewers_between(self, first: date, last: date) -> int:
        mask = days_between(first, last)
        return sum(bool(tally["viewed"] & mask) for tally in self.tallies)

    def interactions(self, until: date, days: int) -> int:
        names = [(until - timedelta(days=back)).isoformat() for back in range(days)]
        return sum(self.days.get(day, {}).get(kind, 0) for day in names for kind in _INTERACTIONS)

    def plans(self) -> Iterator[tuple[User, list[Record]]]:
        """Everybody who ever subscribed, with the times that they did."""
        for user_id, tally in self.tallies_by_person.items():
            if tally["plans"] and user_id in self.people:
                yield self.people[user_id], tally["plans"]

    def active_referrals(self) -> int:
        return sum(tally.get("is_referred", 0) for tally in self.tallies if tally["days"])

    @cached_property
    def streaks(self) -> dict[str, Streak]:
        """Of everybody, by UTC days."""
        return {user_id: streak_of(tally["days"], self.utc_today) for user_id, tally in self.tallies_by_person.items()}

    @cached_property
    def sign_in_streaks(self) -> list[Streak]:
        """Of everybody who ever signed in, by UTC days."""
        return [streak_of(tally["signed_in"], self.utc_today) for tally in self.tallies if tally["signed_in"]]

    @cached_property
    def lifetime_values(self) -> dict[str, dict[Measure, float]]:
        """What the rules look at, of everybody."""
        return {
            user_id: lifetime_values(self.stats[user_id], tally["days"], self.streaks[user_id])
            for user_id, tally in self.tallies_by_person.items()
            if user_id in self.stats
        }

    @cached_property
    def earned_badges(self) -> dict[str, dict[str, int]]:
        """Of everybody: the points of each badge that is theirs, by the rules of now or of before."""
        rules = self.settings.badges
        earned = {}
        for user_id, values in self.lifetime_values.items():
            kept = self.tallies_by_person[user_id].get("badges", {})
            now = {one.key: one.points for one in rules if values[one.measure] >= one.threshold or one.key in kept}
            before = {key: points for key, (points, _) in kept.items()}
            earned[user_id] = {**before, **now}
        return earned

    @cached_property
    def badge_names(self) -> dict[str, str]:
        """By key; of those that no rule gives any more as they were called when they were earned."""
        kept = (tally["badges"] for tally in self.tallies if "badges" in tally)
        before = {key: name for badges in kept for key, (_, name) in badges.items()}
        return before | {badge.key: badge.name for badge in self.settings.badges}

    @cached_property
    def points(self) -> dict[str, int]:
        return {user_id: sum(badges.values()) for user_id, badges in self.earned_badges.items()}

    def badge_holders(self) -> dict[str, int]:
        """How many people have each badge; of those that no rule gives any more, only where somebody has it."""
        holders = Counter({badge.key: 0 for badge in self.settings.badges})
        for badges in self.earned_badges.values():
            holders.update(badges.keys())
        return dict(holders)

    def leaders(self, metric: str = "points", period: str = "all") -> list[Record]:
        """The first ten of a leaderboard."""
        return [row.to_plain() for row in leaderboard(self, metric, period)[:TOP]]

    # -- the audience ---------------------------------------------------------------------------------------------

    def audience_by_month(self, name: str) -> dict[str, int]:
        """Of each UTC month with any."""
        months = Counter[str]()
        for day, row in self.audience_days.items():
            months[day[:7]] += row.get(name, 0)
        return {month: amount for month, amount in months.items() if amount}


def _added_up(rows: Iterable[Amounts]) -> Amounts:
    sums: Amounts = {}
    for row in rows:
        for name, amount in row.items():
            sums[name] = sums.get(name, 0) + amount
    return sums


def by_name(sums: Amounts, before: str, after: str = "") -> dict[str, int]:
    """The amounts whose names begin and end so, by what stands between."""
    named = (name for name in sums if name.startswith(before) and name.endswith(after))
    return {name.removeprefix(before).removesuffix(after): sums[name] for name in named if sums[name]}
