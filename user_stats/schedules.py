"""What runs by the clock: each piece of work at most once in its interval, over all processes of a site.

The processes share a lease in the store: one of them is the runner, and when it is gone another takes over. A piece of
work that failed is tried again after some minutes.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from user_stats.collections import SCHEDULES
from user_stats.errors import UserStatsError
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import Clock, from_iso, to_iso, utc_now

LEASE_KEY = "runner"
LEASE = timedelta(minutes=5)
"""How long a site is without a runner after one has died."""
RETRY_AFTER = timedelta(minutes=5)
SECONDS_BETWEEN_LOOKS = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """One piece of work. The name is its key in the store."""

    name: str
    every: timedelta
    run: Callable[[], object]


class Runner:
    """Looks after the schedules of a store; `start` does so in a thread until `stop`. The store is asked for at each
    look: one that cannot be opened yet keeps no server from starting."""

    def __init__(
        self, get_storage: Callable[[], Storage], schedules: Sequence[Schedule], *, clock: Clock = utc_now
    ) -> None:
        self._get_storage = get_storage
        self._schedules = schedules
        self._clock = clock
        self._holder = str(uuid.uuid4())
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Waits for what is running, and leaves the lease to others."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> list[str]:
        """Runs what is due, if this is the runner; returns what ran."""
        ran = []
        storage = self._get_storage()
        for schedule in self._schedules:
            if self._stopping.is_set():
                break
            known = storage.get(SCHEDULES, schedule.name)
            if _is_due(schedule, known, self._clock()) and storage.transaction(partial(self._claim, schedule)):
                self._run(storage, schedule)
                ran.append(schedule.name)
        return ran

    def release(self) -> None:
        """Lets another process be the runner at once."""

        def work(tx: Transaction) -> None:
            if (tx.get(SCHEDULES, LEASE_KEY) or {}).get("holder") == self._holder:
                tx.delete(SCHEDULES, LEASE_KEY)

        self._get_storage().transaction(work)

    def _work(self) -> None:
        while True:
            try:
                self.look()
            except UserStatsError as error:
                log.warning("the schedules could not be looked at: %s", error)
            if self._stopping.wait(SECONDS_BETWEEN_LOOKS):
                break
        try:
            self.release()
        except UserStatsError as error:
            log.warning("the schedules could not be left to others: %s", error)

    def _claim(self, schedule: Schedule, tx: Transaction) -> bool:
        """True where this process is the runner and the work is due; it is then marked as begun."""
        now = self._clock()
        lease = tx.get(SCHEDULES, LEASE_KEY)
        if lease is not None and lease["holder"] != self._holder and from_iso(lease["until"]) > now:
            return False
        if not _is_due(schedule, tx.get(SCHEDULES, schedule.name), now):
            return False
        tx.put(SCHEDULES, LEASE_KEY, {"holder": self._holder, "until": to_iso(now + LEASE)})
        tx.put(SCHEDULES, schedule.name, {"began_at": to_iso(now), "failed": None})
        return True

    def _run(self, storage: Storage, schedule: Schedule) -> None:
        try:
            schedule.run()
        except Exception as error:
            log.exception("%s failed and will be tried again", schedule.name)
            storage.transaction(partial(_mark_failed, schedule.name, str(error)))


def _is_due(schedule: Schedule, before: Record | None, now: datetime) -> bool:
    if before is None:
        return True
    wait = schedule.every if before["failed"] is None else min(RETRY_AFTER, schedule.every)
    began_at = from_iso(before["began_at"])
    return now >= began_at + wait or began_at > now + schedule.every


def _mark_failed(name: str, reason: str, tx: Transaction) -> None:
    record = tx.get(SCHEDULES, name)
    if record is not None:
        tx.put(SCHEDULES, name, {**record, "failed": reason[:100]})
