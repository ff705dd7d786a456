"""`verify` finds whatever departs from the log, and `repair` puts it right without losing what was counted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock

from user_stats import UserManager, UserRole
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.errors import UserStatsError
from user_stats.storage import open_storage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "users"


@pytest.fixture
def site(folder: Path, clock: FixedClock) -> UserManager:
    """A few people who did something of each kind."""
    manager = UserManager(open_storage(str(folder)), clock=clock, max_history=4, passwords=PasswordPolicy())
    manager.create_user("grace", "grace@example.org", UserRole.ADMIN)
    for name in ("ada", "bob"):
        person = manager.create_user(name, f"{name}@example.org", UserRole.PREMIUM)
        for number in range(6):
            clock.advance(hours=7)
            manager.record_watch_activity(person, f"v{number}", 100 + number, completed=number % 2 == 0)
        manager.record_upload(person, "video")
        manager.record_interaction(person, "like")
        manager.use_subscriber_feature(person, "ad_free")
    return manager


def edited(path: Path, change: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def id_of(manager: UserManager, name: str) -> str:
    user = manager.find_user(name)
    assert user is not None
    return user.user_id


def test_a_site_that_was_only_recorded_to_has_no_differences(site: UserManager) -> None:
    assert site.verify() == []


@pytest.mark.parametrize(
    ("name", "field", "change"),
    [
        ("user_stats.json", "videos_uploaded", lambda one: one.update(videos_uploaded=41)),
        ("user_stats.json", "total_watched_hours", lambda one: one.update(total_watched_hours=3.5)),
        ("user_stats.json", "watch_history_entries", lambda one: one.update(watch_history_entries=0)),
        ("user_totals.json", "watches by type", lambda one: one["video"].update(count=3)),
        ("subscriber_features.json", "uses", lambda one: one.update(uses={"ad_free": 9})),
        ("users.json", "record", lambda one: one.update(email="other@example.org")),
    ],
)
def test_an_edited_figure_counts_is_found_and_can_be_repaired(
    site: UserManager, folder: Path, name: str, field: str, change: Callable[[Any], object]
) -> None:
    ada = id_of(site, "ada")
    edited(folder / name, lambda content: change(content[ada]))
    found = site.verify()
    assert [(one.place, one.subject, one.field) for one in found] == [(name, ada, field)]
    assert site.repair() == found
    assert site.verify() == []


def test_an_edited_counter_is_counted_on_from(site: UserManager, folder: Path) -> None:
    ada = id_of(site, "ada")
    edited(folder / "user_stats.json", lambda content: content[ada].update(videos_uploaded=41))
    assert site.record_upload(ada, "video").videos_uploaded == 42


def test_an_edited_history_is_found_and_rebuilt_from_the_log(site: UserManager, folder: Path) -> None:
    ada = id_of(site, "ada")
    before = site.history_tracker.get_watch_history(ada)
    path = folder / "history" / f"{ada}_history.json"
    edited(path, lambda entries: (entries[1].update(duration_seconds=9), entries.pop()))
    assert [(one.place, one.field) for one in site.verify()] == [(f"history/{ada}_history.json", "entries")]
    site.repair()
    assert site.history_tracker.get_watch_history(ada) == before
    assert site.verify() == []


def test_wrong_day_totals_and_admin_lists_are_found(site: UserManager, folder: Path) -> None:
    edited(folder / "day_totals.json", lambda days: days["2026-03-04"].update(video_watches=77, likes=3))
    edited(folder / "site.json", lambda content: content["admins"].update(user_ids=[]))
    assert {(one.place, one.field) for one in site.verify()} == {
        ("day_totals.json", "video_watches"),
        ("day_totals.json", "likes"),
        ("site.json", "user_ids"),
    }
    site.repair()
    assert site.verify() == []


def test_what_belongs_to_nobody_is_named_and_kept(site: UserManager, folder: Path) -> None:
    ada = id_of(site, "ada")
    edited(folder / "users.json", lambda people: people.pop(ada))
    found = site.verify()
    assert {one.place for one in found if one.subject == ada} == {
        "user_stats.json",
        "subscriber_features.json",
        "user_totals.json",
        "user_versions.json",
        f"history/{ada}_history.json",
        f"activity/{ada}_activity.json",
    }
    site.repair()
    assert ada in json.loads((folder / "user_stats.json").read_text())


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(videos_uploaded=-1),
        lambda one: one.update(videos_uploaded=1.5),
        lambda one: one.update(videos_uploaded="7"),
        lambda one: one.update(total_watched_hours=-1),
        lambda one: one.update(last_activity_timestamp="yesterday"),
        lambda one: one.update(user_id="somebody else"),
    ],
)
def test_a_record_of_the_wrong_shape_is_named_and_the_others_are_checked(
    site: UserManager, folder: Path, change: Callable[[Any], object]
) -> None:
    ada, bob = id_of(site, "ada"), id_of(site, "bob")
    edited(folder / "user_stats.json", lambda content: (change(content[ada]), content[bob].update(images_uploaded=1)))
    places = {(one.subject, one.field, one.mendable) for one in site.verify()}
    assert (ada, "record", False) in places
    assert (bob, "images_uploaded", True) in places


def test_a_damaged_statistics_file_is_mended_from_the_log(site: UserManager, folder: Path) -> None:
    ada = id_of(site, "ada")
    before = site.get_all_users_stats()
    path = folder / "user_stats.json"
    broken = path.read_bytes().replace(f'"{ada}":'.encode(), f'"{ada}";'.encode())
    path.write_bytes(broken)
    assert [(one.place, one.mendable) for one in site.verify() if one.field == "file"] == [("user_stats.json", True)]
    site.repair()
    assert site.verify() == []
    after = site.get_all_users_stats()
    assert {key: one.watch_history_entries for key, one in after.items()} == {
        key: one.watch_history_entries for key, one in before.items()
    }
    assert after[ada].total_watched_hours == before[ada].total_watched_hours
    assert [one.read_bytes() for one in (folder / "damaged").iterdir()] == [broken]


def test_figures_stay_when_events_are_lost(site: UserManager, folder: Path) -> None:
    ada = id_of(site, "ada")
    before = site.get_user_stats(ada)
    path = folder / "activity" / f"{ada}_activity.json"
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:3], lines[3][:-9], *lines[4:]]))
    assert [one.place for one in site.verify() if one.field == "file"] == [f"activity/{ada}_activity.json"]
    site.repair()
    assert site.get_user_stats(ada) == before
    assert [one for one in site.verify() if one.place != "user_totals.json"] == []


@pytest.mark.parametrize("key", ["ada", "No User", "../ada", "é", "a" * 300])
def test_an_account_under_an_odd_key_is_named_and_the_others_are_checked(
    site: UserManager, folder: Path, key: str
) -> None:
    ada = id_of(site, "ada")
    edited(folder / "users.json", lambda people: people.update({key: {**people[ada], "user_id": key}}))
    edited(folder / "user_stats.json", lambda content: content[ada].update(videos_uploaded=41))
    found = [(one.place, one.field, one.mendable) for one in site.verify()]
    assert sorted(found) == [("user_stats.json", "videos_uploaded", True), ("users.json", "key", False)]


def test_a_file_by_hand_is_an_opening_balance(folder: Path, clock: FixedClock) -> None:
    person = "0b9ff1a0-6d7e-4c1f-9c53-1f2d3c4b5a69"
    (folder / "history").mkdir(parents=True)
    account = {"user_id": person, "username": "old", "email": "old@example.org", "role": "free", "shoe_size": 43}
    account["created_at"] = "2020-01-02T03:04:05"
    (folder / "users.json").write_text(json.dumps({person: account}, indent=2))
    stats = {"watch_history_entries": 7, "total_watched_hours": 2.25, "videos_uploaded": 3, "nickname": "kept"}
    (folder / "user_stats.json").write_text(json.dumps({person: stats}))
    watched = {"video_id": "v", "watched_at": "2020-02-02T10:00:00", "duration_seconds": 1800, "content_type": "video"}
    (folder / "history" / f"{person}_history.json").write_text(json.dumps([watched], indent=4))
    manager = UserManager(open_storage(str(folder)), clock=clock)
    assert manager.verify() == []
    assert manager.get_user_stats(person).watch_history_entries == 7
    assert manager.history_tracker.get_watch_stats_by_type(person)["video"]["seconds"] == 1800
    assert manager.history_tracker.get_watch_history(person)[0].watched_at == "2020-02-02T10:00:00.000000+00:00"
    manager.record_watch_activity(person, "w", 900)
    manager.record_upload(person, "video")
    stats_after = manager.get_user_stats(person)
    assert (stats_after.watch_history_entries, stats_after.videos_uploaded) == (8, 4)
    assert stats_after.total_watched_hours == 2.5
    assert manager.verify() == []
    manager.update_user(person, username="older")
    assert json.loads((folder / "users.json").read_text())[person]["shoe_size"] == 43
    assert json.loads((folder / "user_stats.json").read_text())[person]["nickname"] == "kept"


@pytest.mark.parametrize(
    "change",
    [
        lambda people, one: one.update(role="owner"),
        lambda people, one: one.update(username=""),
        lambda people, one: one.update(is_active="yes"),
        lambda people, one: one.update(created_at="never"),
        lambda people, one: one.update(user_id="x"),
        lambda people, one: one.pop("email"),
    ],
)
def test_an_account_of_the_wrong_shape_is_named(
    site: UserManager, folder: Path, change: Callable[[Any, Any], object]
) -> None:
    ada = id_of(site, "ada")
    edited(folder / "users.json", lambda people: change(people, people[ada]))
    found = [one for one in site.verify() if one.subject == ada]
    assert [(one.place, one.field) for one in found] == [("users.json", "record")]
    assert site.get_user(id_of(site, "bob")).username == "bob"


def test_two_people_of_one_name_are_found(site: UserManager, folder: Path) -> None:
    ada = id_of(site, "ada")
    edited(folder / "users.json", lambda people: people[ada].update(username="BOB"))
    assert any(one.field == "username" and not one.mendable for one in site.verify())


WRONG_SHAPES: list[tuple[str, Callable[[Any, str], object]]] = [
    ("activity", lambda events, ada: events[1].pop("kind")),
    ("activity", lambda events, ada: events[1].pop("subject")),
    ("activity", lambda events, ada: events[1].update(watched_at="soon")),
    ("activity", lambda events, ada: events[1].update(duration_seconds="9")),
    ("activity", lambda events, ada: events[1].update(content_type="opera")),
    ("activity", lambda events, ada: events[1].update(at=None)),
    ("history", lambda entries, ada: entries[0].pop("watched_at")),
    ("history", lambda entries, ada: entries[0].update(duration_seconds=None)),
    ("history", lambda entries, ada: entries[0].update(watched_at=5)),
    ("user_totals.json", lambda people, ada: people[ada].pop("video")),
    ("user_totals.json", lambda people, ada: people[ada].update(stream=3)),
    ("user_stats.json", lambda people, ada: people[ada].update(last_activity_timestamp=5)),
    ("subscriber_features.json", lambda people, ada: people[ada].update(uses=5)),
    ("subscriber_features.json", lambda people, ada: people[ada].update(granted="all")),
    ("user_versions.json", lambda people, ada: people[ada].pop("version")),
    ("user_versions.json", lambda people, ada: people[ada].update(version="two")),
    ("users.json", lambda people, ada: people[ada].update(created_at=5)),
    ("day_totals.json", lambda days, ada: days["2026-03-04"].update(untraced=3)),
    ("day_totals.json", lambda days, ada: [day.update(video_watches="3") for day in days.values()]),
    ("site.json", lambda site, ada: site["admins"].pop("user_ids")),
    ("site.json", lambda site, ada: site["admins"].update(user_ids={"a": 1})),
]


@pytest.mark.parametrize(("name", "change"), WRONG_SHAPES)
def test_whatever_has_the_wrong_shape_is_found_and_named_by_the_calls(
    site: UserManager, folder: Path, clock: FixedClock, name: str, change: Callable[[Any, str], object]
) -> None:
    ada, grace = id_of(site, "ada"), id_of(site, "grace")
    path = folder / (name if name.endswith(".json") else f"{name}/{ada}_{name}.json")
    edited(path, lambda content: change(content, ada))
    assert site.verify() != []
    site.repair()
    clock.advance(hours=-200)
    calls: list[Callable[[], object]] = [
        lambda: site.record_watch_activity(ada, "v", 60),
        lambda: site.record_watch_activity(ada, "v", 60, watched_at="2026-03-04T10:00:00Z"),
        lambda: site.record_upload(ada, "image"),
        lambda: site.use_subscriber_feature(ada, "ad_free"),
        lambda: site.get_features(ada),
        lambda: site.get_user_stats(ada),
        site.get_all_users_stats,
        site.get_subscribers,
        site.find_users,
        lambda: site.history_tracker.get_watch_history(ada),
        lambda: site.history_tracker.get_watch_stats_by_type(ada),
        lambda: site.update_user(ada, username="ada2"),
        lambda: site.update_user(grace, is_active=False),
        lambda: site.delete_user(ada),
        site.verify,
    ]
    for call in calls:
        try:
            call()
        except UserStatsError as error:
            assert error.message


def test_one_damaged_person_does_not_change_the_totals_of_days(site: UserManager, folder: Path) -> None:
    before = (folder / "day_totals.json").read_bytes()
    ada = id_of(site, "ada")
    edited(folder / "activity" / f"{ada}_activity.json", lambda events: events[2].update(content_type="opera"))
    assert [(one.place, one.mendable) for one in site.repair()] == [(f"activity/{ada}_activity.json", False)]
    assert json.loads((folder / "day_totals.json").read_bytes()) == json.loads(before)


def test_repair_takes_nothing_away_from_who_records_meanwhile(site: UserManager, folder: Path) -> None:
    ada, bob = id_of(site, "ada"), id_of(site, "bob")
    is_over = threading.Event()
    recorded = 0

    def record() -> None:
        nonlocal recorded
        while not is_over.is_set():
            site.record_upload(ada, "image")
            recorded += 1

    thread = threading.Thread(target=record)
    thread.start()
    for _ in range(10):
        edited(folder / "history" / f"{bob}_history.json", lambda entries: entries.pop())
        assert {one.subject for one in site.repair()} <= {bob, ada}
    is_over.set()
    thread.join()
    assert site.get_user_stats(ada).images_uploaded == recorded
    site.repair()
    assert site.verify() == []
