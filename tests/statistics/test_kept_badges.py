"""A badge is kept for good: whatever becomes of what it was earned by, or of its rule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from user_stats.bootstrap import get_user_manager
from user_stats.collections import ACTIVITY, ROLLUPS
from user_stats.demo import Demo
from user_stats.errors import StorageCorrupt
from user_stats.statistics.rules import BADGES, Badge
from user_stats.statistics.service import Statistics
from user_stats.statistics.settings import StatisticsSettings
from user_stats.watches import Watch

EARNED = ["first_watch", "ten_hours", "week_in_a_row"]
"""By eleven days with an hour each."""
HARD = Badge("ten_hours", "Ten hours", "watched_hours", 5000, "common", 10)


def watched(hours: int) -> list[Watch]:
    return [Watch(f"v{number}", 3600, watched_at=f"2025-01-{number + 1:02}T10:00:00Z") for number in range(hours)]


def badges_of(site: Any, statistics: Statistics, user_id: str) -> dict[str, Any]:
    figure = statistics.person_catalogue(user_id)["badges"]
    return {row["key"]: row["on"] for row in figure["detail"]["badges"]}


def with_rules(site: Any, *rules: Badge) -> Statistics:
    """The statistics of the same site under other rules."""
    return Statistics(site.manager.storage, settings=StatisticsSettings(badges=rules), clock=site.clock)


def test_a_badge_outlives_the_undoing_of_the_import_that_earned_it(site: Any) -> None:
    site.manager.batches.record(site.ada, watched(11), batch="past", source="test")
    before = badges_of(site, site.statistics, site.ada)
    assert before["ten_hours"] == "2025-01-10"
    site.manager.batches.remove(site.ada, "past")
    assert site.manager.get_user_stats(site.ada).watch_history_entries == 0
    assert badges_of(site, site.statistics, site.ada) == before
    assert site.of(site.ada, "points")["value"] == site.platform("points")["value"] == 45
    assert site.platform("badges")["detail"]["people"]["ten_hours"] == 1
    assert site.manager.verify() == []


def test_a_badge_outlives_a_raised_threshold_and_a_rule_that_is_dropped(site: Any) -> None:
    site.manager.batches.record(site.ada, watched(11), batch="past", source="test")
    site.statistics.follow()
    harder = with_rules(site, *(HARD if one.key == HARD.key else one for one in BADGES))
    assert badges_of(site, harder, site.ada)["ten_hours"] == "2025-01-10"
    none = with_rules(site)
    assert badges_of(site, none, site.ada) == badges_of(site, site.statistics, site.ada)
    for key in ("points", "level"):
        assert none.person_catalogue(site.ada)[key]["value"] == site.of(site.ada, key)["value"]
    assert none.platform_catalogue()["points"]["value"] == site.platform("points")["value"] == 45
    assert site.of(site.bob, "points")["value"] == 0
    assert "Ten hours" in none.platform_catalogue()["badges"]["value"]


def test_a_badge_is_kept_once_and_is_no_event_that_a_figure_rests_on(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 60)
    before = site.of(site.ada, "badges")
    stats = site.manager.get_user_stats(site.ada)
    site.statistics.follow()
    site.statistics.follow()
    assert [event["subject"] for event in site.manager.get_activity(site.ada) if event["kind"] == "badge"] == [
        "first_watch"
    ]
    assert site.of(site.ada, "badges") == before
    assert site.manager.get_user_stats(site.ada) == stats
    assert site.manager.verify() == []


def test_made_up_activity_earns_nothing_for_good(site: Any) -> None:
    demo = Demo(site.manager.storage, max_entries=1000, clock=site.clock)
    demo.add_activity(site.ada, days=30, seed=7)
    assert "first_watch" in badges_of(site, site.statistics, site.ada)
    site.statistics.follow()
    demo.remove_all()
    assert badges_of(site, site.statistics, site.ada) == {}
    assert all(event["kind"] != "badge" for event in site.manager.storage.read_log(ACTIVITY, site.ada))


def events_of(site: Any, user_id: str) -> list[dict[str, Any]]:
    return [event for event in site.manager.storage.read_log(ACTIVITY, user_id) if event["kind"] == "badge"]


def damage(site: Any, user_id: str, event: dict[str, Any]) -> None:
    site.manager.storage.transaction(lambda tx: tx.append(ACTIVITY, user_id, event))


@pytest.mark.parametrize("damaged", ["ada", "bob"])
def test_a_damaged_log_keeps_nobody_else_waiting(site: Any, damaged: str) -> None:
    whole = site.bob if damaged == "ada" else site.ada
    for user_id in (site.ada, site.bob):
        site.manager.batches.record(user_id, 4 * watched(30), batch="past", source="test")
    damage(site, getattr(site, damaged), {"at": "2026-01-01T00:00:00Z", "kind": "watch", "subject": "a"})
    with pytest.raises(StorageCorrupt, match=getattr(site, damaged)):
        site.statistics.follow()
    assert events_of(site, whole)
    assert site.manager.storage.read_log(ROLLUPS, whole)
    assert not site.manager.storage.read_log(ROLLUPS, getattr(site, damaged))


def test_a_badge_that_was_damaged_is_found(site: Any) -> None:
    event = {"at": "2026-01-01T00:00:00Z", "kind": "badge", "subject": "a", "name": "A", "on": None, "points": 1}
    damage(site, site.ada, {**event, "threshold": 1, "measure": None, "rarity": "rare"})
    assert any("the rule of a badge" in one.stored for one in site.manager.verify())


def test_a_kept_badge_is_no_activity(site: Any) -> None:
    site.manager.batches.record(site.ada, watched(11), batch="past", source="test")
    site.clock.advance(days=40)

    def seen() -> list[Any]:
        today = site.clock().date()
        others = ("activity_streak", "session_duration", "sessions_per_week", "days_since_login", "engagement_trend")
        return [
            *(site.of(site.ada, key)["value"] for key in others),
            *(site.platform(key) for key in others),
            site.manager.get_active_people(),
            site.manager.get_day_totals(today, today),
            site.manager.get_user_stats(site.ada),
            site.statistics.years(site.ada),
            site.statistics.weekly_digest(),
        ]

    before = seen()
    site.statistics.follow()
    assert [event["subject"] for event in events_of(site, site.ada)] == EARNED
    assert seen() == before
    site.manager.delete_user(site.ada)
    assert site.manager.storage.read_log(ACTIVITY, site.ada) == []
    assert site.manager.verify() == []


def test_two_who_follow_at_once_keep_a_badge_once(tmp_path: Path) -> None:
    folder = str(tmp_path / "users")
    manager = get_user_manager(folder)
    user_ids = [manager.create_user(f"person{number}", f"person{number}@example.org") for number in range(20)]
    for user_id in user_ids:
        manager.batches.record(user_id, watched(11), batch="past", source="test")
    code = "import sys; from user_stats.bootstrap import get_statistics; get_statistics(sys.argv[1]).follow()"
    together = [subprocess.Popen([sys.executable, "-c", code, folder]) for _ in range(2)]
    assert [one.wait() for one in together] == [0, 0]
    for user_id in user_ids:
        kept = [event["subject"] for event in manager.get_activity(user_id) if event["kind"] == "badge"]
        assert kept == EARNED
    assert manager.verify() == []
