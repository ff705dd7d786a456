"""Does the store hold what was recorded? Every stored figure is computed again from the activity log and compared.

`verify` changes nothing. `repair` first mends damaged files as far as their lines can be read (the originals are kept
aside), then sets every figure to what the log gives. Where events themselves were lost, the figures that counted them
stay, with an opening balance in the log in place of the lost events. Neither takes a lock for long: what others record
meanwhile may show as a difference, so run them again, or while nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from user_stats import activity
from user_stats.collections import (
    ACTIVITY,
    ALL_COLLECTIONS,
    ALL_LOGS,
    DAY_TOTALS,
    HISTORY,
    PERSONAL_COLLECTIONS,
    PERSONAL_LOGS,
    SITE,
    SUBSCRIBER_FEATURES,
    USER_STATS,
    USER_TOTALS,
    USER_VERSIONS,
    USERS,
)
from user_stats.errors import StorageCorrupt, shown
from user_stats.history import expected_entries
from user_stats.models import CONTENT_TYPES, COUNTERS, User, UserStats, WatchHistoryEntry
from user_stats.permissions import ADMINS, is_admin
from user_stats.storage import Collection, Record, Storage, Transaction
from user_stats.times import to_iso
from user_stats.user_records import put_user, was_changed_elsewhere
from user_stats.watches import ENTRY_FIELDS

Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""
HOURS_TOLERANCE = 1e-6
"""Sums of hours from hand-made files are no whole seconds; their last digits depend on the order of adding."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the log says, and whether `repair` can mend it."""

    place: str
    subject: str
    field: str
    stored: str
    expected: str
    mendable: bool


def to_plain(difference: Difference) -> dict[str, Any]:
    return asdict(difference)


def verify(storage: Storage, *, max_history: int, progress: Progress | None = None) -> list[Difference]:
    """Everything that differs; reads one person at a time."""
    return _Check(storage, max_history, progress).differences()


def repair(storage: Storage, *, max_history: int, now: datetime, progress: Progress | None = None) -> list[Difference]:
    """What was found and, where `mendable`, mended. What is left needs a person: run `verify` for it."""
    mended = [
        Difference(damage.place, "", "file", damage.problem, "valid JSON", damage.mendable)
        for damage in storage.mend_damage(ALL_COLLECTIONS, ALL_LOGS)
    ]
    lost = {damage.place for damage in mended if damage.place.startswith(ACTIVITY.name + "/")}
    check = _Check(storage, max_history, progress)
    check.mend = _Mend(storage, now, {place.split("/")[1].removesuffix("_activity.json") for place in lost})
    return mended + check.differences()


@dataclass(frozen=True)
class _Mend:
    """How to put right what a check finds."""

    storage: Storage
    now: datetime
    lost_events_of: set[str]

    def put(self, collection: Collection, key: str, record: Record) -> None:
        self.storage.transaction(lambda tx: tx.put(collection, key, record))

    def history(self, user_id: str, entries: list[Record]) -> None:
        def work(tx: Transaction) -> None:
            tx.clear(HISTORY, user_id)
            for entry in entries:
                tx.append(HISTORY, user_id, entry)

        self.storage.transaction(work)

    def account(self, user: User) -> None:
        self.storage.transaction(lambda tx: put_user(tx, user))

    def opening(self, user_id: str, stored: Record, counted: Record) -> bool:
        """Puts what the lost events counted into the log; False where the log gives more than is stored."""
        missing: Record = {name: stored[name] - counted[name] for name in COUNTERS}
        missing["total_watched_hours"] = max(0.0, stored["total_watched_hours"] - counted["total_watched_hours"])
        if user_id not in self.lost_events_of or any(missing[name] < 0 for name in COUNTERS):
            return False
        none = {content_type: {"count": 0, "seconds": 0, "completed": 0} for content_type in CONTENT_TYPES}
        event = {"at": to_iso(self.now), "kind": "opening", "subject": None, **missing, "watched": none}
        self.storage.transaction(lambda tx: tx.append(ACTIVITY, user_id, event))
        return True


class _Check:
    def __init__(self, storage: Storage, max_history: int, progress: Progress | None) -> None:
        self.mend: _Mend | None = None
        self._storage = storage
        self._max_history = max_history
        self._progress = progress
        self._days: dict[str, dict[str, int]] = {}
        self._admins: list[str] = []
        self._names: dict[tuple[str, str], str] = {}

    def differences(self) -> list[Difference]:
        found = [
            Difference(damage.place, "", "file", damage.problem, "valid JSON of the right shape", damage.mendable)
            for damage in self._storage.find_damage(ALL_COLLECTIONS, ALL_LOGS)
        ]
        broken = {difference.place for difference in found}
        people: set[str] = set()
        if "users.json" not in broken:
            total = self._storage.count(USERS)
            for user_id, record in self._storage.scan(USERS):
                people.add(user_id)
                found += self._guarded(user_id, record)
                if self._progress is not None:
                    self._progress(len(people), total)
            found += self._of_nobody(people, broken)
            found += self._admin_list()
        if not any(place.startswith(ACTIVITY.name + "/") for place in broken) and "users.json" not in broken:
            found += self._day_totals(broken)
        return found

    def _guarded(self, user_id: str, record: Record) -> list[Difference]:
        """A damaged record is one difference; the other people are checked all the same."""
        found: list[Difference] = []
        try:
            found.extend(self._person(user_id, record))
        except StorageCorrupt as error:
            found.append(Difference(error.path or "", user_id, "record", error.message, "the right shape", False))
        return found

    # -- one person ---------------------------------------------------------------------------------------------------

    def _person(self, user_id: str, record: Record) -> Iterator[Difference]:
        user = User.from_stored(user_id, record)
        if is_admin(user):
            self._admins.append(user_id)
        for field, fold in USERS.unique.items():
            holder = self._names.setdefault((field, fold(record[field])), user_id)
            if holder != user_id:
                yield Difference("users.json", user_id, field, shown(record[field]), f"not that of {holder}", False)
        if was_changed_elsewhere(user, self._storage.get(USER_VERSIONS, user_id)):
            yield Difference("users.json", user_id, "record", "changed by hand", "as it was written last", True)
            if self.mend is not None:
                self.mend.account(user)
        events = self._storage.read_log(ACTIVITY, user_id)
        yield from self._figures(user_id, events)
        yield from self._history(user_id, events)
        yield from self._feature_uses(user_id, events)

    def _figures(self, user_id: str, events: list[Record]) -> Iterator[Difference]:
        stored = self._storage.get(USER_STATS, user_id)
        totals = self._storage.get(USER_TOTALS, user_id)
        if totals is None and not events:
            if stored is not None:  # from a file without a log: an opening balance
                UserStats.from_stored(user_id, stored)
            return
        try:
            stats, counted = activity.recounted(user_id, events, on_day=self._count_day)
        except (LookupError, TypeError, ValueError) as error:
            place = f"activity/{user_id}_activity.json"
            yield Difference(
                place, user_id, "event", f"cannot be counted: {error!r}", "an event of a known kind", False
            )
            return
        checked = UserStats.from_stored(user_id, stored or {}).to_stored()
        wrong = [name for name in (*COUNTERS, "total_watched_hours") if not _same(checked[name], stats[name])]
        if stored is None and not wrong:
            wrong = ["record"]
        for name in wrong:
            shown_value = "missing" if stored is None else str(checked[name])
            yield Difference("user_stats.json", user_id, name, shown_value, str(stats.get(name, "present")), True)
        if wrong and self.mend is not None and not self.mend.opening(user_id, checked, stats):
            moments = {name: checked[name] or _first_moment(events) for name in ("created_at", "updated_at")}
            last = checked["last_activity_timestamp"] or stats["last_activity_timestamp"] or _first_moment(events)
            right = {**(stored or {}), **stats, **moments, "last_activity_timestamp": last}
            self.mend.put(USER_STATS, user_id, right)
        if totals is None or any(totals.get(name) != counted[name] for name in CONTENT_TYPES):
            yield Difference("user_totals.json", user_id, "watches by type", str(totals), str(counted), True)
            if self.mend is not None:
                self.mend.put(USER_TOTALS, user_id, {**(totals or {}), **counted})

    def _history(self, user_id: str, events: list[Record]) -> Iterator[Difference]:
        stored = self._storage.read_log(HISTORY, user_id)
        for entry in stored:
            WatchHistoryEntry.from_stored(user_id, entry)
        place = f"history/{user_id}_history.json"
        if len(stored) > self._max_history:
            yield Difference(place, user_id, "entries", str(len(stored)), f"at most {self._max_history}", True)
        expected = expected_entries(stored, events, self._max_history)
        if stored != expected and [_entry(one) for one in stored] != [_entry(one) for one in expected]:
            if len(stored) <= self._max_history:
                text = f"{len(stored)} entries" if len(stored) != len(expected) else "an entry differs"
                yield Difference(place, user_id, "entries", text, f"{len(expected)} as recorded", True)
            if self.mend is not None:
                self.mend.history(user_id, expected)

    def _feature_uses(self, user_id: str, events: list[Record]) -> Iterator[Difference]:
        stored = self._storage.get(SUBSCRIBER_FEATURES, user_id)
        uses: dict[str, int] = {}
        for event in events:
            if event["kind"] == "feature_use":
                uses[event["subject"]] = uses.get(event["subject"], 0) + 1
        kept = (stored or {}).get("uses", {})
        if kept != uses and not any(event["kind"] == "opening" for event in events) and (events or not kept):
            yield Difference("subscriber_features.json", user_id, "uses", str(kept), str(uses), True)
            if self.mend is not None:
                self.mend.put(SUBSCRIBER_FEATURES, user_id, {"user_id": user_id, **(stored or {}), "uses": uses})

    # -- the site -----------------------------------------------------------------------------------------------------

    def _of_nobody(self, people: set[str], broken: set[str]) -> Iterator[Difference]:
        for collection in PERSONAL_COLLECTIONS:
            name = f"{collection.name}.json"
            if name not in broken:
                for key, _ in self._storage.scan(collection):
                    if key not in people:
                        yield Difference(name, key, "record", "of nobody", "a person in users.json", False)
        for log in PERSONAL_LOGS:
            for key in self._storage.log_keys(log):
                if key not in people:
                    yield Difference(f"{log.name}/{key}_{log.name}.json", key, "list", "of nobody", "a person", False)

    def _admin_list(self) -> Iterator[Difference]:
        stored = self._storage.get(SITE, ADMINS)
        if stored is not None and sorted(stored["user_ids"]) != sorted(self._admins):
            yield Difference("site.json", ADMINS, "user_ids", str(stored["user_ids"]), str(sorted(self._admins)), True)
            if self.mend is not None:
                self.mend.put(SITE, ADMINS, {"user_ids": sorted(self._admins)})

    def _count_day(self, event: Record) -> None:
        for name, amount in activity.day_moves(event):
            totals = self._days.setdefault(activity.day_of(event), {})
            totals[name] = totals.get(name, 0) + amount

    def _day_totals(self, broken: set[str]) -> Iterator[Difference]:
        stored = dict(self._storage.scan(DAY_TOTALS)) if "day_totals.json" not in broken else {}
        for day in sorted(self._days.keys() | stored.keys()):
            record, counted = stored.get(day, {"date": day}), self._days.get(day, {})
            untraced = record.get("untraced", {})
            names = {name for name, value in record.items() if type(value) is int} | counted.keys() | untraced.keys()
            wrong = {}
            for name in sorted(names):
                expected = counted.get(name, 0) + untraced.get(name, 0)
                if record.get(name, 0) != expected:
                    wrong[name] = expected
                    yield Difference("day_totals.json", day, name, str(record.get(name, 0)), str(expected), True)
            if wrong and self.mend is not None:
                self._mend_day(self.mend, day, record, wrong)

    def _mend_day(self, mend: _Mend, day: str, record: Record, wrong: dict[str, int]) -> None:
        if mend.lost_events_of and all(record.get(name, 0) >= expected for name, expected in wrong.items()):
            untraced = dict(record.get("untraced", {}))
            for name, expected in wrong.items():
                untraced[name] = untraced.get(name, 0) + record.get(name, 0) - expected
            mend.put(DAY_TOTALS, day, {**record, "untraced": untraced})
        else:
            mend.put(DAY_TOTALS, day, {**record, **wrong})


def _same(stored: float, counted: float) -> bool:
    return stored == counted or (isinstance(stored, float) and abs(stored - counted) <= HOURS_TOLERANCE)


def _first_moment(events: list[Record]) -> str:
    return str(events[0]["at"]) if events else ""


def _entry(record: Record) -> Record:
    return {name: record.get(name) for name in ENTRY_FIELDS}
