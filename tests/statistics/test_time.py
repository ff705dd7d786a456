"""Days of 23 and 25 hours, watches over midnight, sessions and streaks, in zones."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from user_stats.statistics.moments import Quarters, by_day, by_hour_and_weekday, sessions, spread, start_of, streak

BERLIN = ZoneInfo("Europe/Berlin")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_has_as_many_hours_as_its_zone_gives_it(day: str, hours: int) -> None:
    quarters: Quarters = defaultdict(int)
    for number in range(4):  # four days watched without a break, around the change
        spread(quarters, start_of(date.fromisoformat(day), BERLIN) + (number - 1) * 86_400, 86_400)
    assert by_day(quarters, BERLIN)[date.fromisoformat(day)] == hours * 3600
    table = by_hour_and_weekday({quarter: s for quarter, s in quarters.items() if _is_on(quarter, day)}, BERLIN)
    by_hour = [sum(row[hour] for row in table) for hour in range(24)]
    assert by_hour[2] == {23: 0, 24: 3600, 25: 7200}[hours]
    assert sum(by_hour) == hours * 3600


def _is_on(quarter: int, day: str) -> bool:
    return datetime.fromtimestamp(quarter * 900, BERLIN).date().isoformat() == day


def test_the_figures_of_a_person_are_right_over_the_change(site: Any) -> None:
    site.clock.now = datetime(2026, 3, 30, 12, tzinfo=UTC)
    site.manager.record_watch_activity(site.ada, "a", 7200, watched_at="2026-03-29T01:30:00+01:00")
    minutes = site.of(site.ada, "busiest_hour", tz="Europe/Berlin")["detail"]["minutes"]
    assert minutes[1:5] == [30, 0, 60, 30]  # 2 o'clock does not exist on that day
    assert site.platform("busiest_hour", tz="Europe/Berlin")["detail"]["minutes"] == minutes


def test_seconds_are_spread_whole() -> None:
    quarters: Quarters = defaultdict(int)
    spread(quarters, moment("2026-03-03T23:59:59.9+00:00"), 3601)
    assert sum(quarters.values()) == 3601
    assert by_day(quarters, UTC) == {date(2026, 3, 3): 1, date(2026, 3, 4): 3600}


def test_a_session_goes_on_from_the_end_of_a_watch() -> None:
    gap = timedelta(minutes=30)
    spans = [(0.0, 3600.0), (5400.0, 5400.0), (7201.0, 7201.0)]  # gaps of 1,800 and 1,801 s
    assert [one.seconds for one in sessions(spans, gap)] == [5400, 0]
    long_one = [(0.0, 9000.0), (600.0, 700.0), (10_000.0, 10_100.0)]  # the longest watch counts, not the last
    assert len(sessions(long_one, gap)) == 1


def test_streaks() -> None:
    today = date(2026, 3, 4)
    days = [today - timedelta(days=back) for back in (1, 2, 3, 5, 6, 7, 8)]
    found = streak(days, today)
    assert (found.current, found.best, found.last) == (3, 4, today - timedelta(days=5))
    assert streak([], today).best == 0


def test_rows_with_a_day_alone_are_in_no_hour_and_those_without_a_length_in_no_duration(site: Any) -> None:
    from user_stats.watches import Watch

    watches = [
        Watch("film", 0, watched_at="2026-03-01", length_known=False, stamp="day", title="Film", digest="a" * 32),
        Watch("clip", 0, watched_at="2026-03-02T10:00:00Z", length_known=False, digest="b" * 32),
        Watch("song", 180, watched_at="2026-03-03T10:00:00Z", digest="c" * 32),
    ]
    site.manager.batches.record(site.ada, watches, batch="one", source="test")
    assert site.of(site.ada, "average_watch_duration")["value"] == 180
    assert site.of(site.ada, "busiest_hour")["events"] == 1
    assert site.of(site.ada, "activity_streak")["detail"]["best"] == 3
    assert site.of(site.ada, "session_duration")["detail"]["sessions"] == 2
    assert site.platform("average_watch_duration")["value"] == 180
