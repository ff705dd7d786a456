"""Made-up people and activity in a store: put in, counted, taken out without a trace.

Every made-up event carries a mark, and every person who has some stands in DEMO; so it is known at any moment what is
made up, also after a run that was cut short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from user_stats import activity, day_totals, fields
from user_stats.activity import MADE_UP
from user_stats.collections import (
    ACTIVITY,
    DEMO,
    HISTORY,
    PERSONAL_COLLECTIONS,
    PERSONAL_LOGS,
    SUBSCRIBER_FEATURES,
    USER_STATS,
    USER_TOTALS,
    watch_end,
)
from user_stats.community import forget_connections
from user_stats.content import forget_owner
from user_stats.day_totals import Move
from user_stats.demo.acquaintances import acquaint
from user_stats.demo.cast import PEOPLE_AT_ONCE, grouped, lives, put_under_a_free_name
from user_stats.demo.catalogue import Catalogue
from user_stats.demo.lives import Life, Storyteller, midnight_before
from user_stats.demo.people import versatile
from user_stats.features import feature_access
from user_stats.history import expected_entries
from user_stats.models import User, UserStats
from user_stats.permissions import account_changed, authorize
from user_stats.statistics import shelves
from user_stats.storage import Storage, Transaction
from user_stats.stored import checked_assignments
from user_stats.times import Clock, to_iso
from user_stats.user_records import get_user

Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""
MOST_PEOPLE = 100_000
MOST_DAYS = 3650
LARGEST_SEED = 2**53


@dataclass(frozen=True)
class Made:
    """How much is made up."""

    people: int
    """Accounts that are made up as a whole."""
    events: int
    real_people: int = 0
    """People with an account of their own who have made-up activity besides."""


class Demo:
    """The made-up part of a store. Who acts must be an admin, or the person whose own activity it is."""

    def __init__(self, storage: Storage, *, max_entries: int, clock: Clock) -> None:
        self._storage = storage
        self._max_entries = max_entries
        self._clock = clock

    def held(self) -> Made:
        """What is in the store now."""
        marks = [mark for _, mark in self._storage.scan(DEMO)]
        people = sum(mark["is_made_up"] for mark in marks)
        return Made(people, sum(mark["events"] for mark in marks), len(marks) - people)

    def events_of(self, user_id: str) -> int:
        """How many made-up events a person has."""
        mark = self._storage.get(DEMO, fields.checked_user_id(user_id))
        return 0 if mark is None else int(mark["events"])

    # -- people -------------------------------------------------------------------------------------------------------

    def create_people(
        self, people: int, days: int, seed: int, *, progress: Progress | None = None, actor: str | None = None
    ) -> Made:
        """Makes so many people up, who came over the last so many days, with all that they did.

        The same seed on the same day tells the same lives. Some people at a time are written together."""
        fields.checked_whole("users", people, 1, MOST_PEOPLE)
        fields.checked_whole("days", days, 1, MOST_DAYS)
        fields.checked_whole("seed", seed, 0, LARGEST_SEED)
        now, events, done = self._clock(), 0, 0
        self._storage.transaction(lambda tx: authorize(tx, actor, now=now))
        for group in grouped(lives(people, days, seed, now)):
            acquaint(Random(f"{seed} group {done}"), group, now)
            self._storage.transaction(lambda tx: self._write(tx, group, seed, now, actor))  # noqa: B023
            events += sum(len(life.events) for _, life in group)
            done += len(group)
            if progress is not None:
                progress(done, people)
        return Made(done, events)

    def _write(
        self, tx: Transaction, group: list[tuple[User, Life]], seed: int, now: datetime, actor: str | None
    ) -> None:
        authorize(tx, actor, now=now)
        moves: list[Move] = []
        for user, life in group:
            user_id = put_under_a_free_name(tx, user)
            stats = UserStats(user_id, 0, 0, 0.0, 0, 0, 0, 0, user.created_at, user.created_at, user.created_at)
            tx.put(USER_STATS, user_id, stats.to_stored())
            tx.put(USER_TOTALS, user_id, activity.empty_totals(user_id))
            moves += self._add(tx, user_id, life, is_made_up=True, seed=seed, now=now)
        day_totals.add(tx, moves)

    def _add(
        self, tx: Transaction, user_id: str, life: Life, *, is_made_up: bool, seed: int, now: datetime
    ) -> list[Move]:
        """Everything of a life; what is left to add to the totals of days."""
        stats, totals = activity.person(tx, user_id, now=now)
        moves: list[Move] = []
        for event in life.events:
            moves += activity.move(stats, totals, event)
            tx.append(ACTIVITY, user_id, event)
        stats["updated_at"] = max(stats["updated_at"], stats["last_activity_timestamp"])
        tx.put(USER_STATS, user_id, stats)
        tx.put(USER_TOTALS, user_id, totals)
        for entry in sorted(life.entries, key=watch_end)[-self._max_entries :]:
            tx.append(HISTORY, user_id, entry, keep=self._max_entries)
        if life.feature_uses:
            _move_uses(tx, user_id, life.feature_uses, 1)
        for collection, key, record in life.records:
            tx.put(collection, key, record)
        mark = {"user_id": user_id, "is_made_up": is_made_up, "events": len(life.events), "seed": seed}
        tx.put(DEMO, user_id, {**mark, "made_at": to_iso(now)})
        return moves

    # -- one person ---------------------------------------------------------------------------------------------------

    def add_activity(self, user_id: str, days: int, seed: int, *, actor: str | None = None) -> int:
        """Gives a person made-up activity over the last so many days, in place of any that they had; how many events.

        Raises Forbidden for an inactive account."""
        user_id = fields.checked_user_id(user_id)
        fields.checked_whole("days", days, 1, MOST_DAYS)
        fields.checked_whole("seed", seed, 0, LARGEST_SEED)
        now = self._clock()
        catalogue, start = Catalogue.from_seed(seed), midnight_before(now, days)

        def work(tx: Transaction) -> int:
            authorize(tx, actor, now=now, self_id=user_id)
            activity.require_active(tx, user_id)
            user = get_user(tx, user_id)
            self._take_out(tx, user_id, now)
            access = feature_access(user, checked_assignments(user_id, tx.get(SUBSCRIBER_FEATURES, user_id)), now)
            has = frozenset(feature for feature, one in access.items() if one.is_available)
            rng = Random(f"{seed} of one person")
            person = versatile(rng, user.username, days)
            life = Storyteller(rng, catalogue, person, start, now).tell(features=has)
            day_totals.add(tx, self._add(tx, user_id, life, is_made_up=False, seed=seed, now=now))
            return len(life.events)

        return self._storage.transaction(work)

    def remove_activity(self, user_id: str, *, actor: str | None = None) -> int:
        """Takes the made-up activity of one person out; how many events went."""
        user_id = fields.checked_user_id(user_id)
        now = self._clock()

        def work(tx: Transaction) -> int:
            authorize(tx, actor, now=now, self_id=user_id)
            get_user(tx, user_id)
            return self._take_out(tx, user_id, now)

        return self._storage.transaction(work)

    def _take_out(self, tx: Transaction, user_id: str, now: datetime) -> int:
        mark = tx.get(DEMO, user_id)
        if mark is None:
            return 0
        events = tx.read_log(ACTIVITY, user_id)
        gone = [event for event in events if event.get(MADE_UP)]
        kept = [event for event in events if not event.get(MADE_UP)]
        stats, totals = activity.person(tx, user_id, now=now)
        day_totals.add(tx, activity.move_back(stats, totals, events, gone, kept))
        tx.put(USER_STATS, user_id, stats)
        tx.put(USER_TOTALS, user_id, totals)
        uses: dict[str, int] = {}
        for event in gone:
            if event["kind"] == "feature_use":
                uses[event["subject"]] = uses.get(event["subject"], 0) + 1
        _move_uses(tx, user_id, uses, -1)
        made_up = {(event["session_id"], event["subject"]) for event in gone if event["kind"] == "watch"}
        listed = tx.read_log(HISTORY, user_id)
        others = [entry for entry in listed if (entry.get("session_id"), entry["video_id"]) not in made_up]
        tx.clear(HISTORY, user_id)
        for entry in expected_entries(others, kept, self._max_entries):
            tx.append(HISTORY, user_id, entry)
        tx.clear(ACTIVITY, user_id)
        for event in kept:
            tx.append(ACTIVITY, user_id, event)
        shelves.forget(tx, user_id)
        tx.delete(DEMO, user_id)
        return len(gone)

    # -- all of it ----------------------------------------------------------------------------------------------------

    def remove_all(self, *, progress: Progress | None = None, actor: str | None = None) -> Made:
        """Takes everything out that is made up: people as a whole, and the made-up activity of others."""
        now = self._clock()
        self._storage.transaction(lambda tx: authorize(tx, actor, now=now))
        held = self.held()
        marked = [user_id for user_id, _ in self._storage.scan(DEMO)]
        for at in range(0, len(marked), PEOPLE_AT_ONCE):
            chosen = marked[at : at + PEOPLE_AT_ONCE]
            self._storage.transaction(lambda tx: self._remove(tx, chosen, now, actor))  # noqa: B023
            if progress is not None:
                progress(at + len(chosen), len(marked))
        return held

    def _remove(self, tx: Transaction, user_ids: list[str], now: datetime, actor: str | None) -> None:
        authorize(tx, actor, now=now)
        for user_id in user_ids:
            mark = tx.get(DEMO, user_id)
            if mark is not None and not mark["is_made_up"]:
                self._take_out(tx, user_id, now)
            elif mark is not None:
                account_changed(tx, get_user(tx, user_id), None)
                forget_connections(tx, user_id, now)
                forget_owner(tx, user_id, tx.read_log(ACTIVITY, user_id))
                activity.take_from_days(tx, user_id)  # whatever a made-up person did is made up
                for collection in PERSONAL_COLLECTIONS:
                    tx.delete(collection, user_id)
                shelves.forget(tx, user_id)
                for log in PERSONAL_LOGS:
                    tx.clear(log, user_id)


def _move_uses(tx: Transaction, user_id: str, uses: dict[str, int], direction: int) -> None:
    """Adds the uses of features to those of the person, or takes them away; an empty record goes."""
    record = checked_assignments(user_id, tx.get(SUBSCRIBER_FEATURES, user_id))
    moved = {name: max(0, record["uses"].get(name, 0) + direction * amount) for name, amount in uses.items()}
    record["uses"] = {name: amount for name, amount in {**record["uses"], **moved}.items() if amount}
    if record["uses"] or record["granted"] or record["revoked"]:
        tx.put(SUBSCRIBER_FEATURES, user_id, record)
    elif direction < 0:
        tx.delete(SUBSCRIBER_FEATURES, user_id)
