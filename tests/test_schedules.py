"""What runs by the clock: once in its interval, in one place, and again after a failure."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from clocks import FixedClock

import config
from user_stats import bootstrap
from user_stats.collections import SCHEDULES
from user_stats.errors import StorageFull
from user_stats.schedules import Runner, Schedule
from user_stats.storage import Storage

HOUR = timedelta(hours=1)


def runner(storage: Storage, clock: FixedClock, *schedules: Schedule) -> Runner:
    return Runner(lambda: storage, schedules, clock=clock)


def test_work_runs_once_in_its_interval(storage: Storage, clock: FixedClock) -> None:
    ran: list[str] = []
    hourly = Schedule("hourly", HOUR, lambda: ran.append("hourly"))
    daily = Schedule("daily", timedelta(days=1), lambda: ran.append("daily"))
    here = runner(storage, clock, hourly, daily)
    assert here.look() == ["hourly", "daily"]
    assert here.look() == []
    clock.advance(minutes=60)
    assert here.look() == ["hourly"]
    clock.advance(days=1)
    assert here.look() == ["hourly", "daily"]
    assert ran == ["hourly", "daily", "hourly", "hourly", "daily"]


def test_a_restart_does_not_run_it_again(storage: Storage, clock: FixedClock) -> None:
    ran: list[int] = []
    schedule = Schedule("report", HOUR, lambda: ran.append(1))
    for _ in range(3):
        one = runner(storage, clock, schedule)
        one.look()
        one.release()
    assert ran == [1]


def test_of_two_processes_one_is_the_runner_until_it_is_gone(storage: Storage, clock: FixedClock) -> None:
    ran: list[str] = []
    first = runner(storage, clock, Schedule("a", HOUR, lambda: ran.append("first")))
    second = runner(
        storage, clock, Schedule("a", HOUR, lambda: ran.append("second")), Schedule("b", HOUR, lambda: None)
    )
    first.look()
    assert second.look() == []
    clock.advance(minutes=4)
    assert second.look() == []
    clock.advance(minutes=2)
    assert second.look() == ["b"]
    second.release()
    clock.advance(hours=1)
    first.look()
    assert ran == ["first", "first"]


def test_many_processes_at_once_run_it_once(storage: Storage, clock: FixedClock) -> None:
    ran: list[int] = []
    runners = [runner(storage, clock, Schedule("a", HOUR, lambda: ran.append(1))) for _ in range(8)]
    threads = [threading.Thread(target=one.look) for one in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [1]


def test_what_failed_is_logged_and_tried_again(
    storage: Storage, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes = [StorageFull("no space"), ValueError("wrong"), None]
    ran: list[str] = []

    def work() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    here = runner(storage, clock, Schedule("a", HOUR, work), Schedule("b", HOUR, lambda: ran.append("b")))
    assert here.look() == ["a", "b"]
    assert "no space" in caplog.text
    assert here.look() == []
    clock.advance(minutes=5)
    assert here.look() == ["a"]
    assert (storage.get(SCHEDULES, "a") or {})["failed"] == "wrong"
    clock.advance(minutes=5)
    assert here.look() == ["a"]
    clock.advance(minutes=5)
    assert here.look() == []
    assert ran == ["b"]


def test_a_clock_that_was_far_ahead_stops_nothing(storage: Storage, clock: FixedClock) -> None:
    here = runner(storage, clock, Schedule("a", HOUR, lambda: None))
    clock.advance(days=3650)
    here.look()
    here.release()
    clock.advance(days=-3650)
    assert here.look() == ["a"]


def test_started_it_works_by_itself_and_leaves_the_lease(storage: Storage, clock: FixedClock) -> None:
    ran = threading.Event()
    here = runner(storage, clock, Schedule("a", HOUR, ran.set))
    here.start()
    assert ran.wait(10)
    here.stop()
    assert storage.get(SCHEDULES, "runner") is None


def test_backups_are_taken_by_the_clock_where_a_folder_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = str(tmp_path / "users")
    names = {schedule.name for schedule in bootstrap.get_schedules(store)._schedules}
    assert "backup" not in names
    monkeypatch.setattr(config, "BACKUP_DIR", tmp_path / "backups")
    monkeypatch.setattr(config, "BACKUPS_KEPT", 1)
    first, second = bootstrap.get_schedules(store), bootstrap.get_schedules(store)
    assert "backup" in first.look()
    assert "backup" not in second.look()
    assert len(list((tmp_path / "backups").iterdir())) == 1
