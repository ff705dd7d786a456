"""Two people, their statistics, and a clock that stands on a Wednesday noon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from clocks import FixedClock

from user_stats.manager import UserManager
from user_stats.statistics.service import Statistics
from user_stats.storage import open_storage


@dataclass
class Site:
    manager: UserManager
    statistics: Statistics
    clock: FixedClock
    ada: str
    bob: str

    def of(self, user_id: str, key: str, **asked: Any) -> dict[str, Any]:
        return self.statistics.person_catalogue(user_id, **asked)[key]

    def platform(self, key: str, **asked: Any) -> dict[str, Any]:
        return self.statistics.platform_catalogue(**asked)[key]

    def item(self, content_id: str, key: str) -> dict[str, Any]:
        return self.statistics.content_catalogue(content_id)[key]


@pytest.fixture
def site() -> Site:
    clock = FixedClock()
    storage = open_storage("memory:")
    manager = UserManager(storage, clock=clock)
    ada, bob = manager.create_user("ada", "ada@example.org"), manager.create_user("bob", "bob@example.org")
    return Site(manager, Statistics(storage, clock=clock), clock, ada, bob)
