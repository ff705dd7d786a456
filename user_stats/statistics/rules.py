"""Badges, milestones, points and levels as data: what an admin may read and extend in the configuration.

Each rule looks at one measure, a lifetime figure that only ever grows, so that what was earned stays earned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Measure = Literal[
    "watches", "watched_hours", "uploads", "streams", "images", "interactions", "features_used", "active_days", "streak"
]
MEASURES: dict[Measure, str] = {
    "watches": "watches",
    "watched_hours": "hours watched",
    "uploads": "videos uploaded",
    "streams": "streams created",
    "images": "images uploaded",
    "interactions": "likes, comments and shares",
    "features_used": "uses of a feature",
    "active_days": "days with activity",
    "streak": "days with activity in a row",
}
Rarity = Literal["common", "uncommon", "rare", "epic", "legendary"]
POINTS: dict[Rarity, int] = {"common": 10, "uncommon": 25, "rare": 50, "epic": 100, "legendary": 250}
"""What a badge of each rarity is worth."""


@dataclass(frozen=True)
class Badge:
    """Earned when the measure reaches the threshold."""

    key: str
    name: str
    measure: Measure
    threshold: float
    rarity: Rarity

    @property
    def points(self) -> int:
        return POINTS[self.rarity]


BADGES = (
    Badge("first_watch", "First watch", "watches", 1, "common"),
    Badge("regular_viewer", "Regular viewer", "watches", 100, "uncommon"),
    Badge("devoted_viewer", "Devoted viewer", "watches", 1000, "rare"),
    Badge("ten_hours", "Ten hours", "watched_hours", 10, "common"),
    Badge("hundred_hours", "A hundred hours", "watched_hours", 100, "rare"),
    Badge("thousand_hours", "A thousand hours", "watched_hours", 1000, "legendary"),
    Badge("first_upload", "First upload", "uploads", 1, "common"),
    Badge("film_maker", "Film maker", "uploads", 25, "rare"),
    Badge("studio", "Studio", "uploads", 250, "legendary"),
    Badge("on_air", "On air", "streams", 1, "uncommon"),
    Badge("broadcaster", "Broadcaster", "streams", 50, "epic"),
    Badge("photographer", "Photographer", "images", 50, "uncommon"),
    Badge("first_word", "First word", "interactions", 1, "common"),
    Badge("conversation", "Good conversation", "interactions", 100, "uncommon"),
    Badge("heart_of_the_site", "Heart of the site", "interactions", 1000, "epic"),
    Badge("explorer", "Explorer", "features_used", 25, "uncommon"),
    Badge("month_of_days", "Thirty days", "active_days", 30, "uncommon"),
    Badge("year_of_days", "A year of days", "active_days", 365, "epic"),
    Badge("week_in_a_row", "A week in a row", "streak", 7, "uncommon"),
    Badge("month_in_a_row", "A month in a row", "streak", 30, "rare"),
    Badge("hundred_in_a_row", "A hundred in a row", "streak", 100, "legendary"),
)
MILESTONES: dict[Measure, tuple[int, ...]] = {
    "watches": (10, 50, 100, 500, 1000, 5000, 10_000),
    "watched_hours": (1, 10, 50, 100, 500, 1000, 5000),
    "uploads": (1, 10, 50, 100, 500, 1000),
    "interactions": (1, 10, 50, 100, 500, 1000, 5000),
    "active_days": (7, 30, 100, 365, 1000),
}
LEVEL_STEP = 25
"""Points from level 1 to 2; each further step takes so many more than the one before."""


def level_of(points: int) -> int:
    """Level 1 from 0 points, 2 from 25, 3 from 75, 4 from 150, …"""
    level = 1
    while points >= points_for_level(level + 1):
        level += 1
    return level


def points_for_level(level: int) -> int:
    """The fewest points of a level."""
    return LEVEL_STEP * level * (level - 1) // 2
