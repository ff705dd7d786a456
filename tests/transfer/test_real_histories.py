"""Real exports against answers that were computed elsewhere: every figure that the product can give agrees."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from importing import Importer
from real_data import real_file

from user_stats.__main__ import main
from user_stats.models import SECONDS_PER_HOUR
from user_stats.statistics.moments import WEEKDAYS, sessions
from user_stats.statistics.viewing import Ranking, Viewing
from user_stats.storage import open_storage
from user_stats.transfer.imports import Options

RAW = {
    "youtube_takeout": "raw/youtube_takeout/watch-history.json",
    "netflix_single": "raw/netflix_single/ViewingActivity.csv",
    "spotify": "raw/spotify/StreamingHistory0.json",
    "lastfm": "raw/lastfm/sample_export.json",
}
GAP = timedelta(minutes=30)
LATER = date(2030, 1, 1)


def expected(name: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(real_file(f"expected/{name}.json").read_text())
    return answers


def imported(name: str, options: Options | None = None, zone: Any = UTC) -> tuple[Importer, Viewing]:
    importer = Importer()
    importer.clock.advance(days=365)
    report = importer.run(real_file(RAW[name]), options)
    assert importer.manager.verify() == []
    return importer, importer.imports.figures(importer.person, report.batch, zone)


def days(figures: Viewing, place: int) -> dict[str, int]:
    return {day.isoformat(): one[place] for day, one in figures.days.items()}


def assert_top(found: Counter[str], wanted: list[list[Any]]) -> None:
    """The same counts, each of the same name; of names that tie at the end others may be listed."""
    assert [count for _, count in found.most_common(len(wanted))] == [count for _, count in wanted]
    assert [found[name] for name, _ in wanted] == [count for _, count in wanted]


def by_start_alone(figures: Viewing) -> int:
    """Sessions as where no length is known."""
    return len(sessions([(start, start) for start, _ in figures.spans], GAP))


def streak_of(figures: Viewing) -> dict[str, Any]:
    best = figures.streak(LATER)
    return {"days": best.best, "start": str(best.first), "end": str(best.last)}


def test_youtube() -> None:
    answers = expected("youtube_takeout")
    importer, figures = imported("youtube_takeout")
    visited = importer.run(real_file(RAW["youtube_takeout"])).skipped
    assert visited == {"not a video": answers["visited_not_watched"]}
    importer, figures = imported("youtube_takeout", Options(include=("all",)))
    assert figures.watches == answers["entries"] == figures.without_length
    assert figures.seconds == 0, "hours are not made up"
    assert days(figures, 0) == answers["plays_per_day_utc"]
    assert len(figures.days) == answers["days_with_activity_utc"]
    assert {str(hour): count for hour, count in enumerate(figures.by_hour) if count} == answers["plays_by_hour_utc"]
    assert dict(zip(WEEKDAYS, figures.by_weekday, strict=True)) == answers["plays_by_weekday_utc"]
    years = Counter[str]()
    for day, (watches, _) in figures.days.items():
        years[str(day.year)] += watches
    assert years == answers["plays_by_year_utc"]
    assert_top(figures.titles.watches, answers["top10_titles"])
    assert_top(figures.creators.watches, answers["top10_channels"])
    items = Ranking(Counter({name: n for name, n in figures.items.watches.items() if ":" not in name})).watches
    assert_top(items, answers["top10_video_ids"])
    assert len(items) == answers["distinct_video_ids"]
    assert sum(items.values()) == answers["plays_with_video_id"]
    assert sum(count > 1 for count in items.values()) == answers["videos_watched_more_than_once"]
    assert streak_of(figures) == answers["longest_streak_utc"]
    assert figures.sessions(GAP) == answers["sessions_gap_over_30min"]
    moments = [importer.events()[place]["watched_at"][:23] + "Z" for place in (0, -1)]
    assert moments == [answers["first"], answers["last"]]


@pytest.mark.parametrize(
    ("part", "include"),
    [("all_rows", ("all",)), ("main_titles_only(Supplemental Video Type empty)", ())],
)
def test_netflix(part: str, include: tuple[str, ...]) -> None:
    whole = expected("netflix_single")
    answers = whole[part]
    _, figures = imported("netflix_single", Options(include=include))
    assert (figures.watches, figures.seconds) == (answers["rows"], answers["total_seconds"])
    assert round(figures.hours, 4) == answers["total_hours"]
    assert [f"{at:%Y-%m-%d %H:%M:%S}" for at in (figures.first, figures.last)] == [answers["first"], answers["last"]]
    prefix = "" if include else "main_"
    assert days(figures, 0) == whole[f"{prefix}plays_per_day"]
    assert days(figures, 1) == whole[f"{prefix}seconds_per_day"]
    assert len(figures.days) == answers["days_with_activity"]
    assert len(figures.titles.watches) == answers["distinct_titles"]
    assert sum(count > 1 for count in figures.titles.watches.values()) == answers["titles_with_more_than_one_row"]
    assert_top(figures.titles.watches, answers["top10_titles_by_plays"])
    assert_top(figures.titles.seconds, answers["top10_titles_by_seconds"])
    assert {str(hour): count for hour, count in enumerate(figures.by_hour) if count} == answers["rows_by_hour_utc"]
    assert dict(zip(WEEKDAYS, figures.by_weekday, strict=True)) == answers["rows_by_weekday_utc"]
    assert streak_of(figures) == answers["longest_streak"]
    assert by_start_alone(figures) == answers["sessions_gap_over_30min_between_starts"]
    assert round(figures.seconds / figures.watches, 6) == answers["mean_seconds_per_row"]
    if include:
        months = Counter[str]()
        for day, (_, seconds) in figures.days.items():
            months[day.isoformat()[:7]] += seconds
        assert months == whole["seconds_per_month"]


def test_netflix_names_what_it_leaves_out() -> None:
    kinds = expected("netflix_single")["rows_by_supplemental_type"]
    report = Importer().run(real_file(RAW["netflix_single"]))
    skipped = {kind.lower().replace("_", " "): count for kind, count in kinds.items() if kind != "(none)"}
    assert (report.imported, dict(report.skipped)) == (kinds["(none)"], skipped)


def test_spotify() -> None:
    answers = expected("spotify")
    importer, figures = imported("spotify")
    assert figures.watches == answers["entries"]
    assert figures.seconds == answers["sum_of_rounded_seconds"]
    stats = importer.manager.get_user_stats(importer.person)
    assert stats.total_watched_hours == answers["sum_of_rounded_seconds"] / SECONDS_PER_HOUR
    assert [f"{at:%Y-%m-%d %H:%M}" for at in (figures.first, figures.last)] == [answers["first"], answers["last"]]
    assert days(figures, 0) == answers["plays_per_day"]
    for day, milliseconds in answers["ms_per_day"].items():
        plays, seconds = figures.days[date.fromisoformat(day)]
        assert abs(seconds - milliseconds / 1000) <= plays / 2, "each play is rounded by half a second at most"
    assert len(figures.days) == answers["days_with_activity"]
    assert streak_of(figures) == answers["longest_streak"]
    assert len(figures.creators.watches) == answers["distinct_artists"]
    assert len(figures.items.watches) == answers["distinct_tracks"]
    assert_top(figures.creators.watches, answers["top10_artists_by_plays"])
    by_time = [name for name, _ in figures.creators.seconds.most_common(10)]
    assert by_time == [name for name, _ in answers["top10_artists_by_ms"]]
    tracks = Counter(f"{event['creator']} — {event['title']}" for event in importer.events())
    assert_top(tracks, answers["top10_tracks_by_plays"])
    assert sum(event["duration_seconds"] < 30 for event in importer.events()) <= answers["under_30s"]


def test_lastfm_in_two_zones() -> None:
    answers = expected("lastfm")
    importer, figures = imported("lastfm")
    assert (figures.watches, figures.seconds) == (answers["scrobbles"], 0)
    assert days(figures, 0) == answers["per_utc_day"]
    _, there = imported("lastfm", zone=ZoneInfo("Asia/Kolkata"))
    assert days(there, 0) == answers["per_local_day(+05:30)"]
    assert_top(figures.creators.watches, answers["top10_artists"])
    assert_top(Counter(f"{one['creator']} — {one['title']}" for one in importer.events()), answers["top10_tracks"])
    assert figures.sessions(GAP) == answers["sessions_gap_over_30min"]


def test_trakt() -> None:
    report = Importer().run(real_file("raw/trakt/history-head.json"))
    assert (report.rows, report.imported, dict(report.skipped)) == (6, 4, {"marked by hand": 2})


def test_all_of_them_twice_and_in_any_order(tmp_path: Path) -> None:
    found = []
    for number, names in enumerate((list(RAW), list(RAW)[::-1] * 2)):
        importer = Importer(open_storage(str(tmp_path / f"users{number}")))
        for name in names:
            importer.run(real_file(RAW[name]))
        assert importer.manager.verify() == []
        stats = importer.manager.get_user_stats(importer.person)
        history = importer.manager.history_tracker.get_watch_history(importer.person, 1000)
        found.append((stats.watch_history_entries, stats.total_watched_hours, Counter(map(str, history))))
    assert found[0] == found[1]


def test_the_command_shows_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "users")]
    main([*store, "create-admin", "ada", "ada@example.org"])
    main([*store, "import", str(real_file(RAW["lastfm"])), "--user", "ada", "--json"])
    batch = json.loads(capsys.readouterr().out.split("\n", 1)[1])["batch"]
    words = [*store, "imports", "--user", "ada", "--show", batch]
    assert main([*words, "--tz", "Asia/Kolkata", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    answers = expected("lastfm")
    assert {day: one["watches"] for day, one in shown["days"].items()} == answers["per_local_day(+05:30)"]
    assert [[one["creator"], one["watches"]] for one in shown["creators"]["by_watches"]] == answers["top10_artists"]
    songs = Counter({f"{one['creator']} — {one['title']}": one["watches"] for one in shown["items"]["by_watches"]})
    assert_top(songs, answers["top10_tracks"])
    assert main(words) == 0
    assert "Elliott Smith" in capsys.readouterr().out
    assert main([*store, "imports", "--user", "ada", "--show", "none"]) == 2
