"""Whose turn it is to write: one client of the server at a time, where many would come in each other's way."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis import exceptions

from user_stats.errors import StorageBusy, StorageError
from user_stats.storage.redis import names, script
from user_stats.storage.redis.server import Server

TURN_MILLISECONDS = 1500
"""After which the turn of a process that has died goes on to another; doubled for a work that took longer."""
ALONE_MILLISECONDS = 5_000
"""The same for what needs many steps, each of which prolongs it."""
LONGEST_STEP_MILLISECONDS = 60_000
"""The same for a step that may take long itself, as sending a whole store."""
LONGEST_POLL_SECONDS = 0.002
TURN_IS_OVER = "others wrote meanwhile, for this took too long in between; try again"


class Turns:
    """The turns of this process; its threads queue up for them first."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._queue = threading.Lock()

    @contextmanager
    def queued(self, end: float) -> Iterator[bytes]:
        """The name of a turn, once the other threads of this process had theirs; the turn ends with the block."""
        if not self._queue.acquire(timeout=max(0.0, end - time.monotonic())):
            raise StorageBusy("others are writing for too long; try again")
        holder = str(uuid.uuid4()).encode()
        try:
            yield holder
        finally:
            with suppress(StorageError, exceptions.RedisError):
                self._server.once(lambda client: client.register_script(script.UNSET_OF)([names.TURN], [holder]))
            self._queue.release()

    def take(self, holder: bytes, end: float, milliseconds: int) -> bool:
        """Waits for the turn and takes it for so long. True when somebody else had it."""
        waited = False

        def take(client: Any) -> bool:
            return bool(client.register_script(script.TAKE_TURN)([names.TURN], [holder, milliseconds]))

        while not self._server.run(take):
            waited = True
            if time.monotonic() >= end:
                raise StorageBusy("others are writing for too long; try again")
            time.sleep(random.uniform(0.2, 1.0) * LONGEST_POLL_SECONDS)
        return waited

    @contextmanager
    def alone(self, timeout_seconds: float) -> Iterator[Callable[..., None]]:
        """The turn for something long; what it gives is to be called now and then, so that the turn is kept, and
        before anything is relied upon: it raises StorageBusy where the turn was over, so that others may have written.
        Before a step that takes long it is told for how many milliseconds."""
        end = time.monotonic() + timeout_seconds
        with self.queued(end) as holder:

            def go_on(milliseconds: int = ALONE_MILLISECONDS) -> None:
                words = [holder, milliseconds]
                if not self._server.run(lambda client: client.register_script(script.KEEP_TURN)([names.TURN], words)):
                    raise StorageBusy(TURN_IS_OVER)

            self.take(holder, end, ALONE_MILLISECONDS)
            yield go_on
