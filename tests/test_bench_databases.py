"""The bench of the databases measures what it says, on servers of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import PostgresServer, RedisServer

from user_stats.bench import databases
from user_stats.collections import USERS
from user_stats.errors import InvalidInput
from user_stats.manager import UserManager
from user_stats.storage import open_storage


def test_watches_and_pages_on_postgres_are_measured(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.fresh()
    monkeypatch.setattr(databases, "POSTGRES_URL", url)
    monkeypatch.setattr(databases, "PROCESSES", (2,))
    monkeypatch.setattr(databases, "SECONDS", 0.3)
    rows = {(row.work, row.contender): row.figures for row in databases.postgres(tmp_path, 100)}
    assert rows["record on PostgreSQL", "user_stats"]["median_us"] > 0
    assert rows["record on PostgreSQL", "by hand"]["median_us"] > 0
    for contender in ("user_stats", "by hand"):
        assert rows["record on PostgreSQL, 2 connections", contender]["calls_a_second"] > 0
    storage = open_storage(url)
    assert storage.count(USERS) == 100
    watched = [stats for stats in UserManager(storage).get_all_users_stats().values() if stats.watch_history_entries]
    assert watched
    with pytest.raises(InvalidInput, match="not empty"):
        databases.postgres(tmp_path, 100)


def test_visits_on_redis_are_measured(redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "REDIS_URL", redis.fresh())
    monkeypatch.setattr(databases, "SECONDS", 0.3)
    (row,) = databases.redis(tmp_path, 100)
    assert row.figures["calls_a_second"] > 0


def test_without_a_server_there_is_nothing_to_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "POSTGRES_URL", "")
    monkeypatch.setattr(databases, "REDIS_URL", "")
    assert databases.postgres(tmp_path, 100) == databases.redis(tmp_path, 100) == []
