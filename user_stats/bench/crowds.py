"""Several processes that write to one database server at once, and what they have done together."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import NamedTuple

from user_stats.audience import Audience
from user_stats.bench.by_hand import ByHand
from user_stats.manager import UserManager
from user_stats.storage import Storage, open_storage

CHILD = "import sys; from user_stats.bench.crowds import child; child(*sys.argv[1:])"
VISITS_BEFORE_WAITING = 2000


class Done(NamedTuple):
    """What several processes have done together, and in how many seconds the last of them was ready."""

    amount: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.amount / self.seconds


def done_by(processes: int, seconds: float, kind: str, url: str, watchers: list[str]) -> Done:
    """What so many processes have done, which begin together; the watchers are divided among them."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, kind, url, ",".join(watchers[number::processes]), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    answers = [json.loads(child.communicate()[0]) for child in children]
    return Done(sum(count for count, _ in answers), max(taken for _, taken in answers))


def watch(manager: UserManager, user_id: str) -> None:
    manager.record_watch_activity(user_id, "video", 600, completed=True)


# -- one process of several -------------------------------------------------------------------------------------------


def child(kind: str, url: str, watchers: str, seconds: str) -> None:
    """Prints what it has done."""
    ids, duration = watchers.split(","), float(seconds)
    with closing(open_storage(url)) as storage:
        print(json.dumps(KINDS[kind](storage, url, ids, duration)))


def _ours(storage: Storage, url: str, ids: list[str], seconds: float) -> Done:
    manager = UserManager(storage)
    for one in ids * 2:  # as often as before those by hand, so that the server has read as much of each
        watch(manager, one)
    return _repeated(lambda number: watch(manager, ids[number % len(ids)]), seconds)


def _by_hand(storage: Storage, url: str, ids: list[str], seconds: float) -> Done:
    manager = UserManager(storage)
    with closing(ByHand(url, [partial(watch, manager, one) for one in ids])) as hand:
        return _repeated(hand.send, seconds)


def _visits(storage: Storage, url: str, ids: list[str], seconds: float) -> Done:
    """Visits until the last of them is counted durably."""
    source = random.Random()
    taken = 0
    with closing(Audience(storage)) as audience:
        start = _begin_together()
        while time.perf_counter() < start + seconds:
            address = ".".join(str(source.randrange(1, 223)) for _ in range(4))
            if audience.count_page(audience.visit(address=address, path=f"/{taken % 20}", user_agent="Firefox")):
                taken += 1
            if taken % VISITS_BEFORE_WAITING == 0:
                audience.drain()
        audience.drain()
        return Done(taken, time.perf_counter() - start)


KINDS: dict[str, Callable[[Storage, str, list[str], float], Done]] = {
    "ours": _ours,
    "by hand": _by_hand,
    "visits": _visits,
}


def _repeated(call: Callable[[int], object], seconds: float) -> Done:
    start = _begin_together()
    done = 0
    while time.perf_counter() < start + seconds:
        call(done)
        done += 1
    return Done(done, time.perf_counter() - start)


def _begin_together() -> float:
    """When all of them began."""
    print("ready", flush=True)
    sys.stdin.readline()
    return time.perf_counter()
