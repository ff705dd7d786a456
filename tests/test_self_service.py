"""Where the site lets people take a plan themselves: for themselves, for the usual time, and nothing else."""

from __future__ import annotations

import pytest
from clocks import FixedClock

from user_stats import Forbidden, UserManager, UserRole
from user_stats.storage import Storage


@pytest.fixture
def people(storage: Storage, clock: FixedClock) -> tuple[UserManager, str, str]:
    manager = UserManager(storage, clock=clock, self_service=True)
    return manager, manager.create_user("ada", "ada@example.org"), manager.create_user("bob", "bob@example.org")


def test_people_take_a_plan_for_the_usual_time(people: tuple[UserManager, str, str]) -> None:
    manager, ada, _ = people
    assert manager.upgrade_subscription(ada, UserRole.PREMIUM, actor=ada).role is UserRole.PREMIUM
    assert manager.get_user(ada).subscription_expires == "2027-03-04T12:30:00.000000+00:00"


def test_neither_for_others_nor_for_longer(people: tuple[UserManager, str, str]) -> None:
    manager, ada, bob = people
    with pytest.raises(Forbidden):
        manager.upgrade_subscription(bob, UserRole.PREMIUM, actor=ada)
    with pytest.raises(Forbidden):
        manager.upgrade_subscription(ada, UserRole.PREMIUM, 3650, actor=ada)
    assert manager.get_subscribers() == []


def test_without_it_a_plan_takes_an_admin(storage: Storage, clock: FixedClock) -> None:
    manager = UserManager(storage, clock=clock)
    ada = manager.create_user("ada", "ada@example.org")
    with pytest.raises(Forbidden):
        manager.upgrade_subscription(ada, UserRole.PREMIUM, actor=ada)


def test_everything_that_was_recorded_of_a_person_can_be_read(people: tuple[UserManager, str, str]) -> None:
    manager, ada, _ = people
    manager.record_interaction(ada, "like")
    assert [event["kind"] for event in manager.get_activity(ada)] == ["account_created", "interaction"]
