"""The catalogue of people with real histories against answers that were computed elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from importing import Importer
from real_data import real_file

from user_stats.statistics.service import Statistics


def figures_of(raw: str, answers: str) -> tuple[Any, Any, dict[str, Any]]:
    importer = Importer()
    importer.clock.advance(days=365)
    importer.run(real_file(raw))
    statistics = Statistics(importer.manager.storage, clock=importer.clock)
    expected = json.loads(real_file(f"expected/{answers}.json").read_text())
    return statistics.person_catalogue(importer.person), statistics.platform_catalogue(), expected


def test_youtube_without_any_length() -> None:
    person, site, answers = figures_of("raw/youtube_takeout/watch-history.json", "youtube_takeout")
    assert person["average_watch_duration"]["value"] is None
    assert person["busiest_hour"]["value"] is None
    assert site["peak_watch_time"]["value"] is None
    streak, best = answers["longest_streak_utc"], person["activity_streak"]["detail"]
    assert (best["best"], best["first"], best["last"]) == (streak["days"], streak["start"], streak["end"])
    assert person["session_duration"]["detail"]["sessions"] == answers["sessions_gap_over_30min"]
    top = dict(person["most_viewed"]["detail"]["watches"])
    assert [top[item] for item, _ in answers["top10_video_ids"][:5]] == [
        count for _, count in answers["top10_video_ids"][:5]
    ]
    by_watches = site["most_viewed"]["detail"]["by_watches"]
    assert [row["content_id"] for row in by_watches] == [item for item, _ in person["most_viewed"]["detail"]["watches"]]


def test_spotify_hours_streak_and_top() -> None:
    person, site, answers = figures_of("raw/spotify/StreamingHistory0.json", "spotify")
    seconds = person["average_watch_duration"]["detail"]["seconds"]
    assert seconds == answers["sum_of_rounded_seconds"] == site["average_watch_duration"]["detail"]["seconds"]
    assert person["average_watch_duration"]["events"] == answers["entries"]
    assert sum(person["busiest_hour"]["detail"]["minutes"]) * 60 == pytest.approx(seconds)
    assert sum(site["peak_watch_time"]["detail"]["minutes_by_hour"]) * 60 == pytest.approx(seconds)
    counts = [count for _, count in person["most_viewed"]["detail"]["watches"]]
    assert counts == [count for _, count in answers["top10_tracks_by_plays"]]


def test_netflix_hours_and_streak() -> None:
    person, _, answers = figures_of("raw/netflix_single/ViewingActivity.csv", "netflix_single")
    main = answers["main_titles_only(Supplemental Video Type empty)"]
    duration = person["average_watch_duration"]
    assert (duration["events"], duration["detail"]["seconds"]) == (main["rows"], main["total_seconds"])
    assert duration["value"] == pytest.approx(main["mean_seconds_per_row"])
    assert person["activity_streak"]["detail"]["best"] == main["longest_streak"]["days"]
