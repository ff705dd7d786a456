"""What many tests share: a clock that stands still until it is told to move, and a store of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clocks import FixedClock

from user_stats.accounts.passwords import PasswordPolicy
from user_stats.manager import UserManager
from user_stats.storage import Storage, open_storage
from user_stats.storage.json_files import engine


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=["memory", "json", "json, whole files"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Each engine; the last one as where writes in place are not to be had."""
    if request.param == "json, whole files":
        monkeypatch.setattr(engine, "can_write_in_place", lambda folder: False)
    opened = open_storage("memory:" if request.param == "memory" else str(tmp_path / "users"))
    yield opened
    opened.close()


@pytest.fixture
def manager(storage: Storage, clock: FixedClock) -> UserManager:
    return UserManager(storage, clock=clock, passwords=PasswordPolicy())
