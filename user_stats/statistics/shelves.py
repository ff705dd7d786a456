"""Shelves: the roll-ups of people who did little, many in one record beside their sums, so that a start reads few.

Somebody who did a lot has a record of their own, see `rollups.py`. Whose id begins alike stand on one shelf. Each
change of a shelf reads it and writes it in one transaction: who is put on it is added to its sums, who is taken off
(`forget`, in the transaction in which their log is rewritten or goes) is taken out of them. So a shelf is right or
wrong by itself, whatever became of the others and of the process that wrote it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field
from functools import partial
from typing import Any

import msgspec

from user_stats.collections import ACTIVITY, ROLLUPS, SHELVES, USERS
from user_stats.errors import StorageCorrupt
from user_stats.statistics import rollups
from user_stats.statistics.fold import FAMILIES, Moves, Rules
from user_stats.statistics.rollups import BITS, DAMAGE, Mark, RollUp, decompressed
from user_stats.storage import Reader, Record, Storage, Transaction

SHAPE = 1
"""Rises when what is kept changes its meaning, beside that of a roll-up."""
MOST_PEOPLE = 200
"""People on a shelf, on average: more make one dear to write, fewer make all of them dear to read."""
DIGITS = range(1, 5)
"""By how many digits of the id people may be put together: 16 shelves, up to 65,536."""


def digits_for(people: int) -> int:
    """The fewest digits by which not too many stand on one shelf."""
    return next((digits for digits in DIGITS if people <= MOST_PEOPLE * 16**digits), DIGITS[-1])


@dataclass
class Shelf:
    """Of each person the packed roll-up, and what all of them add to the sums of the site."""

    people: dict[str, str] = field(default_factory=dict)
    sums: Moves = field(default_factory=lambda: {family: {} for family in FAMILIES})

    def put(self, user_id: str, rollup: RollUp) -> None:
        self.take_off(user_id)
        items, _, moves = rollup.parts()
        self.people[user_id] = _packed(rollup, [item for item, known in items.items() if "watches" in known])
        _add(self.sums, moves, 1)

    def take_off(self, user_id: str) -> bool:
        """Whether the person stood on it."""
        packed = self.people.pop(user_id, None)
        if packed is not None:
            _add(self.sums, _unpacked(packed)[0].moves(), -1)
        return packed is not None

    def rollups(self) -> dict[str, tuple[RollUp, list[str]]]:
        """Of each person, and the items that they watched."""
        return {user_id: _unpacked(packed) for user_id, packed in self.people.items()}


# -- in the store -----------------------------------------------------------------------------------------------------


def read(reader: Reader, key: str, rules: Rules) -> tuple[Moves, dict[str, tuple[RollUp, list[str]]]]:
    """The sums of a shelf and the roll-up of each person on it with the items that they watched; nothing where there is
    none that was made by these rules and can be read."""
    try:
        shelf = _found(reader, key, rules)
        return shelf.sums, shelf.rollups()
    except DAMAGE:
        return {}, {}


def _found(reader: Reader, key: str, rules: Rules) -> Shelf:
    stored = reader.read_log(SHELVES, key)
    return _from_stored(stored[0]) if stored and stored[0]["made_by"] == _made_by(rules) else Shelf()


Changes = Mapping[str, RollUp | None]
"""Who is to stand on a shelf from now on, and with None who is not."""


def change(storage: Storage, key: str, rules: Rules, changes: Changes) -> None:
    """Of people who are gone, or whose log was rewritten meanwhile, nothing is put there."""
    storage.transaction(partial(_change, key, rules, changes))


def _change(key: str, rules: Rules, changes: Changes, tx: Transaction) -> None:
    fit = {one: rollup for one, rollup in changes.items() if rollup is None or rollups.is_of_now(tx, one, rollup)}
    try:
        shelf = _changed(_found(tx, key, rules), fit)
    except DAMAGE:
        shelf = _changed(Shelf(), fit)
    _write(tx, key, shelf, _made_by(rules))


def _changed(shelf: Shelf, changes: Changes) -> Shelf:
    for user_id, rollup in changes.items():
        if rollup is None:
            shelf.take_off(user_id)
        else:
            shelf.put(user_id, rollup)
    return shelf


def forget(tx: Transaction, user_id: str) -> None:
    """Before the log of a person is rewritten or goes: no roll-up of theirs is left. One other record is written."""
    tx.clear(ROLLUPS, user_id)
    for key in (user_id[:digits] for digits in DIGITS):
        for stored in tx.read_log(SHELVES, key):
            try:
                shelf = _from_stored(stored)
                if shelf.take_off(user_id):
                    _write(tx, key, shelf, stored["made_by"])
            except DAMAGE:
                tx.clear(SHELVES, key)


def clear_others(storage: Storage, digits: int) -> None:
    """Takes the shelves away that were made when there were fewer people, or more."""
    others = [key for key in storage.log_keys(SHELVES) if len(key) != digits]
    for key in others:
        storage.transaction(lambda tx, key=key: tx.clear(SHELVES, key))  # type: ignore[misc]


def _write(tx: Transaction, key: str, shelf: Shelf, made_by: Record) -> None:
    tx.clear(SHELVES, key)
    if shelf.people:
        tx.append(SHELVES, key, {"made_by": made_by, "people": shelf.people, "sums": _to_text(shelf.sums)})


def _from_stored(stored: Record) -> Shelf:
    sums = _from_text(stored["sums"], _Sums)
    if sums.keys() != set(FAMILIES):
        raise ValueError("the sums are of other families")
    return Shelf(dict(stored["people"]), sums)


def _made_by(rules: Rules) -> Record:
    return {"shape": [SHAPE, rollups.SHAPE], "rules": asdict(rules)}


# -- as they are kept -------------------------------------------------------------------------------------------------


_Number = int | float
_Sums = dict[str, dict[str, dict[int | str, _Number]]]


class _Tally(msgspec.Struct):
    """What every tally has."""

    days: bytes
    viewed: bytes
    signed_in: bytes
    sessions: tuple[int, _Number]
    newest_day: str
    hours: dict[str, bytes]
    weeks: dict[str, dict[str, _Number]]
    months: dict[str, dict[str, _Number]]
    plans: list[Any]
    streams: dict[str, list[tuple[_Number, _Number]]]
    uploads: dict[str, dict[str, Any]]


_Person = tuple[tuple[int, str, str, int], dict[str, Any] | None, dict[str, Any], bytes, list[str]]
"""Mark, newest event, tally, the packed rest and the items that were watched."""


def _to_text(value: object) -> str:
    packed = zlib.compress(msgspec.msgpack.encode(value), 1)
    text: str = msgspec.to_builtins(packed)
    return text


def _from_text(text: str, shape: Any) -> Any:
    return msgspec.msgpack.decode(decompressed(msgspec.convert(text, bytes)), type=shape)


def _packed(rollup: RollUp, items: list[str]) -> str:
    tally = rollup.tally | {name: _to_bytes(rollup.tally[name]) for name in BITS}
    tally["hours"] = {month: _to_bytes(bits) for month, bits in tally["hours"].items()}
    return _to_text([astuple(rollup.mark), rollup.newest, tally, rollup.packed, items])


def _unpacked(text: str) -> tuple[RollUp, list[str]]:
    mark, newest, tally, packed, items = _from_text(text, _Person)
    msgspec.convert(tally, _Tally)
    tally |= {name: int.from_bytes(tally[name], "little") for name in BITS}
    tally["hours"] = {month: int.from_bytes(bits, "little") for month, bits in tally["hours"].items()}
    return RollUp(Mark(*mark), newest, tally, packed), items


def _to_bytes(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def _add(sums: Moves, moves: Moves, sign: int) -> None:
    """What comes to 0 is left out."""
    for family, rows in moves.items():
        totals = sums[family]
        for key, amounts in rows.items():
            row = totals.setdefault(key, {})
            for name, amount in amounts.items():
                if total := row.get(name, 0) + sign * amount:
                    row[name] = total
                else:
                    row.pop(name, None)
            if not row:
                del totals[key]


# -- beside the log ---------------------------------------------------------------------------------------------------


def is_right(reader: Reader, key: str) -> bool:
    """Whether all that stands on a shelf is what the logs give, and the sums are those of its people; a shelf of
    another shape is read by nobody."""
    return all(_is_right(reader, key, stored) for stored in reader.read_log(SHELVES, key))


def people_on(reader: Reader, key: str) -> list[str]:
    """Who stands on a shelf, whatever else is wrong with it."""
    listed = [stored.get("people") for stored in reader.read_log(SHELVES, key)]
    return [user_id for people in listed if isinstance(people, dict) for user_id in people]


def _is_right(reader: Reader, key: str, stored: Record) -> bool:
    try:
        shape, rules = stored["made_by"]["shape"], Rules(**stored["made_by"]["rules"])
        shelf = _from_stored(stored)
        if shape != _made_by(rules)["shape"]:
            return True
        right: Moves = {family: {} for family in FAMILIES}
        for user_id, (rollup, _) in shelf.rollups().items():
            is_there = user_id.startswith(key) and reader.get(USERS, user_id) is not None
            if not is_there or not rollups.is_as_counted(user_id, rollup, rules, reader.read_log(ACTIVITY, user_id)):
                return False
            _add(right, rollup.moves(), 1)
        return shelf.sums == right
    except (StorageCorrupt, *DAMAGE):
        return False
