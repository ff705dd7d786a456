"""What an owner may tune in the statistics; the values come from the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from user_stats.models import UserRole
from user_stats.statistics.rules import BADGES, LEVEL_STEP, MILESTONES, RARITY_POINTS, Badge, Measure

BITRATES = {
    "144p": 0.1,
    "240p": 0.3,
    "360p": 0.7,
    "480p": 1.2,
    "540p": 1.7,
    "576p": 1.9,
    "720p": 2.5,
    "900p": 4.0,
    "1080p": 5.0,
    "1440p": 9.0,
    "2160p": 18.0,
    "4320p": 50.0,
    "audio": 0.16,
}
"""Megabits a second by quality, for bandwidth that was not measured."""
QUOTAS = {UserRole.FREE.value: 5.0, UserRole.SUBSCRIBER.value: 50.0, UserRole.PREMIUM.value: 500.0}
"""Gigabytes (10⁹) by role; a role that is not named has no quota."""
PRICES = {UserRole.SUBSCRIBER.value: 4.99, UserRole.PREMIUM.value: 9.99}


@dataclass(frozen=True)
class StatisticsSettings:
    """Each as in `config.py`, where its unit stands."""

    time_zone: str = "UTC"
    watched_threshold: float = 0.85
    session_gap: timedelta = timedelta(minutes=30)
    bitrates: Mapping[str, float] = field(default_factory=lambda: BITRATES)
    storage_quota_gb: Mapping[str, float] = field(default_factory=lambda: QUOTAS)
    subscription_prices: Mapping[str, float] = field(default_factory=lambda: PRICES)
    currency: str = "USD"
    backup_days: float = 1
    badges: tuple[Badge, ...] = BADGES
    rarity_points: Mapping[str, int] = field(default_factory=lambda: RARITY_POINTS)
    milestones: Mapping[Measure, Sequence[float]] = field(default_factory=lambda: MILESTONES)
    level_step: int = LEVEL_STEP
