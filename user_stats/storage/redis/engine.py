"""`RedisStorage`: the storage port on Redis or Valkey. Several processes on several machines may use one server."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any, TypeVar

from redis import exceptions

from user_stats.errors import StorageBusy, StorageError, StorageReadOnly
from user_stats.storage import Collection, Damage, Log, PageQuery, Record, Snapshot, Transaction
from user_stats.storage.counting import added_up, sums_of
from user_stats.storage.keys import checked_log_key, is_record_key
from user_stats.storage.nesting import Nesting
from user_stats.storage.pages import page_of
from user_stats.storage.redis import indexes, names, repair, script, whole
from user_stats.storage.redis.clients import Client
from user_stats.storage.redis.pages import find_page
from user_stats.storage.redis.server import Server, passes
from user_stats.storage.redis.texts import amounts_of, decoded
from user_stats.storage.redis.transactions import RedisTransaction
from user_stats.storage.redis.turns import TURN_IS_OVER, TURN_MILLISECONDS, Turns

T = TypeVar("T")
READ_AT_ONCE = 1000


class RedisStorage:
    """One database of a server, which it shares with nobody who uses the prefix `user_stats:`."""

    keeps_replaced = False

    def __init__(self, url: str, *, lock_timeout_seconds: float = 10.0) -> None:
        self._server = Server(url, lock_timeout_seconds)
        self._timeout = lock_timeout_seconds
        self._nesting = Nesting()
        self._client = Client()
        self._turns = Turns(self._server)

    # -- reads --------------------------------------------------------------------------------------------------------

    def get(self, collection: Collection, key: str) -> Record | None:
        return next((record for _, record in self._several(collection, [key])), None) if is_record_key(key) else None

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        name = names.unique(collection, field, collection.unique[field](value))
        held: bytes | None = self._server.run(lambda client: client.get(name))
        return held.decode() if held is not None else None

    def scan(self, collection: Collection) -> Iterator[tuple[str, Record]]:
        """In the order of creation, some at a time; what is changed meanwhile is read as before or after."""
        last = b"0"
        while members := self._members(collection, last):
            yield from self._several(collection, [member.decode() for member, _ in members])
            last = b"(%d" % members[-1][1]

    def count(self, collection: Collection) -> int:
        held: int = self._server.run(lambda client: client.zcard(names.keys(collection)))
        return held

    def get_many(self, collection: Collection, keys: Iterable[str]) -> dict[str, Record]:
        wanted = [key for key in dict.fromkeys(keys) if is_record_key(key)]
        starts = range(0, len(wanted), READ_AT_ONCE)
        return {key: one for at in starts for key, one in self._several(collection, wanted[at : at + READ_AT_ONCE])}

    def sum_up(self, collection: Collection, fields: Sequence[str]) -> dict[str, float]:
        return sums_of((record for _, record in self.scan(collection)), fields)

    def find_page(self, collection: Collection, query: PageQuery) -> tuple[list[tuple[str, Record]], int]:
        if not collection.fields:
            return page_of(collection, self.scan(collection), query)
        try:
            self._make_indexes(collection)
        except (StorageBusy, StorageReadOnly):  # another will do it
            return page_of(collection, self.scan(collection), query)
        return find_page(self._server, collection, query, self._several)

    def _make_indexes(self, collection: Collection) -> None:
        """Where there are none: in a store from before them, and where making them anew was cut short."""
        if indexes.is_made(self._server, collection):
            return
        with self._nesting.alone(), self._turns.alone(self._timeout) as go_on:
            if not indexes.is_made(self._server, collection):
                indexes.make(self._server, collection, go_on)

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        name = names.list_of(log, checked_log_key(key))
        if newest == 0:
            return []
        raws = self._server.run(lambda client: client.lrange(name, -newest if newest else 0, -1))
        return [decoded(f"{log.name}/{key}_{log.name}.json", raw) for raw in raws]

    def log_keys(self, log: Log) -> Iterator[str]:
        keys: list[bytes] = self._server.run(lambda client: client.zrange(names.lists(log), 0, -1))
        return (key.decode() for key in keys)

    def _members(self, collection: Collection, after: bytes) -> list[tuple[bytes, float]]:
        found: list[tuple[bytes, float]] = self._server.run(
            lambda client: client.zrangebyscore(
                names.keys(collection), after, b"+inf", start=0, num=READ_AT_ONCE, withscores=True
            )
        )
        return found

    def _several(self, collection: Collection, keys: list[str]) -> Iterator[tuple[str, Record]]:
        def read(client: Any) -> list[Any]:
            with client.pipeline(transaction=collection.counts) as pipeline:
                pipeline.mget([names.record(collection, key) for key in keys])
                if collection.counts:
                    for key in keys:
                        pipeline.hgetall(names.count(collection, key))
                answers: list[Any] = pipeline.execute()
                return answers

        raws, *counts = self._server.run(read)
        for place, (key, raw) in enumerate(zip(keys, raws, strict=True)):
            record = None if raw is None else decoded(f"{collection.name}.json", raw)
            if collection.counts and counts[place]:
                record = added_up(collection, record, [amounts_of(counts[place])])
            if record is not None:
                yield key, record

    # -- transactions -------------------------------------------------------------------------------------------------

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        """The first attempt takes no turn; it also finds out what the next one reads at once, while it has the turn.
        Who was too late writes among many: their next transaction begins with the turn, and most probably reads the
        same."""
        end = time.monotonic() + self._timeout
        with self._nesting.alone():
            expected, self._client.read_late = self._client.read_late, []
            is_late = not expected
            if is_late:
                done, value = self._attempt(work, b"", end, expected)
                if done:
                    return value
            with self._turns.queued(end) as holder:
                milliseconds = TURN_MILLISECONDS
                while time.monotonic() < end:
                    is_late |= self._turns.take(holder, end, milliseconds)
                    milliseconds *= 2
                    done, value = self._attempt(work, holder, end, expected)
                    if done:
                        self._client.read_late = expected if is_late else []
                        return value
        raise StorageBusy("others changed the same records again and again; try again")

    def _attempt(
        self, work: Callable[[Transaction], T], holder: bytes, end: float, expected: list[bytes]
    ) -> tuple[bool, T]:
        """Whether the work was committed, and what it gave; `expected` becomes what it has read."""
        if self._client.process != os.getpid():
            self._client.begin()
        while True:
            try:
                tx = self._server.once(lambda client: RedisTransaction(client, expected))
                value = work(tx)
                words = tx.words()
                expected[:] = tx.names_read()
                return not words or self._commit(holder, words), value
            except exceptions.RedisError as error:
                if not passes(error) or time.monotonic() >= end:
                    raise self._server.named(error) from None
                time.sleep(random.uniform(0.01, 0.1))

    def _commit(self, holder: bytes, words: list[bytes]) -> bool:
        number = self._client.commits + 1
        keys = (names.CLOCK, names.TURN, names.commit(self._client.name))
        try:
            answer = self._server.once(
                lambda client: client.register_script(script.COMMIT)(keys, [holder, number, *words])
            )
        except exceptions.RedisError as error:
            if not passes(error):
                raise
            is_done = self._is_committed(number)
            self._client.begin()
            return is_done
        if answer == script.WRONG_NUMBER:
            self._client.begin()
        elif answer == script.DONE:
            self._client.commits = number
        return bool(answer == script.DONE)

    def _is_committed(self, number: int) -> bool:
        """Whether a transaction came through whose answer was lost; if not, it never will."""
        name = names.commit(self._client.name)
        try:
            return bool(self._server.run(lambda client: client.register_script(script.ASK)([name], [number])))
        except StorageError as error:
            message = "the connection was lost while writing, and it is not known whether that was done"
            raise StorageError(f"{message}: {error}") from None

    # -- the whole store ----------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Snapshot]:
        """Copied to a nameless file while everybody else waits to write; the rest is read from there."""
        with whole.Copy() as copy:
            with self._nesting.alone(), self._turns.alone(self._timeout) as go_on:
                for collection in collections:
                    copy.add_members(collection, self.scan(collection), go_on)
                for log in logs:
                    copy.add_lists(log, ((key, self.read_log(log, key)) for key in self.log_keys(log)), go_on)
                go_on()
            yield copy

    def replace_all(self, source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log]) -> str | None:
        """Sent as one transaction, which needs the memory for all of it twice. Nothing is kept aside."""
        chosen, chosen_logs = list(collections), list(logs)
        old = chain(
            (name for one in chosen for name in whole.names_of(one, self.scan(one))),
            (name for log in chosen_logs for name in whole.names_of_lists(log, self.log_keys(log))),
        )
        with self._nesting.alone(), self._turns.alone(self._timeout) as go_on:
            try:
                self._server.once(lambda client: whole.replace(client, source, chosen, chosen_logs, old, go_on))
            except exceptions.WatchError:
                raise StorageBusy(TURN_IS_OVER) from None
        return None

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def find_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        """Where something looks wrong, it is looked at again while nobody writes."""
        chosen, chosen_logs = list(collections), list(logs)
        if next(repair.find(self._server, chosen, chosen_logs), None) is None:
            return []
        with self._nesting.alone(), self._turns.alone(self._timeout) as go_on:
            return [one.damage for one in repair.find(self._server, chosen, chosen_logs, go_on)]

    def mend_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        with self._nesting.alone(), self._turns.alone(self._timeout) as go_on:
            wrong = list(repair.find(self._server, collections, logs, go_on))
            return repair.mend(self._server, wrong, go_on)

    def forget_deleted(self) -> None:
        """Has the server write its append-only file anew, without what is gone; it does so in the background."""
        with suppress(exceptions.ResponseError):  # it is doing so, or does not let us
            self._server.once(lambda client: client.bgrewriteaof())

    def close(self) -> None:
        self._server.close()
