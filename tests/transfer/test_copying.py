"""A whole site from one engine to another: nothing differs, whatever happened on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clocks import FixedClock
from engines import fresh_store
from servers import PASSWORD

from user_stats import bootstrap
from user_stats.audience import Audience
from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS, AUDIENCE_DAYS, COPIES, HISTORY, USER_STATS, USERS
from user_stats.errors import AlreadyExists, InvalidInput, StorageBusy
from user_stats.manager import UserManager
from user_stats.storage import Storage, open_storage
from user_stats.transfer.copying import MARK, copy_site

ROOT = Path(__file__).parents[2]
ENGINES = ("json", "postgres", "redis")
PAIRS = [(one, other) for one in ENGINES for other in ENGINES if one != other]
KILLED = """
import os, signal, sys
from user_stats import bootstrap
from user_stats.collections import USER_STATS
from user_stats.storage import open_storage

class Cut:
    def __init__(self, source):
        self.source = source
    def members(self, collection):
        for row in self.source.members(collection):
            yield row
            if collection is USER_STATS:
                os.kill(os.getpid(), signal.SIGKILL)
    def lists(self, log):
        return self.source.lists(log)

kind = type(open_storage(sys.argv[2]))
real = kind.replace_all
kind.replace_all = lambda self, source, *places: real(self, Cut(source), *places)
bootstrap.copy_store(sys.argv[1], sys.argv[2])
"""
"""A copy by a process that is killed while it writes the second collection."""


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]} to {pair[1]}")
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A site in one engine and an empty store of another."""
    urls = [fresh_store(request, engine, tmp_path) for engine in request.param]
    make_site(urls[0])
    return urls[0], urls[1]


def make_site(url: str) -> None:
    clock = FixedClock()
    storage = open_storage(url)
    manager = UserManager(storage, clock=clock)
    people = [manager.create_user(f"person{number}", f"p{number}@example.org", role="premium") for number in range(12)]
    for number, user_id in enumerate(people):
        for watch in range(number * 3):
            clock.advance(minutes=7)
            manager.record_watch_activity(user_id, f"v{watch}", 60 * watch, title='"ü" 👩‍🚀')
        manager.record_interaction(user_id, "like")
    audience = Audience(storage, clock=clock)
    for number in range(40):
        audience.track_user(audience.visit(address=f"192.0.2.{number % 9}", path=f"/{number % 4}"))
    audience.close()
    storage.close()


def contents(storage: Storage) -> dict[str, object]:
    held: dict[str, object] = {one.name: dict(storage.scan(one)) for one in ALL_COLLECTIONS}
    for log in ALL_LOGS:
        held[f"{log.name}/"] = {key: storage.read_log(log, key) for key in storage.log_keys(log)}
    return held


@pytest.fixture
def opened(pair: tuple[str, str]) -> Iterator[tuple[Storage, Storage]]:
    source, target = (open_storage(url) for url in pair)
    yield source, target
    source.close()
    target.close()


def copied(source: Storage, target: Storage) -> dict[str, bool]:
    now = FixedClock()()
    return {
        one.name: one.is_same for one in copy_site(source, target, origin="here", now=now, progress=lambda *_: None)
    }


def test_a_copy_holds_what_the_source_holds(pair: tuple[str, str]) -> None:
    told: list[tuple[int, int]] = []
    compared = bootstrap.copy_store(*pair, progress=lambda done, total: told.append((done, total)))
    assert all(one.is_same for one in compared)
    assert {one.name: one.target for one in compared}["users"] == 12
    source, target = open_storage(pair[0]), open_storage(pair[1])
    assert contents(source) == contents(target)
    assert target.count(COPIES) == 0
    assert target.find(USERS, "email", "P3@EXAMPLE.org") == source.find(USERS, "email", "p3@example.org")
    manager = UserManager(target)
    assert manager.verify() == []
    manager.create_user("newcomer", "new@example.org")
    with pytest.raises(AlreadyExists):
        manager.create_user("PERSON3", "other@example.org")
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


class _Cut(Exception):
    """The copy is cut short."""


def test_a_copy_that_was_cut_short_goes_on_and_no_site_opens_it(
    opened: tuple[Storage, Storage], pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = opened
    real, calls = target.replace_all, []

    def cut(*arguments: object) -> str | None:
        calls.append(arguments)
        if len(calls) == 10:
            raise _Cut
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(target, "replace_all", cut)
    with pytest.raises(_Cut):
        copied(source, target)
    assert target.count(USERS) == 12
    with pytest.raises(StorageBusy, match="unfinished copy"):
        bootstrap.get_user_manager(pair[1])
    with pytest.raises(AlreadyExists, match="another store"):
        copy_site(source, target, origin="elsewhere", now=FixedClock()(), progress=lambda *_: None)
    calls.clear()
    monkeypatch.setattr(target, "replace_all", lambda *arguments: calls.append(arguments) or real(*arguments))
    assert all(copied(source, target).values())
    assert (USERS,) not in [collections for _, collections, _ in calls]  # what was there is not written again
    assert contents(source) == contents(target)


def test_a_copy_whose_process_was_killed_while_it_wrote_goes_on(pair: tuple[str, str]) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, *pair], capture_output=True, cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with pytest.raises(StorageBusy, match="unfinished copy"):
        bootstrap.get_user_manager(pair[1])
    target = open_storage(pair[1])
    assert (target.count(USERS), target.count(USER_STATS)) == (12, 0)  # each is there whole or not at all
    assert all(one.is_same for one in bootstrap.copy_store(*pair))
    assert contents(open_storage(pair[0])) == contents(open_storage(pair[1]))


def test_what_changes_meanwhile_is_found_and_brought_over_next_time(
    opened: tuple[Storage, Storage], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = opened
    real = target.replace_all

    def interfere(*arguments: object) -> str | None:
        if arguments[2] == (HISTORY,):
            UserManager(source, clock=FixedClock()).create_user("late", "late@example.org")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(target, "replace_all", interfere)
    same = copied(source, target)
    assert not same["users"]
    assert same["history"]
    assert target.get(COPIES, MARK) is not None
    monkeypatch.undo()
    assert all(copied(source, target).values())


def test_a_target_that_holds_something_is_left_alone(opened: tuple[Storage, Storage]) -> None:
    source, target = opened
    target.transaction(lambda tx: tx.put(AUDIENCE_DAYS, "2026-01-01", {"date": "2026-01-01", "visits": 1}))
    with pytest.raises(AlreadyExists, match="audience_days"):
        copied(source, target)
    assert target.count(USERS) == 0
    assert target.count(COPIES) == 0


def test_a_store_is_not_copied_onto_itself(tmp_path: Path) -> None:
    make_site(str(tmp_path / "a"))
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(InvalidInput, match="another store"):
        bootstrap.copy_store(str(tmp_path / "a"), str(tmp_path / "b"))
    with pytest.raises(InvalidInput, match="FROM_URL"):
        bootstrap.copy_store(str(tmp_path / "nowhere"), str(tmp_path / "c"))
    assert not (tmp_path / "nowhere").exists()


def test_the_command_copies_and_says_what_was_compared(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    make_site(str(tmp_path / "site"))
    url = fresh_store(request, "postgres", tmp_path)
    words = [sys.executable, "-m", "user_stats", "copy", str(tmp_path / "site"), url]
    answer = subprocess.run([*words, "--json"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    assert document["same"] is True
    assert {"name": "users", "from": 12, "to": 12, "same": True} in document["collections"]
    again = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert again.returncode == 3
    assert "allowed: an empty one" in again.stderr
    assert PASSWORD not in again.stderr
