"""Who may do it: the one check behind every verb that needs a right, and who the admins are.

`actor=None` is trusted code (the site's own); a door always passes who acts.
"""

from __future__ import annotations

from datetime import datetime

from user_stats.collections import SITE, USERS
from user_stats.errors import Forbidden, LastAdmin
from user_stats.features import effective_role
from user_stats.models import User, UserRole
from user_stats.storage import Storage, Transaction
from user_stats.stored import checked_admins

ADMINS = "admins"


def authorize(tx: Transaction, actor: str | None, *, now: datetime, self_id: str | None = None) -> None:
    """Raises Forbidden unless the actor is trusted code, an active admin, or the person `self_id`, active."""
    if actor is None:
        return
    record = tx.get(USERS, actor)
    user = User.from_stored(actor, record) if record is not None else None
    if user is None or not user.is_active:
        raise Forbidden("actor: this account may not do this; allowed: an active account")
    if actor != self_id and effective_role(user, now) is not UserRole.ADMIN:
        raise Forbidden("actor: this account may not do this; allowed: an admin")


def is_admin(user: User) -> bool:
    return user.is_active and user.role is UserRole.ADMIN


def known_admins(storage: Storage) -> list[str]:
    """The ids of the active admins, read from all accounts: for a store in which they were never listed."""
    return [key for key, record in storage.scan(USERS) if is_admin(User.from_stored(key, record))]


def has_admin_list(storage: Storage) -> bool:
    return storage.get(SITE, ADMINS) is not None


def list_admins(tx: Transaction, user_ids: list[str]) -> None:
    if tx.get(SITE, ADMINS) is None:
        tx.put(SITE, ADMINS, {"user_ids": user_ids})


def account_changed(tx: Transaction, before: User | None, after: User | None) -> None:
    """Keeps the list of admins, and at least one admin on it. Raises LastAdmin."""
    was, will_be = before is not None and is_admin(before), after is not None and is_admin(after)
    if was == will_be:
        return
    listed = checked_admins(tx.get(SITE, ADMINS))
    if after is not None and will_be:
        tx.put(SITE, ADMINS, {"user_ids": sorted({*listed, after.user_id})})
    elif before is not None:
        others = [user_id for user_id in listed if user_id != before.user_id and _is_active_admin(tx, user_id)]
        if not others:
            raise LastAdmin(f"{before.username} is the last active admin; make another one first")
        tx.put(SITE, ADMINS, {"user_ids": sorted(others)})


def _is_active_admin(tx: Transaction, user_id: str) -> bool:
    record = tx.get(USERS, user_id)
    return record is not None and is_admin(User.from_stored(user_id, record))
