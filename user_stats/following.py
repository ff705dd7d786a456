"""Keeps what is made from the activity log near to it: the roll-ups of the statistics and the badges that were earned.

A server follows its own log: after so many events, after a minute with any, and when it ends; and every ten minutes for
what other processes recorded. So after a kill little of the log is in no roll-up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from user_stats.activity import RECORDED
from user_stats.errors import UserStatsError

MOST_EVENTS = 10_000
"""Events of this process after which it is time; to read them takes about a fifth of a second."""
SECONDS_AFTER_ANY, SECONDS_AFTER_NONE = 60.0, 600.0
SECONDS_BETWEEN_LOOKS = 1.0

log = logging.getLogger(__name__)


class Follower:
    """Calls `follow` when it is time, in a thread from `start` to `stop`. Several processes may follow one log."""

    def __init__(
        self,
        follow: Callable[[], object],
        *,
        recorded: Callable[[], int] = lambda: RECORDED.events,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._follow = follow
        self._recorded = recorded
        self._clock = clock
        self._followed_to, self._followed_at = recorded(), clock()
        self._has_followed = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="following", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follows what is left, unless everything would have to be read for the first time."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        if self._has_followed and self._recorded() > self._followed_to:
            self._follow_now()

    def look(self) -> bool:
        """Follows where it is time."""
        events, seconds = self._recorded() - self._followed_to, self._clock() - self._followed_at
        is_time = events >= MOST_EVENTS or seconds >= (SECONDS_AFTER_ANY if events else SECONDS_AFTER_NONE)
        if is_time:
            self._follow_now()
        return is_time

    def _work(self) -> None:
        while not self._stopping.wait(SECONDS_BETWEEN_LOOKS):
            self.look()

    def _follow_now(self) -> None:
        self._followed_to, self._followed_at = self._recorded(), self._clock()
        try:
            self._follow()
            self._has_followed = True
        except UserStatsError as error:
            log.warning("the log could not be followed: %s", error)
        except Exception:  # the thread goes on: the next look may come further
            log.exception("the log could not be followed")
