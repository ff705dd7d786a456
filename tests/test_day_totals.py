"""The totals of days: what each thing moves, spread over hours, and plans that run out by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from clocks import FixedClock

from user_stats import InvalidInput, UserManager, UserRole
from user_stats.collections import USERS
from user_stats.day_totals import DayTotals, watched_hours
from user_stats.watches import Watch

TODAY = date(2026, 3, 4)
DAY = timedelta(days=1)


def today(manager: UserManager) -> DayTotals:
    return manager.get_day_totals(TODAY, TODAY)[0]


@pytest.fixture
def ada(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org")


def test_days_come_oldest_first_with_zeros_between(manager: UserManager, ada: str) -> None:
    days = manager.get_day_totals(TODAY - 2 * DAY, TODAY)
    assert [day.date for day in days] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert [day.sign_ups for day in days] == [0, 0, 1]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (TODAY, TODAY - DAY),
        (date(2000, 1, 1), TODAY),
        ("2026-03-04", TODAY),
        (datetime(2026, 3, 4, tzinfo=UTC), TODAY),
    ],
)
def test_days_that_are_none_are_refused(manager: UserManager, first: date, last: date) -> None:
    with pytest.raises(InvalidInput):
        manager.get_day_totals(first, last)


def test_everything_that_people_do_is_counted_on_its_day(manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "a", 600, completed=True)
    manager.record_watch_activity(ada, "b", 300, "stream")
    manager.record_upload(ada, "image")
    manager.record_interaction(ada, "share")
    manager.upgrade_subscription(ada, UserRole.PREMIUM)
    manager.use_subscriber_feature(ada, "ad_free")
    day = today(manager)
    assert (day.watches, day.watched_seconds, day.completed) == (2, 900, 1)
    assert (day.video_seconds, day.seconds_of("stream")) == (600, 300)
    assert (day.uploads, day.interactions, day.feature_uses) == (1, 1, 1)


def test_a_watch_is_spread_over_its_hours_past_midnight(manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "a", 9000, watched_at="2026-03-03T22:45:30")
    day = manager.get_day_totals(TODAY - DAY, TODAY - DAY)[0]
    assert sum(day.hours) == day.watched_seconds == 9000
    assert list(watched_hours([day])) == [
        (datetime(2026, 3, 3, 22, tzinfo=UTC), 870),
        (datetime(2026, 3, 3, 23, tzinfo=UTC), 3600),
        (datetime(2026, 3, 4, 0, tzinfo=UTC), 3600),
        (datetime(2026, 3, 4, 1, tzinfo=UTC), 930),
    ]


def test_the_longest_watch_of_the_last_second_fits(manager: UserManager, ada: str) -> None:
    manager.record_watch_activity(ada, "a", 86_400, watched_at="2026-03-02T23:59:59")
    day = manager.get_day_totals(TODAY - 2 * DAY, TODAY)[0]
    assert sum(day.hours) == 86_400
    assert max(day.hours) == 3600
    assert manager.verify() == []


def test_a_person_is_active_once_a_day(manager: UserManager, clock: FixedClock, ada: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    manager.record_interaction(ada, "like")
    clock.advance(days=1)
    manager.record_interaction(ada, "like")
    manager.record_watch_activity(ada, "a", 60)
    days = manager.get_day_totals(TODAY, TODAY + DAY)
    assert [day.active_people for day in days] == [2, 1]
    active = manager.get_active_people()
    assert (active.daily, active.weekly, active.monthly) == (1, 2, 2)
    clock.advance(days=29)
    assert manager.get_active_people().monthly == 1
    manager.delete_user(bob)
    manager.delete_user(ada)
    assert manager.get_active_people().monthly == 0
    assert [day.active_people for day in manager.get_day_totals(TODAY, TODAY + DAY)] == [2, 1]
    assert manager.verify() == []


def test_a_batch_makes_a_person_active_on_the_days_after_their_last(manager: UserManager, clock: FixedClock) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    clock.advance(days=10)
    starts = [clock.now - 2 * DAY, clock.now - 4 * DAY, clock.now - 20 * DAY]
    watches = [Watch(f"v{number}", 60, watched_at=start) for number, start in enumerate(starts)]
    manager.batches.record(ada, watches, batch="b", source="test")
    active = {day.date: day.active_people for day in manager.get_day_totals(TODAY - 20 * DAY, TODAY + 10 * DAY)}
    assert {day for day, people in active.items() if people} == {"2026-03-04", "2026-03-10", "2026-03-12"}
    manager.batches.remove(ada, "b")
    assert manager.get_active_people().weekly == 0
    assert manager.verify() == []


def plans(manager: UserManager, until: date) -> tuple[int, int]:
    """Running plans at the end of a day: subscriber, premium."""
    days = manager.get_day_totals(TODAY, until)
    return sum(day.subscriber_plans for day in days), sum(day.premium_plans for day in days)


def test_plans_begin_change_renew_and_run_out(manager: UserManager, clock: FixedClock, ada: str) -> None:
    manager.upgrade_subscription(ada, UserRole.SUBSCRIBER, 10)
    assert plans(manager, TODAY) == plans(manager, TODAY + 9 * DAY) == (1, 0)
    assert plans(manager, TODAY + 10 * DAY) == (0, 0)
    clock.advance(days=2)
    manager.upgrade_subscription(ada, UserRole.SUBSCRIBER, 10)
    assert plans(manager, TODAY + 19 * DAY) == (1, 0)
    manager.upgrade_subscription(ada, UserRole.PREMIUM, 30)
    assert plans(manager, TODAY + 2 * DAY) == (0, 1)
    assert plans(manager, TODAY + 32 * DAY) == (0, 0)
    clock.advance(days=3)
    manager.cancel_subscription(ada)
    assert plans(manager, TODAY + 5 * DAY) == plans(manager, TODAY + 40 * DAY) == (0, 0)
    days = manager.get_day_totals(TODAY, TODAY + 40 * DAY)
    assert (sum(day.subscriptions_started for day in days), sum(day.subscriptions_cancelled for day in days)) == (1, 1)
    assert manager.verify() == []


def test_a_plan_that_ran_out_begins_anew(manager: UserManager, clock: FixedClock, ada: str) -> None:
    manager.upgrade_subscription(ada, UserRole.PREMIUM, 1)
    clock.advance(days=5)
    manager.upgrade_subscription(ada, UserRole.PREMIUM, 5)
    assert plans(manager, TODAY + 4 * DAY) == (0, 0)
    assert plans(manager, TODAY + 5 * DAY) == (0, 1)
    days = manager.get_day_totals(TODAY, TODAY + 20 * DAY)
    assert [sum(day.subscriptions_started for day in days), sum(day.premium_plans for day in days)] == [2, 0]


def test_an_erased_person_has_no_plan_any_more(manager: UserManager, clock: FixedClock) -> None:
    ada = manager.create_user("ada", "ada@example.org", UserRole.PREMIUM)
    clock.advance(days=1)
    manager.delete_user(ada)
    assert plans(manager, TODAY) == (0, 1)
    assert plans(manager, TODAY + DAY) == plans(manager, TODAY + 400 * DAY) == (0, 0)
    assert manager.verify() == []


def test_months_of_plans_end_in_what_runs_now(manager: UserManager, clock: FixedClock, ada: str) -> None:
    manager.upgrade_subscription(ada, UserRole.SUBSCRIBER, 40)
    bob = manager.create_user("bob", "bob@example.org", UserRole.PREMIUM)
    clock.advance(days=31)
    manager.cancel_subscription(bob)
    clock.advance(days=20)
    eve = manager.create_user("eve", "eve@example.org")
    manager.upgrade_subscription(eve, UserRole.PREMIUM, 1)
    clock.advance(hours=23, minutes=30)
    assert (manager.count_running_plans().subscriber, manager.count_running_plans().premium) == (0, 1)
    march, april = manager.get_plan_growth(2)
    assert (march.month, march.opening, march.started, march.cancelled, march.expired, march.closing) == (
        *("2026-03", 0, 2, 0, 0),
        2,
    )
    assert (april.opening, april.started, april.cancelled, april.expired, april.closing) == (2, 1, 1, 1, 1)
    assert (march.subscriber, march.premium, april.premium) == (1, 1, 1)
    with pytest.raises(InvalidInput):
        manager.get_plan_growth(0)


def test_plans_that_nobody_recorded_are_counted_back(manager: UserManager, ada: str) -> None:
    """A hand-made file brings plans without a log: they ran all along, as far as anybody knows."""
    stored = manager.get_user(ada).to_stored() | {"role": "premium", "subscription_expires": None}
    manager.storage.transaction(lambda tx: tx.put(USERS, ada, stored))
    assert [month.closing for month in manager.get_plan_growth(3)] == [1, 1, 1]
