"""Roll-ups: what the events of one person came to, kept in the store, so that a start reads no log from its beginning.

A roll-up is a copy of what the log gives, up to one of its events. It is brought forward now and then, in a transaction
of its own (`Ledger.save`), never by the call that records. Whoever reads it goes on from that event; where the log was
rewritten since, or the rules were changed, it is left aside and the log is read.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import msgspec

from user_stats.collections import ACTIVITY, REPAIRS, ROLLUPS, USER_TOTALS, USERS
from user_stats.errors import StorageCorrupt
from user_stats.models import CONTENT_TYPES
from user_stats.statistics.fold import QUARTERS, Fold, Folded, Moves, Rules
from user_stats.storage import Reader, Record, Storage, Transaction

SHAPE = 5
"""Rises when what is kept changes its meaning."""
PEOPLE_AT_ONCE = 25
BITS = ("days", "viewed", "signed_in")
LARGEST = 256 << 20
"""Bytes that anything packed may come to; more is damage, and no reason to run out of memory."""


@dataclass(frozen=True)
class Mark:
    """How far a log was read: how many events it held, the watches by type, when the statistics changed last, and how
    often `repair` put something right; what was counted before that is left aside."""

    events: int
    watched: str
    changed_at: str
    repairs: int = 0


@dataclass(frozen=True)
class RollUp:
    """What one person's events came to up to a mark; the items, sessions and moves are packed."""

    mark: Mark
    newest: Record | None
    """The last event that is in it."""
    tally: Record
    packed: bytes

    @classmethod
    def of(cls, mark: Mark, newest: Record | None, folded: Folded) -> RollUp:
        quarters = {key: [list(row), list(row.values())] for key, row in folded.moves[QUARTERS].items()}
        parts = [folded.items, folded.sessions, {**folded.moves, QUARTERS: quarters}]
        return cls(mark, newest, folded.tally, zlib.compress(msgspec.json.encode(parts), 1))

    def parts(self) -> tuple[Record, list[list[float]], Moves]:
        """The items, the sessions and the moves."""
        items, sessions, moves = msgspec.json.decode(decompressed(self.packed))
        moves[QUARTERS] = {key: dict(zip(*row, strict=True)) for key, row in moves[QUARTERS].items()}
        return items, sessions, moves

    def unpacked(self) -> Folded:
        """To be folded on."""
        return Folded(copy.deepcopy(self.tally), *self.parts())

    def moves(self) -> Moves:
        return self.parts()[2]


def decompressed(packed: bytes) -> bytes:
    """Raises ValueError where it is cut, or larger than anything of ours."""
    reader = zlib.decompressobj()
    whole = reader.decompress(packed, LARGEST)
    if not reader.eof:
        raise ValueError(f"it is cut, or comes to more than {LARGEST:,} bytes")
    return whole


def mark_of(totals: Mapping[str, Any], stats: Mapping[str, Any]) -> Mark:
    watched = repr([totals.get(content_type) for content_type in CONTENT_TYPES])
    return Mark(totals.get("events", 0), watched, stats.get("updated_at", ""), totals.get(REPAIRS, 0))


def folded(user_id: str, events: Iterable[Record], rules: Rules, known: Folded) -> Moves:
    """Folds events into what is known; what they added. Raises StorageCorrupt."""
    fold = Fold(rules, known)
    try:
        for event in events:
            fold.add(event)
        return fold.close()
    except (LookupError, TypeError, ValueError) as error:
        name = f"activity/{user_id}_activity.json"
        raise StorageCorrupt(f"{name}: an event is damaged: {error!r}", path=name) from None


# -- in the store -----------------------------------------------------------------------------------------------------


def find(reader: Reader, user_id: str, rules: Rules) -> tuple[RollUp, Folded] | None:
    """With what is in it, to be read; None where there is none that was made by these rules and can be read."""
    entries = reader.read_log(ROLLUPS, user_id)
    try:
        if entries and entries[0]["made_by"] == _made_by(rules):
            return _read(entries[0])
    except DAMAGE:
        pass
    return None


DAMAGE = (LookupError, TypeError, ValueError, AttributeError, RecursionError, zlib.error, msgspec.MsgspecError)


def _read(stored: Record) -> tuple[RollUp, Folded]:
    rollup = _from_stored(stored)
    return rollup, Folded(rollup.tally, *rollup.parts())


def save(storage: Storage, rules: Rules, kept: Mapping[str, RollUp]) -> None:
    """Of people who are gone, or whose log was rewritten meanwhile, nothing is kept."""
    user_ids = list(kept)
    for at in range(0, len(user_ids), PEOPLE_AT_ONCE):
        chosen = user_ids[at : at + PEOPLE_AT_ONCE]
        storage.transaction(partial(_put, {user_id: kept[user_id] for user_id in chosen}, rules))


def _put(kept: Mapping[str, RollUp], rules: Rules, tx: Transaction) -> None:
    for user_id, rollup in kept.items():
        if is_of_now(tx, user_id, rollup):
            tx.clear(ROLLUPS, user_id)
            tx.append(ROLLUPS, user_id, _to_stored(rollup, rules))


def is_of_now(tx: Transaction, user_id: str, rollup: RollUp) -> bool:
    """Whether the person is there, and the log goes on from it."""
    if tx.get(USERS, user_id) is None:
        return False
    totals = tx.get(USER_TOTALS, user_id) or {}
    more = totals.get("events", 0) - rollup.mark.events
    if totals.get(REPAIRS, 0) != rollup.mark.repairs:
        return False
    return more >= 0 and tx.read_log(ACTIVITY, user_id, more + 1)[:1] == [rollup.newest]


def is_right(user_id: str, stored: Record, events: list[Record]) -> bool:
    """Whether a stored roll-up is what the log gives up to its mark, by the rules that it was made by; one of another
    shape is read by nobody."""
    try:
        if stored["made_by"]["shape"] != SHAPE:
            return True
        return is_as_counted(user_id, _from_stored(stored), Rules(**stored["made_by"]["rules"]), events)
    except DAMAGE:
        return False


def is_as_counted(user_id: str, kept: RollUp, rules: Rules, events: list[Record]) -> bool:
    """Whether it is what the log gives up to its mark."""
    counted = events[: kept.mark.events]
    if kept.newest not in counted[-1:]:
        return False
    folded_again = Folded()
    folded(user_id, counted, rules, folded_again)
    right = RollUp.of(kept.mark, kept.newest, folded_again)
    return kept.tally == right.tally and (kept.packed == right.packed or _told(kept) == _told(right))


def _made_by(rules: Rules) -> Record:
    return {"shape": SHAPE, "rules": asdict(rules)}


def _to_stored(rollup: RollUp, rules: Rules) -> Record:
    tally = dict(rollup.tally)
    tally |= {name: f"{tally[name]:x}" for name in BITS}
    tally["hours"] = {month: f"{bits:x}" for month, bits in tally["hours"].items()}
    packed = msgspec.json.decode(msgspec.json.encode(rollup.packed))
    mark = asdict(rollup.mark)
    return {"made_by": _made_by(rules), "mark": mark, "newest": rollup.newest, "tally": tally, "packed": packed}


def _from_stored(stored: Record) -> RollUp:
    tally = dict(stored["tally"])
    tally |= {name: int(tally[name], 16) for name in BITS}
    tally["hours"] = {month: int(bits, 16) for month, bits in tally["hours"].items()}
    packed = msgspec.json.decode(msgspec.json.encode(stored["packed"]), type=bytes)
    return RollUp(Mark(**stored["mark"]), stored["newest"], tally, packed)


def _told(rollup: RollUp) -> Record:
    """Without what comes to nothing, which depends on how far was counted at a time."""
    items, sessions, moves = rollup.parts()
    told = {
        (family, key, name): amount
        for family, rows in moves.items()
        for key, amounts in rows.items()
        for name, amount in amounts.items()
        if amount
    }
    return {"items": items, "sessions": sessions, "moves": told}
