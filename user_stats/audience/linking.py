"""A user of the bot and a browser that are one person: how often both came, so that everybody can be counted once.

Everybody is the people by cookie and the users of the bot, less those who came both ways. A pair counts on a day when
both of it came, and for a period when both of it came in it: `last_linked_users` is kept on the earlier of their last
days.
"""

from __future__ import annotations

from datetime import date, timedelta

from user_stats.audience.ledger import Ledger
from user_stats.collections import KNOWN_VISITORS, VISITOR_PAIRS
from user_stats.storage import Record
from user_stats.times import to_iso

LINKED = "linked_users"
_LAST = f"last_{LINKED}"


def join(ledger: Ledger, one: str, other: str) -> None:
    """Makes two known visitors one person from here on, also for the days behind on which both came. A visitor has one
    partner at most: former ones are left."""
    for key in (one, other):
        part(ledger, key)
    first, second = (ledger.tx.get(KNOWN_VISITORS, key) for key in (one, other))
    if first is None or second is None:
        return  # one of them is not counted, say by their own wish
    joined_on = to_iso(ledger.now)[:10]
    ledger.tx.put(VISITOR_PAIRS, one, {"other": other, "joined_on": joined_on})
    ledger.tx.put(VISITOR_PAIRS, other, {"other": one, "joined_on": joined_on})
    ledger.add(joined_on, f"new_{LINKED}")
    for day in _days(first) & _days(second):
        ledger.add(day, LINKED)
    ledger.add_to_day(min(first["last"], second["last"]), _LAST, 1)


def part(ledger: Ledger, key: str) -> None:
    """Makes them two again; the days on which they were one person stay."""
    pair = ledger.tx.get(VISITOR_PAIRS, key)
    if pair is None:
        return
    for one in (key, pair["other"]):
        ledger.tx.delete(VISITOR_PAIRS, one)
    ledger.add(pair["joined_on"], f"new_{LINKED}", -1)
    lasts = [record["last"] for one in (key, pair["other"]) if (record := ledger.tx.get(KNOWN_VISITORS, one))]
    if len(lasts) == 2:
        ledger.add_to_day(min(lasts), _LAST, -1)


def take_back(ledger: Ledger, key: str, day: str) -> None:
    """To be told before a visitor is not counted on a day any more."""
    pair = ledger.tx.get(VISITOR_PAIRS, key)
    both = [ledger.tx.get(KNOWN_VISITORS, one) for one in (key, pair["other"])] if pair is not None else [None]
    if all(record is not None and day in _days(record) for record in both):
        ledger.add(day, LINKED, -1)


def counted(ledger: Ledger, key: str, last_before: str, day: str) -> None:
    """To be told when a visitor who was last seen on `last_before` was counted on a further day."""
    pair = ledger.tx.get(VISITOR_PAIRS, key)
    if pair is None:
        return
    own, other = ledger.tx.get(KNOWN_VISITORS, key), ledger.tx.get(KNOWN_VISITORS, pair["other"])
    if own is None or other is None:
        return
    if day in _days(other):
        ledger.add(day, LINKED)
    before, after = min(last_before, other["last"]), min(own["last"], other["last"])
    if before != after:
        ledger.add_to_day(before, _LAST, -1)
        ledger.add_to_day(after, _LAST, 1)


def _days(record: Record) -> set[str]:
    """The days on which a visitor came, as far as they are remembered."""
    last, seen = date.fromisoformat(record["last"]), int(record["seen"], 16)
    return {(last - timedelta(days=back)).isoformat() for back in range(seen.bit_length()) if seen >> back & 1}
