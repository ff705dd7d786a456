"""What many tests share: a clock that stands still until it is told to move, and a store of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clocks import FixedClock
from engines import fresh_store
from servers import PostgresServer, RedisServer

from user_stats.accounts.passwords import PasswordPolicy
from user_stats.manager import UserManager
from user_stats.storage import Storage, open_storage
from user_stats.storage.json_files import engine


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.remove()


@pytest.fixture(params=["json", "postgres", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is that several handles and processes may open, of each engine that has such."""
    return fresh_store(request, request.param, tmp_path)


@pytest.fixture(params=["memory", "json", "json, whole files", "postgres", "redis"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Each engine; that on files also as where writes in place are not to be had."""
    if request.param == "json, whole files":
        monkeypatch.setattr(engine, "can_write_in_place", lambda folder: False)
    engine_name = request.param.partition(",")[0]
    opened = open_storage("memory:" if engine_name == "memory" else fresh_store(request, engine_name, tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def manager(storage: Storage, clock: FixedClock) -> UserManager:
    return UserManager(storage, clock=clock, passwords=PasswordPolicy())
