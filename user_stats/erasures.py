"""Erasing people, for good: a backup that was made before does not bring them back.

Of who was erased a hash of the id is kept. The id is random, so that nobody can be found by the hash. Users of the bot:
see `bot_users/forgetting.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from user_stats import activity
from user_stats.bot_users.forgetting import forget as forget_bot_user
from user_stats.bot_users.links import unlink
from user_stats.collections import ACTIVITY, BOT_LINKS, ERASURES, PERSONAL_COLLECTIONS, PERSONAL_LOGS
from user_stats.community import forget_connections
from user_stats.content import forget_owner
from user_stats.models import User
from user_stats.statistics import shelves
from user_stats.storage import Storage, Transaction
from user_stats.times import to_iso

HASH_CHARACTERS = 32


def erase(tx: Transaction, user: User, *, now: datetime) -> None:
    """Takes the person out of every collection and log, and what the bot knows of a linked Telegram account with it."""
    forget_connections(tx, user.user_id, now)
    forget_owner(tx, user.user_id, tx.read_log(ACTIVITY, user.user_id))
    activity.untrace(tx, user, now=now)
    link = tx.get(BOT_LINKS, user.user_id)
    if link is not None:
        forget_bot_user(tx, int(link["telegram_id"]), now)
    unlink(tx, user.user_id, now)
    for collection in PERSONAL_COLLECTIONS:
        tx.delete(collection, user.user_id)
    shelves.forget(tx, user.user_id)
    for log in PERSONAL_LOGS:
        tx.clear(log, user.user_id)
    tx.put(ERASURES, _mark(user.user_id), {"at": to_iso(now)})


def erased_among(storage: Storage, user_ids: Iterable[str]) -> list[str]:
    """Those who were erased."""
    return [user_id for user_id in user_ids if storage.get(ERASURES, _mark(user_id)) is not None]


def _mark(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()[:HASH_CHARACTERS]
