"""Figures of one person's watching, against examples counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from user_stats.models import ContentType, WatchHistoryEntry
from user_stats.statistics.histories import (
    DurationFigures,
    Measure,
    daily_statistics,
    duration_figures,
    favourites,
    over_time,
    spread,
    step_for,
    week_pattern,
)

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")


def watch(
    watched_at: str, seconds: int, content_type: ContentType = "video", *, title: str | None = None, known: bool = True
) -> WatchHistoryEntry:
    return WatchHistoryEntry("v", None, watched_at, seconds, content_type, "s", True, "720p", title, known)


def test_a_watch_is_spread_over_the_hours_that_it_covers() -> None:
    pieces = list(spread(datetime(2026, 3, 4, 22, 50, tzinfo=UTC), 90 * 60, BERLIN))
    assert [(local.day, local.hour, seconds) for local, seconds in pieces] == [
        (4, 23, 600),
        (5, 0, 3600),
        (5, 1, 1200),
    ]


def test_hours_of_a_zone_with_half_hours_begin_on_the_half_hour_of_utc() -> None:
    pieces = list(spread(datetime(2026, 3, 4, 10, 0, tzinfo=UTC), 3600, KOLKATA))
    assert [(local.hour, seconds) for local, seconds in pieces] == [(15, 1800), (16, 1800)]


def test_the_hour_that_comes_twice_in_autumn_counts_twice_and_the_missing_one_never() -> None:
    autumn = list(spread(datetime(2026, 10, 25, 0, 0, tzinfo=UTC), 3 * 3600, BERLIN))
    assert [local.hour for local, _ in autumn] == [2, 2, 3]
    spring = list(spread(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), 3 * 3600, BERLIN))
    assert [local.hour for local, _ in spring] == [1, 3, 4]


def test_hours_go_to_the_day_the_week_and_the_month_of_the_viewer() -> None:
    entries = [watch("2026-03-31T21:30:00+00:00", 3600), watch("2026-03-30T10:00:00+00:00", 1800, "stream")]
    by_day = over_time(entries, BERLIN, "day")
    assert [(row.starts_on.isoformat(), row.content_type, row.amount) for row in by_day] == [
        ("2026-03-30", "stream", 0.5),
        ("2026-03-31", "video", 0.5),
        ("2026-04-01", "video", 0.5),
    ]
    assert [row.starts_on for row in over_time(entries, BERLIN, "week")] == [date(2026, 3, 30)] * 2
    assert [row.starts_on.month for row in over_time(entries, BERLIN, "month")] == [3, 3, 4]


@pytest.mark.parametrize(("days", "step"), [(1, "day"), (62, "day"), (63, "week"), (490, "week"), (491, "month")])
def test_a_longer_time_is_drawn_in_larger_steps(days: int, step: str) -> None:
    assert step_for(days) == step


def test_the_week_pattern_has_every_hour_and_as_many_hours_as_were_watched() -> None:
    pattern = week_pattern([watch("2026-03-08T23:30:00+00:00", 7200)], UTC)
    assert len(pattern) == 168
    assert {(one.weekday, one.hour): one.amount for one in pattern if one.amount} == {
        (6, 23): 0.5,
        (0, 0): 1,
        (0, 1): 0.5,
    }


def test_watches_without_lengths_are_counted_where_they_begin() -> None:
    entries = [watch("2026-03-08T23:30:00+00:00", 0), watch("2026-03-08T23:40:00+00:00", 0)]
    (bar,) = over_time(entries, BERLIN, "day", Measure.WATCHES)
    assert (bar.starts_on.isoformat(), bar.amount) == ("2026-03-09", 2)
    pattern = week_pattern(entries, BERLIN, Measure.WATCHES)
    assert [(one.weekday, one.hour, one.amount) for one in pattern if one.amount] == [(0, 0, 2)]


def test_durations_leave_out_pictures_and_unknown_lengths() -> None:
    entries = [
        watch("2026-03-04", 60),
        watch("2026-03-04", 120),
        watch("2026-03-04", 600, "stream"),
        watch("2026-03-04", 0, "image"),
        watch("2026-03-04", 0, known=False),
    ]
    assert duration_figures(entries) == DurationFigures(3, 780, 260, 120, 600)
    assert duration_figures([]) == DurationFigures(0, 0, 0, 0, 0)


def test_favourites_are_ranked_by_hours() -> None:
    entries = [watch("2026-03-04", 60, title="a")] * 3 + [watch("2026-03-04", 3600, title="b"), watch("2026-03-04", 1)]
    assert [(one.title, one.watches) for one in favourites(entries, 2)] == [("b", 1), ("a", 3)]


def test_daily_statistics_count_what_happened_on_each_day() -> None:
    days = [date(2026, 3, 3), date(2026, 3, 4)]
    events = [
        {"kind": "watch", "at": "", "watched_at": "2026-03-03T22:30:00+00:00", "duration_seconds": 3600},
        {"kind": "upload", "at": "2026-03-04T09:00:00+00:00", "content_type": "stream"},
        {"kind": "interaction", "at": "2026-03-04T09:00:00+00:00"},
        {"kind": "feature_use", "at": "2026-02-01T09:00:00+00:00"},
        {"kind": "account_created", "at": "2026-03-04T09:00:00+00:00"},
    ]
    series = daily_statistics(events, BERLIN, days)
    assert series["total_watched_hours"] == [0.5, 0.5]
    assert series["watch_history_entries"] == [1, 0]
    assert series["streams_created"] == [0, 1]
    assert series["total_interactions"] == [0, 1]
    assert series["subscriber_features_used"] == [0, 0]
