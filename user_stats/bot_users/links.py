"""Linking: a person's account here and their Telegram account are one, by a one-time code that they carry over."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from user_stats import fields
from user_stats.audience import linking
from user_stats.audience.ledger import Ledger
from user_stats.audience.visitors import bot_user_key, is_client_id, person_key
from user_stats.collections import BOT_LINK_CODES, BOT_LINKS
from user_stats.errors import AlreadyExists, Forbidden, InvalidInput
from user_stats.permissions import authorize
from user_stats.storage import Storage, Transaction
from user_stats.times import Clock, from_iso, to_iso, utc_now
from user_stats.user_records import get_user

CODE_LIFE = timedelta(minutes=10)
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are taken for others."""
CODE_LENGTH = 10
"""49 random bits: with a few guesses a minute and ten minutes to live, nobody hits one."""

_is_code = re.compile(rf"[{LETTERS}]{{{CODE_LENGTH}}}").fullmatch


@dataclass(frozen=True)
class LinkCode:
    """A code as the person sees it, and until when it works."""

    code: str
    expires_at: str


@dataclass(frozen=True)
class Link:
    """Which Telegram account an account is linked to, and since when."""

    telegram_id: int
    linked_at: str


class BotLinks:
    """The links of a store. One account has at most one Telegram account, and the other way round."""

    def __init__(self, storage: Storage, *, clock: Clock = utc_now) -> None:
        self._storage = storage
        self._clock = clock

    def make_code(self, user_id: str, *, client_id: str | None = None, actor: str | None = None) -> LinkCode:
        """A new code, good once, for ten minutes; an earlier one is no good any more. `client_id` is the cookie of the
        person's browser: with it the audience knows that the bot's user and the browser are one person.

        Raises UserNotFound, Forbidden."""
        user_id = fields.checked_user_id(user_id)
        now = self._clock()
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        expires_at = to_iso(now + CODE_LIFE)
        record = {"digest": _digest(code), "expires_at": expires_at}
        if client_id is not None and is_client_id(client_id):
            record["visitor"] = person_key(client_id)

        def work(tx: Transaction) -> None:
            authorize(tx, actor, now=now, self_id=user_id)
            if not get_user(tx, user_id).is_active:
                raise Forbidden("user_id: the account is not active")
            tx.put(BOT_LINK_CODES, user_id, record)

        self._storage.transaction(work)
        return LinkCode(f"{code[:5]}-{code[5:]}", expires_at)

    def redeem(self, code: str, telegram_id: int) -> str:
        """The user_id of the account that is linked from now on. A former Telegram account of it is no longer. The code
        that made the link may come again: updates do when a bot was killed before it had confirmed them.

        Raises InvalidInput for a code that is unknown, used or too old, AlreadyExists where this Telegram account
        belongs to another account."""
        digest, key = _digest(find_code(code) or ""), str(fields.checked_telegram_id(telegram_id))
        now = self._clock()

        def work(tx: Transaction) -> str:
            linked_id = tx.find(BOT_LINKS, "telegram_id", key)
            if linked_id is not None and (tx.get(BOT_LINKS, linked_id) or {}).get("digest") == digest:
                return linked_id
            user_id = tx.find(BOT_LINK_CODES, "digest", digest)
            pending = None if user_id is None else tx.get(BOT_LINK_CODES, user_id)
            if user_id is None or pending is None or from_iso(pending["expires_at"]) <= now:
                raise InvalidInput("code: it is not known, was used, or is too old; allowed: one from the profile page")
            if linked_id not in (None, user_id):
                raise AlreadyExists("code: this Telegram account is linked to another account; send /unlink first")
            if not get_user(tx, user_id).is_active:
                raise Forbidden("code: the account is not active")
            unlink(tx, user_id, now)
            tx.put(BOT_LINKS, user_id, {"telegram_id": key, "linked_at": to_iso(now), "digest": digest})
            if "visitor" in pending:
                ledger = Ledger(tx, now)
                linking.join(ledger, bot_user_key(telegram_id), pending["visitor"])
                ledger.write()
            return user_id

        return self._storage.transaction(work)

    def find_account(self, telegram_id: int) -> str | None:
        """The user_id that a Telegram account is linked to."""
        return self._storage.find(BOT_LINKS, "telegram_id", str(telegram_id))

    def find_link(self, user_id: str) -> Link | None:
        record = self._storage.get(BOT_LINKS, fields.checked_user_id(user_id))
        return None if record is None else Link(int(record["telegram_id"]), record["linked_at"])

    def remove(self, user_id: str, *, actor: str | None = None) -> bool:
        """True where there was a link; codes that wait go too. Raises Forbidden."""
        user_id = fields.checked_user_id(user_id)
        now = self._clock()

        def work(tx: Transaction) -> bool:
            authorize(tx, actor, now=now, self_id=user_id)
            return unlink(tx, user_id, now)

        return self._storage.transaction(work)

    def remove_telegram(self, telegram_id: int) -> bool:
        """The same, asked for by the Telegram account."""
        now = self._clock()

        def work(tx: Transaction) -> bool:
            user_id = tx.find(BOT_LINKS, "telegram_id", str(telegram_id))
            return user_id is not None and unlink(tx, user_id, now)

        return self._storage.transaction(work)


def unlink(tx: Transaction, user_id: str, now: datetime) -> bool:
    """Takes out the link and the code of a person, in somebody else's transaction; True where there was a link."""
    tx.delete(BOT_LINK_CODES, user_id)
    record = tx.get(BOT_LINKS, user_id)
    if record is None:
        return False
    ledger = Ledger(tx, now)
    linking.part(ledger, bot_user_key(int(record["telegram_id"])))
    ledger.write()
    return tx.delete(BOT_LINKS, user_id)


def find_code(text: str) -> str | None:
    """The code in what a person has sent, written in any case, with or without its dash; None: that is none."""
    letters = text.strip().upper().replace("-", "").replace(" ", "")
    return letters if len(text) <= 2 * CODE_LENGTH and _is_code(letters) else None


def is_bare_code(text: str) -> bool:
    """True for a text that is a code as the profile page shows it, and nothing else."""
    return "-" in text and find_code(text) is not None


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
