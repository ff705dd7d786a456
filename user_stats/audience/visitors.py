"""Who was already counted: visitors by a keyed hash of their address, people by their cookie, users of the bot.

An address is hashed with HMAC-SHA-256 under a random key of the site, so that nobody can turn a hash back by trying all
addresses. With `key_days` 1 each UTC day has its own key, destroyed after the day (`retention.py`): from then on what
is left of the day are numbers. With 0 one key lives for good, and a visitor is known again on later days.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from user_stats.audience import linking, marks
from user_stats.audience.ledger import Ledger
from user_stats.collections import KNOWN_VISITORS, VISITOR_KEYS, VISITOR_MARKS
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import to_iso

VISITORS, PEOPLE, BOT_USERS = "visitors", "people", "bot_users"
"""What is counted, each with the figures `new_…` (seen for the first time) and `last_…` (not seen since)."""
SITE_KEY = "site"
"""The name of the key that lives for good."""
KEY_BYTES = 32
HASH_CHARACTERS = 32
"""128 bits in hexadecimal: no two visitors of any site share them."""
MARK_CHARACTERS = 20
"""80 bits tell the visitors of one day apart."""
REMEMBERED_DAYS = 400
"""How far back from the last time a known visitor's days are remembered: longer than the cookie lives."""
LONGEST_HOST_NAME = 253

TagOf = Callable[[bytes, str], str | None]
"""Gives what `address_tag` gives for a key and an address."""

_MEMORY = (1 << REMEMBERED_DAYS) - 1
_is_client_id = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch


@dataclass(frozen=True)
class Counting:
    """How visitors are counted; see the settings of the same names."""

    key_days: int = 1
    new_people_per_address: int = 50


def is_client_id(text: object) -> bool:
    """True for a UUID4 in its usual form."""
    return isinstance(text, str) and _is_client_id(text) is not None


def normal_address(text: str) -> str | None:
    """What stands for an address: IPv4 as it is, also when mapped into IPv6; of IPv6 the first 64 bits. None: no
    address."""
    try:
        socket.inet_pton(socket.AF_INET, text)
    except OSError:
        pass  # not the usual form
    else:
        return text
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"


def count_visitor(ledger: Ledger, address: str, day: str, counting: Counting) -> None:
    """Counts an address, or the host name that a log has in its place, once a day."""
    count_visitors(ledger, [address], day, counting)


def count_visitors(
    ledger: Ledger, addresses: Iterable[str], day: str, counting: Counting, tag_of: TagOf | None = None
) -> None:
    """The same for many addresses of one day; `tag_of` may remember what `address_tag` gave."""
    addresses = list(addresses)
    if not addresses:
        return
    key, tag_of = _key(ledger, day, counting), tag_of or address_tag
    tags = {tag for address in addresses if (tag := tag_of(key, address)) is not None}
    if counting.key_days:
        if new := marks.mark_visitors(ledger, day, {tag[:MARK_CHARACTERS] for tag in tags}):
            _add_new(ledger, VISITORS, day, new)
        return
    for tag in tags:
        _count(ledger, VISITORS, f"a:{tag}", day)


def count_person(ledger: Ledger, client_id: str, address: str | None, day: str, counting: Counting) -> None:
    """Counts a cookie once a day. One address may add so many new ones a day, and no more are stored."""
    key = person_key(client_id)
    if ledger.tx.get(KNOWN_VISITORS, key) is None and address is not None:
        tag = address_tag(_key(ledger, day, counting), address)
        if tag is not None:
            mark = ledger.change(VISITOR_MARKS, f"{day}:n:{tag}")
            if mark.get("new", 0) >= counting.new_people_per_address:
                return
            mark["new"] = mark.get("new", 0) + 1
    _count(ledger, PEOPLE, key, day)


def count_bot_user(ledger: Ledger, telegram_id: int, day: str) -> None:
    """Counts a user of the bot once a day."""
    _count(ledger, BOT_USERS, bot_user_key(telegram_id), day)


def forget_bot_user(ledger: Ledger, telegram_id: int) -> bool:
    """Takes a user of the bot out of the known visitors and out of the figures of today, so that they are counted once
    when they come again; those of the days that are over stay. False where they were not known."""
    key, today = bot_user_key(telegram_id), to_iso(ledger.now)[:10]
    linking.take_back(ledger, key, today)
    linking.part(ledger, key)
    record = ledger.tx.get(KNOWN_VISITORS, key)
    if record is None:
        return False
    ledger.add_to_day(record["last"], f"last_{BOT_USERS}", -1)
    for moment, name in (("last", BOT_USERS), ("first", f"new_{BOT_USERS}")):
        if record[moment] == today:
            ledger.add(today, name, -1)
    return ledger.tx.delete(KNOWN_VISITORS, key)


def person_key(client_id: str) -> str:
    """What stands for a cookie among the known visitors."""
    return "c:" + hashlib.sha256(client_id.encode()).hexdigest()[:HASH_CHARACTERS]


def bot_user_key(telegram_id: int) -> str:
    """What stands for a user of the bot among the known visitors."""
    return f"t:{telegram_id}"


def _name(address: str) -> str | None:
    """What the tag is made of; None where nobody can be told apart by it."""
    name = normal_address(address) or address.strip().lower()
    return name if name and len(name) <= LONGEST_HOST_NAME else None


def key_of_day(storage: Storage, day: str, now: datetime) -> bytes:
    """The key of the day, which is made where there is none."""

    def work(tx: Transaction) -> Record:
        stored = tx.get(VISITOR_KEYS, day)
        if stored is None:
            stored = _new_key(now)
            tx.put(VISITOR_KEYS, day, stored)
        return stored

    return bytes.fromhex((storage.get(VISITOR_KEYS, day) or storage.transaction(work))["key"])


def address_tag(key: bytes, address: str) -> str | None:
    """What stands for an address, or the host name that a log has in its place, as long as there is the key; None where
    nobody can be told apart by it."""
    name = _name(address)
    return None if name is None else _tag(key, name)


def _key(ledger: Ledger, day: str, counting: Counting) -> bytes:
    """The key of the day or of the site, which is made where there is none."""
    name = day if counting.key_days else SITE_KEY
    stored = ledger.read(VISITOR_KEYS, name)
    if not stored:
        stored = ledger.change(VISITOR_KEYS, name)
        stored.update(_new_key(ledger.now))
    return bytes.fromhex(stored["key"])


def _new_key(now: datetime) -> Record:
    return {"key": secrets.token_hex(KEY_BYTES), "made_at": to_iso(now)}


def _tag(key: bytes, name: str) -> str:
    return hmac.digest(key, name.encode(errors="replace"), hashlib.sha256).hex()[:HASH_CHARACTERS]


def _first_seen(day: str) -> Record:
    return {"first": day, "last": day, "seen": "1"}


def _add_new(ledger: Ledger, kind: str, day: str, count: int) -> None:
    ledger.add(day, kind, count)
    ledger.add(day, f"new_{kind}", count)
    ledger.add_to_day(day, f"last_{kind}", count)


def _count(ledger: Ledger, kind: str, key: str, day: str) -> None:
    """`seen` has a bit for each day back from the last one, so that days may come in any order."""
    record = ledger.tx.get(KNOWN_VISITORS, key)
    if record is None:
        ledger.tx.put(KNOWN_VISITORS, key, _first_seen(day))
        _add_new(ledger, kind, day, 1)
        return
    first, last, seen = record["first"], record["last"], int(record["seen"], 16)
    last_before = last
    distance = (date.fromisoformat(day) - date.fromisoformat(last)).days
    if distance > 0:
        seen = (seen << distance | 1) & _MEMORY
        ledger.add_to_day(last, f"last_{kind}", -1)
        ledger.add_to_day(day, f"last_{kind}", 1)
        last = day
    elif seen >> -distance & 1 or (-distance >= REMEMBERED_DAYS and day >= first):
        return
    else:
        seen |= 1 << -distance & _MEMORY
    ledger.add(day, kind)
    if day < first:
        ledger.add(first, f"new_{kind}", -1)
        ledger.add(day, f"new_{kind}")
        first = day
    ledger.tx.put(KNOWN_VISITORS, key, {"first": first, "last": last, "seen": f"{seen:x}"})
    if kind != VISITORS:
        linking.counted(ledger, key, last_before, day)
