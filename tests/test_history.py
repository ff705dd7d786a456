"""What is kept of what people watch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from clocks import FixedClock

from user_stats import Forbidden, InvalidInput, UserManager, WatchHistoryEntry
from user_stats.storage import Storage, open_storage


@pytest.fixture
def ada(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org")


def watched(manager: UserManager, person: str, limit: int = 100) -> list[str]:
    return [entry.video_id for entry in manager.history_tracker.get_watch_history(person, limit)]


def test_a_watch_is_an_entry_and_moves_the_counters(manager: UserManager, ada: str, clock: FixedClock) -> None:
    manager.record_watch_activity(ada, "v1", 1800, completed=True, quality="1080p", session_id="s1", title="One")
    assert manager.history_tracker.get_watch_history(ada) == [
        WatchHistoryEntry("v1", None, "2026-03-04T12:00:00.000000+00:00", 1800, "video", "s1", True, "1080p", "One")
    ]
    stats = manager.get_user_stats(ada)
    assert (stats.watch_history_entries, stats.total_watched_hours) == (1, 0.5)
    assert stats.last_activity_timestamp == "2026-03-04T12:30:00.000000+00:00"


def test_hours_are_exact_over_many_short_watches(manager: UserManager, ada: str) -> None:
    for _ in range(10):
        manager.record_watch_activity(ada, "v", 360)
    assert manager.get_user_stats(ada).total_watched_hours == 1.0
    for _ in range(7):
        manager.record_watch_activity(ada, "v", 1)
    assert manager.history_tracker.get_total_watched_hours(ada) == 3607 / 3600


def test_the_history_is_ordered_by_the_end_newest_first(manager: UserManager, ada: str, clock: FixedClock) -> None:
    for name, start, seconds in (("long", 60, 3000), ("short", 30, 60), ("tie", 40, 660), ("old", 600, 60)):
        manager.record_watch_activity(ada, name, seconds, watched_at=clock.now - timedelta(minutes=start))
    assert watched(manager, ada) == ["long", "tie", "short", "old"]
    assert watched(manager, ada, 2) == ["long", "tie"]


def test_beyond_the_cap_the_oldest_go_and_the_figures_stay(storage: Storage, clock: FixedClock) -> None:
    manager = UserManager(storage, clock=clock, max_history=5)
    ada = manager.create_user("ada", "ada@example.org")
    for number in range(8):
        clock.advance(minutes=10)
        manager.record_watch_activity(ada, f"v{number}", 60)
    manager.record_watch_activity(ada, "past", 60, watched_at=clock.now - timedelta(days=9))
    assert watched(manager, ada) == ["v7", "v6", "v5", "v4", "v3"]
    assert manager.get_user_stats(ada).watch_history_entries == 9
    assert manager.history_tracker.get_watch_stats_by_type(ada)["video"]["count"] == 9
    assert manager.verify() == []


def test_clearing_empties_the_list_and_changes_no_figure(manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "v", 3600)
    manager.record_watch_activity(ada, "s", 1800, "stream")
    before = manager.get_user_stats(ada)
    assert manager.history_tracker.clear_watch_history(ada, actor=ada) == 2
    assert manager.history_tracker.clear_watch_history(ada) == 0
    assert watched(manager, ada) == []
    assert manager.get_user_stats(ada) == before
    assert manager.history_tracker.get_total_watched_hours(ada) == 1.5
    assert manager.verify() == []


def test_statistics_by_type_add_up_to_the_total(manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "v", 1800, completed=True)
    manager.record_watch_activity(ada, "s", 3600, "stream")
    manager.record_watch_activity(ada, "i", 0, "image")
    by_type = manager.history_tracker.get_watch_stats_by_type(ada)
    assert by_type == {
        "video": {"count": 1, "seconds": 1800, "hours": 0.5, "completed": 1},
        "stream": {"count": 1, "seconds": 3600, "hours": 1.0, "completed": 0},
        "image": {"count": 1, "seconds": 0, "hours": 0.0, "completed": 0},
    }
    assert sum(one["hours"] for one in by_type.values()) == manager.history_tracker.get_total_watched_hours(ada)


def test_the_tracker_records_like_the_manager(manager: UserManager, ada: str) -> None:
    manager.history_tracker.add_watch_entry(ada, "v", 60)
    assert manager.get_user_stats(ada).watch_history_entries == 1


def test_a_stream_is_its_own_stream_unless_told_otherwise(manager: UserManager, ada: str) -> None:
    assert manager.record_watch_activity(ada, "s", 60, "stream").stream_id == "s"
    assert manager.record_watch_activity(ada, "s", 60, "stream", stream_id="live-1").stream_id == "live-1"
    for content_type in ("video", "image"):
        with pytest.raises(InvalidInput) as refused:
            manager.record_watch_activity(ada, "v", 60, content_type, stream_id="live-1")
        assert refused.value.field == "stream_id"


@pytest.mark.parametrize("seconds", [-1, 86_401, 10**18, 1.5, "60", True, float("nan"), float("inf"), None])
def test_a_bad_duration_is_refused(manager: UserManager, ada: str, seconds: Any) -> None:
    with pytest.raises(InvalidInput, match="0 to 86,400"):
        manager.record_watch_activity(ada, "v", seconds)
    assert manager.get_user_stats(ada).watch_history_entries == 0


@pytest.mark.parametrize("video_id", ["", "  ", "x" * 257, "a\nb", "a\x00", None, 7, "\ud800"])
def test_a_bad_video_id_is_refused(manager: UserManager, ada: str, video_id: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.record_watch_activity(ada, video_id, 60)
    assert refused.value.field == "video_id"


@pytest.mark.parametrize("video_id", ["日本語 🎬", '"quoted"', "=1+1", "a..b", "s01e02 (final)"])
def test_any_visible_text_may_name_a_video(manager: UserManager, ada: str, video_id: str) -> None:
    manager.record_watch_activity(ada, video_id, 60)
    assert watched(manager, ada) == [video_id]


@pytest.mark.parametrize("quality", ["9999p", "x" * 10_000, "", None, 720])
def test_a_bad_quality_is_refused(manager: UserManager, ada: str, quality: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.record_watch_activity(ada, "v", 60, quality=quality)
    assert refused.value.field == "quality"


@pytest.mark.parametrize(
    "moment",
    [
        *("yesterday", "2024-02-30", "2024-W01-1", "0001-01-01T00:00:00", "", "1969-12-31", 5, True),
        datetime(2026, 3, 4, 12, 35, tzinfo=UTC),
        "2026-03-04T12:35:00",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_a_bad_moment_is_refused(manager: UserManager, ada: str, moment: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.record_watch_activity(ada, "v", 60, watched_at=moment)
    assert refused.value.field == "watched_at"


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-04T10:00:00",
        "2026-03-04T10:00:00Z",
        "2026-03-04T15:30:00+05:30",
        datetime(2026, 3, 4, 10),
        datetime(2026, 3, 4, 11, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_moments_are_kept_in_utc(manager: UserManager, ada: str, moment: Any) -> None:
    assert manager.record_watch_activity(ada, "v", 60, watched_at=moment).watched_at == (
        "2026-03-04T10:00:00.000000+00:00"
    )


@pytest.mark.parametrize("limit", [-1, 0, 1001, 10**9, "all", None, True])
def test_a_bad_limit_is_refused(manager: UserManager, ada: str, limit: Any) -> None:
    with pytest.raises(InvalidInput, match="1 to 1,000"):
        manager.history_tracker.get_watch_history(ada, limit)


def test_the_cap_may_be_higher_than_the_usual_limit() -> None:
    manager = UserManager(open_storage("memory:"), max_history=5000)
    ada = manager.create_user("ada", "ada@example.org")
    assert manager.history_tracker.get_watch_history(ada, 5000) == []


def test_histories_of_others_cannot_be_cleared(manager: UserManager, ada: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    manager.record_watch_activity(ada, "v", 60)
    with pytest.raises(Forbidden):
        manager.history_tracker.clear_watch_history(ada, actor=bob)
    assert watched(manager, ada) == ["v"]
