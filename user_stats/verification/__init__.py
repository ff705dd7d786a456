"""Does the store hold what was recorded? Every stored figure is computed again from the activity log and compared.

`verify` changes nothing. `repair` first mends damaged files as far as their lines can be read (the originals are kept
aside), then sets every figure to what the log gives. Where events themselves were lost, the figures that counted them
stay, with an opening balance in the log in place of the lost events. People may go on recording meanwhile: what looks
wrong is looked at again, and mended, in one transaction a person; day totals that changed while they were counted are
left for the next time. One person is in `person.py`, what concerns all of them in `site.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from user_stats import audit
from user_stats.collecting import collecting_put_off
from user_stats.collections import ACTIVITY, ALL_COLLECTIONS, ALL_LOGS, DAY_TOTALS, USERS
from user_stats.storage import Damage, Record, Storage
from user_stats.verification.difference import Difference
from user_stats.verification.person import Findings, examine, mend
from user_stats.verification.readers import odd_key
from user_stats.verification.shelves import wrong_shelves
from user_stats.verification.site import Accounts, Days, belonging_to_nobody, mend_admins
from user_stats.verification.unreadable import find_unreadable

__all__ = ["Difference", "Progress", "find_unreadable", "repair", "to_plain", "verify"]

Progress = Callable[[int, int], None]
"""Called with how many people are done, and of how many."""


def to_plain(difference: Difference) -> dict[str, Any]:
    return asdict(difference)


def verify(storage: Storage, *, max_history: int, progress: Progress | None = None) -> list[Difference]:
    """Everything that differs; reads one person at a time."""
    with collecting_put_off():
        return _Check(storage, max_history, progress).differences()


def repair(storage: Storage, *, max_history: int, now: datetime, progress: Progress | None = None) -> list[Difference]:
    """What was found and, where `mendable`, mended. What is left needs a person: run `verify` for it."""
    mended = [_of_file(damage) for damage in storage.mend_damage(ALL_COLLECTIONS, ALL_LOGS)]
    lost = (one.place for one in mended if one.place.startswith(ACTIVITY.name + "/"))
    check = _Check(storage, max_history, progress)
    check.mend_at = now
    check.lost_events_of = {place.split("/")[1].removesuffix("_activity.json") for place in lost}
    told = {one.place for one in mended if not one.mendable}
    return mended + [one for one in check.differences() if one.field != "file" or one.place not in told]


def _of_file(damage: Damage) -> Difference:
    return Difference(damage.place, "", "file", damage.problem, "valid JSON of the right shape", damage.mendable)


class _Check:
    """One pass over the whole store."""

    def __init__(self, storage: Storage, max_history: int, progress: Progress | None) -> None:
        self.mend_at: datetime | None = None
        """Set where what is found is to be mended."""
        self.lost_events_of: set[str] = set()
        self._storage = storage
        self._max_history = max_history
        self._progress = progress
        self._accounts = Accounts()

    def differences(self) -> list[Difference]:
        found = [_of_file(damage) for damage in self._storage.find_damage(ALL_COLLECTIONS, ALL_LOGS)]
        broken = {difference.place for difference in found}
        if "users.json" in broken:
            return found
        days = Days() if "day_totals.json" in broken else Days(dict(self._storage.scan(DAY_TOTALS)))
        total = self._storage.count(USERS)
        for done, (user_id, record) in enumerate(self._storage.scan(USERS), 1):
            if (odd := odd_key(user_id)) is not None:
                found.append(odd)
            else:
                found += self._accounts.take(user_id, record)
                found += self._person(user_id, days)
            if self._progress is not None:
                self._progress(done, total)
        found += belonging_to_nobody(self._storage, self._accounts.people, broken)
        found += wrong_shelves(self._storage, broken, is_mending=self.mend_at is not None)
        found += self._site(days)
        return found

    def _person(self, user_id: str, days: Days) -> list[Difference]:
        findings = examine(self._storage, user_id, self._max_history)
        if findings.differences:
            findings = self._storage.transaction(lambda tx: self._examined_again(tx, user_id))
        if findings.events is None:
            days.is_complete = False
        else:
            days.take(findings.events)
        return findings.differences

    def _examined_again(self, tx: Any, user_id: str) -> Findings:
        """With nobody writing meanwhile."""
        findings = examine(tx, user_id, self._max_history)
        if self.mend_at is not None:
            mend(tx, user_id, findings, now=self.mend_at, has_lost_events=user_id in self.lost_events_of)
        return findings

    def _site(self, days: Days) -> Iterator[Difference]:
        yield from self._storage.transaction(
            lambda tx: mend_admins(tx, self._accounts.admins, is_mending=self.mend_at is not None)
        )
        if not audit.is_intact(self._storage):
            chain = "each entry follows from the one before"
            yield Difference("audit", "", "chain", "an entry was changed, removed or added", chain, mendable=False)
        if days.is_complete:
            now: dict[str, Record] = dict(self._storage.scan(DAY_TOTALS))
            yield from days.differences(
                now, None if self.mend_at is None else self._storage, has_lost_events=bool(self.lost_events_of)
            )
