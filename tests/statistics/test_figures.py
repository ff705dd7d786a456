"""A hand-computed example for each of the 53 figures. The clock stands on Wednesday, 4 March 2026, 12:30 UTC."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from user_stats import activity
from user_stats.collections import SITE
from user_stats.storage import Transaction
from user_stats.times import to_iso
from user_stats.watches import Watch

HOUR = 3600


def at(text: str) -> str:
    """A moment of March 2026, as "3 18:30"."""
    day, time = text.split()
    return f"2026-03-{int(day):02}T{time}:00Z"


# -- watch engagement ---------------------------------------------------------------------------------------------


def test_1_peak_watch_time_spreads_a_watch_over_the_hours_that_it_covers(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", HOUR, watched_at=at("3 18:30"))  # 30 min at 18, 30 min at 19
    site.manager.record_watch_activity(site.bob, "a", 1200, watched_at=at("2 19:00"))  # 20 min at 19
    figure = site.platform("peak_watch_time")
    assert (figure["value"], figure["events"]) == (19, 2)
    assert figure["detail"]["minutes_by_hour"][18:20] == [30, 50]
    assert figure["detail"]["viewers"] == 2
    assert site.platform("peak_watch_time", tz="Asia/Kolkata")["detail"]["minutes_by_hour"][0:2] == [80, 0]


def test_1_and_5_rest_on_the_watches_whose_length_is_known(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 60, category="art")
    site.manager.record_watch_activity(site.ada, "picture", 0, "image", category="art")
    for key in ("peak_watch_time", "favorite_categories"):
        assert site.platform(key)["events"] == site.of(site.ada, key)["events"] == 1


def test_2_average_watch_duration_and_median(site: Any) -> None:
    for seconds in (60, 120, 600):
        site.manager.record_watch_activity(site.ada, "a", seconds)
    figure = site.of(site.ada, "average_watch_duration")
    assert (figure["value"], figure["detail"]["median"], figure["events"]) == (260, 120, 3)
    assert site.item("a", "average_watch_duration")["value"] == 260
    assert site.platform("average_watch_duration")["value"] == 260


def test_3_completion_rate_leaves_images_out(site: Any) -> None:
    record = site.manager.record_watch_activity
    record(site.ada, "a", 900, completed=True)
    record(site.ada, "a", 850, length_seconds=1000)  # 85 %
    record(site.ada, "a", 250, length_seconds=1000)  # 25 %
    record(site.ada, "b", 300)
    record(site.ada, "picture", 0, "image", completed=True)
    figure = site.of(site.ada, "completion_rate")
    assert (figure["value"], figure["events"]) == (50, 4)
    assert figure["detail"]["average_percentage"] == 55
    assert site.item("a", "completion_rate")["value"] == pytest.approx(200 / 3)
    assert site.item("a", "completion_rate")["detail"] == {"completed": 2, "average_percentage": 55}
    assert site.platform("completion_rate")["value"] == 50
    assert site.platform("completion_rate")["detail"]["average_percentage"] == 55
    assert site.item("b", "completion_rate")["detail"]["average_percentage"] is None


def test_4_rewatches_are_six_hours_apart(site: Any) -> None:
    for moment in ("1 10:00", "1 12:00", "1 17:00", "3 10:00"):  # the second comes too soon
        site.manager.record_watch_activity(site.ada, "a", 600, completed=True, watched_at=at(moment))
    site.manager.record_watch_activity(site.bob, "a", 600, completed=True, watched_at=at("3 10:00"))
    assert site.item("a", "rewatch_count")["value"] == 2
    assert site.of(site.ada, "rewatch_count")["value"] == 2
    assert site.platform("rewatch_count")["value"] == 2
    bases = [site.item("a", "rewatch_count"), site.of(site.ada, "rewatch_count"), site.platform("rewatch_count")]
    assert [figure["events"] for figure in bases] == [5, 4, 5]


def test_4_without_a_completed_watch_there_is_no_data(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 600)
    for figure in (site.item("a", "rewatch_count"), site.of(site.ada, "rewatch_count"), site.platform("rewatch_count")):
        assert (figure["value"], figure["missing"]) == (None, "no data yet")


def test_5_favourite_categories_by_share_of_the_minutes(site: Any) -> None:
    for category, seconds in (("art", 600), ("science", 1800), ("art", 600)):
        site.manager.record_watch_activity(site.ada, "a", seconds, category=category)
    for figure in (site.of(site.ada, "favorite_categories"), site.platform("favorite_categories")):
        assert figure["value"] == ["science", "art"]
        assert [row["share"] for row in figure["detail"]["shares"]] == [60, 40]


# -- streaming ----------------------------------------------------------------------------------------------------


@pytest.fixture
def stream(site: Any) -> Any:
    """An hour live: ada is there for all of it, bob for the second half, eve for ten minutes in the middle."""
    manager = site.manager
    eve = manager.create_user("eve", "eve@example.org")
    manager.content.start_stream(site.ada, "live", started_at=at("3 18:00"))
    manager.content.end_stream(site.ada, "live", ended_at=at("3 19:00"))
    for person, seconds, start in ((site.ada, 3600, "18:00"), (site.bob, 1800, "18:30"), (eve, 600, "18:30")):
        manager.record_watch_activity(person, "live", seconds, "stream", watched_at=at(f"3 {start}"))
    return site


def test_6_average_concurrent_viewers(stream: Any) -> None:
    assert stream.item("live", "average_concurrent_viewers")["value"] == pytest.approx((60 + 30 + 10) / 60)
    figure = stream.platform("average_concurrent_viewers")
    assert (figure["value"], figure["events"]) == (pytest.approx(100 / 60), 3)
    assert figure["detail"]["streams"] == [{"content_id": "live", "title": None, "value": figure["value"]}]


def test_6_7_and_10_leave_out_a_watch_of_which_only_the_day_is_known(stream: Any) -> None:
    keys = ("average_concurrent_viewers", "peak_viewers", "viewer_retention")
    before = [stream.item("live", key) for key in keys]
    by_day = Watch("live", 1800, "stream", watched_at=at("3 00:00"), stamp="day")
    stream.manager.batches.record(stream.bob, [by_day], batch="past", source="test")
    assert stream.item("live", "most_viewed")["value"] == 4
    assert [stream.item("live", key) for key in keys] == before


def test_7_peak_viewers(stream: Any) -> None:
    assert stream.item("live", "peak_viewers")["value"] == 3
    assert stream.platform("peak_viewers")["detail"]["streams"][0]["content_id"] == "live"


def test_8_stream_duration_counts_an_open_stream_until_now(stream: Any) -> None:
    assert stream.of(stream.ada, "stream_duration")["value"] == 1
    stream.manager.content.start_stream(stream.ada, "now", started_at=at("4 12:00"))
    figure = stream.of(stream.ada, "stream_duration")
    assert (figure["value"], figure["detail"]["still_open"]) == (1.5, 1)
    assert stream.platform("stream_duration")["value"] == 1.5


def test_9_stream_frequency_includes_empty_weeks(site: Any) -> None:
    for number, day in enumerate(("2026-02-11", "2026-02-12", "2026-03-03")):  # ISO weeks 7 to 10
        site.manager.content.start_stream(site.ada, f"s{number}", started_at=f"{day}T10:00:00Z")
    assert site.of(site.ada, "stream_frequency")["value"] == 0.75
    assert site.platform("stream_frequency")["value"] == 0.75


def test_10_viewer_retention_at_each_tenth_and_for_the_next_stream(stream: Any) -> None:
    figure = stream.item("live", "viewer_retention")
    third = 100 / 3
    # minutes 6, 12, 18, 24: ada; 30, 36: all three; 42, 48, 54, 60: ada and bob
    assert figure["detail"]["curve"] == pytest.approx([third] * 4 + [100] * 2 + [2 * third] * 4)
    assert figure["value"] == pytest.approx(60)
    assert stream.platform("viewer_retention")["value"] == pytest.approx(60)
    assert figure["detail"]["came_back"] is None
    stream.manager.content.start_stream(stream.ada, "next", started_at=at("4 10:00"))
    stream.manager.record_watch_activity(stream.bob, "next", 60, "stream")
    assert stream.item("live", "viewer_retention")["detail"]["came_back"] == pytest.approx(third)


def test_11_average_quality_is_weighted_by_time(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 3000, quality="1080p")
    site.manager.record_watch_activity(site.ada, "a", 1000, quality="360p")
    for figure in (site.of(site.ada, "average_quality"), site.platform("average_quality")):
        assert (figure["value"], figure["detail"]["mode"]) == (900, 1080)


# -- content performance ------------------------------------------------------------------------------------------


def test_12_most_viewed_by_watches_and_by_viewers(site: Any) -> None:
    for person, item in ((site.ada, "a"), (site.ada, "a"), (site.ada, "a"), (site.ada, "b"), (site.bob, "b")):
        site.manager.record_watch_activity(person, item, 60)
    detail = site.platform("most_viewed")["detail"]
    assert [row["content_id"] for row in detail["by_watches"]] == ["a", "b"]
    assert [(row["content_id"], row["viewers"]) for row in detail["by_viewers"]] == [("b", 2), ("a", 1)]
    assert site.item("a", "most_viewed")["value"] == 3
    assert site.of(site.ada, "most_viewed")["value"] == ["a", "b"]


def test_12_most_viewed_goes_by_title_where_one_is_known(site: Any) -> None:
    site.manager.content.describe(site.bob, "a", title="The first")
    for item, title in (("a", None), ("a", None), ("b", "As it was called"), ("b", None), ("c", None)):
        site.manager.record_watch_activity(site.ada, item, 60, title=title)
    assert site.platform("most_viewed")["value"] == ["The first", "As it was called", "c"]
    assert site.of(site.ada, "most_viewed")["value"] == ["The first", "As it was called", "c"]


def test_13_trending_tags_need_five_watches_and_compare_with_a_usual_week(site: Any) -> None:
    def watch(tag: str, times: int, day: str) -> None:
        for _ in range(times):
            site.manager.record_watch_activity(site.ada, "a", 60, tags=[tag], watched_at=f"{day}T10:00:00Z")

    watch("space", 6, "2026-03-03")
    watch("space", 8, "2026-02-20")  # a usual week: 2
    watch("ocean", 5, "2026-03-03")
    watch("ocean", 20, "2026-02-20")  # a usual week: 5
    watch("rare", 4, "2026-03-03")
    figure = site.platform("trending_tags")
    assert figure["value"] == ["space", "ocean"]
    assert [row["growth"] for row in figure["detail"]["tags"]] == [200, 0]


def test_14_average_rating_counts_the_newest_of_each_person(site: Any) -> None:
    rate = site.manager.content.rate
    rate(site.ada, "a", 2)
    rate(site.ada, "a", 5)
    rate(site.bob, "a", 4)
    rate(site.bob, "b", 1.5)
    figure = site.item("a", "average_rating")
    assert (figure["value"], figure["events"]) == (4.5, 2)
    assert figure["detail"]["shrunk"] == pytest.approx((4.5 * 2 + 3.5 * 10) / 12)
    assert site.platform("average_rating")["value"] == 3.5
    assert site.of(site.bob, "average_rating")["value"] == 2.75


def test_15_quality_distribution(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 900, quality="1080p")
    site.manager.record_watch_activity(site.ada, "a", 100, quality="360p")
    for figure in (site.of(site.ada, "quality_distribution"), site.platform("quality_distribution")):
        assert figure["value"] == {"1080p": 90, "360p": 10}


def test_15_and_25_a_quality_that_nobody_told_is_no_data(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 900, quality="unknown")
    for key in ("quality_distribution", "monthly_bandwidth"):
        assert [site.of(site.ada, key)["value"], site.platform(key)["value"]] == [None, None]


def test_16_downloads_and_the_people_behind_them(site: Any) -> None:
    for person in (site.ada, site.ada, site.bob):
        site.manager.content.download(person, "a", size_bytes=500)
    figure = site.item("a", "downloads")
    assert (figure["value"], figure["detail"]["people"]) == (3, 2)
    assert site.of(site.ada, "downloads")["value"] == 2
    assert site.platform("downloads")["value"] == 3


def test_17_shares_of_an_item(site: Any) -> None:
    site.manager.record_interaction(site.ada, "share", content_id="a")
    site.manager.record_interaction(site.bob, "share", content_id="a")
    assert site.item("a", "shares_per_video")["value"] == 2
    assert site.platform("shares_per_video")["value"] == 2


# -- social -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "kind"), [("comments", "comment"), ("likes", "like"), ("shares", "share")])
def test_18_to_20_what_is_made_and_what_is_received(site: Any, key: str, kind: str) -> None:
    site.manager.content.describe(site.ada, "a")
    site.manager.record_interaction(site.bob, kind, content_id="a")
    site.manager.record_interaction(site.bob, kind, content_id="a")
    site.manager.record_interaction(site.ada, kind, content_id="a")  # her own: made, not received
    made = {"made": 1, "received": 2}
    if kind == "like":
        site.manager.content.take_back_like(site.bob, "a")
        made["received"] = 1
    assert site.of(site.ada, key)["detail"] == made
    assert site.of(site.ada, key)["value"] == 1
    assert site.of(site.bob, key)["value"] == (1 if kind == "like" else 2)
    assert site.platform(key)["value"] == (2 if kind == "like" else 3)


def test_21_followers_gained_in_the_last_30_days(site: Any) -> None:
    eve = site.manager.create_user("eve", "eve@example.org")
    follow, unfollow = site.manager.community.follow, site.manager.community.unfollow
    follow(site.bob, site.ada)
    site.clock.advance(days=40)
    follow(eve, site.ada)
    unfollow(site.bob, site.ada)
    figure = site.of(site.ada, "followers_gained")
    assert figure["value"] == 1
    assert {name: figure["detail"][name] for name in ("lost", "net", "followers")} == {
        "lost": 1,
        "net": 0,
        "followers": 1,
    }
    assert site.platform("followers_gained")["value"] == 1


def test_22_following_now(site: Any) -> None:
    eve = site.manager.create_user("eve", "eve@example.org")
    site.manager.community.follow(site.ada, site.bob)
    site.manager.community.follow(site.ada, eve)
    site.manager.community.unfollow(site.ada, eve)
    assert site.of(site.ada, "following")["value"] == 1
    assert site.platform("following")["value"] == 1


def test_22_who_is_erased_is_followed_no_more_and_nobody_is_active_by_that(site: Any) -> None:
    site.manager.community.follow(site.bob, site.ada)
    before = site.manager.get_user_stats(site.bob).last_activity_timestamp
    site.clock.advance(days=3)
    site.manager.delete_user(site.ada)
    assert site.of(site.bob, "following")["value"] == site.platform("following")["value"] == 0
    assert site.manager.get_user_stats(site.bob).last_activity_timestamp == before
    assert site.manager.get_active_people().daily == 0


def test_23_collaborations_are_items_with_two_owners(site: Any) -> None:
    site.manager.content.describe(site.ada, "alone")
    site.manager.content.describe(site.ada, "together", collaborators=[site.bob])
    for person in (site.ada, site.bob):
        assert site.of(person, "collaborations")["value"] == 1
    assert site.platform("collaborations")["value"] == 1


# -- storage and bandwidth ----------------------------------------------------------------------------------------


@pytest.fixture
def uploads(site: Any) -> Any:
    """1.5 GB and 0.5 GB with ids, 1 GB without; the half is deleted again."""
    site.manager.record_upload(site.ada, "video", content_id="big", size_bytes=1_500_000_000)
    site.manager.record_upload(site.ada, "video", content_id="half", size_bytes=500_000_000)
    site.manager.record_upload(site.ada, "video", size_bytes=1_000_000_000)
    site.manager.content.delete(site.ada, "half")
    return site


def test_24_storage_used_leaves_deleted_items_out(uploads: Any) -> None:
    assert uploads.of(uploads.ada, "storage_used")["value"] == 2.5
    assert uploads.platform("storage_used")["value"] == 2.5


def test_24_storage_used_counts_uploads_of_which_nobody_told_more(site: Any) -> None:
    event = {"at": to_iso(site.clock.now), "kind": "upload", "subject": "old", "content_type": "video"}

    def work(tx: Transaction) -> None:
        activity.add(tx, site.ada, {**event, "size_bytes": 10**9}, now=site.clock.now)

    site.manager.storage.transaction(work)
    assert site.of(site.ada, "storage_used")["value"] == site.platform("storage_used")["value"] == 1
    assert site.platform("oldest_content")["value"] == 0


def test_23_to_28_of_the_site_are_those_of_the_owners(site: Any) -> None:
    content = site.manager.content
    content.start_stream(site.ada, "live", size_bytes=10**9)
    site.clock.advance(days=2)
    content.describe(site.ada, "film", size_bytes=10**9, collaborators=[site.bob])
    content.describe(site.bob, "film", size_bytes=2 * 10**9)
    assert [site.of(one, "storage_used")["value"] for one in (site.ada, site.bob)] == [3, None]
    assert site.platform("storage_used")["value"] == 3
    assert site.of(site.ada, "oldest_content")["value"] == site.platform("oldest_content")["value"] == 2
    assert site.of(site.bob, "collaborations")["value"] == site.platform("collaborations")["value"] == 1
    assert site.of(site.ada, "largest_file")["value"] == 1000
    content.describe(site.ada, "film", collaborators=[])
    assert site.of(site.bob, "collaborations")["value"] is None
    site.manager.delete_user(site.ada)
    assert site.of(site.bob, "oldest_content")["value"] is None


def test_25_monthly_bandwidth_is_measured_where_it_can_be(site: Any) -> None:
    site.manager.content.download(site.ada, "a", size_bytes=2_000_000_000)
    figure = site.of(site.ada, "monthly_bandwidth")
    assert (figure["value"], figure["is_estimate"]) == (2, False)
    site.manager.record_watch_activity(site.ada, "a", 800, quality="1080p")  # 800 s × 5 Mbit/s = 0.5 GB
    site.manager.record_watch_activity(site.ada, "a", 800, quality="1080p", watched_at="2026-02-27T10:00:00Z")
    for figure in (site.of(site.ada, "monthly_bandwidth"), site.platform("monthly_bandwidth")):
        assert (figure["value"], figure["is_estimate"]) == (2.5, True)
        assert figure["detail"]["gb_by_month"] == {"2026-02": 0.5, "2026-03": 2.5}
    site.clock.advance(days=28)  # 1 April
    for figure in (site.of(site.ada, "monthly_bandwidth"), site.platform("monthly_bandwidth")):
        assert (figure["value"], figure["events"]) == (0, 0)
        assert figure["detail"]["gb_by_month"] == {"2026-02": 0.5, "2026-03": 2.5}
    site.clock.advance(days=360)
    for figure in (site.of(site.ada, "monthly_bandwidth"), site.platform("monthly_bandwidth")):
        assert figure["value"] is None


def test_26_storage_utilization_of_the_quota(uploads: Any) -> None:
    assert uploads.of(uploads.ada, "storage_utilization")["value"] == 50  # 2.5 of 5 GB
    assert uploads.platform("storage_utilization")["value"] == 25  # of 10 GB


def test_27_largest_file(uploads: Any) -> None:
    assert uploads.of(uploads.ada, "largest_file")["value"] == 1500
    assert uploads.platform("largest_file")["value"] == 1500


def test_28_oldest_content_that_is_not_deleted(site: Any) -> None:
    site.manager.record_upload(site.ada, "video", content_id="first")
    site.clock.advance(days=3)
    site.manager.record_upload(site.ada, "video", content_id="second")
    site.clock.advance(days=7)
    assert site.of(site.ada, "oldest_content")["value"] == 10
    assert site.platform("oldest_content")["value"] == 10
    site.manager.content.delete(site.ada, "first")
    assert site.of(site.ada, "oldest_content")["value"] == 7


@pytest.mark.parametrize(("hours", "failed", "state"), [(1, False, "ok"), (37, False, "late"), (1, True, "failed")])
def test_29_backup_status(site: Any, hours: int, failed: bool, state: str) -> None:
    assert site.platform("backup_status")["value"] == "never"
    record = {"verified_at": to_iso(site.clock.now - timedelta(hours=hours))}
    if failed:
        record["failed_at"] = to_iso(site.clock.now)
    site.manager.storage.transaction(lambda tx: tx.put(SITE, "backups", record))
    assert site.platform("backup_status")["value"] == state


# -- growth -------------------------------------------------------------------------------------------------------


def test_30_subscriber_growth_by_month(site: Any) -> None:
    upgrade = site.manager.upgrade_subscription
    upgrade(site.ada, "premium", 10)  # new in March, runs out in March
    upgrade(site.bob, "subscriber", 365)
    site.manager.cancel_subscription(site.bob)  # new and cancelled in March
    site.clock.advance(days=30)  # 3 April
    upgrade(site.ada, "premium", 100)  # returned in April
    figure = site.platform("subscriber_growth")
    assert figure["value"] == 1
    months = figure["detail"]["months"]
    assert months["2026-03"] == {"new": 2, "returned": 0, "expired": 1, "cancelled": 1}
    assert months["2026-04"] == {"new": 0, "returned": 1, "expired": 0, "cancelled": 0}
    assert figure["detail"]["closing"] == 1


def test_31_engagement_per_active_person(site: Any) -> None:
    for person in (site.ada, site.bob):
        site.manager.record_interaction(person, "like")  # 2 of 2 people: 1 each
    site.clock.advance(days=30)
    for _ in range(3):
        site.manager.record_interaction(site.ada, "like")
    site.manager.record_upload(site.bob, "image")  # 3 of 2 people: 1.5 each
    figure = site.platform("engagement_trend")
    assert (figure["value"], figure["detail"]["this"], figure["detail"]["last"]) == (50, 1.5, 1)
    assert len(figure["detail"]["weeks"]) == 12
    assert site.of(site.ada, "engagement_trend")["value"] == 200


def test_32_uploads_a_week_over_four_weeks(site: Any) -> None:
    site.manager.record_upload(site.ada, "video")
    site.clock.advance(days=14)
    for _ in range(5):
        site.manager.record_upload(site.ada, "image")
    for figure in (site.platform("upload_trend"), site.of(site.ada, "upload_trend")):
        assert (figure["value"], figure["detail"]["this_week"]) == (1.5, 5)
        assert figure["detail"]["weeks"][-4:] == [0, 1, 0, 5]


def test_33_audience_growth_of_distinct_viewers(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 60, watched_at="2026-02-10T10:00:00Z")
    for person in (site.ada, site.ada, site.bob):
        site.manager.record_watch_activity(person, "a", 60)
    figure = site.platform("audience_growth")
    assert (figure["value"], figure["detail"]) == (100, {"this_month": 2, "last_month": 1})


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_31_to_33_count_the_days_of_utc_whatever_the_zone(site: Any, zone: str) -> None:
    site.manager.record_watch_activity(site.ada, "a", 60)
    site.manager.record_interaction(site.ada, "like")
    site.clock.advance(hours=27 * 24 + 13.5 if zone.startswith("America") else 27 * 24)  # 1 April 02:00, or 31 March
    site.manager.record_watch_activity(site.bob, "a", 60)
    site.manager.record_interaction(site.bob, "like")
    site.manager.record_upload(site.bob, "video")
    for key in ("engagement_trend", "upload_trend", "audience_growth"):
        assert site.platform(key, tz=zone)["detail"] == site.platform(key)["detail"]


def test_34_revenue_is_estimated_only_without_payments(site: Any) -> None:
    site.manager.upgrade_subscription(site.ada, "premium")
    site.manager.upgrade_subscription(site.bob, "subscriber")
    figure = site.platform("subscription_revenue")
    assert (figure["value"], figure["is_estimate"]) == (14.98, True)
    site.manager.community.record_payment(site.ada, 9.99, "USD")
    site.manager.community.record_payment(site.bob, 4.99, "USD")
    site.manager.community.record_payment(site.bob, 100, "EUR")  # another currency is not added up
    figure = site.platform("subscription_revenue")
    assert (figure["value"], figure["is_estimate"]) == (14.98, False)
    assert site.of(site.ada, "subscription_revenue")["value"] == 9.99


def test_34_payments_in_another_currency_alone_are_no_zero_and_no_estimate(site: Any) -> None:
    site.manager.upgrade_subscription(site.ada, "premium")
    site.manager.community.record_payment(site.ada, 100, "EUR")
    for figure in (site.platform("subscription_revenue"), site.of(site.ada, "subscription_revenue")):
        assert (figure["value"], figure["is_estimate"]) == (None, False)
        assert figure["missing"] == "payments in EUR alone, none in USD"
        assert figure["detail"]["other_currencies"] == {"EUR": 100}
    site.manager.community.record_payment(site.ada, 9.99, "USD")
    for figure in (site.platform("subscription_revenue"), site.of(site.ada, "subscription_revenue")):
        assert (figure["value"], figure["events"]) == (9.99, 1)
        assert figure["detail"]["other_currencies"] == {"EUR": 100}


@pytest.mark.parametrize(
    ("zone", "last_month", "this_month"),
    [
        ("UTC", 1, 2),
        ("America/Los_Angeles", 2, 1),  # 1 April 03:00 UTC is 31 March there
        ("Asia/Tokyo", 0, 3),  # 31 March 20:00 UTC is 1 April there
    ],
)
def test_25_and_34_count_the_months_of_the_zone(site: Any, zone: str, last_month: int, this_month: int) -> None:
    """Three payments and watches at 31 March 20:00, 1 April 03:00 and 1 April 20:00, by UTC."""
    for hours in (27 * 24 + 7.5, 7, 17):
        site.clock.advance(hours=hours)
        site.manager.community.record_payment(site.ada, 10, "USD")
        site.manager.record_watch_activity(site.ada, "a", 60, quality="720p", watched_at=site.clock.now)
    megabytes = 2.5 * 60 / 8
    for catalogue in (site.statistics.platform_catalogue(tz=zone), site.statistics.person_catalogue(site.ada, tz=zone)):
        bandwidth = catalogue["monthly_bandwidth"]
        assert (bandwidth["value"], bandwidth["events"]) == (pytest.approx(this_month * megabytes / 1000), this_month)
    revenue = site.platform("subscription_revenue", tz=zone)
    assert (revenue["value"], revenue["events"]) == (10 * this_month, this_month)
    assert revenue["detail"]["ever"] == 10 * (this_month + last_month)


def test_35_who_was_erased_is_no_referral_any_more(site: Any) -> None:
    eve, sam = (site.manager.create_user(name, f"{name}@example.org") for name in ("eve", "sam"))
    for referred, referrer in ((eve, site.ada), (sam, site.bob)):
        site.manager.community.set_referrer(referred, referrer)
        site.manager.record_watch_activity(referred, "a", 60)
    assert site.platform("referrals")["value"] == 2
    site.manager.delete_user(eve)
    figure = site.of(site.ada, "referrals")
    assert (figure["value"], figure["events"], figure["detail"]) == (0, 1, {"accounts": 0})
    site.manager.delete_user(site.bob)
    figure = site.platform("referrals")
    assert (figure["value"], figure["detail"]) == (0, {"accounts": 0})
    assert site.manager.verify() == []


def test_35_referrals_count_once_they_are_active(site: Any) -> None:
    site.manager.community.set_referrer(site.bob, site.ada)
    assert site.of(site.ada, "referrals")["value"] == 0
    site.manager.record_watch_activity(site.bob, "a", 60)
    assert site.of(site.ada, "referrals")["value"] == 1
    assert site.platform("referrals")["value"] == 1


# -- usage patterns -----------------------------------------------------------------------------------------------


@pytest.fixture
def evenings(site: Any) -> Any:
    """Two sessions: three watches of ten minutes with short breaks, and one alone a week before."""
    for moment in ("3 18:00", "3 18:30", "3 19:10"):  # breaks of 20 and 30 minutes
        site.manager.record_watch_activity(site.ada, "a", 600, watched_at=at(moment))
    site.manager.record_watch_activity(site.ada, "a", 600, watched_at="2026-02-24T18:00:00Z")
    return site


def test_36_session_duration_from_first_to_last_event(evenings: Any) -> None:
    figure = evenings.of(evenings.ada, "session_duration")
    assert (figure["value"], figure["detail"]["median"]) == (35, 35)  # 70 and 0 minutes
    assert figure["detail"]["sessions"] == 2


def test_37_sessions_per_week(evenings: Any) -> None:
    assert evenings.of(evenings.ada, "sessions_per_week")["value"] == 1


def test_36_and_37_of_the_site_are_over_the_sessions_of_everybody(evenings: Any) -> None:
    evenings.platform("session_duration")  # what comes later joins the sessions that are known
    evenings.manager.record_watch_activity(evenings.bob, "a", 600, watched_at=at("3 08:00"))
    evenings.manager.record_watch_activity(evenings.bob, "a", 600, watched_at=at("3 08:40"))  # 30 minutes after: no gap
    figure = evenings.platform("session_duration")
    own = evenings.of(evenings.ada, "session_duration")
    assert figure["value"] == pytest.approx((own["value"] * 2 + 40) / 3)
    assert figure["detail"] == {"sessions": 3, "people": 2, "median_of_people": pytest.approx((own["value"] + 40) / 2)}
    assert evenings.platform("sessions_per_week")["value"] == 1.5


def test_38_busiest_weekday_with_ties(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "a", 600, watched_at=at("3 10:00"))  # a Tuesday
    site.manager.record_watch_activity(site.ada, "a", 600, watched_at=at("2 10:00"))  # a Monday
    for figure in (site.of(site.ada, "busiest_weekday"), site.platform("busiest_weekday")):
        assert (figure["value"], figure["detail"]["tied"]) == ("Monday", ["Monday", "Tuesday"])


def test_39_busiest_hour(evenings: Any) -> None:
    for figure in (evenings.of(evenings.ada, "busiest_hour"), evenings.platform("busiest_hour")):
        assert figure["value"] == 18
        assert figure["detail"]["minutes"][18:20] == [30, 10]


def test_40_login_streak_ends_today_or_yesterday(site: Any) -> None:
    for days in (0, 1, 1, 3, 1):  # three days in a row, a gap, two in a row
        site.clock.advance(days=days)
        site.manager.community.record_sign_in(site.ada)
    figure = site.of(site.ada, "login_streak")
    assert (figure["value"], figure["detail"]["best"]) == (2, 3)
    assert site.platform("login_streak")["detail"] == {"best": 3, "people": {2: 1}}
    site.clock.advance(days=1)
    assert site.of(site.ada, "login_streak")["value"] == 2
    site.clock.advance(days=1)
    assert site.of(site.ada, "login_streak")["value"] == 0


def test_41_days_since_login_by_the_calendar(site: Any) -> None:
    site.manager.community.record_sign_in(site.ada)
    site.clock.advance(hours=12)  # 00:30 of the next day
    assert site.of(site.ada, "days_since_login")["value"] == 1
    assert site.of(site.ada, "days_since_login", tz="America/New_York")["value"] == 0
    never = site.of(site.bob, "days_since_login")
    assert (never["value"], never["missing"]) == (None, "never signed in")
    assert site.platform("days_since_login")["detail"] == {"people": 1, "never": 1}


# -- customisation ------------------------------------------------------------------------------------------------


def test_42_and_43_playlists_and_their_size(site: Any) -> None:
    community = site.manager.community
    community.create_playlist(site.ada, "one", items=["a", "b", "c"])
    two = community.create_playlist(site.ada, "two", items=["a"])
    community.change_playlist(site.ada, two, items=["a", "b", "c", "d"])
    gone = community.create_playlist(site.ada, "gone", items=["a"])
    community.delete_playlist(site.ada, gone)
    for figures in (site.statistics.person_catalogue(site.ada), site.statistics.platform_catalogue()):
        assert figures["playlists_created"]["value"] == 3
        assert figures["playlists_created"]["detail"] == {"deleted": 1, "now": 2}
        assert figures["playlist_size"]["value"] == 3.5
        assert figures["playlist_size"]["detail"] == {"playlists": 2, "items": 7}
        assert figures["playlist_size"]["events"] == 5  # three made, one changed, one deleted


def test_44_theme_preference_says_where_it_is_the_default(site: Any) -> None:
    assert site.of(site.ada, "theme_preference")["detail"] == {"is_default": True}
    site.manager.community.set_preference(site.ada, "theme", "dark")
    figure = site.of(site.ada, "theme_preference")
    assert (figure["value"], figure["detail"]) == ("dark", {"is_default": False})
    assert site.platform("theme_preference")["detail"]["people"] == {"system": 1, "dark": 1}


@pytest.mark.parametrize("family", ["notifications", "privacy"])
def test_45_and_46_changes_and_not_saves(site: Any, family: str) -> None:
    for value in ("off", "off", "on"):
        site.manager.community.set_preference(site.ada, f"{family}.one", value)
    key = {"notifications": "notification_changes", "privacy": "privacy_changes"}[family]
    for figure in (site.of(site.ada, key), site.platform(key)):
        assert (figure["value"], figure["detail"]["saves"]) == (2, 3)


def test_47_recommendations_clicked_of_those_shown(site: Any) -> None:
    site.manager.community.show_recommendations(site.ada, ["a", "b", "c", "d"])
    site.manager.community.click_recommendation(site.ada, "b")
    for figure in (site.of(site.ada, "recommendations_clicked"), site.platform("recommendations_clicked")):
        assert figure["value"] == 1
        assert figure["detail"] == {"shown": 4, "click_rate": 25}


# -- achievements -------------------------------------------------------------------------------------------------


@pytest.fixture
def week(site: Any) -> Any:
    """Seven days in a row with two hours each: 14 hours, 7 watches, and one comment."""
    for day in range(7):
        site.clock.advance(days=1)
        site.manager.record_watch_activity(site.ada, f"v{day}", 2 * HOUR)
    site.manager.record_interaction(site.ada, "comment")
    return site


def test_48_badges_with_the_day_on_which_they_were_earned(week: Any) -> None:
    figure = week.of(week.ada, "badges")
    earned = {row["key"]: row["on"] for row in figure["detail"]["badges"]}
    assert earned == {
        "first_watch": "2026-03-05",
        "ten_hours": "2026-03-09",
        "first_word": "2026-03-11",
        "week_in_a_row": "2026-03-11",
    }
    assert week.platform("badges")["detail"]["people"]["ten_hours"] == 1
    assert week.platform("badges")["value"] == ["First watch", "First word", "Ten hours", "A week in a row"]


def test_49_milestones(week: Any) -> None:
    reached = week.of(week.ada, "milestones")["value"]
    assert reached == ["1 hour watched", "10 hours watched", "1 interaction", "7 days with activity"]
    assert week.platform("milestones")["detail"]["people"]["7 days with activity"] == 1


def test_50_activity_streak(week: Any) -> None:
    week.clock.advance(days=1)
    figure = week.of(week.ada, "activity_streak")
    assert (figure["value"], figure["detail"]["best"]) == (7, 7)
    assert (figure["detail"]["first"], figure["detail"]["last"]) == ("2026-03-05", "2026-03-11")
    assert week.platform("activity_streak")["value"] == 7
    week.clock.advance(days=1)
    assert week.of(week.ada, "activity_streak")["value"] == 0


def test_51_points_by_rarity(week: Any) -> None:
    figure = week.of(week.ada, "points")
    assert (figure["value"], figure["detail"]["by_rarity"]) == (55, {"common": 30, "uncommon": 25})
    assert week.platform("points")["value"] == 55
    assert (figure["events"], week.platform("points")["events"]) == (9, 10)  # 7 watches, a comment, who signed up


def test_52_leaderboard_position_shares_ranks_and_respects_who_opts_out(site: Any) -> None:
    eve = site.manager.create_user("eve", "eve@example.org")
    for person in (site.ada, site.bob, eve):
        site.manager.record_watch_activity(person, "a", 60)
    site.manager.record_upload(eve, "video")
    assert [site.of(one, "leaderboard_position")["value"] for one in (eve, site.ada, site.bob)] == [1, 2, 2]
    assert site.of(eve, "leaderboard_position")["events"] == site.platform("leaderboard_position")["events"] == 7
    site.manager.community.set_preference(eve, "privacy.leaderboard", "hidden")
    assert [place.username for place in site.statistics.leaderboard()] == ["ada", "bob"]
    assert site.statistics.own_place(eve).rank == 1
    assert [site.of(one, "leaderboard_position")["detail"]["of"] for one in (eve, site.ada)] == [3, 2]
    assert site.of(site.ada, "leaderboard_position")["value"] == 1
    assert site.platform("leaderboard_position")["value"] == ["ada", "bob"]


def test_52_the_first_year_is_all_time_by_every_metric(site: Any) -> None:
    for person, kinds in ((site.ada, ["video"]), (site.bob, ["stream", "image", "image"])):
        site.manager.record_watch_activity(person, "a", 60)
        site.manager.record_interaction(person, "like")
        for kind in kinds:
            site.manager.record_upload(person, kind)
    for metric in ("points", "watched_hours", "watches", "interactions", "uploads"):
        assert site.statistics.leaderboard(metric, "all") == site.statistics.leaderboard(metric, "year"), metric
    uploads = [(place.username, place.value) for place in site.statistics.leaderboard("uploads")]
    assert uploads == [("bob", 3), ("ada", 1)]


def test_53_level_by_points(week: Any) -> None:
    figure = week.of(week.ada, "level")
    assert (figure["value"], figure["detail"]) == (2, {"points": 55, "next_at": 75})
    assert figure["events"] == week.of(week.ada, "badges")["events"]
    assert week.platform("level")["detail"]["people"] == {1: 1, 2: 1}
