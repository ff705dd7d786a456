"""The figures of the statistics, of a site whose people watched a thousand times each: of the site, and of a person;
and of a site where each watched little."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

from user_stats.bench.measures import Row
from user_stats.bootstrap import get_statistics, get_user_manager
from user_stats.manager import UserManager
from user_stats.statistics.service import Statistics
from user_stats.watches import Watch

MOST_PEOPLE, WATCHES, FEW_WATCHES, SEED = 1000, 1000, 30, 7
START, DAYS, ITEMS = datetime(2025, 1, 1, tzinfo=UTC), 365, 500
CATEGORIES = ("Comedy", "Drama", "Music", "Science", "Sports", "Travel")
QUALITIES = ("360p", "480p", "720p", "1080p", "2160p")
CALLS = 15
RECOUNT, VERIFY, AFTER_A_START = "figures: full recount", "verify", "figures of the site after a start"
AFTER_A_WRITE, REPEATED, OWN = "figures of the site after a write", "figures of the site again", "figures of a person"
SMALL_AFTER_A_START = "figures after a start, where each did little"
SMALL_AFTER_A_WRITE = "figures after a write, where each did little"


def figures(folder: Path, size: int) -> list[Row]:
    """Of up to 1,000 people; at larger sizes nothing is measured."""
    if size > MOST_PEOPLE:
        return []
    manager, rng = get_user_manager(folder / "figures"), Random(SEED)
    user_ids = _people(manager, size, WATCHES, rng)
    statistics = get_statistics(folder / "figures")
    recount = _seconds(lambda _: statistics.ledger.refresh(), 1)
    statistics.roll_up()

    def watch(_: int) -> None:
        manager.record_watch_activity(rng.choice(user_ids), "item7", 600)

    def own(number: int) -> None:
        statistics.person_catalogue(user_ids[number % size])

    works: dict[str, list[float]] = {
        RECOUNT: recount,
        AFTER_A_START: _seconds(lambda _: Statistics(manager.storage).platform_catalogue(), 3),
        REPEATED: _seconds(lambda _: statistics.platform_catalogue(), CALLS),
        AFTER_A_WRITE: _seconds(lambda _: statistics.platform_catalogue(), CALLS, before=watch),
        OWN: _seconds(own, CALLS),
        VERIFY: _seconds(lambda _: manager.verify(), 1),
    }
    events = {"events": size * WATCHES}
    rows = [Row(size, work, "user_stats", {"seconds": median(taken), **events}) for work, taken in works.items()]
    return [*rows, *_where_each_did_little(folder, size, rng)]


def _where_each_did_little(folder: Path, size: int, rng: Random) -> list[Row]:
    manager = get_user_manager(folder / "figures_small")
    user_ids = _people(manager, size, FEW_WATCHES, rng)
    statistics = get_statistics(folder / "figures_small")
    statistics.roll_up()

    def watch(_: int) -> None:
        manager.record_watch_activity(rng.choice(user_ids), "item7", 600)

    works = {
        SMALL_AFTER_A_START: _seconds(lambda _: Statistics(manager.storage).platform_catalogue(), 3),
        SMALL_AFTER_A_WRITE: _seconds(lambda _: statistics.platform_catalogue(), CALLS, before=watch),
    }
    events = {"events": size * FEW_WATCHES}
    return [Row(size, work, "user_stats", {"seconds": median(taken), **events}) for work, taken in works.items()]


def _people(manager: UserManager, size: int, watches: int, rng: Random) -> list[str]:
    user_ids = [manager.create_user(f"person{number}", f"person{number}@example.org") for number in range(size)]
    for user_id in user_ids:
        manager.batches.record(user_id, _watches(watches, rng), batch="past", source="bench")
    return user_ids


def _seconds(
    call: Callable[[int], object], times: int, *, before: Callable[[int], object] | None = None
) -> list[float]:
    """Of each call; what comes before one is not measured."""
    taken = []
    for number in range(times):
        if before is not None:
            before(number)
        start = time.perf_counter()
        call(number)
        taken.append(time.perf_counter() - start)
    return taken


def _watches(count: int, rng: Random) -> Iterator[Watch]:
    """A year of somebody who mostly watches in the evening."""
    for _ in range(count):
        number = int(ITEMS * rng.random() ** 2)
        content_type = {0: "stream", 1: "image"}.get(number % 10, "video")
        start = START + timedelta(days=rng.randrange(DAYS), seconds=int(rng.gauss(20, 3) * 3600) % 86_400)
        yield Watch(
            f"item{number}",
            0 if content_type == "image" else rng.randrange(30, 5400),
            content_type,
            completed=rng.random() < 0.5,
            quality=rng.choice(QUALITIES),
            watched_at=start,
            title=f"Item {number}",
            category=CATEGORIES[number % len(CATEGORIES)],
            tags=(f"tag{number % 40}",),
            length_seconds=5400 if content_type == "video" else None,
        )
