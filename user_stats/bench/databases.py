"""PostgreSQL and Redis: what the library costs on top of the statements it sends, and how far one server goes.

They are measured where a server is named: `BENCH_POSTGRES_URL` and `BENCH_REDIS_URL`, each an empty store.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from user_stats.audience import Audience
from user_stats.bench import measures
from user_stats.collections import ACTIVITY, HISTORY, USER_STATS, USER_TOTALS, USERS
from user_stats.errors import InvalidInput
from user_stats.manager import UserManager
from user_stats.storage import Collection, Log, Record, Storage, open_storage
from user_stats.times import to_iso

POSTGRES_URL, REDIS_URL = os.environ.get("BENCH_POSTGRES_URL", ""), os.environ.get("BENCH_REDIS_URL", "")
WATCHERS = 64
WATCHES_EACH = 10
PROCESSES = (1, 2, 4, 8)
AUDIENCE_PROCESSES = 4
SECONDS = 5.0
BY_HAND = "by hand"
CHILD = "import sys; from user_stats.bench.databases import child; child(*sys.argv[1:])"


def postgres(folder: Path, size: int) -> list[measures.Row]:
    """One watch beside the very statements that it sends, sent by hand; watches from several processes; pages."""
    if not POSTGRES_URL:
        return []
    with closing(_empty_store(POSTGRES_URL)) as storage:
        watchers = _fill(storage, size)
        manager = UserManager(storage)
        hand = ByHand(storage, manager, watchers[0])
        times = measures.timed(
            {"user_stats": lambda number: _watch(manager, watchers[number % WATCHERS]), BY_HAND: hand.send}
        )
        rows = measures.rows_of(size, "record on PostgreSQL", times)
        for processes in PROCESSES:
            figures = {"calls_a_second": _children(["watch", POSTGRES_URL, ",".join(watchers)], processes).rate}
            rows.append(measures.Row(size, f"record on PostgreSQL, {processes} processes", "user_stats", figures))
        reads = {
            "directory page": lambda number: manager.find_users("n1", sort="created_at", limit=50),
            "plain directory page": lambda number: manager.find_users(limit=50),
            "find by name": lambda number: manager.find_user(f"n{number % size:07}"),
            "get_watch_history(100)": lambda number: manager.history_tracker.get_watch_history(watchers[0]),
            "count_users": lambda number: manager.count_users(),
        }
        for work, call in reads.items():
            rows += measures.rows_of(size, f"{work} on PostgreSQL", measures.timed({"user_stats": call}, at_most=200))
    return rows


def redis(folder: Path, size: int) -> list[measures.Row]:
    """Visits of pages counted durably from several processes on one server."""
    if not REDIS_URL:
        return []
    with closing(_empty_store(REDIS_URL)) as storage:
        done = _children(["visit", REDIS_URL, ""], AUDIENCE_PROCESSES)
        with closing(Audience(storage)) as audience:
            assert audience.totals().visits == done.amount
    work = f"visits on Redis, {AUDIENCE_PROCESSES} processes"
    return [measures.Row(size, work, "user_stats", {"calls_a_second": done.rate})]


class Done(NamedTuple):
    """What several processes have done together, and in how many seconds the last of them was ready."""

    amount: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.amount / self.seconds


class ByHand:
    """The statements of one watch, as the engine has sent them, sent again with psycopg alone."""

    def __init__(self, storage: Storage, manager: UserManager, user_id: str) -> None:
        from user_stats.storage.postgres import commits, transactions

        self._batches: list[list[tuple[bytes, tuple[Any, ...]]]] = []
        kind: Any = transactions.PostgresTransaction
        real = kind._execute
        batches = self._batches

        def remember(tx: Any, *statements: Any) -> Any:
            begin = [] if tx._is_begun else [(transactions.BEGIN.encode(), ())]
            batches.append([*begin, *((text.encode(), parameters) for text, parameters in statements)])
            return real(tx, *statements)

        _watch(manager, user_id)
        kind._execute = remember
        try:
            _watch(manager, user_id)
        finally:
            kind._execute = real
        self._connection = psycopg.connect(POSTGRES_URL, autocommit=True)
        self._name, self._commits = str(uuid.uuid4()), 0
        self._connection.execute(commits.MAKE.encode(), (self._name,))
        self._count = commits.COUNT.encode()

    def send(self, number: int) -> None:
        for batch in self._batches:
            with self._connection.pipeline():
                cursors = [self._connection.execute(*self._numbered(*statement)) for statement in batch]
            for cursor in cursors:
                if cursor.description is not None:
                    cursor.fetchall()
        self._commits += 1

    def _numbered(self, text: bytes, parameters: tuple[Any, ...]) -> tuple[bytes, tuple[Any, ...]]:
        return (text, (self._commits, self._commits + 1, self._name)) if text == self._count else (text, parameters)


def _watch(manager: UserManager, user_id: str) -> None:
    manager.record_watch_activity(user_id, "video", 600, completed=True)


def _empty_store(url: str) -> Storage:
    storage = open_storage(url)
    if storage.count(USERS) or next(iter(storage.log_keys(ACTIVITY)), None) is not None:
        raise InvalidInput("the store named for the bench is not empty; allowed: one that nobody uses")
    return storage


class _People:
    """A snapshot of made-up people with some watches each."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids
        self._now = to_iso(datetime.now(UTC))

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        for number, user_id in enumerate(self._ids):
            yield user_id, json.dumps(self._record(collection, user_id, number)).encode()

    def _record(self, collection: Collection, user_id: str, number: int) -> Record:
        if collection is USERS:
            name = f"n{number:07}"
            return {
                "user_id": user_id,
                "username": name,
                "email": f"{name}@example.org",
                "role": "free",
                "created_at": self._now,
                "updated_at": self._now,
                "is_active": True,
                "subscription_expires": None,
            }
        if collection is USER_TOTALS:
            figures = {"count": 0, "seconds": 0, "completed": 0}
            return {"user_id": user_id, "video": figures, "stream": figures, "image": figures}
        counters = ("subscriber_features_used", "watch_history_entries", "videos_uploaded", "streams_created")
        zero: Record = dict.fromkeys((*counters, "images_uploaded", "total_interactions"), 0)
        moments = dict.fromkeys(("last_activity_timestamp", "created_at", "updated_at"), self._now)
        return {"user_id": user_id, **zero, "total_watched_hours": 0.0, **moments}

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        entry = {"video_id": "video", "stream_id": None, "watched_at": self._now, "duration_seconds": 600}
        entry |= {"content_type": "video", "session_id": str(uuid.uuid4()), "completed": True, "quality": "720p"}
        for user_id in self._ids:
            yield user_id, [json.dumps(entry).encode()] * WATCHES_EACH


def _fill(storage: Storage, size: int) -> list[str]:
    """The ids of those who watch."""
    ids = [str(uuid.uuid4()) for _ in range(size)]
    storage.replace_all(_People(ids), (USERS, USER_STATS, USER_TOTALS), (HISTORY, ACTIVITY))
    return ids[:WATCHERS]


# -- other processes --------------------------------------------------------------------------------------------------


def _children(words: list[str], processes: int) -> Done:
    """What so many of them have done; they begin together."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *words, str(number), str(SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    answers = [json.loads(child.communicate()[0]) for child in children]
    return Done(sum(count for count, _ in answers), max(seconds for _, seconds in answers))


def _begin_together() -> float:
    """When all of them began."""
    print("ready", flush=True)
    sys.stdin.readline()
    return time.perf_counter()


def watch(url: str, watchers: list[str], number: int, seconds: float) -> Done:
    done = 0
    with closing(open_storage(url)) as storage:
        manager = UserManager(storage)
        _watch(manager, watchers[number])
        start = _begin_together()
        while time.perf_counter() < start + seconds:
            _watch(manager, watchers[(number + done * 8) % len(watchers)])
            done += 1
        return Done(done, time.perf_counter() - start)


def visit(url: str, number: int, seconds: float) -> Done:
    """Visits until the last of them is counted durably."""
    source = random.Random(number)
    taken = 0
    with closing(open_storage(url)) as storage, closing(Audience(storage)) as audience:
        start = _begin_together()
        while time.perf_counter() < start + seconds:
            address = ".".join(str(source.randrange(1, 223)) for _ in range(4))
            if audience.count_page(audience.visit(address=address, path=f"/{taken % 20}", user_agent="Firefox")):
                taken += 1
            if taken % 2000 == 0:
                audience.drain()
        audience.drain()
        return Done(taken, time.perf_counter() - start)


def child(kind: str, url: str, watchers: str, number: str, seconds: str) -> None:
    """One process of several; prints what it has done."""
    place, duration = int(number), float(seconds)
    print(
        json.dumps(watch(url, watchers.split(","), place, duration) if kind == "watch" else visit(url, place, duration))
    )
