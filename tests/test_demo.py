"""Made-up people: believable, marked, the same for the same seed, and gone without a trace."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock

from user_stats import Forbidden, InvalidInput, UserManager, UserRole, get_user_manager
from user_stats.__main__ import main
from user_stats.collections import ACTIVITY, ALL_COLLECTIONS, ALL_LOGS, CONTENT, DAY_TOTALS, USERS
from user_stats.demo import Demo
from user_stats.models import CONTENT_TYPES
from user_stats.statistics.service import Statistics
from user_stats.storage import Storage


@pytest.fixture
def demo(storage: Storage, clock: FixedClock) -> Demo:
    return Demo(storage, max_entries=1000, clock=clock)


def state(storage: Storage) -> dict[str, Any]:
    found: dict[str, Any] = {one.name: dict(storage.scan(one)) for one in ALL_COLLECTIONS}
    found |= {log.name: {key: storage.read_log(log, key) for key in storage.log_keys(log)} for log in ALL_LOGS}
    found["day_totals"] = days(storage)
    found["activity"] = {key: events for key, events in found["activity"].items() if events}
    found["history"] = {key: entries for key, entries in found["history"].items() if entries}
    return found


def days(storage: Storage) -> dict[str, Any]:
    """The totals of the days; one that is 0 is as good as none."""
    return {day: {name: value for name, value in totals.items() if value} for day, totals in storage.scan(DAY_TOTALS)}


def site_with_people(manager: UserManager, clock: FixedClock) -> tuple[str, str]:
    """An admin, and ada, who has done a little of everything."""
    admin = manager.create_user("grace", "grace@example.org", UserRole.ADMIN)
    ada = manager.create_user("ada", "ada@example.org", UserRole.SUBSCRIBER)
    manager.record_watch_activity(ada, "intro", 600, watched_at=clock.now.replace(hour=3))
    manager.record_upload(ada, "image")
    manager.use_subscriber_feature(ada, "hd_streaming")
    return admin, ada


def test_what_is_made_up_counts_like_everything_else(manager: UserManager, demo: Demo) -> None:
    made = demo.create_people(40, 120, 7)
    people = manager.find_users(limit=100)
    assert made.people == people.total == 40
    assert manager.verify() == []
    assert all(user.email.endswith("@example.invalid") for user in people.users)
    stats = manager.get_all_users_stats()
    assert sum(one.watch_history_entries for one in stats.values()) > 400
    totals = [record for _, record in manager.storage.scan(DAY_TOTALS)]
    for name in (*(f"{kind}_watches" for kind in CONTENT_TYPES), "likes", "video_uploads", "feature_uses"):
        assert sum(record.get(name, 0) for record in totals) > 0, name
    assert sum(record.get("sign_ups", 0) for record in totals) == 40
    assert manager.get_subscribers()


def test_nothing_happens_before_the_period_or_after_now(manager: UserManager, demo: Demo, clock: FixedClock) -> None:
    demo.create_people(30, 20, 3)
    now = clock.now.isoformat(timespec="microseconds")
    for user_id in manager.storage.log_keys(ACTIVITY):
        events = manager.storage.read_log(ACTIVITY, user_id)
        created = manager.get_user(user_id).created_at
        moments = [event.get("watched_at", event["at"]) for event in events]
        assert created == min(moments)
        assert "2026-02-13" <= min(moments) <= max(event["at"] for event in events) <= now
        assert [event["at"] for event in events] == sorted(event["at"] for event in events)
        assert all(event["made_up"] for event in events)


def test_the_same_seed_tells_the_same_lives_and_another_one_others(manager: UserManager, demo: Demo) -> None:
    def lives() -> list[tuple[str, float]]:
        stats = manager.get_all_users_stats()
        return [(one.username, stats[one.user_id].total_watched_hours) for one in manager.find_users(limit=100).users]

    demo.create_people(20, 60, 5)
    first = lives()
    demo.remove_all()
    demo.create_people(20, 60, 5)
    assert lives() == first
    demo.remove_all()
    demo.create_people(20, 60, 6)
    assert lives() != first


def test_people_watch_in_the_evening_in_what_their_plan_allows_and_return_to_favourites(
    manager: UserManager, demo: Demo
) -> None:
    demo.create_people(60, 200, 11)
    hours: Counter[int] = Counter()
    for user_id, stats in manager.get_all_users_stats().items():
        events = manager.storage.read_log(ACTIVITY, user_id)
        watches = [event for event in events if event["kind"] == "watch"]
        hours.update(int(event["watched_at"][11:13]) for event in watches)
        if not any(event["kind"] == "subscription" for event in events):
            assert {event["quality"] for event in watches} <= {"360p", "480p", "720p", "original"}
        if stats.watch_history_entries > 100:
            categories = Counter(event["category"] for event in watches if event["content_type"] == "video")
            assert len(categories) <= 4
            assert categories.most_common(1)[0][1] > sum(categories.values()) * 0.35
    assert sum(hours[hour] for hour in range(17, 23)) > 2 * sum(hours[hour] for hour in range(6, 12))


def test_all_of_it_is_taken_out_again(manager: UserManager, demo: Demo, storage: Storage, clock: FixedClock) -> None:
    _, ada = site_with_people(manager, clock)
    before = state(storage)
    demo.create_people(30, 90, 1)
    demo.add_activity(ada, 90, 1)
    someone = manager.find_users("example.invalid").users[0]
    manager.record_watch_activity(someone.user_id, "more", 60)
    assert demo.held().people == 30
    assert demo.held().real_people == 1
    assert manager.verify() == []
    assert state(storage) != before
    demo.remove_all()
    assert manager.verify() == []
    assert state(storage) == before
    assert (demo.held().people, demo.held().events) == (0, 0)


def test_the_days_forget_made_up_people_whoever_deletes_them(
    manager: UserManager, demo: Demo, clock: FixedClock
) -> None:
    _, ada = site_with_people(manager, clock)
    before = days(manager.storage)
    demo.create_people(5, 30, 1)
    demo.add_activity(ada, 30, 1)
    manager.delete_users([user.user_id for user in manager.find_users("example.invalid").users])
    assert demo.remove_activity(ada) > 0
    assert days(manager.storage) == before
    demo.add_activity(ada, 30, 1)
    manager.delete_user(ada)
    assert manager.verify() == []
    record = dict(manager.storage.scan(DAY_TOTALS))
    assert {day: totals["untraced"]["video_watches"] for day, totals in record.items() if "untraced" in totals} == {
        "2026-03-04": 1
    }


def test_one_person_gets_activity_beside_their_own_and_loses_it_again(
    manager: UserManager, demo: Demo, storage: Storage, clock: FixedClock
) -> None:
    _, ada = site_with_people(manager, clock)
    before = state(storage)
    made = demo.add_activity(ada, 120, 4, actor=ada)
    assert made == demo.events_of(ada) > 20
    assert manager.get_user_stats(ada).watch_history_entries > 10
    assert manager.verify() == []
    once = state(storage)
    demo.add_activity(ada, 120, 4, actor=ada)
    assert state(storage) == once, "a second time takes the place of the first"
    manager.record_interaction(ada, "like")
    assert demo.remove_activity(ada, actor=ada) == made
    assert manager.get_user_stats(ada).total_interactions == 1
    assert manager.verify() == []
    assert state(storage)["history"] == before["history"]
    assert demo.remove_activity(ada) == 0


def test_a_taken_name_gets_a_number(manager: UserManager, demo: Demo) -> None:
    demo.create_people(10, 10, 2)
    demo.create_people(10, 10, 2)
    assert len({user.username for user in manager.find_users().users}) == 20
    assert manager.verify() == []


def test_only_admins_make_people_up_and_only_the_person_their_own_activity(
    manager: UserManager, demo: Demo, storage: Storage, clock: FixedClock
) -> None:
    admin, ada = site_with_people(manager, clock)
    before = state(storage)
    with pytest.raises(Forbidden):
        demo.create_people(3, 3, 3, actor=ada)
    with pytest.raises(Forbidden):
        demo.remove_all(actor=ada)
    with pytest.raises(Forbidden):
        demo.add_activity(admin, 3, 3, actor=ada)
    with pytest.raises(InvalidInput, match="users"):
        demo.create_people(0, 3, 3)
    with pytest.raises(InvalidInput, match="days"):
        demo.add_activity(ada, 5000, 3)
    assert state(storage) == before
    demo.create_people(3, 3, 3, actor=admin)
    assert demo.remove_all(actor=admin).people == 3


def test_a_made_up_admin_goes_too_but_not_as_the_last_one(manager: UserManager, demo: Demo, clock: FixedClock) -> None:
    site_with_people(manager, clock)
    demo.create_people(3, 3, 3)
    made_up = manager.find_users("example.invalid").users[0]
    manager.update_user(made_up.user_id, role=UserRole.ADMIN)
    demo.remove_all()
    assert manager.find_users("example.invalid").total == 0
    assert manager.verify() == []


def test_the_command_makes_a_site_up_and_takes_it_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "users")]
    assert main([*store, "demo", "--users", "12", "--days", "30", "--seed", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 12
    assert main([*store, "verify"]) == 0
    assert main([*store, "demo", "--remove"]) == 0
    assert "12 made-up people" in capsys.readouterr().out
    assert main([*store, "verify"]) == 0
    assert get_user_manager(tmp_path / "users").count_users() == 0


@pytest.mark.parametrize("words", [[], ["--remove", "--users", "3"], ["--days", "3"], ["--users", "0"]])
def test_the_command_refuses_what_makes_no_sense(tmp_path: Path, words: list[str]) -> None:
    assert main(["--store", str(tmp_path / "users"), "demo", *words]) == 2


def test_every_figure_of_a_made_up_site_has_data(manager: UserManager, demo: Demo, clock: FixedClock) -> None:
    demo.create_people(60, 120, 7)
    statistics = Statistics(manager.storage, clock=clock)
    missing = {key for key, row in statistics.platform_catalogue().items() if row["missing"] == "no data yet"}
    people = [statistics.person_catalogue(user_id) for user_id, _ in manager.storage.scan(USERS)]
    missing |= {key for key in people[0] if all(one[key]["missing"] == "no data yet" for one in people)}
    assert missing == set()
    assert manager.verify() == []
    streams = (key for key, row in manager.storage.scan(CONTENT) if row.get("started_at"))
    found = next(key for key in streams if _is_watched(manager, key))
    assert statistics.content_catalogue(found)["peak_viewers"]["value"] >= 1


def _is_watched(manager: UserManager, content_id: str) -> bool:
    logs = (manager.storage.read_log(ACTIVITY, user_id) for user_id, _ in manager.storage.scan(USERS))
    return any(event["kind"] == "watch" and event["subject"] == content_id for log in logs for event in log)
