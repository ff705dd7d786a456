"""PostgreSQL and Redis: what the library costs on top of the statements it sends, and how far one server goes.

They are measured where a server is named: `BENCH_POSTGRES_URL` and `BENCH_REDIS_URL`, each an empty store.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from user_stats.audience import Audience
from user_stats.bench import measures
from user_stats.bench.by_hand import ByHand
from user_stats.bench.crowds import done_by, watch
from user_stats.collections import ACTIVITY, HISTORY, USER_STATS, USER_TOTALS, USERS
from user_stats.errors import InvalidInput
from user_stats.manager import UserManager
from user_stats.storage import Collection, Log, Record, Storage, open_storage
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
        reads = {
            "directory page": lambda number: manager.find_users("n1", sort="created_at", limit=50),
            "plain directory page": lambda number: manager.find_users(limit=50),
            "find by name": lambda number: manager.find_user(f"n{number % size:07}"),
            "get_watch_history(100)": lambda number: manager.history_tracker.get_watch_history(watchers[0]),
            "count_users": lambda number: manager.count_users(),
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
