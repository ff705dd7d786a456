"""Reports of other instances: known, signed, fresh, bounded, and apart from our own count."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from clocks import FixedClock

from user_stats.audience import Audience, Report
from user_stats.audience.instances import MOST_INSTANCES, MOST_UNVERIFIED, checked_signature, signature
from user_stats.collections import INSTANCES
from user_stats.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, RateLimited, UserNotFound
from user_stats.storage import Storage


def test_reports_stand_apart_with_their_sum(audience: Audience, clock: FixedClock) -> None:
    audience.take_report(Report("berlin", 500, "k1"))
    clock.advance(minutes=1)
    audience.take_report(Report("paris", 300, "k2", signed_at=clock.now))
    audience.take_report(Report("rome", 7))
    overview = audience.overview()
    assert sorted((one.instance_id, one.count, one.trust) for one in overview.instances) == [
        ("berlin", 500, "key"),
        ("paris", 300, "signed"),
        ("rome", 7, "unverified"),
    ]
    assert overview.instances_count == 807
    assert overview.totals.visitor_days == 0


def test_the_newest_report_counts_and_for_7_days(audience: Audience, clock: FixedClock) -> None:
    audience.take_report(Report("berlin", 500, "k1"))
    clock.advance(days=1)
    audience.take_report(Report("berlin", 400, "k1"))
    assert audience.overview().instances_count == 400
    clock.advance(days=7)
    assert audience.overview().instances_count == 400
    clock.advance(seconds=1)
    assert audience.overview().instances_count == 0
    assert [(one.count, one.is_current) for one in audience.instances()] == [(400, False)]
    clock.advance(days=90)
    audience.cleanup(90)
    assert audience.instances() == []


@pytest.mark.parametrize("count", [-1, 0.5, "5", True, float("nan"), 10**18, 10_000_001, None])
def test_a_count_is_a_whole_number(audience: Audience, storage: Storage, count: object) -> None:
    with pytest.raises(InvalidInput, match="count"):
        audience.take_report(Report("berlin", count, "k1"))  # type: ignore[arg-type]
    assert storage.count(INSTANCES) == 0


@pytest.mark.parametrize("name", ["", "x" * 65, "a:b", "../x", "a/b", "a\nb", "![x](y)", "-a", ".", None, 5])
def test_an_instance_has_a_plain_name(audience: Audience, storage: Storage, name: object) -> None:
    with pytest.raises(InvalidInput, match="instanceId"):
        audience.take_report(Report(name, 5, "k1"))  # type: ignore[arg-type]
    assert storage.count(INSTANCES) == 0


def test_an_instance_belongs_to_the_key_that_reported_first(audience: Audience) -> None:
    audience.take_report(Report("berlin", 500, "k1"))
    for key_id in ("k2", None):
        with pytest.raises(Forbidden, match="instanceId"):
            audience.take_report(Report("berlin", 1, key_id))
    assert audience.instances()[0].count == 500


def test_who_has_no_key_cannot_keep_a_name_from_the_one_who_has(audience: Audience) -> None:
    audience.take_report(Report("berlin", 1))
    taken = audience.take_report(Report("berlin", 50_000, "k1"))
    assert (taken.count, taken.trust) == (50_000, "key")
    with pytest.raises(Forbidden, match="instanceId"):
        audience.take_report(Report("berlin", 1))
    assert len(audience.instances()) == 1


def test_counts_do_not_jump(audience: Audience, clock: FixedClock) -> None:
    audience.take_report(Report("berlin", 10, "k1"))
    audience.take_report(Report("berlin", 1000, "k1"))
    clock.advance(hours=1)
    with pytest.raises(Conflict, match="at most 10,000 now"):
        audience.take_report(Report("berlin", 10_001, "k1"))
    audience.take_report(Report("berlin", 10_000, "k1"))
    clock.advance(hours=2)
    assert audience.take_report(Report("berlin", 1_000_000, "k1")).count == 1_000_000
    with pytest.raises(Conflict):
        audience.take_report(Report("berlin", 9_000_000, "k1"))
    audience.drop_instance("berlin")
    assert audience.take_report(Report("berlin", 9_000_000, "k1")).count == 9_000_000


def test_many_reports_grow_no_more_than_one(audience: Audience, clock: FixedClock) -> None:
    for count in (500, 2_000, 5_000):
        audience.take_report(Report("berlin", count, "k1"))
        clock.advance(minutes=10)
    with pytest.raises(Conflict, match="at most 5,000 now"):
        audience.take_report(Report("berlin", 5_001, "k1"))
    clock.advance(minutes=30)
    assert audience.take_report(Report("berlin", 50_000, "k1")).count == 50_000
    with pytest.raises(Conflict, match="at most 50,000 now"):
        audience.take_report(Report("berlin", 50_001, "k1"))


def test_a_signed_report_cannot_be_sent_again_nor_an_older_one(audience: Audience, clock: FixedClock) -> None:
    first = clock.now
    audience.take_report(Report("berlin", 500, "k1", signed_at=first))
    for signed_at in (first, first - timedelta(seconds=1)):
        with pytest.raises(NotAuthenticated, match="taken already"):
            audience.take_report(Report("berlin", 400, "k1", signed_at=signed_at))
    with pytest.raises(NotAuthenticated, match="not signed"):
        audience.take_report(Report("berlin", 400, "k1"))
    audience.take_report(Report("berlin", 400, "k1", signed_at=first + timedelta(seconds=1)))
    assert audience.instances()[0].count == 400


def test_a_signature_fits_one_key_one_time_and_one_body(clock: FixedClock) -> None:
    sent_at, body = clock.now.isoformat(), b'{"count": 500}'
    right = signature("secret", sent_at, body)

    def check(key: str = "secret", at: str = sent_at, given: str = right, body: bytes = body) -> datetime:
        return checked_signature(key, at, given, body, clock.now)

    assert check() == clock.now
    later = (clock.now + timedelta(seconds=1)).isoformat()
    for forged in (
        {"key": "other"},
        {"at": later},
        {"given": right[:-1]},
        {"given": "ü"},
        {"body": b'{"count": 5000}'},
    ):
        with pytest.raises(NotAuthenticated):
            check(**forged)  # type: ignore[arg-type]
    for no_time in ("now", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(NotAuthenticated, match="ISO 8601"):
            check(at=no_time, given=signature("secret", no_time, body))


@pytest.mark.parametrize(("minutes", "is_taken"), [(-5.1, False), (-4.9, True), (4.9, True), (5.1, False)])
def test_a_signed_report_is_fresh(clock: FixedClock, minutes: float, is_taken: bool) -> None:
    sent_at = (clock.now + timedelta(minutes=minutes)).isoformat()
    given = signature("secret", sent_at, b"{}")
    if is_taken:
        checked_signature("secret", sent_at, given, b"{}", clock.now)
    else:
        with pytest.raises(NotAuthenticated, match="5 minutes"):
            checked_signature("secret", sent_at, given, b"{}", clock.now)


def test_a_flood_of_names_ends_at_a_limit_and_leaves_room_for_known_instances(
    audience: Audience, storage: Storage
) -> None:
    for number in range(MOST_UNVERIFIED):
        audience.take_report(Report(f"open-{number}", 1))
    for number in range(MOST_UNVERIFIED, MOST_UNVERIFIED + 50):
        with pytest.raises(RateLimited):
            audience.take_report(Report(f"open-{number}", 1))
    assert storage.count(INSTANCES) == MOST_UNVERIFIED < MOST_INSTANCES
    audience.take_report(Report("open-0", 2))
    audience.take_report(Report("berlin", 500, "k1"))


def test_dropping_an_unknown_instance_says_so(audience: Audience) -> None:
    with pytest.raises(UserNotFound, match="berlin"):
        audience.drop_instance("berlin")
