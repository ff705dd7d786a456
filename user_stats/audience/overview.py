"""The audience on one page: the figures of the last days with everything that stands beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from user_stats.audience import event_lists, figures
from user_stats.audience.figures import Active, DayFigures, Figure, Totals
from user_stats.audience.instances import Instance, list_instances
from user_stats.audience.jobs import JobFigures, job_figures
from user_stats.audience.ledger import TOTALS
from user_stats.audience.visitors import BOT_USERS, VISITORS, Counting
from user_stats.collections import AUDIENCE_DAYS, AUDIENCE_PATHS, JOBS, SITE, VISITS
from user_stats.storage import Record, Storage
from user_stats.times import to_iso

LONGEST_LIST = 10
LIVE_FOR = timedelta(minutes=5)
MOST_LIVE_VISITS = 1000
JOBS_FOR_PERCENTILES = 5000
"""Processing times come from so many of the newest jobs at most."""


@dataclass(frozen=True)
class Overview:
    """The audience on one page; `days` newest first, zeros included."""

    is_enabled: bool
    days: list[DayFigures]
    totals: Totals
    people: Active
    visitors: Active | None
    """Distinct addresses; None where each day has its own key, so that nobody can tell them."""
    bot_users: Active
    everybody: Active
    """People and users of the bot; who is both counts once."""
    three_figures: tuple[Figure, Figure, Figure]
    top_paths: list[tuple[str, int]]
    agents: list[tuple[str, int]]
    jobs: JobFigures
    instances: list[Instance]
    instances_count: int
    """The sum over the instances whose report is not older than 7 days; our own count is not in it."""
    live_visits: int
    """Visits of the last 5 minutes."""


def make_overview(storage: Storage, now: datetime, counting: Counting, days: int, *, is_enabled: bool) -> Overview:
    today = now.date()
    names = figures.last_days(today, max(days, figures.MONTH_DAYS))
    records = read_days(storage, names)
    period = names[:days]
    paths = list(storage.get_many(AUDIENCE_PATHS, period).values())
    sums = figures.totals(storage.get(SITE, TOTALS) or {})
    known = list_instances(storage, now)
    return Overview(
        is_enabled=is_enabled,
        days=[figures.day_figures(day, records[day]) for day in period],
        totals=sums,
        people=figures.active(records.__getitem__, today),
        visitors=None if counting.key_days else figures.active(records.__getitem__, today, VISITORS),
        bot_users=figures.active(records.__getitem__, today, BOT_USERS),
        everybody=figures.active_everybody(records.__getitem__, today),
        three_figures=figures.three_figures(sums),
        top_paths=_most_frequent(paths, "paths"),
        agents=_most_frequent([records[day] for day in period], "agents"),
        jobs=job_figures([records[day] for day in period], _job_seconds(storage, period[-1])),
        instances=known,
        instances_count=sum(one.count for one in known if one.is_current),
        live_visits=count_live_visits(storage, now),
    )


def read_days(storage: Storage, names: Sequence[str]) -> dict[str, Record]:
    """The records of days, empty where nothing was counted."""
    found = storage.get_many(AUDIENCE_DAYS, names)
    return {name: found.get(name, {}) for name in names}


def count_live_visits(storage: Storage, now: datetime) -> int:
    since = to_iso(now - LIVE_FOR)
    return sum(visit["at"] > since for visit in event_lists.newest(storage, VISITS, MOST_LIVE_VISITS))


def _job_seconds(storage: Storage, first_day: str) -> list[float]:
    jobs = event_lists.newest(storage, JOBS, JOBS_FOR_PERCENTILES)
    return [job["seconds"] for job in jobs if job["at"] >= first_day and "seconds" in job]


def _most_frequent(records: list[Record], name: str) -> list[tuple[str, int]]:
    """The largest counts over several records that each have counts under `name`."""
    sums: Counter[str] = Counter()
    for record in records:
        counts: Mapping[str, int] = record.get(name, {})
        sums.update(counts)
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:LONGEST_LIST]
