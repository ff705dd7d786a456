"""The roll-ups of all people and their sums over the site: at each look only what is new in the logs is read.

Each person's totals count the events of the log, so one scan of them tells who did something since. A log that was
rewritten (an import undone, made-up activity taken out) is known by the event that should come before what is new; it
is taken out of the sums and read afresh. After a start the roll-ups come from the store, see `rollups.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from user_stats.collecting import collecting_put_off
from user_stats.collections import ACTIVITY, USER_STATS, USER_TOTALS
from user_stats.errors import StorageCorrupt
from user_stats.statistics import rollups
from user_stats.statistics.fold import FAMILIES, Folded, Moves, Rules
from user_stats.statistics.kinds import Amounts
from user_stats.statistics.rollups import Mark, RollUp, mark_of
from user_stats.storage import Record, Storage

Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""
Sums = dict[str, Amounts]
FEWEST_UNSAVED = 50
"""Events of a person from which on their roll-up is worth a write: reading them takes about a millisecond."""


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
        """Of how many events the store has the roll-up of a person."""
        self._sums: dict[str, Sums] = {family: {} for family in FAMILIES}
        self._own_rows: set[tuple[str, str]] = set()
        """Rows of the sums that were made by the refresh that runs, so that nobody else reads them yet."""
        self.version = 0
        """Rises with every change of the sums."""

    def refresh(self, progress: Progress | None = None) -> None:
        """Takes in what was recorded since the last time. Raises StorageCorrupt for the first damaged log, when
        everybody else was taken in."""
        with self._lock:
            stats = dict(self._storage.scan(USER_STATS))
            marks = {
                user_id: mark_of(totals, stats.get(user_id, {})) for user_id, totals in self._storage.scan(USER_TOTALS)
            }
            known = self._people
            gone = known.keys() - marks.keys()
            changed = [one for one, mark in marks.items() if one not in known or known[one].mark != mark]
            if gone or changed:
                with collecting_put_off():
                    self._take_in(gone, changed, marks, progress)

    def save(self) -> None:
        """Brings the roll-ups in the store forward, of those who did much since."""
        with self._lock:
            people = {
                user_id: rollup
                for user_id, rollup in self._people.items()
                if rollup.mark.events - self._saved.get(user_id, 0) >= FEWEST_UNSAVED
            }
        rollups.save(self._storage, self._rules, people)
        self._saved |= {user_id: rollup.mark.events for user_id, rollup in people.items()}

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
        names = (item for item, known in folded.items.items() if "watches" in known)
        return frozenset(self._names.setdefault(name, name) for name in names)

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


def _goes_on(known: RollUp, mark: Mark | None, events: Sequence[Record]) -> bool:
    """Whether the events, read from the newest known one on, are to be added to what is known."""
    is_as_counted = mark is not None and mark.repairs == known.mark.repairs
    return is_as_counted and bool(events) and events[0] == known.newest
