"""Requests for a plan: one a person, decided by an admin, and who runs out when."""

from __future__ import annotations

import pytest
from clocks import FixedClock

from user_stats import Forbidden, InvalidInput, UserManager, UserRole
from user_stats.collections import UPGRADE_REQUESTS


@pytest.fixture
def ada(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org")


@pytest.fixture
def admin(manager: UserManager) -> str:
    return manager.create_user("grace", "grace@example.org", UserRole.ADMIN)


def test_a_newer_request_takes_the_place_of_the_older(manager: UserManager, clock: FixedClock, ada: str) -> None:
    manager.request_upgrade(ada, UserRole.SUBSCRIBER, actor=ada)
    clock.advance(hours=1)
    asked = manager.request_upgrade(ada, "premium", actor=ada)
    assert manager.get_upgrade_requests() == [asked]
    assert manager.find_upgrade_request(ada) == asked
    assert asked.plan is UserRole.PREMIUM


def test_requests_stand_in_the_order_of_asking(manager: UserManager, clock: FixedClock, ada: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    manager.request_upgrade(bob, UserRole.PREMIUM)
    clock.advance(hours=1)
    manager.request_upgrade(ada, UserRole.PREMIUM)
    assert [request.user_id for request in manager.get_upgrade_requests()] == [bob, ada]


def test_a_plan_that_begins_takes_the_request_away(manager: UserManager, ada: str, admin: str) -> None:
    manager.request_upgrade(ada, UserRole.PREMIUM, actor=ada)
    manager.upgrade_subscription(ada, UserRole.PREMIUM, actor=admin)
    assert manager.get_upgrade_requests() == []


def test_an_admin_or_the_person_may_drop_it(manager: UserManager, ada: str, admin: str) -> None:
    for actor in (ada, admin):
        manager.request_upgrade(ada, UserRole.PREMIUM, actor=ada)
        assert manager.drop_upgrade_request(ada, actor=actor)
        assert not manager.drop_upgrade_request(ada, actor=actor)


def test_what_may_not_be_asked_is_refused(manager: UserManager, ada: str, admin: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    for user_id, role, actor, error in (
        (ada, "admin", ada, InvalidInput),
        (ada, "free", ada, InvalidInput),
        (admin, "premium", admin, InvalidInput),
        (ada, "premium", bob, Forbidden),
    ):
        with pytest.raises(error):
            manager.request_upgrade(user_id, role, actor=actor)
    manager.update_user(bob, is_active=False)
    with pytest.raises(Forbidden):
        manager.request_upgrade(bob, "premium")
    with pytest.raises(Forbidden):
        manager.drop_upgrade_request(ada, actor=bob)
    assert manager.get_upgrade_requests() == []


def test_erasing_a_person_erases_the_request(manager: UserManager, ada: str) -> None:
    manager.request_upgrade(ada, UserRole.PREMIUM)
    manager.delete_user(ada)
    assert list(manager.storage.scan(UPGRADE_REQUESTS)) == []


def test_people_are_found_by_the_end_of_their_plan(manager: UserManager, clock: FixedClock, ada: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    manager.upgrade_subscription(ada, UserRole.PREMIUM, 5)
    manager.upgrade_subscription(bob, UserRole.SUBSCRIBER, 20)
    manager.create_user("eve", "eve@example.org")
    soon = manager.find_users(expires_from=clock.now, expires_to="2026-03-11", sort="subscription_expires")
    assert [user.user_id for user in soon.users] == [ada]
    later = manager.find_users(expires_from="2026-03-11")
    assert ([user.user_id for user in later.users], later.total) == ([bob], 1)
    with pytest.raises(InvalidInput, match="expires_from"):
        manager.find_users(expires_from="2026-03-11", expires_to="2026-03-01")
