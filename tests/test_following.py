"""What is made from the log stays near to it: by the number of events, by time, at the end, and after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from counting_storage import CountingStorage

from user_stats import bootstrap
from user_stats.collections import ROLLUPS
from user_stats.errors import StorageError
from user_stats.following import MOST_EVENTS, SECONDS_AFTER_ANY, SECONDS_AFTER_NONE, Follower
from user_stats.statistics.ledger import FEWEST_UNSAVED
from user_stats.statistics.service import Statistics
from user_stats.storage import open_storage


class Site:
    """A count of events and a clock, both set by hand, and how often somebody followed."""

    def __init__(self) -> None:
        self.events, self.seconds, self.followed = 0, 0.0, 0
        self.follower = Follower(self.follow, recorded=lambda: self.events, clock=lambda: self.seconds)

    def follow(self) -> None:
        self.followed += 1


@pytest.mark.parametrize(
    ("events", "seconds", "is_time"),
    [
        (MOST_EVENTS, 0, True),
        (MOST_EVENTS - 1, SECONDS_AFTER_ANY - 1, False),
        (1, SECONDS_AFTER_ANY, True),
        (0, SECONDS_AFTER_NONE - 1, False),
        (0, SECONDS_AFTER_NONE, True),
    ],
)
def test_it_is_time_after_so_many_events_or_so_long(events: int, seconds: float, is_time: bool) -> None:
    site = Site()
    site.events, site.seconds = events, seconds
    assert site.follower.look() is is_time
    assert site.follower.look() is False
    assert site.followed == int(is_time)


def test_what_is_left_is_followed_at_the_end() -> None:
    site = Site()
    site.events = MOST_EVENTS
    site.follower.look()
    site.follower.stop()
    assert site.followed == 1
    site.events += 1
    site.follower.stop()
    assert site.followed == 2


def test_an_end_soon_after_the_start_does_not_read_everything() -> None:
    site = Site()
    site.events = 1
    site.follower.start()
    site.follower.stop()
    assert site.followed == 0


def test_trouble_with_the_store_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise StorageError("the disk is full")

    follower = Follower(fail, recorded=iter(range(0, 10 * MOST_EVENTS, MOST_EVENTS)).__next__)
    assert follower.look()
    assert follower.look()
    assert caplog.text.count("the disk is full") == 2


# -- a process that is killed -----------------------------------------------------------------------------------------

KILLED = """
import sys
from user_stats import bootstrap
from user_stats.following import Follower
from user_stats.watches import Watch

manager = bootstrap.get_user_manager(sys.argv[1])
Follower(lambda: bootstrap.get_statistics(sys.argv[1]).follow()).start()
ada = manager.create_user("ada", "ada@example.org")
bob = manager.create_user("bob", "bob@example.org")
for number in range(3):
    watches = [Watch(f"item{one % 7}", 60) for one in range(4000)]
    manager.batches.record(ada, watches, batch=f"b{number}", source="test")
for number in range(20):
    manager.record_watch_activity(bob, "item", 60)
print("recorded", flush=True)
while True:
    sys.stdin.readline()
    for number in range(30):
        manager.record_watch_activity(ada, "late", 60)
    print("recorded", flush=True)
"""


def test_a_killed_process_leaves_only_a_tail_to_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        rollups = folder / "rollups"
        _await(lambda: rollups.is_dir() and any(rollups.iterdir()))
        process.stdin.write("on\n")
        process.stdin.flush()
        assert process.stdout.readline() == "recorded\n"
        os.kill(process.pid, signal.SIGKILL)
    storage = CountingStorage(open_storage(str(folder)))
    found = Statistics(storage).platform_catalogue()  # type: ignore[arg-type]
    assert found["most_viewed"]["events"] == 12_050
    assert storage.events_read < 2 * FEWEST_UNSAVED + MOST_EVENTS // 2
    assert list(storage.log_keys(ROLLUPS))
    manager = bootstrap.get_user_manager(folder)
    assert manager.verify() == []


def _await(is_there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < end
        time.sleep(0.05)
