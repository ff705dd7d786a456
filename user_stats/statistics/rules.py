"""Badges, milestones, rarity and levels as data: the built-in ones, which the configuration extends or replaces.

Each rule looks at one measure, a lifetime figure that only grows by what people do. A badge that was earned stays, also
where an import is undone or a rule is changed: see `kept_badges.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Any, Literal

Measure = Literal[
    "watches", "watched_hours", "uploads", "streams", "images", "interactions", "features_used", "active_days", "streak"
]
MEASURES: dict[Measure, str] = {
    "watches": "watches",
    "watched_hours": "hours watched",
    "uploads": "videos uploaded",
    "streams": "streams created",
    "images": "images uploaded",
    "interactions": "interactions",
    "features_used": "uses of a feature",
    "active_days": "days with activity",
    "streak": "days with activity in a row",
}
_ONE: dict[Measure, str] = {
    "watches": "watch",
    "watched_hours": "hour watched",
    "uploads": "video uploaded",
    "streams": "stream created",
    "images": "image uploaded",
    "interactions": "interaction",
    "features_used": "use of a feature",
    "active_days": "day with activity",
    "streak": "day with activity in a row",
}
RARITY_POINTS: Mapping[str, int] = {"common": 10, "uncommon": 25, "rare": 50, "epic": 100, "legendary": 250}
"""What a badge of each class of rarity is worth."""


@dataclass(frozen=True)
class Badge:
    """Earned when the measure reaches the threshold."""

    key: str
    name: str
    measure: Measure
    threshold: float
    rarity: str
    points: int


_BADGES: tuple[tuple[str, str, Measure, float, str], ...] = (
    ("first_watch", "First watch", "watches", 1, "common"),
    ("regular_viewer", "Regular viewer", "watches", 100, "uncommon"),
    ("devoted_viewer", "Devoted viewer", "watches", 1000, "rare"),
    ("ten_hours", "Ten hours", "watched_hours", 10, "common"),
    ("hundred_hours", "A hundred hours", "watched_hours", 100, "rare"),
    ("thousand_hours", "A thousand hours", "watched_hours", 1000, "legendary"),
    ("first_upload", "First upload", "uploads", 1, "common"),
    ("film_maker", "Film maker", "uploads", 25, "rare"),
    ("studio", "Studio", "uploads", 250, "legendary"),
    ("on_air", "On air", "streams", 1, "uncommon"),
    ("broadcaster", "Broadcaster", "streams", 50, "epic"),
    ("photographer", "Photographer", "images", 50, "uncommon"),
    ("first_word", "First word", "interactions", 1, "common"),
    ("conversation", "Good conversation", "interactions", 100, "uncommon"),
    ("heart_of_the_site", "Heart of the site", "interactions", 1000, "epic"),
    ("explorer", "Explorer", "features_used", 25, "uncommon"),
    ("month_of_days", "Thirty days", "active_days", 30, "uncommon"),
    ("year_of_days", "A year of days", "active_days", 365, "epic"),
    ("week_in_a_row", "A week in a row", "streak", 7, "uncommon"),
    ("month_in_a_row", "A month in a row", "streak", 30, "rare"),
    ("hundred_in_a_row", "A hundred in a row", "streak", 100, "legendary"),
)
BADGES = tuple(Badge(*row, points=RARITY_POINTS[row[-1]]) for row in _BADGES)

MILESTONES: Mapping[Measure, Sequence[float]] = {
    "watches": (10, 50, 100, 500, 1000, 5000, 10_000),
    "watched_hours": (1, 10, 50, 100, 500, 1000, 5000),
    "uploads": (1, 10, 50, 100, 500, 1000),
    "interactions": (1, 10, 50, 100, 500, 1000, 5000),
    "active_days": (7, 30, 100, 365, 1000),
}
LEVEL_STEP = 25
"""Points from level 1 to 2; each further step takes so many more than the one before."""


def badge_rules(own: Iterable[Mapping[str, Any]], rarity_points: Mapping[str, int]) -> tuple[Badge, ...]:
    """The built-in rules, worth what their classes are worth, with the site's own; a known key takes the place."""
    rules = {badge.key: replace(badge, points=rarity_points[badge.rarity]) for badge in BADGES}
    rules |= {rule["key"]: Badge(**rule, points=rarity_points[rule["rarity"]]) for rule in own}
    return tuple(rules.values())


def in_words(threshold: float, measure: Measure) -> str:
    """For instance "1,000 watches"."""
    return f"{threshold:,.10g} {_ONE[measure] if threshold == 1 else MEASURES[measure]}"


def level_of(points: int, step: int = LEVEL_STEP) -> int:
    """With steps of 25: level 1 from 0 points, 2 from 25, 3 from 75, 4 from 150, …"""
    return (isqrt(8 * (points // step) + 1) + 1) // 2


def points_for_level(level: int, step: int = LEVEL_STEP) -> int:
    """The fewest points of a level."""
    return step * level * (level - 1) // 2
