"""The pages, measured in a browser: how soon the first is there after a start, how long a click takes until the page
has settled, and that while fifty people click.

`site.py` makes a site up and starts it, `browser.py` is one person's browser, `crowd.py` the fifty.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

from user_stats.bench.app.site import PEOPLE, fill, started_site
from user_stats.bench.measures import Row

MOST_PEOPLE = 100_000
STARTS, ROUNDS = 3, 5
FIRST, CLICK, CROWD = "app, first page", "app, click", f"app, {PEOPLE} people"
ALL_CLICKS, ANSWERS, BESIDE = "all", "answers of the server", "a browser beside them"


def app(folder: Path, size: int) -> list[Row]:
    """Of a made-up site with so many people, 100,000 at most. Without playwright and Chromium nothing is measured."""
    if size > MOST_PEOPLE:
        return []
    try:
        from user_stats.bench.app.browser import Browser
    except ImportError:
        print("app: not measured, for playwright is missing: pip install -r requirements-dev.txt", file=sys.stderr)
        return []
    from user_stats.bench.app.crowd import Crowd

    store = folder / "users"
    admin, *people = fill(store, size)
    with Browser() as browser:
        firsts = [browser.first_page_seconds(store) for _ in range(STARTS)]
        with started_site(store) as address:
            clicks = browser.click_through(address, admin, ROUNDS)
            with Crowd(address, people) as crowd:
                beside = browser.click_through(address, admin, 1)
    rows = [Row(size, FIRST, "user_stats", {"median_us": median(firsts) * 1e6})]
    rows += [Row(size, CLICK, target, _figures(times)) for target, times in clicks.items()]
    rows.append(Row(size, CLICK, ALL_CLICKS, _figures(_joined(clicks))))
    rows.append(Row(size, CROWD, ANSWERS, _figures(crowd.times)))
    rows.append(Row(size, CROWD, BESIDE, _figures(_joined(beside))))
    return rows


def _joined(clicks: dict[str, list[float]]) -> list[float]:
    return [seconds for times in clicks.values() for seconds in times]


def _figures(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "median_us": median(ordered) * 1e6,
        "p95_us": ordered[len(ordered) * 95 // 100] * 1e6,
        "clicks": len(ordered),
    }
