"""The table of what was measured, and the bars that it is held against."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from user_stats.bench import figures as statistics
from user_stats.bench.app import ALL_CLICKS, ANSWERS, BESIDE, CLICK, CROWD, FIRST
from user_stats.bench.databases import AUDIENCE, BY_HAND, PROCESSES, RECORD, connections
from user_stats.bench.measures import Row
from user_stats.bench.recommendations import HIT_RATE

Figures = dict[tuple[int, str, str], dict[str, float]]

CALM = "track-user, 200 a second"


class Bar(NamedTuple):
    """A promise: a figure at a size, the most or least it may be."""

    promise: str
    value: Callable[[Figures], float]
    at_most: float | None = None
    at_least: float | None = None


def _median(users: int, work: str, contender: str = "user_stats") -> Callable[[Figures], float]:
    return lambda figures: figures[users, work, contender]["median_us"]


def _ratio(top: Callable[[Figures], float], bottom: Callable[[Figures], float]) -> Callable[[Figures], float]:
    return lambda figures: top(figures) / bottom(figures)


PER_SECOND = "calls_a_second"


def _of(users: int, work: str, name: str, contender: str = "user_stats") -> Callable[[Figures], float]:
    return lambda figures: figures[users, work, contender][name]


def _bars(users: int) -> list[Bar]:
    return [
        *_bars_of_the_store(users),
        *_bars_of_the_databases(users),
        *_bars_of_visits(users),
        *_bars_of_the_rest(users),
    ]


def _bars_of_the_store(users: int) -> list[Bar]:
    threads, processes = "record, 16 threads", "record, 4 processes"
    return [
        Bar("record / sqlite", _ratio(_median(users, "record"), _median(users, "record", "sqlite")), at_most=1.5),
        Bar(
            "16 threads / sqlite",
            _ratio(_of(users, threads, PER_SECOND), _of(users, threads, PER_SECOND, "sqlite")),
            at_least=1.5,
        ),
        Bar(
            "4 processes / sqlite",
            _ratio(_of(users, processes, PER_SECOND), _of(users, processes, PER_SECOND, "sqlite")),
            at_least=0.5,
        ),
        Bar("4 processes, p99 in ms", lambda figures: _of(users, processes, "p99_us")(figures) / 1e3, at_most=40),
        Bar("get_user_stats in µs", _median(users, "get_user_stats"), at_most=20),
        Bar("get_watch_history(100) in µs", _median(users, "get_watch_history(100)"), at_most=500),
        Bar("find by name in µs", _median(users, "find by name"), at_most=20),
    ]


def _bars_of_the_databases(users: int) -> list[Bar]:
    def of_connections(processes: int) -> Bar:
        work = connections(processes)
        by_hand = _of(users, work, PER_SECOND, BY_HAND)
        return Bar(f"{work}: by hand / ours", _ratio(by_hand, _of(users, work, PER_SECOND)), at_most=1.5)

    return [
        Bar(f"{RECORD} / by hand", _ratio(_median(users, RECORD), _median(users, RECORD, BY_HAND)), at_most=1.5),
        *map(of_connections, PROCESSES),
        Bar(f"{AUDIENCE}, a second", _of(users, AUDIENCE, PER_SECOND), at_least=3000),
    ]


def _bars_of_visits(users: int) -> list[Bar]:
    return [
        Bar("tracked requests a second", _of(users, "track-user, flat out", PER_SECOND), at_least=1000),
        Bar(
            "the share of the bare route",
            _ratio(
                _of(users, "track-user, flat out", PER_SECOND),
                _of(users, "track-user, flat out", PER_SECOND, "bare route"),
            ),
            at_least=0.2,
        ),
        Bar(
            "tracked requests a second, with pages",
            _of(users, "track-user, flat out", PER_SECOND, "user_stats, with pages"),
            at_least=1000,
        ),
        Bar("tracked at 200 a second, p99 in ms", lambda f: _of(users, CALM, "p99_us")(f) / 1e3, at_most=50),
        Bar("the same with pages", lambda f: _of(users, CALM, "p99_us", "user_stats, with pages")(f) / 1e3, at_most=50),
        Bar(
            "a page run again, counting / not",
            _ratio(_median(users, "page run again", "counting"), _median(users, "page run again", "not counting")),
            at_most=1.1,
        ),
        Bar("audience of a year in ms", lambda f: _median(users, "audience of a year")(f) / 1e3, at_most=300),
    ]


def _bars_of_the_rest(users: int) -> list[Bar]:
    return [
        Bar(
            "rows of a history a second of one core",
            _of(users, "import of a history", "rows_a_cpu_second"),
            at_least=20_000,
        ),
        Bar("lines of a log a second of one core", _of(users, "import of a log", "rows_a_cpu_second"), at_least=50_000),
        Bar("memory of a log in MB", _of(users, "import of a log", "memory_mb"), at_most=200),
        Bar("backup, proven by restoring it, in s", _of(users, "backup", "seconds"), at_most=20),
        Bar("updates of the bot a second", _of(users, "bot, /start by polling", PER_SECOND), at_least=500),
        *(
            Bar(f"{work} in s", _of(users, work, "seconds"), at_most)
            for work, at_most in {
                statistics.AFTER_A_WRITE: 0.5,
                statistics.REPEATED: 0.1,
                statistics.OWN: 0.05,
                statistics.RECOUNT: 20,
                statistics.VERIFY: 20,
            }.items()
        ),
        Bar(
            "hit rate / most popular",
            _ratio(_of(users, HIT_RATE, "hit_rate"), _of(users, HIT_RATE, "hit_rate", "most popular")),
            at_least=1.2,
        ),
        Bar("first page after the start in s", lambda f: _median(users, FIRST)(f) / 1e6, at_most=2),
        *_click_bars(users, 300 if users <= 10_000 else 1000),
    ]


def _click_bars(users: int, longest_ms: float) -> list[Bar]:
    """Of all clicks, of those that show most, and while many people click."""

    def in_ms(work: str, contender: str, name: str) -> Callable[[Figures], float]:
        return lambda figures: _of(users, work, name, contender)(figures) / 1e3

    return [
        Bar("click to settled page in ms", in_ms(CLICK, ALL_CLICKS, "median_us"), longest_ms),
        Bar("click on All Users in ms", in_ms(CLICK, "All Users", "median_us"), longest_ms),
        Bar("click on Analytics in ms", in_ms(CLICK, "Analytics", "median_us"), longest_ms),
        Bar("50 people click, p95 of the server in ms", in_ms(CROWD, ANSWERS, "p95_us"), 1000),
        Bar("50 people click, p95 in a browser in ms", in_ms(CROWD, BESIDE, "p95_us"), 1000),
    ]


BARS_AT = {
    10_000: [Bar("get_all_users_stats in ms", _ratio(_median(10_000, "get_all_users_stats"), lambda _: 1e3), 25)],
    100_000: [
        Bar("tinydb / record", _ratio(_median(100_000, "record", "tinydb"), _median(100_000, "record")), None, 1000),
        Bar("directory page in ms", _ratio(_median(100_000, "directory page"), lambda _: 1e3), 100),
        Bar("open and read one in ms", _of(100_000, "open and read one", "open_ms"), 300),
        Bar("growth of the bot's memory in MB", _of(100_000, "bot, /start by polling", "memory_growth_mb"), 5),
    ],
    1_000_000: [
        Bar("record / record at 1,000", _ratio(_median(1_000_000, "record"), _median(1000, "record")), 1.3),
        Bar("open and read one in ms", _of(1_000_000, "open and read one", "open_ms"), 3000),
        Bar("memory in MB", _of(1_000_000, "open and read one", "memory_mb"), 500),
    ],
}


def _figures(rows: Sequence[Row]) -> Figures:
    return {(row.users, row.work, row.contender): row.figures for row in rows}


def judged(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Each bar whose parts were measured, with its value and whether it is met."""
    figures = _figures(rows)
    verdicts = []
    for users in sorted({row.users for row in rows}):
        for bar in [*_bars(users), *BARS_AT.get(users, [])]:
            try:
                value = bar.value(figures)
            except KeyError:
                continue
            met = (bar.at_most is None or value <= bar.at_most) and (bar.at_least is None or value >= bar.at_least)
            limit = f"≤ {bar.at_most:g}" if bar.at_most is not None else f"≥ {bar.at_least:g}"
            verdicts.append({"users": users, "promise": bar.promise, "value": value, "bar": limit, "met": met})
    return verdicts


def machine() -> str:
    """The machine in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}, Python " + (
        platform.python_version()
    )


def document(rows: Sequence[Row]) -> dict[str, Any]:
    return {"machine": machine(), "rows": [row._asdict() for row in rows], "bars": judged(rows)}


def text(rows: Sequence[Row]) -> str:
    """Markdown: one table a kind of work, then the bars."""
    lines = [f"Machine: {machine()}", ""]
    figures = _figures(rows)
    for work in dict.fromkeys(row.work for row in rows):
        lines += [f"### {work}", "", "| users | store | figures | × sqlite |", "|---|---|---|---|"]
        for row in rows:
            if row.work == work:
                shown = ", ".join(f"{name} {value:,.5g}" for name, value in row.figures.items())
                lines.append(f"| {row.users:,} | {row.contender} | {shown} | {_against(row, figures)} |")
        lines.append("")
    lines += ["### Bars", "", "| users | promise | measured | bar | met |", "|---|---|---|---|---|"]
    for bar in judged(rows):
        met = "yes" if bar["met"] else "NO"
        lines.append(f"| {bar['users']:,} | {bar['promise']} | {bar['value']:.3g} | {bar['bar']} | {met} |")
    return "\n".join(lines)


def _against(row: Row, figures: Figures) -> str:
    other = figures.get((row.users, row.work, "sqlite"))
    name = next((name for name in ("calls_a_second", "median_us", "open_ms") if name in row.figures), None)
    if other is None or name is None or row.contender == "sqlite":
        return ""
    return f"{row.figures[name] / other[name]:.2f}"
