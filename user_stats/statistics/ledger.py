"""The roll-ups of all people and their sums over the site: at each look only what is new in the logs is read.

Each person's totals count the events of the log, so one scan of them tells who did something since. A log that was
rewritten (an import undone, made-up activity taken out) is known by the event that should come before what is new; it
is taken out of the sums and read afresh. After a start the roll-ups come from the store: those of people who
did little from `shelves.py`, all of them at once, the others from `rollups.py`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from user_stats.collecting import collecting_put_off
from user_stats.collections import ACTIVITY, SHELVES, USER_STATS, USER_TOTALS
from user_stats.errors import StorageCorrupt
from user_stats.statistics import rollups, shelves
from user_stats.statistics.fold import FAMILIES, Folded, Moves, Rules
from user_stats.statistics.kinds import Amounts
from user_stats.statistics.rollups import Mark, RollUp, mark_of
from user_stats.storage import Record, Storage

Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""
Sums = dict[str, Amounts]
FEWEST_OWN = 100
"""Events of a person from which on their roll-up is a record of its own, and not on a shelf."""
FEWEST_UNSAVED = 50
"""Events of a person from which on that record is worth a write: reading them takes about a millisecond."""
UNSAVED_SHARE, SHELVES_AT_ONCE = 1 / 8, 64
"""A shelf is written where so many of its people did something; of the others so many at a time, those first where most
happened. So there is a bound to what a start after a kill has to read, and to the time that writing takes."""


class Ledger:
    """Sums over a store; safe to share between threads: what `sums`, `tallies` and `histories` gave stays as it is."""

    def __init__(self, storage: Storage, rules: Rules) -> None:
        self._storage = storage
        self._rules = rules
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._people: dict[str, RollUp] = {}
        self._watched: dict[str, frozenset[str]] = {}
        self._saved: dict[str, int] = {}
        """Of how many events the store has the roll-up of a person, as a record of its own."""
        self._shelved: dict[str, RollUp] = {}
        """As they stand on the shelves."""
        self._digits = 0
        """Of the ids, by which people are put on shelves; 0 before the first look."""
        self._sums: dict[str, Sums] = {family: {} for family in FAMILIES}
        self._own_rows: set[tuple[str, str]] = set()
        """Rows of the sums that were made by the refresh that runs, so that nobody else reads them yet."""
        self.version = 0
        """Rises with every change of the sums."""

    def refresh(self, progress: Progress | None = None) -> None:
        """Takes in what was recorded since the last time. Raises StorageCorrupt for the first damaged log, when
        everybody else was taken in."""
        with self._lock, collecting_put_off():
            if not self._digits:
                self._take_from_shelves()
            stats = dict(self._storage.scan(USER_STATS))
            marks = {
                user_id: mark_of(totals, stats.get(user_id, {})) for user_id, totals in self._storage.scan(USER_TOTALS)
            }
            known = self._people
            gone = known.keys() - marks.keys()
            changed = [one for one, mark in marks.items() if one not in known or known[one].mark != mark]
            if gone or changed:
                self._take_in(gone, changed, marks, progress)

    def save(self) -> None:
        """Brings the roll-ups in the store forward, of those who did much since."""
        with self._lock:
            people = self._people
        own = {
            user_id: rollup
            for user_id, rollup in people.items()
            if _is_big(rollup) and rollup.mark.events - self._saved.get(user_id, 0) >= FEWEST_UNSAVED
        }
        rollups.save(self._storage, self._rules, own)
        self._saved |= {user_id: rollup.mark.events for user_id, rollup in own.items()}
        self._save_shelves({user_id: rollup for user_id, rollup in people.items() if not _is_big(rollup)}, len(people))

    def sums(self, family: str) -> Sums:
        """Of each key of a family: its amounts by name. To be read, not changed."""
        return self._sums[family]

    def tallies(self) -> dict[str, Record]:
        """Of each person; to be read, not changed."""
        return {user_id: known.tally for user_id, known in self._people.items()}

    def events(self) -> int:
        """How many events were counted, but for those that say what the others earned."""
        return sum(one.mark.events - len(one.tally.get("badges", ())) for one in self._people.values())

    def histories(self) -> dict[str, frozenset[str]]:
        """The items that each person watched."""
        return dict(self._watched)

    # -- one look ---------------------------------------------------------------------------------------------------

    def _take_in(
        self, gone: Iterable[str], changed: Sequence[str], marks: dict[str, Mark], progress: Progress | None
    ) -> None:
        before = self._people, self._sums, self._watched
        people, watched = dict(before[0]), dict(before[2])
        sums = {family: dict(rows) for family, rows in before[1].items()}
        self._own_rows.clear()
        damages: list[StorageCorrupt] = []
        try:
            for user_id in gone:
                self._forget(people, sums, user_id)
                watched.pop(user_id, None)
            for done, user_id in enumerate(changed, 1):
                try:
                    if user_id not in people:
                        self._load(people, sums, watched, user_id)
                    if user_id not in people or people[user_id].mark != marks[user_id]:
                        self._take(people, sums, watched, user_id)
                except StorageCorrupt as damage:
                    damages.append(damage)
                if progress is not None:
                    progress(done, len(changed))
        finally:  # whoever was taken in before the store failed stays
            self._leave_out_nothing(sums)
            self._people, self._sums, self._watched = people, sums, watched
            self.version += 1
        if damages:
            raise damages[0]

    def _take_from_shelves(self) -> None:
        """Before anything else is counted."""
        people, watched = dict[str, RollUp](), dict[str, frozenset[str]]()
        sums: dict[str, Sums] = {family: {} for family in FAMILIES}
        digits = shelves.digits_for(self._storage.count(USER_TOTALS))
        for key in self._storage.log_keys(SHELVES):
            if len(key) == digits:
                moves, on_it = shelves.read(self._storage, key, self._rules)
                self._add(sums, moves, 1)
                people |= {user_id: rollup for user_id, (rollup, _) in on_it.items()}
                watched |= {user_id: self._names_of(items) for user_id, (_, items) in on_it.items()}
        self._people, self._shelved, self._watched, self._sums, self._digits = people, people, watched, sums, digits

    def _save_shelves(self, small: Mapping[str, RollUp], people: int) -> None:
        """Those on which most is new."""
        digits = shelves.digits_for(people)
        before = self._shelved if digits == self._digits else {}
        changes: dict[str, dict[str, RollUp | None]] = {}
        for user_id in before.keys() | small.keys():
            if before.get(user_id) is not small.get(user_id):
                changes.setdefault(user_id[:digits], {})[user_id] = small.get(user_id)
        sizes = Counter(user_id[:digits] for user_id in small)
        shares = {key: len(changed) / max(1, sizes[key]) for key, changed in changes.items()}
        standing: dict[str, RollUp | None] = dict(before)
        for number, key in enumerate(sorted(shares, key=lambda key: -shares[key])):
            if number < SHELVES_AT_ONCE or shares[key] >= UNSAVED_SHARE:
                shelves.change(self._storage, key, self._rules, changes[key])
                standing |= changes[key]
        shelves.clear_others(self._storage, digits)
        self._shelved, self._digits = {one: rollup for one, rollup in standing.items() if rollup is not None}, digits

    def _load(
        self, people: dict[str, RollUp], sums: dict[str, Sums], watched: dict[str, frozenset[str]], user_id: str
    ) -> None:
        """From the store, where there is something."""
        found = rollups.find(self._storage, user_id, self._rules)
        if found is not None:
            rollup, folded = found
            people[user_id], watched[user_id] = rollup, self._items(folded)
            self._saved[user_id] = rollup.mark.events
            self._add(sums, folded.moves, 1)

    def _take(
        self, people: dict[str, RollUp], sums: dict[str, Sums], watched: dict[str, frozenset[str]], user_id: str
    ) -> None:
        known = people.get(user_id)
        mark, events = self._read(user_id, known)
        if known is not None and not _goes_on(known, mark, events):
            self._forget(people, sums, user_id)
            self._saved.pop(user_id, None)
            known, (mark, events) = None, self._read(user_id, None)
        if mark is None:
            return
        folded = Folded() if known is None else known.unpacked()
        fresh = rollups.folded(user_id, events if known is None else events[1:], self._rules, folded)
        people[user_id] = RollUp.of(mark, events[-1] if events else None, folded)
        watched[user_id] = self._items(folded)
        self._add(sums, fresh, 1)

    def _read(self, user_id: str, known: RollUp | None) -> tuple[Mark | None, list[Record]]:
        """The mark and the log that belongs to it: all of it, or from the newest known event on."""
        while True:
            mark = self._read_mark(user_id)
            if mark is None:
                return None, []
            fewer = known is not None and mark.events < known.mark.events
            count = None if known is None or fewer else mark.events - known.mark.events + 1
            events = self._storage.read_log(ACTIVITY, user_id, count)
            if self._read_mark(user_id) == mark:
                return mark, [] if fewer else events

    def _read_mark(self, user_id: str) -> Mark | None:
        totals = self._storage.get(USER_TOTALS, user_id)
        return None if totals is None else mark_of(totals, self._storage.get(USER_STATS, user_id) or {})

    def _items(self, folded: Folded) -> frozenset[str]:
        """What was watched, with one text for an item, however many people watched it."""
        return self._names_of(item for item, known in folded.items.items() if "watches" in known)

    def _names_of(self, items: Iterable[str]) -> frozenset[str]:
        return frozenset(self._names.setdefault(item, item) for item in items)

    def _forget(self, people: dict[str, RollUp], sums: dict[str, Sums], user_id: str) -> None:
        known = people.pop(user_id, None)
        if known is not None:
            self._add(sums, known.moves(), -1)

    def _add(self, sums: dict[str, Sums], moves: Moves, sign: int) -> None:
        for family, rows in moves.items():
            totals = sums[family]
            for key, amounts in rows.items():
                row = totals.get(key, {})
                if (family, key) not in self._own_rows:
                    self._own_rows.add((family, key))
                    row = totals[key] = dict(row)
                for name, amount in amounts.items():
                    row[name] = row.get(name, 0) + sign * amount

    def _leave_out_nothing(self, sums: dict[str, Sums]) -> None:
        """Takes out of the rows that were changed what came to 0."""
        for family, key in self._own_rows:
            row = sums[family][key]
            if 0 in row.values():
                row = sums[family][key] = {name: amount for name, amount in row.items() if amount}
            if not row:
                del sums[family][key]


def _is_big(rollup: RollUp) -> bool:
    return rollup.mark.events >= FEWEST_OWN


def _goes_on(known: RollUp, mark: Mark | None, events: Sequence[Record]) -> bool:
    """Whether the events, read from the newest known one on, are to be added to what is known."""
    is_as_counted = mark is not None and mark.repairs == known.mark.repairs
    return is_as_counted and bool(events) and events[0] == known.newest
