"""PostgreSQL and Redis: what the library costs on top of the statements it sends, and how far one server goes.

They are measured where a server is named: `BENCH_POSTGRES_URL` and `BENCH_REDIS_URL`, each an empty store.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg

from user_stats.audience import Audience
from user_stats.bench import measures
from user_stats.bench.by_hand import ByHand
from user_stats.bench.crowds import done_by, watch
from user_stats.bench.samples import dumped, entry, event, stats, totals, user
from user_stats.collections import ACTIVITY, HISTORY, USER_STATS, USER_TOTALS, USERS
from user_stats.errors import InvalidInput
from user_stats.manager import UserManager
from user_stats.storage import Collection, Log, Record, Storage, open_storage
from user_stats.storage.postgres import tables
from user_stats.times import to_iso

POSTGRES_URL, REDIS_URL = os.environ.get("BENCH_POSTGRES_URL", ""), os.environ.get("BENCH_REDIS_URL", "")
RECORD = "record on PostgreSQL"
WATCHERS = 64
WATCHES_EACH = 10
PROCESSES = (1, 2, 4, 8, 16)
AUDIENCE_PROCESSES = 4
SECONDS = 4.0
AUDIENCE = f"visits on Redis, {AUDIENCE_PROCESSES} processes"
OURS, BY_HAND = "user_stats", "by hand"


def connections(processes: int) -> str:
    """The work of so many processes with a connection each."""
    return f"{RECORD}, {processes} connections"


def postgres(folder: Path, size: int) -> list[measures.Row]:
    """One watch beside the very statements that it sends, sent by hand; watches from several processes; pages."""
    if not POSTGRES_URL:
        return []
    with closing(_empty_store(POSTGRES_URL)) as storage:
        watchers = _fill(storage, size)
        manager = UserManager(storage)
        with closing(ByHand(POSTGRES_URL, [partial(watch, manager, one) for one in watchers])) as hand:
            ours = {OURS: lambda number: watch(manager, watchers[number % WATCHERS])}
            rows = measures.rows_of(size, RECORD, measures.timed({**ours, BY_HAND: hand.send}))
        for processes in PROCESSES:
            for name, kind in ((OURS, "ours"), (BY_HAND, BY_HAND)):
                figures = {"calls_a_second": done_by(processes, SECONDS, kind, POSTGRES_URL, watchers).rate}
                rows.append(measures.Row(size, connections(processes), name, figures))
        today = datetime.now(UTC).date()
        reads = {
            "directory page": lambda number: manager.find_users(limit=50),
            "page of a role by name": lambda number: manager.find_users(role="premium", sort="-username", limit=50),
            "search, few found": lambda number: manager.find_users(f"n{number % size:07}", limit=50),
            "search, many found": lambda number: manager.find_users("n00", sort="created_at", limit=50),
            "find by name": lambda number: manager.find_user(f"n{number % size:07}"),
            "get_watch_history(100)": lambda number: manager.history_tracker.get_watch_history(watchers[0]),
            "totals of 365 days": lambda number: manager.get_day_totals(today - timedelta(days=364), today),
            "count_users": lambda number: manager.count_users(),
            "the counters of everybody": lambda number: manager.get_platform_sums(),
        }
        for work, call in reads.items():
            rows += measures.rows_of(size, f"{work} on PostgreSQL", measures.timed({OURS: call}, at_most=200))
    return rows


def redis(folder: Path, size: int) -> list[measures.Row]:
    """Visits of pages counted durably from several processes on one server."""
    if not REDIS_URL:
        return []
    with closing(_empty_store(REDIS_URL)) as storage:
        done = done_by(AUDIENCE_PROCESSES, SECONDS, "visits", REDIS_URL, [])
        with closing(Audience(storage)) as audience:
            assert audience.totals().visits == done.amount
    return [measures.Row(size, AUDIENCE, OURS, {"calls_a_second": done.rate})]


def _empty_store(url: str) -> Storage:
    storage = open_storage(url)
    if storage.count(USERS) or next(iter(storage.log_keys(ACTIVITY)), None) is not None:
        raise InvalidInput("the store named for the bench is not empty; allowed: one that nobody uses")
    return storage


class _People:
    """A snapshot of made-up people with some watches each."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids
        self._now = datetime.now(UTC)

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        for number, user_id in enumerate(self._ids):
            yield user_id, dumped(self._record(collection, user_id, number))

    def _record(self, collection: Collection, user_id: str, number: int) -> Record:
        if collection is USERS:
            name = f"n{number:07}"
            made_at = to_iso(self._now - timedelta(minutes=number % 500_000))
            return {**user(number, user_id), "username": name, "email": f"{name}@example.org", "created_at": made_at}
        return totals(user_id) if collection is USER_TOTALS else stats(user_id)

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        """None: the database makes them itself, which is quicker."""
        return iter(())


def _fill(storage: Storage, size: int) -> list[str]:
    """The ids of those who watch. Everybody has watched some times already."""
    ids = [str(uuid.uuid4()) for _ in range(size)]
    storage.replace_all(_People(ids), (USERS, USER_STATS, USER_TOTALS), (HISTORY, ACTIVITY))
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        for log in (HISTORY, ACTIVITY):
            _fill_lists(connection, tables.EntryTable(log))
        connection.execute("VACUUM ANALYZE")  # as the server does by itself after a while
    return ids[:WATCHERS]


def _fill_lists(connection: psycopg.Connection, table: tables.EntryTable) -> None:
    watched = entry(0)
    position = table.position(watched)
    text = dumped(watched if table.log is HISTORY else event(watched)).decode()
    people = f"(SELECT key FROM {tables.RecordTable(USERS).name} ORDER BY key) AS people"
    connection.execute(f"INSERT INTO {table.lists} SELECT key, {WATCHES_EACH} FROM {people}".encode())
    entries = f"SELECT key, %s, %s::json FROM {people}, generate_series(1, {WATCHES_EACH})"
    connection.execute(f"INSERT INTO {table.name} (key, position, entry) {entries}".encode(), (position, text))
