"""Forgetting a user of the bot, for good: a backup that was made before does not bring them back.

What is kept is a hash of their Telegram id together with the moment of their first /start, which nobody knows who does
not have the record itself: without it the few ids that there are could be tried out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from datetime import datetime

from user_stats.audience.ledger import Ledger
from user_stats.audience.visitors import forget_bot_user
from user_stats.bot_users.links import unlink
from user_stats.collections import BOT_DAYS, BOT_LINKS, BOT_USERS, ERASURES
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import to_iso

HASH_CHARACTERS = 32


def forget(tx: Transaction, telegram_id: int, now: datetime) -> bool:
    """Takes out who they are, their link and the days on which they came, in somebody else's transaction; False where
    nothing was known. The figures of the days that are over stay."""
    key, ledger = str(telegram_id), Ledger(tx, now)
    was_counted = forget_bot_user(ledger, telegram_id)
    person = tx.get(BOT_USERS, key)
    if person is not None:
        _take_back(ledger, person)
        tx.delete(BOT_USERS, key)
        tx.put(ERASURES, _mark(person), {"at": to_iso(now)})
    ledger.write()
    user_id = tx.find(BOT_LINKS, "telegram_id", key)
    was_linked = user_id is not None and unlink(tx, user_id, now)
    return was_linked or was_counted or person is not None


def forgotten_among(storage: Storage, marks: Container[str]) -> list[int]:
    """The Telegram ids of a store's people whom the marks of another store's `ERASURES` name."""
    return [record["user_id"] for _, record in storage.scan(BOT_USERS) if _mark(record) in marks]


def _take_back(ledger: Ledger, person: Record) -> None:
    """Out of the new ones of today, if they are one of them."""
    today = to_iso(ledger.now)[:10]
    if person["first_seen"][:10] == today:
        day = ledger.change(BOT_DAYS, today)
        day["new"] = max(0, day.get("new", 0) - 1)


def _mark(person: Record) -> str:
    return hashlib.sha256(f"{person['user_id']} {person['first_seen']}".encode()).hexdigest()[:HASH_CHARACTERS]
