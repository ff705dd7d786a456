"""The intake: a bounded queue in front of the store, so that counting never delays what it counts.

One thread takes what has come in and counts it in one transaction. Whoever only wants something counted (`offer`) goes
on at once: with a full queue or a failing store it is not counted, which is logged and counted here. Whoever must know
that it is durable (`submit`) gets a future.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeGuard

from user_stats.audience.ledger import Event, commit
from user_stats.errors import StorageBusy, UserStatsError
from user_stats.storage import Storage
from user_stats.times import Clock, to_iso

LARGEST_BATCH = 500
SECONDS_BETWEEN_WARNINGS = 60.0
HOUR = len("2026-01-01T00")
Waiting = tuple[Event, "Future[Any] | None"]

log = logging.getLogger(__name__)


class Intake:
    """Events on their way into the store. The thread is started by the first of them; `upkeep` is called in it before
    the first event of each hour."""

    def __init__(self, storage: Storage, *, clock: Clock, upkeep: Callable[[], object], length: int = 20_000) -> None:
        self._storage = storage
        self._clock = clock
        self._upkeep = upkeep
        self._upkeep_hour = ""
        self._length = length
        self._waiting: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._is_working = False
        self._warned_at = float("-inf")
        self.lost = 0
        """Events that were not counted since the start."""
        self.is_failing = False
        """True from a failed write to the next one that succeeds."""

    def offer(self, event: Event) -> bool:
        """False when there was no room for it."""
        if self._enter(event, None):
            return True
        self._lose(1, "the queue is full")
        return False

    def submit(self, event: Event) -> Future[Any]:
        """What the event gives, once it is durable; StorageBusy at once when there was no room for it."""
        future: Future[Any] = Future()
        if not self._enter(event, future):
            future.set_exception(StorageBusy("too much is being counted at the moment; try again"))
        return future

    def drain(self, timeout_seconds: float = 10.0) -> bool:
        """Waits until everything that was offered is counted; False when it takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_working, timeout_seconds)

    def close(self) -> None:
        """Counts what is waiting, and takes nothing more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _enter(self, event: Event, future: Future[Any] | None) -> bool:
        with self._changed:
            if self._is_closed or len(self._waiting) >= self._length:
                return False
            self._waiting.append((event, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="intake", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._is_working = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if not self._waiting:
                    return
                self._is_working = True
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_BATCH))]
            self._count(batch)

    def _count(self, batch: list[Waiting]) -> None:
        """All of them together; where that fails for another reason than the store, one by one."""
        now = self._clock()
        try:
            self._keep_up(to_iso(now)[:HOUR])
            given = commit(self._storage, [event for event, _ in batch], now)
        except Exception as error:  # noqa: BLE001 - the only door of this thread: it must go on counting
            if len(batch) > 1 and not isinstance(error, UserStatsError):
                for one in batch:
                    self._count([one])
                return
            self.is_failing = True
            self._fail(batch, error)
            return
        self.is_failing = False
        for (_, future), value in zip(batch, given, strict=True):
            if _is_awaited(future):
                future.set_result(value)

    def _keep_up(self, hour: str) -> None:
        """A store that refuses the upkeep may still take the visits; the clock of the site asks again."""
        if self._upkeep_hour == hour:
            return
        self._upkeep_hour = hour
        try:
            self._upkeep()
        except UserStatsError as error:
            log.warning("the upkeep of the hour failed: %s", error)

    def _fail(self, batch: list[Waiting], error: Exception) -> None:
        self._lose(len(batch), str(error), None if isinstance(error, UserStatsError) else error)
        for _, future in batch:
            if _is_awaited(future):
                future.set_exception(error)

    def _lose(self, count: int, reason: str, error: Exception | None = None) -> None:
        self.lost += count
        if time.monotonic() - self._warned_at >= SECONDS_BETWEEN_WARNINGS:
            self._warned_at = time.monotonic()
            log.warning("not counted: %s (%d events lost since the start)", reason, self.lost, exc_info=error)


def _is_awaited(future: Future[Any] | None) -> TypeGuard[Future[Any]]:
    """True where somebody still wants to know."""
    return future is not None and future.set_running_or_notify_cancel()
