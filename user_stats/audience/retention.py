"""What goes after its time: keys and marks of past days, old visits and jobs, visitors who do not come any more.

The figures of days and the totals stay for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from user_stats import audit
from user_stats.audience import event_lists
from user_stats.audience.visitors import REMEMBERED_DAYS, SITE_KEY, Counting
from user_stats.collections import (
    AUDIENCE_PATHS,
    INSTANCES,
    JOBS,
    KNOWN_VISITORS,
    VISITOR_KEYS,
    VISITOR_MARKS,
    VISITS,
)
from user_stats.permissions import authorize
from user_stats.storage import Collection, Storage, Transaction
from user_stats.times import from_iso

YOUNGEST, OLDEST = timedelta(hours=24), timedelta(hours=46)
"""A key lives on for visits of its day that come in late: at least the one, at most the other, and a day further back
than yesterday has none. Looked at every hour, none lives for 48 hours."""
DELETED_AT_ONCE = 500


def destroy_old_keys(storage: Storage, now: datetime, counting: Counting) -> list[str]:
    """Destroys the keys of past days, and then what was hashed under them; returns the days."""
    today, yesterday = now.date().isoformat(), (now - timedelta(days=1)).date().isoformat()

    def is_old(name: str, made_at: datetime) -> bool:
        if name == SITE_KEY:
            return counting.key_days == 1
        age = now - made_at
        return age >= OLDEST or (age >= YOUNGEST and name < yesterday)

    old = [name for name, record in storage.scan(VISITOR_KEYS) if is_old(name, from_iso(record["made_at"]))]
    if old:
        delete(storage, VISITOR_KEYS, old)
        storage.forget_deleted()
    living = {name for name, _ in storage.scan(VISITOR_KEYS)}
    marks = (key for key, _ in storage.scan(VISITOR_MARKS) if key[:10] < today and key[:10] not in living)
    delete(storage, VISITOR_MARKS, marks)
    return old


def count_old(storage: Storage, now: datetime, days_to_keep: int) -> int:
    """How many visits and jobs `clean_up` would take out."""
    first_day = _first_day(now, days_to_keep)
    return sum(event_lists.count_before(storage, log, first_day) for log in (VISITS, JOBS))


def clean_up(storage: Storage, now: datetime, days_to_keep: int, *, actor: str | None) -> int:
    """Takes out visits and jobs of days that lie further back; returns how many of them there were."""
    storage.transaction(partial(_allow, now, days_to_keep, actor))
    first_day = _first_day(now, days_to_keep)
    count = event_lists.clear_before(storage, VISITS, first_day) + event_lists.clear_before(storage, JOBS, first_day)
    delete(storage, AUDIENCE_PATHS, (day for day, _ in storage.scan(AUDIENCE_PATHS) if day < first_day))
    silent = (name for name, record in storage.scan(INSTANCES) if record["reported_at"] < first_day)
    delete(storage, INSTANCES, silent)
    forgotten = (now - timedelta(days=REMEMBERED_DAYS)).date().isoformat()
    gone = (key for key, record in storage.scan(KNOWN_VISITORS) if record["last"] < forgotten)
    delete(storage, KNOWN_VISITORS, gone)
    return count


def _first_day(now: datetime, days_to_keep: int) -> str:
    return (now - timedelta(days=days_to_keep)).date().isoformat()


def _allow(now: datetime, days_to_keep: int, actor: str | None, tx: Transaction) -> None:
    authorize(tx, actor, now=now)
    if actor is not None:
        audit.add(tx, "cleaned_up", now=now, actor=actor, days_kept=days_to_keep)


def delete(storage: Storage, collection: Collection, keys: Iterable[str]) -> None:
    """Deletes records, some hundred in one transaction."""
    remaining = iter(list(keys))
    while some := list(islice(remaining, DELETED_AT_ONCE)):
        storage.transaction(partial(_delete, collection, some))


def _delete(collection: Collection, keys: list[str], tx: Transaction) -> None:
    for key in keys:
        tx.delete(collection, key)
