"""The folds of all people and their sums over the site, in memory: at each look only what is new in the log is read.

Each person's totals count the events of the log, so one scan of them tells who did something since. A log that was
rewritten (an import undone, made-up activity taken out) is known by the event that should come before what is new; it
is taken out of the sums and read afresh. The folds are kept packed, some tens of bytes an event.
"""

from __future__ import annotations

import copy
import marshal
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from user_stats.collections import ACTIVITY, USER_STATS, USER_TOTALS
from user_stats.errors import StorageCorrupt
from user_stats.models import CONTENT_TYPES
from user_stats.statistics.fold import CONTENTS, DAYS, HOURS, TOPICS, Fold, Moves
from user_stats.storage import Record, Storage

Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""
Sums = dict[str, dict[str, int]]
Mark = tuple[int, str, str]
"""How many events a log holds, the watches by type, and when the person's statistics changed last."""


@dataclass
class _Known:
    mark: Mark
    newest: Record | None
    tally: Record
    packed: bytes
    watched: frozenset[str]

    def unpacked(self, watched_threshold: float = 0) -> Fold:
        items, moves = marshal.loads(zlib.decompress(self.packed))
        return Fold(watched_threshold, copy.deepcopy(self.tally), items, moves)


class Ledger:
    """Sums over a store; safe to share between threads: what `sums`, `tallies` and `histories` gave stays as it is."""

    def __init__(self, storage: Storage, *, watched_threshold: float) -> None:
        self._storage = storage
        self._watched_threshold = watched_threshold
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._people: dict[str, _Known] = {}
        self._sums: dict[str, Sums] = {DAYS: {}, HOURS: {}, TOPICS: {}, CONTENTS: {}}
        self._own_rows: set[tuple[str, str]] = set()
        """Rows of the sums that were made by the refresh that runs, so that nobody else reads them yet."""
        self.version = 0
        """Rises with every change of the sums."""

    def refresh(self, progress: Progress | None = None) -> None:
        """Takes in what was recorded since the last time."""
        with self._lock:
            changed_at = {user_id: stats.get("updated_at", "") for user_id, stats in self._storage.scan(USER_STATS)}
            marks = {
                user_id: _mark(totals, changed_at.get(user_id, ""))
                for user_id, totals in self._storage.scan(USER_TOTALS)
            }
            known = self._people
            gone = known.keys() - marks.keys()
            changed = [one for one, mark in marks.items() if one not in known or known[one].mark != mark]
            if gone or changed:
                self._take_in(gone, changed, progress)

    def _take_in(self, gone: Iterable[str], changed: Sequence[str], progress: Progress | None) -> None:
        before = self._people, self._sums
        people, sums = dict(before[0]), {family: dict(rows) for family, rows in before[1].items()}
        self._own_rows.clear()
        try:
            for user_id in gone:
                self._forget(people, sums, user_id)
            for done, user_id in enumerate(changed, 1):
                self._take(people, sums, user_id)
                if progress is not None:
                    progress(done, len(changed))
        finally:  # whoever was taken in before somebody's damaged log stays
            self._people, self._sums = people, sums
            self.version += 1

    def sums(self, family: str) -> Sums:
        """Of each key of a family: its amounts by name. To be read, not changed."""
        return self._sums[family]

    def tallies(self) -> dict[str, Record]:
        """Of each person; to be read, not changed."""
        return {user_id: known.tally for user_id, known in self._people.items()}

    def histories(self) -> dict[str, frozenset[str]]:
        """The items that each person watched."""
        return {user_id: known.watched for user_id, known in self._people.items()}

    def _take(self, people: dict[str, _Known], sums: dict[str, Sums], user_id: str) -> None:
        known = people.get(user_id)
        mark, events = self._read(user_id, known)
        if known is not None and (not events or events[0] != known.newest):
            self._forget(people, sums, user_id)
            known, (mark, events) = None, self._read(user_id, None)
        if mark is None:
            return
        fold = Fold(self._watched_threshold) if known is None else known.unpacked(self._watched_threshold)
        try:
            for event in events if known is None else events[1:]:
                fold.add(event)
        except (LookupError, TypeError, ValueError) as error:
            name = f"activity/{user_id}_activity.json"
            raise StorageCorrupt(f"{name}: an event is damaged: {error!r}", path=name) from None
        fold.close()
        packed = zlib.compress(marshal.dumps((fold.items, fold.moves)), 1)
        newest = events[-1] if events else None
        people[user_id] = _Known(mark, newest, fold.tally, packed, self._watched(fold))
        self._add(sums, fold.fresh, 1)

    def _read(self, user_id: str, known: _Known | None) -> tuple[Mark | None, list[Record]]:
        """The mark and the log that belongs to it: all of it, or from the newest known event on."""
        while True:
            mark = self._read_mark(user_id)
            if mark is None:
                return None, []
            fewer = known is not None and mark[0] < known.mark[0]
            count = None if known is None or fewer else mark[0] - known.mark[0] + 1
            events = self._storage.read_log(ACTIVITY, user_id, count)
            if self._read_mark(user_id) == mark:
                return mark, [] if fewer else events

    def _read_mark(self, user_id: str) -> Mark | None:
        totals = self._storage.get(USER_TOTALS, user_id)
        if totals is None:
            return None
        return _mark(totals, (self._storage.get(USER_STATS, user_id) or {}).get("updated_at", ""))

    def _watched(self, fold: Fold) -> frozenset[str]:
        """With one text for an item, however many people watched it."""
        names = (item for item, known in fold.items.items() if "watches" in known)
        return frozenset(self._names.setdefault(name, name) for name in names)

    def _forget(self, people: dict[str, _Known], sums: dict[str, Sums], user_id: str) -> None:
        known = people.pop(user_id, None)
        if known is not None:
            self._add(sums, known.unpacked().moves, -1)

    def _add(self, sums: dict[str, Sums], moves: Moves, sign: int) -> None:
        for place, amounts in moves.items():
            family, key = place
            row = sums[family].get(key, {})
            if place not in self._own_rows:
                self._own_rows.add(place)
                row = dict(row)
            sums[family][key] = row
            for name, amount in amounts.items():
                total = row.get(name, 0) + sign * amount
                if total:
                    row[name] = total
                else:
                    row.pop(name, None)
            if not row:
                del sums[family][key]


def _mark(totals: dict[str, Any], changed_at: str) -> Mark:
    return totals.get("events", 0), repr([totals.get(content_type) for content_type in CONTENT_TYPES]), changed_at
