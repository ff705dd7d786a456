"""One-time tickets: how a browser gets the cookie of a sign-in. A page cannot set one, so it hands the browser a
ticket, which the browser shows at an address that can.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

LIFE_SECONDS = 30.0
MOST_TICKETS = 10_000


class Tickets:
    """Tickets for tokens, kept in this process for half a minute. Each is good once, in the browser it was made for."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._tickets: dict[str, tuple[str, str, float]] = {}
        self._lock = threading.Lock()

    def make(self, token: str, device: str) -> str:
        """A ticket for the browser that holds this random value."""
        ticket, now = secrets.token_urlsafe(), self._monotonic()
        with self._lock:
            alive = {key: one for key, one in self._tickets.items() if one[2] > now}
            self._tickets = dict(list(alive.items())[-MOST_TICKETS:])
            self._tickets[ticket] = (token, device, now + LIFE_SECONDS)
        return ticket

    def redeem(self, ticket: str, device: str) -> str | None:
        """The token, or None: unknown, used, too old, or of another browser."""
        with self._lock:
            token, owner, until = self._tickets.pop(ticket, ("", "", 0.0))
        is_good = until > self._monotonic() and secrets.compare_digest(owner.encode(), device.encode())
        return token if is_good else None
