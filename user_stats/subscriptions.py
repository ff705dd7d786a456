"""Plans and features: upgrades and their end, what a person may use, and how often it was used."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from user_stats import activity, audit, fields
from user_stats.collections import SUBSCRIBER_FEATURES, UPGRADE_REQUESTS, USERS
from user_stats.errors import FeatureNotAvailable, Forbidden, InvalidInput
from user_stats.features import (
    PLAN_FEATURES,
    SUBSCRIPTION_ROLES,
    FeatureAccess,
    feature_access,
    is_subscription_running,
)
from user_stats.models import SubscriberFeature, User, UserRole
from user_stats.permissions import authorize
from user_stats.storage import PageQuery, Reader, Record, Storage, Transaction
from user_stats.stored import checked_assignments
from user_stats.times import Clock, from_iso, to_iso
from user_stats.user_records import acted_by, get_user, put_user

LONGEST_AHEAD_DAYS = 36_500
"""How far from now renewals may move an end: a hundred years."""


class Subscriptions:
    """Who has which plan and feature in a store. With `self_service` people take a plan themselves."""

    def __init__(self, storage: Storage, *, clock: Clock, subscription_days: int, self_service: bool) -> None:
        self._storage = storage
        self._clock = clock
        self._subscription_days = subscription_days
        self._self_service = self_service

    def upgrade(self, user_id: str, role: UserRole | str, days: int | None, *, actor: str | None) -> User:
        user_id = fields.checked_user_id(user_id)
        plan = fields.checked_choice("role", role, UserRole)
        if plan not in SUBSCRIPTION_ROLES:
            raise InvalidInput.of("role", plan.value, "one of " + ", ".join(role.value for role in SUBSCRIPTION_ROLES))
        term = (
            self._subscription_days if days is None else fields.checked_whole("days", days, *fields.SUBSCRIPTION_DAYS)
        )
        now = self._clock()

        def work(tx: Transaction) -> User:
            authorize(tx, actor, now=now, self_id=user_id if self._self_service and days is None else None)
            before = get_user(tx, user_id)
            if before.role is UserRole.ADMIN:
                raise InvalidInput.of("role", plan.value, "no subscription for an admin, who has every feature")
            start = now
            if before.role is plan and before.subscription_expires and is_subscription_running(before, now):
                start = from_iso(before.subscription_expires)
            end = start + timedelta(days=term)
            if end > now + timedelta(days=LONGEST_AHEAD_DAYS):
                allowed = f"an end at most {LONGEST_AHEAD_DAYS:,} days from now (it would be {end.date()})"
                raise InvalidInput.of("days", term, allowed)
            after = replace(before, role=plan, subscription_expires=to_iso(end))
            return _changed(tx, before, after, now, actor, days=term)

        return self._storage.transaction(work)

    def cancel(self, user_id: str, *, actor: str | None) -> User:
        user_id = fields.checked_user_id(user_id)
        now = self._clock()

        def work(tx: Transaction) -> User:
            authorize(tx, actor, now=now, self_id=user_id)
            before = get_user(tx, user_id)
            if before.role not in SUBSCRIPTION_ROLES:
                raise InvalidInput.of("user_id", user_id, "a person with a subscription")
            after = replace(before, role=UserRole.FREE, subscription_expires=None)
            return _changed(tx, before, after, now, actor, days=0)

        return self._storage.transaction(work)

    def running(self) -> list[User]:
        now = self._clock()
        people = []
        for role in SUBSCRIPTION_ROLES:
            query = PageQuery(equal={"role": role.value}, sort="username", limit=10**9)
            people += [User.from_stored(user_id, row) for user_id, row in self._storage.find_page(USERS, query)[0]]
        return [user for user in people if is_subscription_running(user, now)]

    def features(self, user_id: str) -> dict[SubscriberFeature, FeatureAccess]:
        user_id = fields.checked_user_id(user_id)
        user = get_user(self._storage, user_id)
        return feature_access(user, _assignments(self._storage, user_id), self._clock())

    def use(self, user_id: str, feature: SubscriberFeature | str) -> int:
        user_id = fields.checked_user_id(user_id)
        chosen = fields.checked_choice("feature", feature, SubscriberFeature)
        now = self._clock()

        def work(tx: Transaction) -> int:
            user = get_user(tx, user_id)
            if not user.is_active:
                raise Forbidden("this account is inactive; an admin can reactivate it")
            assignments = _assignments(tx, user_id)
            access = feature_access(user, assignments, now)[chosen]
            if not access.is_available:
                plans = ", ".join(role.value for role in SUBSCRIPTION_ROLES if chosen in PLAN_FEATURES[role])
                message = f"feature: {chosen.value} is not available ({access.reason}); allowed: with {plans}"
                raise FeatureNotAvailable(message, field="feature")
            assignments["uses"] = {**assignments["uses"], chosen.value: access.uses + 1}
            tx.put(SUBSCRIBER_FEATURES, user_id, assignments)
            activity.record(tx, user_id, {"at": "", "kind": "feature_use", "subject": chosen.value}, now=now)
            return access.uses + 1

        return self._storage.transaction(work)

    def assign(
        self, user_id: str, feature: SubscriberFeature | str, assignment: str | None, *, actor: str | None
    ) -> None:
        """`assignment` is granted, revoked, or None for what the plan says."""
        user_id = fields.checked_user_id(user_id)
        chosen = fields.checked_choice("feature", feature, SubscriberFeature).value
        now = self._clock()

        def work(tx: Transaction) -> None:
            authorize(tx, actor, now=now)
            get_user(tx, user_id)
            assignments = _assignments(tx, user_id)
            for name in ("granted", "revoked"):
                others = {one for one in assignments[name] if one != chosen}
                assignments[name] = sorted(others | ({chosen} if name == assignment else set()))
            tx.put(SUBSCRIBER_FEATURES, user_id, assignments)
            event = {"at": "", "kind": "feature_assignment", "subject": chosen, "assignment": assignment or "plan"}
            activity.add(tx, user_id, event | acted_by(actor), now=now)

        self._storage.transaction(work)


def _changed(tx: Transaction, before: User, after: User, now: datetime, actor: str | None, *, days: int) -> User:
    after = replace(after, updated_at=to_iso(now))
    put_user(tx, after, actor=actor)
    tx.delete(UPGRADE_REQUESTS, after.user_id)
    event = {
        "at": "",
        "kind": "subscription",
        "subject": after.role.value,
        "before": before.role.value,
        "days": days,
        "expires": after.subscription_expires,
        "before_expires": before.subscription_expires,
    }
    activity.add(tx, after.user_id, event | acted_by(actor), now=now)
    if before.role is not after.role:
        facts = {"role": after.role.value, "before": before.role.value, "is_active": after.is_active}
        audit.add(tx, "account_changed", now=now, actor=actor, user_id=after.user_id, **facts)
    return after


def _assignments(reader: Reader, user_id: str) -> Record:
    return checked_assignments(user_id, reader.get(SUBSCRIBER_FEATURES, user_id))
