from __future__ import annotations

from collections.abc import Iterator

import pytest
from clocks import FixedClock

from user_stats.audience import Audience
from user_stats.storage import Storage


@pytest.fixture
def audience(storage: Storage, clock: FixedClock) -> Iterator[Audience]:
    made = Audience(storage, clock=clock)
    yield made
    made.close()
