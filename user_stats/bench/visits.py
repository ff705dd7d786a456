"""Visits over HTTP: how many a second are counted durably, how long one takes, and how long the figures take to show.

The load comes from this process over the loopback: on a machine with few cores it shares them with the server, so a
bare route stands beside the API alone and the site with its pages.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from user_stats.audience import Audience, Visit
from user_stats.bench import measures, served
from user_stats.bench.load import FIREFOX, Load, track
from user_stats.storage import open_storage

CALM_RATE = 200.0
"""Requests a second at which the time of one is measured."""
TIMES_THE_BUDGET = 4
"""So that the slowest hundredth of the calm requests is a dozen of them."""
YEAR_DAYS = 365
VISITORS = 50_000
PATHS = 300
"""As many as are told apart on one day."""
BARE, API, PAGES = "bare route", "user_stats", "user_stats, with pages"


def visits(folder: Path, size: int) -> list[measures.Row]:
    """Requests against a store whose day has `size` visits already, and a year of days before it."""
    store = folder / "users"
    rows = [measures.Row(size, "audience of a year", API, _filled(store, size))]
    seconds = TIMES_THE_BUDGET * measures.BUDGET_SECONDS
    servers = ((BARE, served.bare()), (API, served.site(store, "--api-only")), (PAGES, served.site(store)))
    for name, server in servers:
        with server as port:
            asyncio.run(track(port, 0.0, seconds / 10))  # what is made when first asked for
            for work, rate in (("track-user, flat out", 0.0), (f"track-user, {CALM_RATE:.0f} a second", CALM_RATE)):
                result = asyncio.run(track(port, rate, seconds))
                rows.append(measures.Row(size, work, name, _figures(result, seconds)))
    return rows


def _figures(result: Load, seconds: float) -> dict[str, float]:
    times = sorted(result.times)
    return {
        "calls_a_second": len(times) / seconds,
        "median_us": median(times) * 1e6,
        "p99_us": times[len(times) * 99 // 100] * 1e6,
        "failures": result.failures,
    }


def _filled(store: Path, size: int) -> dict[str, float]:
    """Makes the visits and the year; returns how long the page of figures takes to be made."""
    storage = open_storage(str(store))
    with closing(storage), closing(Audience(storage)) as audience:
        now = datetime.now(UTC)
        for back in range(1, YEAR_DAYS + 1):
            audience.record_visits([_visit(now - timedelta(days=back), number) for number in range(PATHS)])
        audience.import_visits((_visit(now, number) for number in range(size)), fingerprint="bench")
        taken = []
        for _ in range(10):
            start = time.perf_counter()
            audience.overview(YEAR_DAYS)
            taken.append(time.perf_counter() - start)
    return {"median_us": median(taken) * 1e6, "p99_us": max(taken) * 1e6}


def _visit(now: datetime, number: int) -> Visit:
    host = number % VISITORS
    return Visit(now, f"/articles/{number % PATHS}", FIREFOX, f"10.{host >> 16}.{host >> 8 & 255}.{host & 255}")
