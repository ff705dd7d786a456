"""Who counts as one visitor, and on which day."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from clocks import FixedClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from user_stats.audience import Audience
from user_stats.audience.visitors import MARK_CHARACTERS, is_client_id, normal_address
from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS, VISITOR_KEYS, VISITOR_MARKS
from user_stats.errors import InvalidInput
from user_stats.storage import Storage, open_storage

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def track(audience: Audience, address: str, **more: object) -> int:
    return audience.track_user(audience.visit(address=address, user_agent=FIREFOX, **more))


def new_client() -> str:
    return str(uuid.uuid4())


def check_in(audience: Audience, client_id: str, address: str | None = "192.0.2.1", **more: object) -> tuple[int, int]:
    given = audience.check_in(audience.visit(client_id=client_id, address=address, **more), is_new=False)
    return given.daily_active_users, given.monthly_active_users


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7:1234", None),
        ("999.1.1.1", None),
        ("", None),
        ("localhost", None),
    ],
)
def test_addresses_that_are_one_visitor_have_one_form(text: str, normal: str | None) -> None:
    assert normal_address(text) == normal


def test_an_address_counts_once_a_day(audience: Audience, clock: FixedClock) -> None:
    assert [track(audience, "192.0.2.1") for _ in range(3)] == [1, 1, 1]
    assert track(audience, "192.0.2.2") == 2
    clock.advance(days=1)
    assert track(audience, "192.0.2.1") == 3
    assert [(day.date, day.visitors, day.visits) for day in audience.all_days()] == [
        ("2026-03-04", 2, 4),
        ("2026-03-05", 1, 1),
    ]


def test_one_house_with_ipv6_is_one_visitor(audience: Audience) -> None:
    track(audience, "2001:db8::1")
    assert track(audience, "2001:db8::ffff") == 1
    assert track(audience, "2001:db8:0:1::1") == 2


def test_the_day_changes_at_midnight_utc(audience: Audience, clock: FixedClock) -> None:
    clock.now = datetime(2026, 3, 4, 23, 59, 59, 999_999, tzinfo=UTC)
    track(audience, "192.0.2.1")
    clock.advance(microseconds=1)
    track(audience, "192.0.2.1")
    assert [day.visitors for day in audience.all_days()] == [1, 1]


def test_a_second_process_knows_who_was_counted(storage: Storage, clock: FixedClock) -> None:
    first, second = Audience(storage, clock=clock), Audience(storage, clock=clock)
    track(first, "192.0.2.1")
    assert track(second, "192.0.2.1") == 1


def test_a_visit_of_the_past_counts_for_its_day(audience: Audience) -> None:
    for moment in ("2026-03-01T10:00:00Z", "2026-02-27T10:00:00Z", "2026-03-01T23:59:59+00:00", "2026-03-04"):
        track(audience, "192.0.2.1", visited_at=moment)
    assert [(day.date, day.visitors, day.visits) for day in audience.all_days()] == [
        ("2026-02-27", 1, 1),
        ("2026-03-01", 1, 2),
        ("2026-03-04", 1, 1),
    ]


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-04T13:00:00Z", "0001-01-01", 7, ""])
def test_a_visit_of_no_time_or_of_the_future_is_refused(audience: Audience, moment: object) -> None:
    with pytest.raises(InvalidInput, match="visited_at"):
        audience.visit(address="192.0.2.1", visited_at=moment)  # type: ignore[arg-type]
    assert audience.all_days() == []


def test_with_one_key_for_good_distinct_addresses_are_known_over_time(storage: Storage, clock: FixedClock) -> None:
    audience = Audience(storage, clock=clock, key_days=0)
    for _ in range(3):
        track(audience, "192.0.2.1")
        clock.advance(days=1)
    track(audience, "192.0.2.2")
    assert (audience.totals().visitor_days, audience.totals().visitor_hashes) == (4, 2)
    active = audience.active_visitors()
    assert active is not None
    assert (active.daily, active.weekly, active.monthly) == (1, 2, 2)


def test_with_a_key_a_day_nobody_can_tell_the_visitors_of_two_days(audience: Audience, clock: FixedClock) -> None:
    track(audience, "192.0.2.1")
    clock.advance(days=1)
    track(audience, "192.0.2.1")
    assert audience.active_visitors() is None
    assert audience.totals().visitor_hashes == 2


def test_addresses_and_cookies_are_stored_nowhere(storage: Storage, clock: FixedClock) -> None:
    audience = Audience(storage, clock=clock)
    client_id = new_client()
    audience.count_page(
        audience.visit(address="198.51.100.77", client_id=client_id, user_agent=FIREFOX, path="/a?token=very-secret")
    )
    assert audience.drain()
    stored = json.dumps(
        [list(storage.scan(collection)) for collection in ALL_COLLECTIONS]
        + [[storage.read_log(log, key) for key in storage.log_keys(log)] for log in ALL_LOGS]
    )
    audience.close()
    assert '"visits": 1' in stored
    plain_hash = hashlib.sha256(b"198.51.100.77").hexdigest()[:32]
    for secret in ("198.51.100", client_id, "very-secret", plain_hash, FIREFOX):
        assert secret not in stored


def test_stored_hashes_of_a_past_day_cannot_be_turned_back(storage: Storage, clock: FixedClock) -> None:
    """A sweep of the whole network finds the visitor while the key lives, which shows that the sweep works; without
    the key it finds nobody, and after upkeep there is nothing left to look for."""
    audience = Audience(storage, clock=clock)
    track(audience, "203.0.113.77")
    marks = {tag for _, record in storage.scan(VISITOR_MARKS) for tag in record["tags"].split()}
    key = storage.get(VISITOR_KEYS, "2026-03-04")["key"]  # type: ignore[index]

    def found(secret: bytes) -> list[str]:
        import hmac

        names = [str(address) for address in ipaddress.ip_network("203.0.0.0/16")]
        return [name for name in names if hmac.digest(secret, name.encode(), "sha256").hex()[:MARK_CHARACTERS] in marks]

    assert found(bytes.fromhex(key)) == ["203.0.113.77"]
    clock.advance(hours=47)
    assert audience.destroy_old_keys() == ["2026-03-04"]
    assert storage.get(VISITOR_KEYS, "2026-03-04") is None
    for guess in (b"", bytes(32), b"2026-03-04", bytes.fromhex(key)[::-1]):
        assert found(guess) == []
    assert list(storage.scan(VISITOR_MARKS)) == []
    assert audience.totals().visitor_days == 1


def test_no_byte_of_a_destroyed_key_is_left(tmp_path: Path, clock: FixedClock) -> None:
    storage = open_storage(str(tmp_path))
    audience = Audience(storage, clock=clock)
    track(audience, "203.0.113.77")
    key = storage.get(VISITOR_KEYS, "2026-03-04")["key"].encode()  # type: ignore[index]

    def places() -> set[str]:
        return {path.name for path in tmp_path.rglob("*") if path.is_file() and key in path.read_bytes()}

    assert places() == {"visitor_keys.json", "store.journal0"}
    clock.advance(days=2)
    audience.destroy_old_keys()
    assert places() == set()
    assert track(audience, "203.0.113.77") == 2
    storage.close()
    assert Audience(open_storage(str(tmp_path)), clock=clock).totals().visitor_days == 2


def test_two_days_and_two_sites_hash_differently(storage: Storage, clock: FixedClock) -> None:
    here, elsewhere = Audience(storage, clock=clock), Audience(other := open_storage("memory:"), clock=clock)
    track(here, "192.0.2.1")
    clock.advance(days=1)
    track(here, "192.0.2.1")
    track(elsewhere, "192.0.2.1")
    records = [record for store in (storage, other) for _, record in store.scan(VISITOR_MARKS)]
    hashes = [tag for record in records for tag in record["tags"].split()]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize("hour", [0, 6, 12, 18, 23])
def test_no_key_lives_for_48_hours_and_none_dies_before_its_day_is_over(
    storage: Storage, clock: FixedClock, hour: int
) -> None:
    audience = Audience(storage, clock=clock)
    clock.now = clock.now.replace(hour=hour, minute=59)
    track(audience, "192.0.2.1")
    made_at = clock.now
    while storage.get(VISITOR_KEYS, made_at.date().isoformat()) is not None:
        clock.advance(hours=1)
        audience.destroy_old_keys()
    assert clock.now.date() > made_at.date()
    assert (clock.now - made_at).total_seconds() < 48 * 3600


def test_visits_that_come_in_late_are_counted_under_the_key_of_their_day(audience: Audience, clock: FixedClock) -> None:
    track(audience, "192.0.2.1")
    clock.advance(hours=20)
    audience.destroy_old_keys()
    assert track(audience, "192.0.2.1", visited_at="2026-03-04T20:00:00Z") == 1


def test_counting_destroys_old_keys_by_itself(storage: Storage, clock: FixedClock) -> None:
    audience = Audience(storage, clock=clock)
    for _ in range(2):
        audience.track_user_soon(audience.visit(address="192.0.2.1")).result(10)
        clock.advance(days=2)
    audience.track_user_soon(audience.visit(address="192.0.2.1")).result(10)
    audience.close()
    assert [key for key, _ in storage.scan(VISITOR_KEYS)] == ["2026-03-08"]


# -- people by cookie ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        (str(uuid.UUID(int=0x11111111111141118111111111111111)), True),
        ("3cc103e4-e591-11f1-bf23-02fc00000001", False),  # of version 1
        ("11111111-1111-4111-8111-11111111111A", False),
        ("11111111111141118111111111111111", False),
        ("", False),
        ("x" * 10_000, False),
        (None, False),
    ],
)
def test_a_client_id_is_a_uuid4(text: str | None, is_valid: bool) -> None:
    assert is_client_id(text) is is_valid


def test_people_are_known_again_by_their_cookie(audience: Audience, clock: FixedClock) -> None:
    ada, bob = new_client(), new_client()
    assert check_in(audience, ada) == (1, 1)
    assert check_in(audience, bob) == (2, 2)
    assert check_in(audience, ada) == (2, 2)
    clock.advance(days=1)
    assert check_in(audience, ada) == (1, 2)
    assert [(day.people, day.new_people, day.returning_people) for day in audience.all_days()] == [(2, 2, 0), (1, 0, 1)]
    assert audience.totals().people == 2


def test_active_people_roll_over_1_7_and_30_days_today_included(audience: Audience, clock: FixedClock) -> None:
    start = clock.now
    for back in (30, 29, 7, 6, 0):
        clock.now = start
        clock.advance(days=-back)
        check_in(audience, new_client())
    active = audience.active_people()
    assert (active.daily, active.weekly, active.monthly) == (1, 2, 4)
    assert active.stickiness == 0.25


def test_nobody_gives_no_stickiness(audience: Audience) -> None:
    assert audience.active_people().stickiness is None


def test_one_address_adds_at_most_50_new_people_a_day(audience: Audience, clock: FixedClock) -> None:
    farm = [new_client() for _ in range(120)]
    for client_id in farm:
        check_in(audience, client_id, "203.0.113.9")
    assert audience.totals().people == 50
    assert check_in(audience, new_client(), "203.0.113.10") == (51, 51)
    check_in(audience, farm[0], "203.0.113.9")
    clock.advance(days=1)
    for client_id in farm[50:]:
        check_in(audience, client_id, "203.0.113.9")
    assert audience.totals().people == 101


def test_who_asks_not_to_be_tracked_is_a_visit_and_not_a_visitor(audience: Audience) -> None:
    assert track(audience, "192.0.2.1", do_not_track=True) == 0
    assert check_in(audience, new_client(), do_not_track=True) == (0, 0)
    assert (audience.day().visits, audience.day().visitors, audience.day().people) == (1, 0, 0)


def test_a_bot_user_counts_once_a_day(audience: Audience, clock: FixedClock) -> None:
    for telegram_id in (5_000_000_000, 5_000_000_000, 7):
        audience.track_bot_user(telegram_id)
    clock.advance(days=1)
    audience.track_bot_user(7)
    assert [day.bot_users for day in audience.all_days()] == [2, 1]
    assert audience.totals().bot_users == 2
    assert audience.active_bot_users().monthly == 2


def test_switched_off_nothing_is_counted_of_visitors(storage: Storage, clock: FixedClock) -> None:
    audience = Audience(storage, clock=clock, is_enabled=False)
    assert track(audience, "192.0.2.1") == 0
    assert check_in(audience, new_client()) == (0, 0)
    assert audience.count_page(audience.visit(address="192.0.2.1"))
    assert audience.record_visits([audience.visit(address="192.0.2.1")]) == 0
    audience.record_job("transcode", True)
    assert audience.totals().visits == 0
    assert audience.totals().jobs_succeeded == 1
    assert not list(storage.scan(VISITOR_KEYS))


# -- any order ---------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), max_size=40), st.sampled_from([0, 1]))
def test_in_any_order_the_figures_are_those_of_sets(events: list[tuple[int, int]], key_days: int) -> None:
    clock = FixedClock()
    audience = Audience(open_storage("memory:"), clock=clock, key_days=key_days)
    clients = {number: str(uuid.UUID(int=number | 0x40008 << 60)) for number in range(5)}
    seen: dict[str, set[int]] = {}
    for back, who in events:
        day = clock.now.date().toordinal() - back
        moment = datetime.fromordinal(day).replace(tzinfo=UTC).isoformat()
        visit = audience.visit(address=f"192.0.2.{who}", client_id=clients[who], visited_at=moment, user_agent=FIREFOX)
        audience.record_visits([visit])
        seen.setdefault(moment[:10], set()).add(who)
    found = {day.date: day for day in audience.all_days()}
    assert {date: (day.visitors, day.people) for date, day in found.items()} == {
        date: (len(who), len(who)) for date, who in seen.items()
    }
    first = {who: min(date for date in seen if who in seen[date]) for date in seen for who in seen[date]}
    assert {date: day.new_people for date, day in found.items()} == {
        date: sum(when == date for when in first.values()) for date in seen
    }
    today = clock.now.date().toordinal()
    for days, figure in ((1, "daily"), (7, "weekly"), (30, "monthly")):
        recent = {datetime.fromordinal(today - back).date().isoformat() for back in range(days)}
        expected = len(set().union(*(seen[date] for date in seen if date in recent)))
        assert getattr(audience.active_people(), figure) == expected
    assert audience.totals().people == len(first)
    assert audience.totals().visitor_days == sum(map(len, seen.values()))
    if key_days == 0:
        assert audience.totals().visitor_hashes == len(first)
