"""A person's year and its picture, and the week of the site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from user_stats.statistics import year_image
from user_stats.statistics.cohorts import Cohort, cohorts
from user_stats.statistics.year_image import year_png, year_svg
from user_stats.statistics.year_in_review import Top


def test_a_year_counts_what_falls_into_it(site: Any) -> None:
    record = site.manager.record_watch_activity
    record(site.ada, "a", 7200, watched_at="2025-12-31T23:00:00Z", title="New Year", category="music")
    record(site.ada, "a", 3600, watched_at="2026-01-05T20:00:00Z", category="music")
    record(site.ada, "b", 1800, watched_at="2026-02-05T20:00:00Z", category="art")
    site.manager.record_interaction(site.ada, "like")
    review = site.statistics.year_in_review(site.ada, 2026)
    assert (review.watches, review.watched_hours, review.active_days) == (2, 1.5, 3)
    assert review.hours_by_month[:3] == [2, 0.5, 0]  # the second half of the watch over midnight is January's
    assert review.top_items == [Top("New Year", 1), Top("b", 1)]
    assert review.top_categories == [Top("music", 1), Top("art", 0.5)]
    assert (review.busiest_hour, review.interactions) == (20, 1)
    assert review.badges == ["First word"]
    assert site.statistics.year_in_review(site.ada, 2025).watches == 1
    assert site.statistics.years(site.ada) == [2026, 2025]
    assert site.statistics.year_in_review(site.ada, 2025, tz="Asia/Tokyo").watches == 0


def test_the_picture_is_sound_whatever_the_titles_say(site: Any) -> None:
    hostile = "</text><script>alert(1)</script>&\u202e\"'" + "x" * 300
    site.manager.content.describe(site.ada, "a", title='"><image href="http://example.org/x.png"/>')
    site.manager.record_watch_activity(site.ada, "a", 60)
    review = site.statistics.year_in_review(site.ada, 2026)
    from dataclasses import replace

    picture = year_svg(replace(review, username=hostile))
    root = ElementTree.fromstring(picture)
    assert {element.tag.split("}")[1] for element in root.iter()} <= {"svg", "title", "rect", "text"}
    assert not any(name.endswith("href") for element in root.iter() for name in element.attrib)
    assert year_svg(site.statistics.year_in_review(site.bob, 2026)).startswith("<svg")


def test_the_picture_as_a_png_has_its_size_whatever_the_titles_say(site: Any) -> None:
    for number, title in enumerate(("映画 кино 🎬 שלום", '"><image href="file:///etc/passwd"/>', "x" * 200)):
        site.manager.record_watch_activity(site.ada, f"item{number}", 60, title=title)
    picture = year_png(site.statistics.year_in_review(site.ada, 2026))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert [int.from_bytes(picture[at : at + 4], "big") for at in (16, 20)] == [1080, 1350]


def test_a_picture_that_would_load_something_is_not_drawn(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year_image, "escape", str)
    site.manager.record_watch_activity(site.ada, "a", 60, title='</text><image href="/etc/passwd"/><text>')
    with pytest.raises(ValueError, match="image"):
        year_png(site.statistics.year_in_review(site.ada, 2026))


def test_the_week_of_the_site_beside_the_one_before(site: Any) -> None:
    record = site.manager.record_watch_activity
    record(site.ada, "a", 3600, watched_at="2026-02-18T10:00:00Z")  # the week before
    record(site.ada, "a", 3600, watched_at="2026-02-24T10:00:00Z")
    record(site.bob, "a", 7200, watched_at="2026-02-25T10:00:00Z")
    record(site.bob, "a", 7200, watched_at="2026-03-03T10:00:00Z")  # this week is not over
    digest = site.statistics.weekly_digest()
    assert (digest.week, digest.first.isoformat()) == ("2026-W09", "2026-02-23")
    lines = {line.name: (line.value, line.before, line.growth) for line in digest.lines}
    assert lines["Hours watched"] == (3, 1, 200)
    assert lines["Active people"] == (2, 1, 100)
    assert lines["Uploads"] == (0, 0, None)
    assert digest.leaders == [("bob", 2), ("ada", 1)]
    assert "Hours watched: 3 (+200 %)" in digest.to_text()
    assert site.clock.now == datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


def test_cohorts_say_who_came_back_month_by_month(site: Any) -> None:
    record = site.manager.record_watch_activity
    record(site.ada, "a", 60, watched_at="2026-03-04T10:00:00Z")
    site.clock.advance(days=31)  # 4 April
    carol = site.manager.create_user("carol", "carol@example.org")
    record(site.bob, "a", 60)
    record(carol, "a", 60)
    found = cohorts(site.statistics.site_records(), months=3)
    assert found == [Cohort("2026-03", 2, (50, 50)), Cohort("2026-04", 1, (100,))]
    assert cohorts(site.statistics.site_records(), months=1) == found[1:]
