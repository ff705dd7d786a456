"""The queue: it never delays nor breaks what is counted, and what it says is durable is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clocks import FixedClock

from user_stats.audience import Audience
from user_stats.audience.intake import Intake
from user_stats.audience.ledger import Event, Ledger
from user_stats.collections import AUDIENCE_DAYS
from user_stats.errors import StorageBusy, StorageFull
from user_stats.storage import Storage, open_storage

DAY = "2026-03-04"


class Store:
    """A store whose transactions wait for a gate, and fail while told to."""

    def __init__(self) -> None:
        self.real = open_storage("memory:")
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.error: Exception | None = None
        self.transactions = 0

    def transaction(self, work: Callable[[Any], Any]) -> Any:
        self.entered.set()
        assert self.gate.wait(10)
        self.transactions += 1
        if self.error is not None:
            raise self.error
        return self.real.transaction(work)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def intake(store: Store, clock: FixedClock) -> Iterator[Intake]:
    made = Intake(store, clock=clock, upkeep=lambda: None, length=100)  # type: ignore[arg-type]
    yield made
    store.gate.set()
    made.close()


def visit(ledger: Ledger) -> int:
    ledger.add(DAY, "visits")
    visits: int = ledger.day(DAY)["visits"]
    return visits


def wrong(ledger: Ledger) -> None:
    raise ZeroDivisionError("a mistake")


def test_what_comes_in_meanwhile_is_counted_in_one_transaction(store: Store, intake: Intake) -> None:
    store.gate.clear()
    first = intake.submit(visit)
    assert store.entered.wait(10)
    later = [intake.submit(visit) for _ in range(50)]
    store.gate.set()
    assert first.result(10) == 1
    assert [future.result(10) for future in later] == list(range(2, 52))
    assert store.transactions == 2


def test_a_full_queue_refuses_at_once_and_is_logged(
    store: Store, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    store.gate.clear()
    intake.submit(visit)
    assert store.entered.wait(10)
    with caplog.at_level(logging.WARNING):
        assert [intake.offer(visit) for _ in range(102)].count(True) == 100
    with pytest.raises(StorageBusy):
        intake.submit(visit).result(0)
    assert intake.lost == 2
    assert len(caplog.records) == 1
    store.gate.set()
    assert intake.drain()
    assert store.real.get(AUDIENCE_DAYS, DAY) == {"date": DAY, "visits": 101}


def test_a_failing_store_is_told_to_who_waits_and_felt_by_nobody_else(
    store: Store, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    store.error = StorageFull("no space is left")
    assert intake.offer(visit)
    with pytest.raises(StorageFull):
        intake.submit(visit).result(10)
    assert intake.is_failing
    assert intake.lost == 2
    assert "no space is left" in caplog.text
    store.error = None
    assert intake.submit(visit).result(10) == 1
    assert not intake.is_failing


def test_one_wrong_event_does_not_take_the_others_with_it(store: Store, intake: Intake) -> None:
    store.gate.clear()
    intake.submit(visit)
    assert store.entered.wait(10)
    events: list[Event] = [visit, wrong, visit]
    futures = [intake.submit(event) for event in events]
    store.gate.set()
    assert futures[0].result(10) == 2
    with pytest.raises(ZeroDivisionError):
        futures[1].result(10)
    assert futures[2].result(10) == 3


def test_upkeep_that_fails_takes_no_visit_with_it(
    store: Store, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    def upkeep() -> None:
        raise StorageBusy("somebody else holds the lock")

    intake = Intake(store, clock=clock, upkeep=upkeep)  # type: ignore[arg-type]
    assert [intake.submit(visit).result(10) for _ in range(2)] == [1, 2]
    intake.close()
    assert caplog.text.count("somebody else holds the lock") == 1


def test_who_does_not_wait_any_more_is_counted_all_the_same(store: Store, intake: Intake) -> None:
    store.gate.clear()
    intake.submit(visit)
    assert store.entered.wait(10)
    assert intake.submit(visit).cancel()
    store.gate.set()
    assert intake.submit(visit).result(10) == 3


def test_closing_counts_what_waits_and_takes_nothing_more(store: Store, intake: Intake) -> None:
    store.gate.clear()
    intake.submit(visit)
    assert store.entered.wait(10)
    for _ in range(20):
        assert intake.offer(visit)
    store.gate.set()
    intake.close()
    assert store.real.get(AUDIENCE_DAYS, DAY) == {"date": DAY, "visits": 21}
    assert not intake.offer(visit)


def test_many_threads_lose_nothing(storage: Storage, clock: FixedClock) -> None:
    audience = Audience(storage, clock=clock)
    page = audience.visit(address="192.0.2.1", user_agent="Mozilla/5.0 Firefox/128.0")

    def work() -> None:
        for _ in range(100):
            audience.count_page(page)
            audience.track_user_soon(page)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    audience.close()
    assert (audience.totals().visits, audience.totals().visitor_days) == (1600, 1)
