"""Accounts: making, finding, changing and erasing people, one or many at a time. `directory.py` searches them."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from user_stats import activity, audit, erasures, fields
from user_stats.accounts.sessions import end_all_within
from user_stats.collections import (
    CREDENTIALS,
    USER_STATS,
    USER_TOTALS,
    USERS,
)
from user_stats.errors import Conflict, InvalidInput, StorageError, TooLarge, UserNotFound, shown
from user_stats.features import SUBSCRIPTION_ROLES
from user_stats.models import User, UserRole, UserStats
from user_stats.permissions import account_changed, authorize, has_admin_list, known_admins, list_admins
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import Clock, to_iso
from user_stats.user_records import acted_by, get_user, get_version, last_editor, put_user

log = logging.getLogger(__name__)
MOST_AT_ONCE = 10_000


class PasswordRules(Protocol):
    """What makes a password record; see the accounts."""

    def prepare(self, password: str, *, username: str, email: str) -> Record: ...


class People:
    """The accounts of a store."""

    def __init__(
        self, storage: Storage, *, clock: Clock, subscription_days: int, passwords: PasswordRules | None
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._subscription_days = subscription_days
        self._passwords = passwords

    # -- making and finding -------------------------------------------------------------------------------------------

    def create(
        self,
        username: str,
        email: str,
        role: UserRole | str,
        *,
        password: str | None,
        allow_reserved: bool,
        actor: str | None,
        also: Callable[[Transaction, str], None] | None = None,
    ) -> str:
        """`also` runs in the same transaction with the new user_id; if it raises, nobody is made."""
        name = fields.checked_username(username, reserved_allowed=True)
        if not allow_reserved and fields.is_reserved(name) and self._storage.find(USERS, "username", name) is None:
            fields.checked_username(username)
        email = fields.checked_email(email)
        role = fields.checked_choice("role", role, UserRole)
        credentials = self._credentials(password, name, email)
        now = self._clock()
        expires = to_iso(now + timedelta(days=self._subscription_days)) if role in SUBSCRIPTION_ROLES else None
        user = User(str(uuid.uuid4()), name, email, role, to_iso(now), to_iso(now), True, expires)
        admins = self._unlisted_admins()

        def work(tx: Transaction) -> str:
            if role is not UserRole.FREE:
                authorize(tx, actor, now=now)
                audit.add(tx, "account_created", now=now, actor=actor, user_id=user.user_id, role=role.value)
            list_admins(tx, admins)
            put_user(tx, user)
            account_changed(tx, None, user)
            at = user.created_at
            stats = UserStats(user.user_id, last_activity_timestamp=at, created_at=at, updated_at=at)
            tx.put(USER_STATS, user.user_id, stats.to_stored())
            tx.put(USER_TOTALS, user.user_id, activity.empty_totals(user.user_id))
            if credentials is not None:
                tx.put(CREDENTIALS, user.user_id, credentials)
            created = _event("account_created", role=role.value, expires=expires)
            activity.add(tx, user.user_id, created | acted_by(actor), now=now)
            if also is not None:
                also(tx, user.user_id)
            return user.user_id

        return self._storage.transaction(work)

    def _credentials(self, password: str | None, username: str, email: str) -> Record | None:
        if password is None:
            return None
        if self._passwords is None:
            raise InvalidInput("password: this store keeps no passwords; leave it out", field="password")
        return self._passwords.prepare(password, username=username, email=email)

    def _unlisted_admins(self) -> list[str]:
        return [] if has_admin_list(self._storage) else known_admins(self._storage)

    def get(self, user_id: str) -> User:
        return get_user(self._storage, fields.checked_user_id(user_id))

    def find(self, name_or_email: str) -> User | None:
        if not isinstance(name_or_email, str):
            raise InvalidInput.of("name_or_email", name_or_email, "a name or an e-mail address")
        field = "email" if "@" in name_or_email else "username"
        user_id = self._storage.find(USERS, field, name_or_email)
        return None if user_id is None else get_user(self._storage, user_id)

    def version(self, user_id: str) -> int:
        return get_version(self._storage, self.get(user_id).user_id)

    # -- changing -----------------------------------------------------------------------------------------------------

    def update(
        self,
        user_id: str,
        *,
        username: str | None,
        email: str | None,
        is_active: bool | None,
        role: UserRole | str | None,
        expected_version: int | None,
        actor: str | None,
    ) -> User:
        user_id = fields.checked_user_id(user_id)
        changes = _checked_changes(username, email, is_active, role)
        if expected_version is not None:
            fields.checked_whole("expected_version", expected_version, 1, 2**53)
        now = self._clock()
        admins = self._unlisted_admins()

        def work(tx: Transaction) -> User:
            own = user_id if changes.keys() <= {"username", "email"} else None
            authorize(tx, actor, now=now, self_id=own)
            list_admins(tx, admins)
            before = get_user(tx, user_id)
            version = get_version(tx, user_id)
            if expected_version not in (None, version):
                who = last_editor(tx, before)
                message = f"the account was changed by {who} at {before.updated_at} (now version {version}); reload it"
                raise Conflict(message, field="expected_version")
            return self._change(tx, before, changes, now, actor)

        return self._storage.transaction(work)

    def _change(self, tx: Transaction, before: User, changes: dict[str, Any], now: datetime, actor: str | None) -> User:
        name = changes.get("username", before.username)
        if fields.is_reserved(name) and fields.fold_username(name) != fields.fold_username(before.username):
            fields.checked_username(name)
        after = replace(before, **changes, updated_at=to_iso(now))
        role = changes.get("role", before.role)
        if role is not before.role:
            until = to_iso(now + timedelta(days=self._subscription_days))
            after = replace(after, subscription_expires=until if role in SUBSCRIPTION_ROLES else None)
        account_changed(tx, before, after)
        put_user(tx, after, actor=actor)
        for event in _events(before, after):
            activity.add(tx, before.user_id, event | acted_by(actor), now=now)
        if before.is_active and not after.is_active:
            end_all_within(tx, before.user_id)
        if before.role is not after.role or before.is_active != after.is_active:
            facts = {"role": after.role.value, "before": before.role.value, "is_active": after.is_active}
            audit.add(tx, "account_changed", now=now, actor=actor, user_id=before.user_id, **facts)
        return after

    def update_many(
        self, user_ids: Sequence[str], *, role: UserRole | str | None, is_active: bool | None, actor: str | None
    ) -> int:
        changes = _checked_changes(None, None, is_active, role)
        chosen = _checked_ids(user_ids)
        now = self._clock()
        admins = self._unlisted_admins()

        def work(tx: Transaction) -> int:
            authorize(tx, actor, now=now)
            list_admins(tx, admins)
            for before in _all_users(tx, chosen):
                self._change(tx, before, changes, now, actor)
            return len(chosen)

        return self._storage.transaction(work)

    def delete(self, user_ids: Sequence[str], *, actor: str | None) -> int:
        single = isinstance(user_ids, list | tuple) and len(user_ids) == 1
        chosen = [fields.checked_user_id(user_ids[0])] if single else _checked_ids(user_ids)
        now = self._clock()
        admins = self._unlisted_admins()

        def work(tx: Transaction) -> int:
            authorize(tx, actor, now=now, self_id=chosen[0] if single else None)
            list_admins(tx, admins)
            people = [get_user(tx, chosen[0])] if single else _all_users(tx, chosen)
            for user in people:
                account_changed(tx, user, None)
                erasures.erase(tx, user, now=now)
                audit.add(tx, "erased", now=now, actor=actor, user_id=user.user_id)
            return len(people)

        count = self._storage.transaction(work)
        try:
            self._storage.forget_deleted()
        except StorageError as error:  # they are gone all the same; the engine overwrites the rest in time
            log.warning("what was erased may still stand in the journal: %s", error)
        return count


def _all_users(tx: Transaction, user_ids: list[str]) -> list[User]:
    found = [(user_id, tx.get(USERS, user_id)) for user_id in user_ids]
    missing = [user_id for user_id, record in found if record is None]
    if missing:
        raise UserNotFound(_bad_rows("user_ids: nobody has the id", missing), field="user_ids")
    return [User.from_stored(user_id, record) for user_id, record in found if record is not None]


def _checked_ids(user_ids: Sequence[str]) -> list[str]:
    if isinstance(user_ids, str) or not isinstance(user_ids, Sequence):
        raise InvalidInput.of("user_ids", user_ids, "a list of user ids")
    if len(user_ids) > MOST_AT_ONCE:
        raise TooLarge(f"user_ids: {len(user_ids):,} at once; allowed: at most {MOST_AT_ONCE:,}", field="user_ids")
    bad = []
    for user_id in user_ids:
        try:
            fields.checked_user_id(user_id)
        except UserNotFound:
            bad.append(user_id)
    if bad:
        raise UserNotFound(_bad_rows("user_ids: nobody has the id", bad), field="user_ids")
    return list(dict.fromkeys(user_ids))


def _bad_rows(problem: str, rows: Sequence[object]) -> str:
    listed = ", ".join(shown(row) for row in rows[:20])
    return f"{problem} {listed}" + (f" and {len(rows) - 20:,} more" if len(rows) > 20 else "")


def _checked_changes(
    username: str | None, email: str | None, is_active: bool | None, role: UserRole | str | None
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if username is not None:
        changes["username"] = fields.checked_username(username, reserved_allowed=True)
    if email is not None:
        changes["email"] = fields.checked_email(email)
    if is_active is not None:
        changes["is_active"] = fields.checked_flag("is_active", is_active)
    if role is not None:
        changes["role"] = fields.checked_choice("role", role, UserRole)
    return changes


def _event(kind: str, **facts: Any) -> Record:
    return {"at": "", "kind": kind, "subject": None, **facts}


def _events(before: User, after: User) -> list[Record]:
    """What happened to the account, one event for each kind of change; names and addresses are not repeated."""
    changed = [name for name in ("username", "email") if getattr(before, name) != getattr(after, name)]
    events = [_event("profile_change", fields=changed)] if changed else []
    if before.role is not after.role:
        ends = {"expires": after.subscription_expires, "before_expires": before.subscription_expires}
        events.append(_event("role_change", role=after.role.value, before=before.role.value, **ends))
    if before.is_active != after.is_active:
        events.append(_event("reactivated" if after.is_active else "deactivated"))
    return events
