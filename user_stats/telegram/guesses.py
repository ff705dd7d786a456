"""How often somebody may send a code, good or not: a few times in ten minutes, kept in memory for the
last ones who tried."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_TRIES = 5
PERIOD_SECONDS = 600.0
MOST_GUESSERS = 10_000


class Guesses:
    """Tries of each Telegram account."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._tries: OrderedDict[int, list[float]] = OrderedDict()

    def take(self, telegram_id: int) -> bool:
        """False where the account has used up its tries."""
        now = self._monotonic()
        tries = [at for at in self._tries.pop(telegram_id, []) if at > now - PERIOD_SECONDS]
        is_allowed = len(tries) < MOST_TRIES
        self._tries[telegram_id] = [*tries, now] if is_allowed else tries
        while len(self._tries) > MOST_GUESSERS:
            self._tries.popitem(last=False)
        return is_allowed
