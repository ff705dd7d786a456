"""Many watches of one person at once: recorded in chunks under the name of a batch, and taken out again by that name.

Each chunk is one transaction: the list, the log, the counters, the totals of the days, and a mark in IMPORTS that says
whose chunk it was and which rows of a source it brought. So a batch that was cut short is known as far as it came, and
a row that came before is known for good, however long the list keeps its watch.

A watch of a batch moves `last_activity_timestamp` to its own end, not to the moment of the import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from user_stats import activity, day_totals, fields
from user_stats.collections import ACTIVITY, HISTORY, IMPORTS, USER_STATS, USER_TOTALS, watch_end
from user_stats.errors import Conflict
from user_stats.history import expected_entries
from user_stats.permissions import authorize
from user_stats.statistics import shelves
from user_stats.statistics.kept_badges import keep_badges
from user_stats.statistics.rules import BADGES, Badge
from user_stats.storage import Log, Record, Storage, Transaction
from user_stats.times import Clock, to_iso
from user_stats.user_records import get_user
from user_stats.watches import CheckedWatch, Watch, checked_watch

CHUNK = 2500
"""Watches of one transaction: enough to share its sync and the writing of the list, few enough that others wait a tenth
of a second for the lock."""
DIGEST_BYTES = 16
LONGEST_NAME = 64


@dataclass(frozen=True)
class Batch:
    """What one batch has brought and still stands: `watches`, and the seconds in them, between two days."""

    name: str
    source: str
    """Where the watches came from, say the format and the name of a file."""
    watches: int
    seconds: int
    first_on: str
    last_on: str
    recorded_at: str


class Added(NamedTuple):
    """What became of the watches that were handed over."""

    recorded: int
    repeated: int


class BatchWriter:
    """Records the watches of one batch of one person; for one thread.

    It holds the digests of all rows that the person has ever imported, 16 bytes each."""

    def __init__(
        self,
        storage: Storage,
        user_id: str,
        name: str,
        *,
        source: str,
        max_entries: int,
        clock: Clock,
        actor: str | None,
        is_rehearsal: bool = False,
    ) -> None:
        self._storage = storage
        self._user_id = fields.checked_user_id(user_id)
        self._name = fields.checked_text("batch", name, LONGEST_NAME)
        self._source = fields.checked_text("source", source, fields.LONGEST_TITLE)
        self._max_entries = max_entries
        self._clock = clock
        self._actor = actor
        self._is_rehearsal = is_rehearsal
        storage.transaction(self._require_right)
        self._told: set[bytes] = set()
        self._number, self._known = _known_rows(storage, self._user_id)
        self._begun_at = self._number

    def leave_out(self, digests: Iterable[str]) -> None:
        """Rows that are known from elsewhere than an import."""
        self._told.update(map(bytes.fromhex, digests))

    def _require_right(self, tx: Transaction) -> None:
        authorize(tx, self._actor, now=self._clock(), self_id=self._user_id)
        activity.require_active(tx, self._user_id)

    def add(self, watches: Iterable[CheckedWatch]) -> Added:
        """Records what is new, together or not at all; a rehearsal only counts. Raises UserNotFound, Forbidden, and
        Conflict where the batch was taken out since the writer was made: the rest of it would be half a batch."""
        handed = list(watches)
        fresh = self._fresh(handed)
        while fresh and not self._is_rehearsal:
            number, now = self._number, self._clock()
            if self._storage.transaction(lambda tx: self._record(tx, fresh, number, now)):  # noqa: B023
                self._number += 1
                break
            self._catch_up()
            fresh = self._fresh(handed)
        if fresh:
            self._known.update(bytes.fromhex(watch.digest) for watch in fresh if watch.digest)
        return Added(len(fresh), len(handed) - len(fresh))

    def _catch_up(self) -> None:
        """With what somebody else has imported or taken out."""
        for mark in self._storage.read_log(IMPORTS, self._user_id):
            if mark["number"] > self._begun_at and mark["batch"] == self._name and not mark["watches"]:
                raise Conflict("this import was taken out again while it was going on; nothing of it is left")
        self._number, self._known = _known_rows(self._storage, self._user_id)

    def _fresh(self, watches: Sequence[CheckedWatch]) -> list[CheckedWatch]:
        """Each new row once."""
        fresh, seen = [], set[bytes]()
        for watch in watches:
            digest = bytes.fromhex(watch.digest)
            if digest and (digest in self._known or digest in self._told or digest in seen):
                continue
            seen.add(digest)
            fresh.append(watch)
        return fresh

    def _record(self, tx: Transaction, watches: list[CheckedWatch], number: int, now: datetime) -> bool:
        """False where somebody else has imported since the digests were read; nothing is written then."""
        self._require_right(tx)
        if _last_number(tx, self._user_id) != number:
            return False
        stats, totals = activity.person(tx, self._user_id, now=now)
        mark = _mark(watches, number + 1, now) | {"batch": self._name, "source": self._source}
        moves: list[day_totals.Move] = []
        latest = to_iso(now)
        ordered = sorted(watches, key=lambda watch: watch.end)
        for watch in ordered:
            event = {**watch.event, "at": min(latest, watch.ended_at), "batch": self._name}
            moves += activity.move(stats, totals, event)
            tx.append(ACTIVITY, self._user_id, event)
        stats["updated_at"] = max(latest, stats["updated_at"])
        tx.put(USER_STATS, self._user_id, stats)
        tx.put(USER_TOTALS, self._user_id, totals)
        day_totals.add(tx, moves)
        tx.append(IMPORTS, self._user_id, mark)
        self._list(tx, ordered[-self._max_entries :])
        return True

    def _list(self, tx: Transaction, watches: list[CheckedWatch]) -> None:
        """Puts them into the list, but for those that would fall out at once; what they push out goes first."""
        listed = tx.read_log(HISTORY, self._user_id, self._max_entries)
        if len(listed) >= self._max_entries:
            oldest = watch_end(listed[0])
            watches = [watch for watch in watches if watch.end.timestamp() >= oldest]
        if listed and len(watches) >= self._max_entries and watches[0].end.timestamp() >= watch_end(listed[-1]):
            tx.clear(HISTORY, self._user_id)
        for watch in watches:
            tx.append(HISTORY, self._user_id, watch.entry, keep=self._max_entries)


class Batches:
    """The batches of a store: making, listing and taking out."""

    def __init__(self, storage: Storage, *, max_entries: int, clock: Clock, badges: Sequence[Badge] = BADGES) -> None:
        self._storage = storage
        self._max_entries = max_entries
        self._clock = clock
        self._badges = badges

    def writer(
        self, user_id: str, name: str, *, source: str, actor: str | None = None, is_rehearsal: bool = False
    ) -> BatchWriter:
        """Raises UserNotFound, Forbidden, InvalidInput."""
        return BatchWriter(
            self._storage,
            user_id,
            name,
            source=source,
            max_entries=self._max_entries,
            clock=self._clock,
            actor=actor,
            is_rehearsal=is_rehearsal,
        )

    def record(
        self, user_id: str, watches: Iterable[Watch], *, batch: str, source: str, actor: str | None = None
    ) -> int:
        """How many watches were recorded. Each chunk is whole and durable on its own; a watch with a digest
        that came before is left out. Raises InvalidInput before anything is recorded, UserNotFound, Forbidden."""
        writer = self.writer(user_id, batch, source=source, actor=actor)
        now = self._clock()
        checked = [checked_watch(watch, now=now) for watch in watches]
        return sum(writer.add(checked[at : at + CHUNK]).recorded for at in range(0, len(checked), CHUNK))

    def all_of(self, user_id: str) -> list[Batch]:
        """The batches of a person that still stand, the oldest first."""
        user_id = fields.checked_user_id(user_id)
        get_user(self._storage, user_id)
        marks: dict[str, list[Record]] = {}
        for mark in self._storage.read_log(IMPORTS, user_id):
            if mark["watches"]:
                marks.setdefault(mark["batch"], []).append(mark)
        return [_summed(name, group) for name, group in marks.items()]

    def remove(self, user_id: str, name: str, *, actor: str | None = None) -> int:
        """How many watches went: list, log, counters and days are as if the batch had never been, but for the badges,
        which are kept for good. 0: no such batch."""
        user_id = fields.checked_user_id(user_id)
        now = self._clock()

        def work(tx: Transaction) -> int:
            authorize(tx, actor, now=now, self_id=user_id)
            get_user(tx, user_id)
            marks = tx.read_log(IMPORTS, user_id)
            mine = [mark for mark in marks if mark["batch"] == name and mark["watches"]]
            if not mine:
                return 0
            keep_badges(tx, user_id, self._badges, now=now)
            count, kept = self._take_back(tx, user_id, name, now)
            undone = {"number": _last_number(tx, user_id) + 1, "batch": name, "at": to_iso(now), "watches": 0}
            _replace(tx, IMPORTS, user_id, [*(mark for mark in marks if mark not in mine), undone])
            _replace(tx, ACTIVITY, user_id, kept)
            shelves.forget(tx, user_id)
            return count

        return self._storage.transaction(work)

    def _take_back(self, tx: Transaction, user_id: str, name: str, now: datetime) -> tuple[int, list[Record]]:
        """How many events of the batch were counted back, and what the log is to keep; the others are let go of here,
        before the log is written anew, which reads it once more."""
        events = tx.read_log(ACTIVITY, user_id)
        gone = [event for event in events if event.get("batch") == name]
        kept = [event for event in events if event.get("batch") != name]
        stats, totals = activity.person(tx, user_id, now=now)
        day_totals.add(tx, activity.move_back(stats, totals, events, gone, kept))
        stats["updated_at"] = max(to_iso(now), stats["updated_at"])
        tx.put(USER_STATS, user_id, stats)
        tx.put(USER_TOTALS, user_id, totals)
        sessions = {(event["session_id"], event["subject"]) for event in gone}
        listed = tx.read_log(HISTORY, user_id)
        others = [entry for entry in listed if (entry.get("session_id"), entry["video_id"]) not in sessions]
        _replace(tx, HISTORY, user_id, expected_entries(others, kept, self._max_entries))
        return len(gone), kept


def _replace(tx: Transaction, log: Log, user_id: str, entries: Iterable[Record]) -> None:
    tx.clear(log, user_id)
    for entry in entries:
        tx.append(log, user_id, entry)


def _known_rows(storage: Storage, user_id: str) -> tuple[int, set[bytes]]:
    """The number of the newest mark (0: none), and the digests of every row that was imported and still stands."""
    number, known = 0, set[bytes]()
    for mark in storage.read_log(IMPORTS, user_id):
        number = mark["number"]
        digests = bytes.fromhex(mark.get("digests", ""))
        known.update(digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES))
    return number, known


def _last_number(tx: Transaction, user_id: str) -> int:
    newest = tx.read_log(IMPORTS, user_id, 1)
    number: int = newest[0]["number"] if newest else 0
    return number


def _mark(watches: list[CheckedWatch], number: int, now: datetime) -> Record:
    days = [watch.entry["watched_at"][:10] for watch in watches]
    return {
        "number": number,
        "at": to_iso(now),
        "watches": len(watches),
        "seconds": sum(watch.entry["duration_seconds"] for watch in watches),
        "first_on": min(days),
        "last_on": max(days),
        "digests": "".join(watch.digest for watch in watches),
    }


def _summed(name: str, marks: list[Record]) -> Batch:
    return Batch(
        name,
        marks[0]["source"],
        sum(mark["watches"] for mark in marks),
        sum(mark["seconds"] for mark in marks),
        min(mark["first_on"] for mark in marks),
        max(mark["last_on"] for mark in marks),
        marks[0]["at"],
    )
