"""Whatever the library writes it can read; and of each collection and log a record of a wrong shape is found."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from clocks import FixedClock
from test_erasure import do_everything

from user_stats.accounts.keys import ApiKeys
from user_stats.audience import Audience, Report, Visit
from user_stats.bot_users.bot_users import BotUsers
from user_stats.bot_users.links import BotLinks
from user_stats.collections import ALL_LOGS, BACKED_UP_COLLECTIONS, ROLLUPS, SHELVES
from user_stats.demo import Demo
from user_stats.errors import StorageCorrupt
from user_stats.storage import Storage, open_storage
from user_stats.verification import find_unreadable

PERSON = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
AT = "2026-03-04T12:00:00.000000+00:00"
ACCOUNT = {"user_id": PERSON, "username": "mallory", "email": "m@example.org", "role": "free", "created_at": AT}
WATCH = {"video_id": "v", "watched_at": AT, "duration_seconds": 5, "content_type": "video"}
VISITOR = {"first": "2026-03-04", "last": "2026-03-04", "seen": "1"}
CHUNK = {"number": 1, "batch": "b", "at": AT, "watches": 1, "source": "s", "seconds": 5, "first_on": "2026-03-04"}
MARK = CHUNK | {"last_on": "2026-03-04", "digests": "00ff"}
INSTANCE = {"count": 5, "reported_at": AT, "first_reported_at": AT, "key_id": None, "signed_at": None}

Example = tuple[str, dict[str, Any], dict[str, Any]]
EXAMPLES: dict[str, Example] = {
    "users": (PERSON, ACCOUNT, {"role": "owner"}),
    "user_stats": (PERSON, {"user_id": PERSON, "created_at": AT, "updated_at": AT}, {"videos_uploaded": -1}),
    "subscriber_features": (PERSON, {"uses": {}}, {"uses": [1]}),
    "user_totals": (
        PERSON,
        {name: {"count": 0, "seconds": 0, "completed": 0} for name in ("video", "stream", "image")},
        {"video": 7},
    ),
    "user_versions": (PERSON, {"version": 2}, {"version": "new"}),
    "credentials": (PERSON, {"argon2id": "$argon2id$"}, {"argon2id": 5}),
    "demo": (PERSON, {"user_id": PERSON, "is_made_up": True, "events": 1, "made_at": AT}, {"events": "many"}),
    "upgrade_requests": (PERSON, {"plan": "premium", "requested_at": AT}, {"plan": "owner"}),
    "connections": (PERSON, {"following": []}, {"following": PERSON}),
    "playlists": (PERSON, {"playlists": {"p": {"name": "n", "items": []}}}, {"playlists": {"p": {"name": "n"}}}),
    "preferences": (PERSON, {"chosen": {"theme": "dark"}}, {"chosen": {"theme": 1}}),
    "bot_links": (PERSON, {"telegram_id": "77", "linked_at": AT}, {"telegram_id": 77}),
    "identities": (PERSON, {"user_id": PERSON, "identity": "i"}, {"identity": None}),
    "erasures": ("mark", {"at": AT}, {"at": "yesterday"}),
    "day_totals": ("2026-03-04", {"likes": 1}, {"likes": "many"}),
    "content": (
        "v",
        {"content_id": "v", "owners": [PERSON], "content_type": "video", "created_at": AT},
        {"owners": None},
    ),
    "site": ("audience", {"visits": 1}, {"visits": "many"}),
    "api_keys": ("k", {"name": "n", "scope": "read", "digest": "d", "made_at": AT}, {"digest": 5}),
    "audience_days": ("2026-03-04", {"date": "2026-03-04", "visits": 1, "job_kinds": {"k": [1, 2]}}, {"job_kinds": 1}),
    "audience_paths": ("2026-03-04", {"paths": {"/": 1}}, {"paths": {"/": "1"}}),
    "known_visitors": ("c:1", VISITOR, {"seen": "x"}),
    "visitor_pairs": ("c:1", {"other": "t:1", "joined_on": "2026-03-04"}, {"joined_on": "2026-02-30"}),
    "instances": ("berlin", INSTANCE, {"count": -1}),
    "log_imports": ("abc", {"name": "n", "lines": 1, "imported_at": AT}, {"lines": None}),
    "bot_users": ("77", {"user_id": 77, "first_name": "A", "username": None, "first_seen": AT}, {"user_id": "77"}),
    "bot_days": ("2026-03-04", {"new": 1}, {"new": "1"}),
    "history": (PERSON, WATCH, {"content_type": "hologram"}),
    "activity": (PERSON, {"kind": "sign_in", "subject": None, "at": AT}, {"at": "now"}),
    "imports": (PERSON, MARK, {"digests": "xyz"}),
    "rollups": (PERSON, {"shape": 0}, {}),
    "shelves": ("00", {"shape": 0}, {}),
    "audit": ("2026-03", {"at": AT, "kind": "k", "actor": None, "person": None, "digest": "d"}, {"digest": 5}),
    "visits": ("2026-03-04-000000", {"at": AT, "path": "/", "agent": "Firefox"}, {"at": 5}),
    "jobs": ("2026-03-04-000000", {"at": AT, "kind": "k", "succeeded": True, "seconds": 1}, {"labels": ["x"]}),
    "log_lines": (
        "2026-03-04-0000",
        {"count": 1, "key": "", "marks": base64.b64encode(bytes(8)).decode()},
        {"marks": "AAAA"},
    ),
}
"""By collection or log: a key, a right record or entry, and what makes it a wrong one."""
MADE_ANEW = {ROLLUPS.name, SHELVES.name}
"""By whoever finds them wrong; they are there once figures were read."""
PLACES = {one.name: one for one in (*BACKED_UP_COLLECTIONS, *ALL_LOGS)}


def written(name: str, key: str, record: dict[str, Any]) -> Storage:
    storage, place = open_storage("memory:"), PLACES[name]
    storage.transaction(
        lambda tx: tx.append(place, key, record) if place in ALL_LOGS else tx.put(place, key, record)  # type: ignore[arg-type]
    )
    return storage


@pytest.mark.parametrize("name", PLACES)
def test_a_right_record_is_readable(name: str) -> None:
    key, record, _ = EXAMPLES[name]
    assert list(find_unreadable(written(name, key, record))) == []


@pytest.mark.parametrize("name", sorted(PLACES.keys() - MADE_ANEW))
def test_a_wrong_record_is_found_by_its_collection_and_key(name: str) -> None:
    key, record, wrong = EXAMPLES[name]
    found = list(find_unreadable(written(name, key, record | wrong)))
    assert [(name in one.place, one.subject, one.mendable) for one in found] == [(True, key, False)]
    assert "\n" not in str(found[0])
    assert len(str(found[0])) < 300


@pytest.mark.parametrize("name", ["day_totals", "audience_days", "audience_paths", "bot_days"])
@pytest.mark.parametrize("day", ["someday", "2026-02-30", "20260304"])
def test_a_day_that_is_none_is_found(name: str, day: str) -> None:
    assert [one.subject for one in find_unreadable(written(name, day, {}))] == [day]


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("value", [None, 5, "text", [], [None], {}, {"": {}}, 1e300, True])
def test_no_value_of_any_field_stops_the_search(name: str, value: object) -> None:
    key, record, wrong = EXAMPLES[name]
    for field in record.keys() | wrong.keys():
        try:
            storage = written(name, key, record | {field: value})
        except StorageCorrupt:
            continue  # a watch of no time has no place in the order of a history
        list(find_unreadable(storage))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_is_none_in_utc_is_found(moment: str) -> None:
    record = {"user_id": PERSON, "created_at": AT, "updated_at": AT, "last_activity_timestamp": moment}
    assert [one.subject for one in find_unreadable(written("user_stats", PERSON, record))] == [PERSON]


@pytest.mark.parametrize("wrong", [{"events": "many"}, {"events": -1}, {"active_on": []}])
def test_totals_that_cannot_be_counted_on_are_found(wrong: dict[str, Any]) -> None:
    _, record, _ = EXAMPLES["user_totals"]
    assert [one.subject for one in find_unreadable(written("user_totals", PERSON, record | wrong))] == [PERSON]


def test_all_that_the_library_writes_is_readable(storage: Storage, clock: FixedClock) -> None:
    person = do_everything(storage, clock)
    Demo(storage, max_entries=50, clock=clock).create_people(12, days=40, seed=5)
    ApiKeys(storage, clock=clock).add("mine", "report", actor=None)
    audience = Audience(storage, clock=clock)
    audience.take_report(Report("berlin", 500, "k1", signed_at=clock.now))
    audience.take_report(Report("rome", 7))
    audience.record_job("image", False, error="no space", seconds=1.5, labels={"size": "small"})
    browser = "3b241101-e2bb-4255-8caf-4136c566a962"
    audience.check_in(audience.visit(address="192.0.2.7", client_id=browser), is_new=True)
    visits = [Visit(clock(), f"/{number}", "curl/8", "192.0.2.9", bytes_sent=7) for number in range(5)]
    audience.import_visits(visits, fingerprint="abc", name="access.log")
    audience.record_visits(visits)
    bots, links = BotUsers(storage, audience, clock=clock), BotLinks(storage, clock=clock)
    bots.add(77, None, None, "friends")
    links.redeem(links.make_code(person, client_id=browser).code, 77)
    audience.close()
    assert list(find_unreadable(storage)) == []
    empty = {"erasures", "identities", "upgrade_requests"}
    with storage.snapshot(BACKED_UP_COLLECTIONS, ALL_LOGS) as copy:
        held = [name for name, one in PLACES.items() if any(copy.lists(one) if one in ALL_LOGS else copy.members(one))]  # type: ignore[arg-type]
    assert PLACES.keys() - set(held) <= empty | MADE_ANEW
