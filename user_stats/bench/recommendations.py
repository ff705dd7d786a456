"""How good the recommendations are. On a made-up site, with the item that each person watched last held out: how often
it is among the ten that are recommended, beside the ten most popular; and how long one answer takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from user_stats.bench.measures import Row
from user_stats.collections import ACTIVITY, USERS
from user_stats.demo import Demo
from user_stats.statistics.recommendations import Histories, most_popular, recommended, split
from user_stats.storage import open_storage

MOST_PEOPLE, DAYS, SEED = 1000, 120, 7
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HIT_RATE = "hit rate at 10"
Recommend = Callable[[Histories, str], list[str]]


def recommendations(folder: Path, size: int) -> list[Row]:
    """Of up to 1,000 people; at larger sizes nothing is measured."""
    if size > MOST_PEOPLE:
        return []
    storage = open_storage("memory:")
    Demo(storage, max_entries=1000, clock=lambda: NOW).create_people(size, DAYS, SEED)
    in_order = {}
    for user_id, _ in storage.scan(USERS):
        watches = (event for event in storage.read_log(ACTIVITY, user_id) if event["kind"] == "watch")
        in_order[user_id] = [watch["subject"] for watch in sorted(watches, key=lambda one: str(one["watched_at"]))]
    known, held_out = split(in_order)
    ways: dict[str, Recommend] = {"user_stats": recommended, "most popular": most_popular}
    return [Row(size, HIT_RATE, name, _measured(way, known, held_out)) for name, way in ways.items()]


def _measured(way: Recommend, known: Histories, held_out: Mapping[str, str]) -> dict[str, float]:
    start = time.perf_counter()
    hits = sum(item in way(known, user_id) for user_id, item in held_out.items())
    seconds = time.perf_counter() - start
    people = max(1, len(held_out))
    return {"hit_rate": hits / people, "people": len(held_out), "median_us": seconds / people * 1e6}
