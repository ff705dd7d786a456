"""How many requests one caller may make: a bucket for each that fills again with time, kept in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CALLERS = 20_000
"""Buckets kept; beyond, the one that was not used for longest goes."""


class RateLimit:
    """So many a minute for each caller, the first minute's worth at once. Several processes each have their own."""

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str) -> float:
        """0 when the request may go on, else the seconds until the next may."""
        with self._lock:
            tokens = self._filled(caller)
            if tokens < 1:
                return (1 - tokens) * 60 / self._per_minute
            self._put(caller, tokens - 1)
            return 0.0

    def wait(self, caller: str) -> float:
        """The same without taking anything."""
        with self._lock:
            return max(0.0, (1 - self._filled(caller)) * 60 / self._per_minute)

    def _filled(self, caller: str) -> float:
        tokens, at = self._buckets.get(caller, (float(self._per_minute), self._monotonic()))
        return min(self._per_minute, tokens + (self._monotonic() - at) * self._per_minute / 60)

    def _put(self, caller: str, tokens: float) -> None:
        self._buckets[caller] = (tokens, self._monotonic())
        self._buckets.move_to_end(caller)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
