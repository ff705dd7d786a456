"""What many tests share: a clock that stands still until it is told to move, and a store of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from user_stats.accounts.passwords import PasswordPolicy
from user_stats.manager import UserManager
from user_stats.storage import Storage, open_storage


class FixedClock:
    """A clock for tests."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["memory", "json"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage("memory:" if request.param == "memory" else str(tmp_path / "users"))
    yield opened
    opened.close()


@pytest.fixture
def manager(storage: Storage, clock: FixedClock) -> UserManager:
    return UserManager(storage, clock=clock, passwords=PasswordPolicy())
