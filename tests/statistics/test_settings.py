"""The settings of the site and those of the library have the same defaults; wrong ones are named at the start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

import config
from user_stats.statistics.rules import BADGES, badge_rules
from user_stats.statistics.settings import StatisticsSettings


def test_the_defaults_are_those_of_the_configuration() -> None:
    settings = StatisticsSettings()
    assert dict(settings.bitrates) == config.BITRATES
    assert dict(settings.storage_quota_gb) == config.STORAGE_QUOTA_GB
    assert dict(settings.subscription_prices) == config.SUBSCRIPTION_PRICES
    assert dict(settings.rarity_points) == config.RARITY_POINTS
    assert {measure: list(every) for measure, every in settings.milestones.items()} == config.MILESTONES
    assert settings.level_step == config.LEVEL_STEP
    assert settings.badges == badge_rules(config.BADGES, config.RARITY_POINTS) == BADGES
    assert settings.session_gap == timedelta(minutes=config.SESSION_GAP_MINUTES)
    named = (settings.time_zone, settings.watched_threshold, settings.currency)
    assert named == (config.TIME_ZONE, config.WATCHED_THRESHOLD, config.CURRENCY)


MARATHON = {"key": "marathon", "name": "Marathon", "measure": "watched_hours", "threshold": 42, "rarity": "mythic"}
PRINTED = """
from user_stats.bootstrap import get_statistics
settings = get_statistics("memory:").settings
print([badge.points for badge in settings.badges if badge.rarity in ("mythic", "rare")])
print(list(settings.milestones["watches"]), list(settings.milestones["uploads"])[:2], settings.level_step)
"""
RARE = {**MARATHON, "rarity": "rare"}


def started(**settings: Any) -> subprocess.CompletedProcess[str]:
    """A process of its own with these settings in its environment."""
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
    command, environment = [sys.executable, "-c", PRINTED], {**os.environ, **told}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_rules_of_achievements_can_be_extended() -> None:
    points, milestones = {"mythic": 500, "rare": 60}, {"watches": [7, 77]}
    found = started(BADGES=[MARATHON], RARITY_POINTS=points, MILESTONES=milestones, LEVEL_STEP="40")
    assert found.stdout == "[60, 60, 60, 60, 500]\n[7, 77] [1, 10] 40\n", found.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"BADGES": [MARATHON]}, "BADGES: rarity of badge marathon is 'mythic'; allowed: one of common, uncommon"),
        ({"BADGES": [{**MARATHON, "rarity": "rare", "measure": "luck"}]}, "measure of badge marathon is 'luck'"),
        ({"BADGES": [{**MARATHON, "rarity": "rare", "threshold": 0}]}, "threshold of badge marathon is 0; allowed"),
        ({"BADGES": [{**MARATHON, "key": "Ä"}]}, "BADGES: key of badge 1 is 'Ä'; allowed: 1 to 64 of a-z"),
        ({"BADGES": [{**MARATHON, "name": 7}]}, "BADGES: name of badge 1 is '7'; allowed"),
        ({"BADGES": [{**MARATHON, "name": "\ud800"}]}, "BADGES: name of badge 1 is '\\ud800'; allowed"),
        ({"BADGES": [{**MARATHON, "name": "a\u202eb"}]}, "BADGES: name of badge 1 is 'a\\u202eb'; allowed"),
        ({"BADGES": [{**MARATHON, "name": " "}]}, "BADGES: name of badge 1 is ' '; allowed"),
        ({"BADGES": [RARE, RARE]}, "BADGES: key of badge 2 is 'marathon' again; allowed: each key once"),
        ({"BADGES": [{"key": "a"}]}, "BADGES: badge 1 has other parts; allowed: key, measure, name"),
        ({"BADGES": "["}, "BADGES: '[' is not allowed; allowed: JSON such as"),
        ({"RARITY_POINTS": {"rare": 1.5}}, "RARITY_POINTS: points of rare are 1.5; allowed: a whole number"),
        ({"RARITY_POINTS": {"<b>": 1}}, "RARITY_POINTS: class '<b>'; allowed"),
        ({"MILESTONES": {"luck": [1]}}, "MILESTONES: measure 'luck'; allowed: one of watches"),
        (
            {"MILESTONES": {"watches": [5, 1]}},
            "MILESTONES: watches is [5, 1]; allowed: each threshold once",
        ),
        ({"MILESTONES": {"watches": ["5"]}}, "MILESTONES: watches is ['5']; allowed: a list of numbers"),
        ({"MILESTONES": {"watches": [float("inf")]}}, "MILESTONES: watches is [inf]; allowed: a list of numbers"),
        ({"LEVEL_STEP": "0"}, "LEVEL_STEP: '0' is not allowed; allowed: a whole number from 1"),
    ],
)
def test_a_wrong_rule_stops_the_start_and_is_named(settings: dict[str, Any], said: str) -> None:
    found = started(**settings)
    assert found.returncode != 0
    assert said in found.stderr
