"""How guessing is slowed down: attempts are counted before they are made, and beyond some each waits twice as long.

Three counts guard a sign-in: of an account from one place, of an account from everywhere, and of an address over all
accounts. A browser that the person has used before has a count of its own, so that strangers cannot lock anybody out.
What is counted is called by keyed hashes; a day after the last attempt it is forgotten.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from user_stats.collections import ACCESS
from user_stats.errors import RateLimited
from user_stats.storage import Reader, Storage, Transaction
from user_stats.times import from_iso, to_iso

SECRET = "secret"
ADDRESS = "address"
REMEMBERED = timedelta(days=1)
NAME_CHARACTERS = 32


@dataclass(frozen=True)
class Gate:
    """So many attempts at once; each further one waits twice as long as the one before, up to a longest."""

    kind: str
    subject: str
    attempts: int
    longest_seconds: int


def account_here(account: str, place: str) -> Gate:
    """One account from one address, or from a browser that the person has used before."""
    return Gate("account_here", f"{account}|{place}", 5, 900)


def account_anywhere(account: str) -> Gate:
    """One account from all places that it was not used from before."""
    return Gate("account_anywhere", account, 50, 900)


def address(text: str) -> Gate:
    """One address, whatever account it tries."""
    return Gate(ADDRESS, text, 60, 60)


def sign_ups(text: str) -> Gate:
    """New accounts from one address."""
    return Gate("sign_ups", text, 30, 900)


def taken(text: str) -> Gate:
    """Names and e-mail addresses from one address that somebody had already."""
    return Gate("taken", text, 10, 900 if text else 60)


def set_up(text: str) -> Gate:
    """Set-up codes from one address."""
    return Gate("set_up", text, 10, 60)


def make_secret(storage: Storage) -> None:
    """Makes the key of the hashes where there is none yet."""
    if storage.get(ACCESS, SECRET) is None:
        made = {"key": secrets.token_hex()}

        def work(tx: Transaction) -> None:
            if tx.get(ACCESS, SECRET) is None:
                tx.put(ACCESS, SECRET, made)

        storage.transaction(work)


def pass_all(tx: Transaction, gates: Iterable[Gate], now: datetime) -> None:
    """Counts one attempt at every gate. Raises RateLimited, and counts nothing, where one is closed."""
    for gate in gates:
        name = _name(tx, gate)
        before = tx.get(ACCESS, name)
        attempts = 0
        if before is not None and now < from_iso(before["last_at"]) + REMEMBERED:
            attempts = before["attempts"]
            wait = _wait(gate, attempts, from_iso(before["last_at"]), now)
            if wait > 0:
                raise RateLimited("too many attempts; try again later", retry_after_seconds=wait)
        tx.put(ACCESS, name, {"attempts": attempts + 1, "last_at": to_iso(now)})


def give_back(tx: Transaction, gates: Iterable[Gate]) -> None:
    """Takes the attempt back that was counted: it was no guess."""
    for gate in gates:
        name = _name(tx, gate)
        before = tx.get(ACCESS, name)
        if before is not None and before["attempts"] > 1:
            tx.put(ACCESS, name, {**before, "attempts": before["attempts"] - 1})
        elif before is not None:
            tx.delete(ACCESS, name)


def open_again(tx: Transaction, gates: Iterable[Gate]) -> None:
    """Forgets what was counted at these gates."""
    for gate in gates:
        tx.delete(ACCESS, _name(tx, gate))


def forget_old(storage: Storage, now: datetime) -> int:
    """Removes counts that are a day old; returns how many."""
    old = [
        name
        for name, record in storage.scan(ACCESS)
        if "last_at" in record and from_iso(record["last_at"]) + REMEMBERED <= now
    ]

    def work(tx: Transaction) -> int:
        return sum(tx.delete(ACCESS, name) for name in old)

    return storage.transaction(work) if old else 0


def _wait(gate: Gate, attempts: int, last_at: datetime, now: datetime) -> float:
    """Seconds until the gate opens. A last attempt in the future was counted by a wrong clock."""
    over = attempts - gate.attempts
    if over < 0 or last_at > now + timedelta(minutes=1):
        return 0.0
    delay = timedelta(seconds=min(1 << min(over, 30), gate.longest_seconds))
    return (last_at + delay - now).total_seconds()


def _name(reader: Reader, gate: Gate) -> str:
    key = (reader.get(ACCESS, SECRET) or {"key": ""})["key"]
    tag = hmac.new(key.encode(), f"{gate.kind}|{gate.subject}".encode(), hashlib.sha256).hexdigest()
    return f"{gate.kind}:{tag[:NAME_CHARACTERS]}"
