"""The open connections of one process: handed out one by one, the newest first, kept for the next when they come back.

A lost one is replaced at once, by whoever needs it, so that a server that was away for a moment is found again as soon
as it is back. A child made by fork opens its own.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable

from psycopg.pq import TransactionStatus

from user_stats.errors import StorageBusy
from user_stats.storage.postgres.tables import Connection

MOST_CONNECTIONS = 16
"""Of one process; a server takes 100 unless it is told otherwise."""
OLDEST_SECONDS = 3600.0
"""After which a connection is replaced, so that the servers of a cluster get their share again."""


class Pool:
    """At most MOST_CONNECTIONS at a time. Safe to share between threads."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._start()

    def take(self, timeout_seconds: float) -> Connection:
        """A connection, until `give_back`. Raises StorageBusy, and psycopg's errors of connecting."""
        if self._process != os.getpid():
            self._start()
        if not self._free.acquire(timeout=max(0.0, timeout_seconds)):
            raise StorageBusy("every connection to the database is in use; try again")
        try:
            while self._idle:
                connection = self._idle.pop()
                if not connection.closed and time.monotonic() - connection.opened_at < OLDEST_SECONDS:
                    return connection
                connection.close()
            return self._connect()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, connection: Connection) -> None:
        if connection.info.transaction_status is TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        self._free.release()

    def drop_idle(self) -> None:
        """Closes what nobody uses: after one was lost, the others probably are."""
        while self._idle:
            self._idle.pop().close()

    def _start(self) -> None:
        self._process = os.getpid()
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._idle: deque[Connection] = deque()
