"""Threads that want to write queue up: one leads, commits for all that have come, and hands the lead to the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from user_stats.errors import StorageError
from user_stats.storage import Transaction

T = TypeVar("T")
LARGEST_BATCH = 64
"""Transactions that share one sync at most, so that the first does not wait long for the last."""


class Call:
    """One transaction on its way through the queue."""

    __slots__ = ("deadline", "error", "is_done", "thread", "turn", "value", "work")

    def __init__(self, work: Callable[[Transaction], Any], deadline: float) -> None:
        self.work = work
        self.deadline = deadline
        self.thread = threading.get_ident()
        self.turn: threading.Lock | None = None
        self.is_done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        self.error = error
        self.is_done = True


class Queue:
    """The threads of one process before one store; `commit` runs a batch under the store's lock."""

    def __init__(self, commit: Callable[[list[Call], float], None], *, timeout_seconds: float) -> None:
        self._commit = commit
        self._timeout_seconds = timeout_seconds
        self._waiting: list[Call] = []
        self._queueing = threading.Lock()
        self._leader: Call | None = None

    def is_led_by_this_thread(self) -> bool:
        leader = self._leader
        return leader is not None and leader.thread == threading.get_ident()

    def run(self, work: Callable[[Transaction], T]) -> T:
        """What the work gives, once it is committed. Raises what the work or the commit raises."""
        call = Call(work, time.monotonic() + self._timeout_seconds)
        try:
            with self._queueing:
                leader = self._leader
                if leader is None:
                    self._leader = call
                elif leader.thread == call.thread:
                    raise RuntimeError("a transaction cannot be started inside another one")
                else:
                    call.turn = threading.Lock()
                    call.turn.acquire()
                    self._waiting.append(call)
            if call.turn is not None:
                call.turn.acquire()  # released when the call is done, or when it is to lead
            if not call.is_done:
                self._lead(call)
        except BaseException:
            self._leave(call)
            raise
        if call.error is not None:
            raise call.error
        value: T = call.value
        return value

    def _lead(self, call: Call) -> None:
        batch = [call]
        try:
            self._commit(batch, call.deadline)
        except BaseException as error:
            for waiting in batch:
                if not waiting.is_done:
                    waiting.fail(error if isinstance(error, Exception) else StorageError("the write was interrupted"))
            if not isinstance(error, Exception):
                raise
        finally:
            self._hand_over(batch)

    def _hand_over(self, batch: list[Call]) -> None:
        """The lead goes to the next one in the queue; who shared the batch of the leader goes on."""
        with self._queueing:
            following = self._leader = self._waiting.pop(0) if self._waiting else None
        if following is not None and following.turn is not None:
            following.turn.release()
        for waiting in batch[1:]:
            if waiting.turn is not None:
                waiting.turn.release()

    def _leave(self, call: Call) -> None:
        """Whoever is interrupted, say by Ctrl-C while waiting, keeps nobody else waiting for ever."""
        with self._queueing:
            if call in self._waiting:
                self._waiting.remove(call)
                return
        if self._leader is call:
            self._hand_over([call])
        elif call.turn is not None and not call.is_done:
            call.turn.acquire()  # another thread is just doing it

    def growing(self, calls: list[Call]) -> Iterator[Call]:
        """Each call, and those that have queued up when the last one is done, which join the list."""
        done = 0
        while done < len(calls):
            yield calls[done]
            done += 1
            if done == len(calls):
                with self._queueing:
                    room = LARGEST_BATCH - done
                    calls += self._waiting[:room]
                    del self._waiting[:room]
