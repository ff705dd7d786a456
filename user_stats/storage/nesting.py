"""One transaction at a time in each thread: what a work calls must go through its own `tx`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Nesting:
    """Knows which threads are in a transaction."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Raises RuntimeError in a thread that is inside already."""
        if getattr(self._local, "is_working", False):
            raise RuntimeError("a transaction cannot be started inside another one")
        self._local.is_working = True
        try:
            yield
        finally:
            self._local.is_working = False
