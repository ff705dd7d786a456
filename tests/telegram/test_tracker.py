"""The bot's people, on every engine."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest
from clocks import FixedClock

from user_stats.audience import Audience
from user_stats.bot_users import BotUsers
from user_stats.errors import InvalidInput
from user_stats.storage import Storage
from user_stats.telegram import UserTracker


@pytest.fixture
def tracker(people: BotUsers, clock: FixedClock) -> UserTracker:
    return UserTracker(people, clock=clock)


def test_a_person_is_new_once(tracker: UserTracker, clock: FixedClock) -> None:
    assert tracker.add_user(7, "Ada", "ada")
    clock.advance(days=1)
    assert not tracker.add_user(7, "Ada", "ada")
    assert tracker.get_user_stats() == {
        "total_users": 1,
        "users_today": 0,
        "first_user_date": "2026-03-04 12:30:00",
    }


def test_nobody_gives_zeros_and_no_date(tracker: UserTracker) -> None:
    assert tracker.get_user_count() == 0
    assert tracker.get_user_stats() == {"total_users": 0, "users_today": 0, "first_user_date": None}


def test_today_is_the_day_in_utc(tracker: UserTracker, clock: FixedClock) -> None:
    clock.now = clock.now.replace(hour=23, minute=59, second=59)
    tracker.add_user(1)
    assert tracker.get_user_stats()["users_today"] == 1
    clock.advance(seconds=1)
    assert tracker.get_user_stats()["users_today"] == 0
    tracker.add_user(2)
    assert tracker.get_user_stats()["users_today"] == 1


@pytest.mark.parametrize("user_id", [2**31, 2**32 + 5, 2**52 - 1])
def test_ids_have_up_to_52_bits(tracker: UserTracker, people: BotUsers, user_id: int) -> None:
    tracker.add_user(user_id, "Ada")
    found = people.find(user_id)
    assert found is not None
    assert found.user_id == user_id


@pytest.mark.parametrize("user_id", [0, -1, 2**52, True, "7", 7.0, None])
def test_what_is_no_id_is_refused_and_changes_nothing(tracker: UserTracker, user_id: int) -> None:
    with pytest.raises(InvalidInput, match="user_id"):
        tracker.add_user(user_id, "Ada")
    assert tracker.get_user_count() == 0


@pytest.mark.parametrize("field", ["first_name", "username", "referral"])
def test_what_is_no_text_is_refused_by_its_name(people: BotUsers, field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        people.add(7, **{field: 5})  # type: ignore[arg-type]
    assert people.count() == 0


def test_a_new_name_is_taken_over_and_the_first_day_stays(tracker: UserTracker, people: BotUsers) -> None:
    people.add(7, "Ada", "ada", "poster")
    first = people.find(7)
    people.add(7, "Ada L.", None, "elsewhere")
    found = people.find(7)
    assert first is not None
    assert found is not None
    assert (found.first_name, found.username, found.referral) == ("Ada L.", None, "poster")
    assert found.first_seen == first.first_seen


def test_people_are_users_of_the_audience_once_a_day(
    storage: Storage, people: BotUsers, tracker: UserTracker, clock: FixedClock
) -> None:
    audience = Audience(storage, clock=clock)
    tracker.add_user(1)
    tracker.add_user(1)
    clock.advance(days=1)
    assert people.see_soon(1).result(20)
    assert not people.see_soon(2).result(20)
    tracker.add_user(3)
    assert [day.bot_users for day in audience.last_days(2)] == [2, 1]
    assert audience.totals().bot_users == tracker.get_user_count() == 2


def test_the_figures_of_the_page(people: BotUsers, clock: FixedClock) -> None:
    clock.advance(days=-40)
    people.add(1)
    clock.advance(days=40)
    people.add(2, "B", None, "poster")
    people.add(3, "C", None, "poster")
    people.add_soon(1).result(20)
    figures = people.figures(30)
    assert (figures.total, figures.new_today, figures.active_today, figures.active_month) == (3, 2, 3, 3)
    assert figures.growth == 1.0
    assert [(day.new, day.active) for day in figures.days[:2]] == [(2, 3), (0, 0)]
    assert len(figures.days) == 30
    assert people.referrals() == [("poster", 2)]
    assert [person.user_id for person in people.newest(2)] in ([2, 3], [3, 2])


def test_with_analytics_off_the_audience_counts_nobody_and_the_bot_still_does(
    storage: Storage, clock: FixedClock
) -> None:
    audience = Audience(storage, clock=clock, is_enabled=False)
    people = BotUsers(storage, audience, clock=clock)
    assert people.add(1)
    assert audience.totals().bot_users == 0
    assert (people.count(), people.figures().active_today) == (1, 0)


def test_the_csv_says_what_was_written_and_runs_nowhere(tracker: UserTracker, tmp_path: Path) -> None:
    names = ['a "quoted", one', "two\nlines", "=1+1", "🎉👩‍🚀", "+cmd|' /C calc'!A0", "٣ Ω"]
    for number, name in enumerate(names, 1):
        tracker.add_user(number, name, f"user_{number}" if number % 2 else None)
    path = tmp_path / "people.csv"
    assert tracker.export_users_csv(path) == len(names)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["user_id", "first_name", "username", "first_seen"]
    assert [row["first_name"] for row in rows] == [f"'{name}" if name[0] in "=+" else name for name in names]
    assert [row["user_id"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [row["username"] for row in rows[:2]] == ["user_1", ""]
    assert rows[0]["first_seen"] == "2026-03-04 12:30:00"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_largest_id_is_whole_in_the_csv(tracker: UserTracker, tmp_path: Path) -> None:
    tracker.add_user(2**52 - 1)
    tracker.export_users_csv(tmp_path / "people.csv")
    assert (tmp_path / "people.csv").read_bytes().splitlines()[1].startswith(b"4503599627370495,")


def test_it_opens_a_folder_and_people_survive_that(tmp_path: Path) -> None:
    UserTracker(tmp_path / "users").add_user(5, "Ada")
    assert UserTracker(str(tmp_path / "users")).get_user_count() == 1
