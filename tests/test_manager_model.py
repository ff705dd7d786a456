"""Random calls are played on a UserManager and on a plain dict: both must always say the same, and the log agrees."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from clocks import FixedClock
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from user_stats import AlreadyExists, FeatureNotAvailable, Forbidden, UserManager, UserRole
from user_stats.features import PLAN_FEATURES
from user_stats.models import SubscriberFeature
from user_stats.storage import open_storage

KEEP = 5
DAYS = 30
names = st.sampled_from(["ada", "Ada", "bob", "eve", "zoë", "José"])
roles = st.sampled_from([UserRole.FREE, UserRole.SUBSCRIBER, UserRole.PREMIUM])
which = st.integers(0, 2)
some_watches = st.lists(st.tuples(st.sampled_from("vwx"), st.integers(0, 400)), min_size=1, max_size=9)


@dataclass
class Person:
    """What the site should know of one person."""

    name: str
    role: UserRole
    expires: Any = None
    is_active: bool = True
    watches: list[tuple[float, str]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, amount: int = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + amount


class Machine(RuleBasedStateMachine):
    engine = ""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FixedClock()
        storages = [open_storage(self.folder.name if self.engine == "json" else "memory:")]
        if self.engine == "json":
            storages.append(open_storage(self.folder.name))  # as another process would
        self.managers = [
            UserManager(one, clock=self.clock, max_history=KEEP, subscription_days=DAYS) for one in storages
        ]
        self.people: dict[str, Person] = {}
        self.calls = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @property
    def manager(self) -> UserManager:
        """In turns."""
        self.calls += 1
        return self.managers[self.calls % len(self.managers)]

    def some(self, number: int) -> tuple[str, Person]:
        return list(self.people.items())[number % len(self.people)]

    def is_taken(self, name: str, but: str = "") -> bool:
        return any(one.name.casefold() == name.casefold() for key, one in self.people.items() if key != but)

    @rule(name=names, role=roles)
    def create(self, name: str, role: UserRole) -> None:
        try:
            user_id = self.manager.create_user(name, f"{len(self.people)}.{self.calls}@example.org", role)
        except AlreadyExists:
            assert self.is_taken(name)
            return
        assert not self.is_taken(name)
        expires = None if role is UserRole.FREE else self.clock() + timedelta(days=DAYS)
        self.people[user_id] = Person(name, role, expires)

    @precondition(lambda self: self.people)
    @rule(number=which, name=names)
    def rename(self, number: int, name: str) -> None:
        user_id, person = self.some(number)
        try:
            self.manager.update_user(user_id, username=name)
        except AlreadyExists:
            assert self.is_taken(name, but=user_id)
            return
        assert not self.is_taken(name, but=user_id)
        person.name = name

    @precondition(lambda self: self.people)
    @rule(number=which)
    def switch(self, number: int) -> None:
        user_id, person = self.some(number)
        person.is_active = not person.is_active
        self.manager.update_user(user_id, is_active=person.is_active)

    @precondition(lambda self: self.people)
    @rule(number=which, plan=roles.filter(lambda role: role is not UserRole.FREE), days=st.integers(1, 40))
    def upgrade(self, number: int, plan: UserRole, days: int) -> None:
        user_id, person = self.some(number)
        now = self.clock()
        is_renewal = person.role is plan and person.expires is not None and person.expires > now
        person.expires = (person.expires if is_renewal else now) + timedelta(days=days)
        person.role = plan
        self.manager.upgrade_subscription(user_id, plan, days)

    @precondition(lambda self: self.people)
    @rule(number=which, watches=some_watches)
    def watch_some(self, number: int, watches: list[tuple[str, int]]) -> None:
        for at, (video, seconds) in enumerate(watches):
            self.watch(number, video, seconds, 3000 - 300 * at)

    def watch(self, number: int, video: str, seconds: int, ago: int) -> None:
        user_id, person = self.some(number)
        start = self.clock() - timedelta(seconds=ago)
        try:
            self.manager.record_watch_activity(user_id, video, seconds, watched_at=start)
        except Forbidden:
            assert not person.is_active
            return
        assert person.is_active
        person.count("watch_history_entries")
        person.count("seconds", seconds)
        person.watches.append((start.timestamp() + seconds, video))
        person.watches.sort(key=lambda watch: watch[0])
        del person.watches[:-KEEP]

    @precondition(lambda self: self.people)
    @rule(number=which, kind=st.sampled_from(["videos_uploaded", "images_uploaded", "total_interactions"]))
    def act(self, number: int, kind: str) -> None:
        user_id, person = self.some(number)
        try:
            if kind == "total_interactions":
                self.manager.record_interaction(user_id, "like")
            else:
                self.manager.record_upload(user_id, kind.split("s_")[0])
        except Forbidden:
            assert not person.is_active
            return
        assert person.is_active
        person.count(kind)

    @precondition(lambda self: self.people)
    @rule(number=which, feature=st.sampled_from(list(SubscriberFeature)))
    def use(self, number: int, feature: SubscriberFeature) -> None:
        user_id, person = self.some(number)
        has_plan = person.expires is not None and person.expires > self.clock()
        may = person.is_active and has_plan and feature in PLAN_FEATURES[person.role]
        try:
            self.manager.use_subscriber_feature(user_id, feature)
        except (Forbidden, FeatureNotAvailable):
            assert not may
            return
        assert may
        person.count("subscriber_features_used")

    @precondition(lambda self: self.people)
    @rule(number=which)
    def clear(self, number: int) -> None:
        user_id, person = self.some(number)
        assert self.manager.history_tracker.clear_watch_history(user_id) == len(person.watches)
        person.watches.clear()

    @precondition(lambda self: self.people)
    @rule(number=which)
    def erase(self, number: int) -> None:
        user_id, _ = self.some(number)
        self.manager.delete_user(user_id)
        del self.people[user_id]

    @rule(hours=st.integers(1, 24 * 20))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @invariant()
    def everything_agrees(self) -> None:
        if not hasattr(self, "people"):
            return
        for manager in self.managers:
            stats = manager.get_all_users_stats()
            assert stats.keys() == self.people.keys()
            for user_id, person in self.people.items():
                user = manager.get_user(user_id)
                assert (user.username, user.role, user.is_active) == (person.name, person.role, person.is_active)
                counters = dict(person.counters)
                assert stats[user_id].total_watched_hours == counters.pop("seconds", 0) / 3600
                assert {name: getattr(stats[user_id], name) for name in counters} == counters
                listed = manager.history_tracker.get_watch_history(user_id)
                assert [entry.video_id for entry in listed] == [video for _, video in reversed(person.watches)]
                assert manager.find_user(person.name.upper()) == user
            running = {
                key for key, one in self.people.items() if one.expires is not None and one.expires > self.clock()
            }
            assert {user.user_id for user in manager.get_subscribers()} == running
        assert self.managers[0].verify() == []


@pytest.mark.parametrize("engine", ["memory", "json"])
def test_random_calls_agree_with_a_dict(engine: str) -> None:
    machine = type("Machine", (Machine,), {"engine": engine})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    )
