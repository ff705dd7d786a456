"""Who leads: by a metric and a period, in competition ranking; people who opted out are not on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from user_stats.statistics.moments import iso_week
from user_stats.statistics.rules import Measure
from user_stats.storage import Record

if TYPE_CHECKING:
    from user_stats.statistics.site_records import SiteRecords

METRICS = ("points", "watched_hours", "watches", "interactions", "uploads")
PERIODS = ("week", "last_week", "month", "last_month", "year", "all")
OPT_OUT = "privacy.leaderboard"
HIDDEN = "hidden"
SECONDS_PER_HOUR = 3600
_LIFETIME: dict[str, tuple[Measure, ...]] = {
    "watched_hours": ("watched_hours",),
    "watches": ("watches",),
    "interactions": ("interactions",),
    "uploads": ("uploads", "streams", "images"),
}
"""The measures that add up to a metric over all time; the shorter periods count the same."""


@dataclass(frozen=True)
class Place:
    """Who ties shares the rank, and the next one is left out."""

    rank: int
    user_id: str
    username: str
    value: float

    def to_plain(self) -> dict[str, Any]:
        return asdict(self)


def leaderboard(records: SiteRecords, metric: str, period: str) -> list[Place]:
    """Everybody who has some, the first first. Weeks, months and years are those of UTC; points are of all time
    whatever the period."""
    shown = [
        user_id for user_id in records.tallies_by_person if user_id in records.people and is_shown(records, user_id)
    ]
    return ranked({user_id: value_of(records, user_id, metric, period) for user_id in shown}, records)


def is_shown(records: SiteRecords, user_id: str) -> bool:
    """False for who opted out, and for accounts that are not active."""
    preferences = records.tallies_by_person[user_id].get("preferences", {})
    return records.people[user_id].is_active and preferences.get(OPT_OUT) != HIDDEN


def ranked(values: dict[str, float], records: SiteRecords) -> list[Place]:
    ordered = sorted(
        ((value, records.people[user_id].username, user_id) for user_id, value in values.items() if value > 0),
        key=lambda one: (-one[0], one[1].casefold()),
    )
    places: list[Place] = []
    for number, (value, username, user_id) in enumerate(ordered, 1):
        ties = bool(places) and places[-1].value == value
        places.append(Place(places[-1].rank if ties else number, user_id, username, value))
    return places


def own_place(records: SiteRecords, user_id: str, metric: str, period: str) -> Place | None:
    """Of one person, also where they are hidden from the others; None where they have nothing."""
    values = {place.user_id: place.value for place in leaderboard(records, metric, period)}
    if user_id in records.tallies_by_person and user_id in records.people:
        values[user_id] = value_of(records, user_id, metric, period)
    return next((place for place in ranked(values, records) if place.user_id == user_id), None)


def value_of(records: SiteRecords, user_id: str, metric: str, period: str) -> float:
    if metric == "points":
        return records.points.get(user_id, 0)
    if period == "all":
        values = records.lifetime_values.get(user_id)
        return 0 if values is None else sum(values[one] for one in _LIFETIME[metric])
    name = "seconds" if metric == "watched_hours" else metric
    amount = sum(
        amounts.get(name, 0) for amounts in _parts(records.tallies_by_person[user_id], period, records.utc_today)
    )
    return amount / SECONDS_PER_HOUR if metric == "watched_hours" else amount


def _parts(tally: Record, period: str, today: date) -> list[dict[str, int]]:
    if period == "year":
        return [amounts for month, amounts in tally["months"].items() if month.startswith(f"{today.year:04d}")]
    if period.endswith("week"):
        day = today - timedelta(days=7) if period == "last_week" else today
        return [tally["weeks"].get(iso_week(day), {})]
    day = today.replace(day=1) - timedelta(days=1) if period == "last_month" else today
    return [tally["months"].get(day.isoformat()[:7], {})]
