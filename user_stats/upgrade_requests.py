"""Requests for a plan, on a site where an admin decides: one open request a person, gone once a plan begins."""

from __future__ import annotations

from dataclasses import dataclass

from user_stats import activity, fields
from user_stats.collections import UPGRADE_REQUESTS
from user_stats.errors import InvalidInput
from user_stats.features import SUBSCRIPTION_ROLES
from user_stats.models import UserRole
from user_stats.permissions import authorize
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import Clock, to_iso
from user_stats.user_records import get_user


@dataclass(frozen=True)
class UpgradeRequest:
    """Somebody asks for a plan."""

    user_id: str
    plan: UserRole
    requested_at: str


class UpgradeRequests:
    """The open requests of a store."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def ask(self, user_id: str, role: UserRole | str, *, actor: str | None) -> UpgradeRequest:
        user_id = fields.checked_user_id(user_id)
        plan = fields.checked_choice("role", role, UserRole)
        if plan not in SUBSCRIPTION_ROLES:
            raise InvalidInput.of("role", plan.value, "one of " + ", ".join(role.value for role in SUBSCRIPTION_ROLES))
        now = self._clock()
        request = UpgradeRequest(user_id, plan, to_iso(now))

        def work(tx: Transaction) -> UpgradeRequest:
            authorize(tx, actor, now=now, self_id=user_id)
            activity.require_active(tx, user_id)
            if get_user(tx, user_id).role is UserRole.ADMIN:
                raise InvalidInput.of("role", plan.value, "no subscription for an admin, who has every feature")
            record = {"user_id": user_id, "plan": plan.value, "requested_at": request.requested_at}
            tx.put(UPGRADE_REQUESTS, user_id, record)
            return request

        return self._storage.transaction(work)

    def find(self, user_id: str) -> UpgradeRequest | None:
        record = self._storage.get(UPGRADE_REQUESTS, fields.checked_user_id(user_id))
        return None if record is None else _request(user_id, record)

    def all_open(self) -> list[UpgradeRequest]:
        """Every open request, the oldest first."""
        found = [_request(user_id, record) for user_id, record in self._storage.scan(UPGRADE_REQUESTS)]
        return sorted(found, key=lambda request: request.requested_at)

    def drop(self, user_id: str, *, actor: str | None) -> bool:
        """True where there was one."""
        user_id = fields.checked_user_id(user_id)
        now = self._clock()

        def work(tx: Transaction) -> bool:
            authorize(tx, actor, now=now, self_id=user_id)
            return tx.delete(UPGRADE_REQUESTS, user_id)

        return self._storage.transaction(work)


def _request(user_id: str, record: Record) -> UpgradeRequest:
    return UpgradeRequest(user_id, UserRole(record["plan"]), record["requested_at"])
