"""Who comes back: the people of each month beside how many of them were active in the months after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from user_stats.statistics.day_bits import days_between
from user_stats.statistics.figures import share
from user_stats.statistics.site_records import SiteRecords


@dataclass(frozen=True)
class Cohort:
    """Those who signed up in one month (UTC); `shares` in per cent, from that month itself on to this one."""

    month: str
    people: int
    shares: tuple[float, ...]


def cohorts(records: SiteRecords, months: int = 12) -> list[Cohort]:
    """Of the last so many months, the oldest first; months in which nobody came are left out."""
    joined: dict[str, list[int]] = defaultdict(list)
    for user_id, user in records.people.items():
        tally = records.tallies_by_person.get(user_id)
        joined[user.created_at[:7]].append(0 if tally is None else tally["days"])
    shown = list(_months(records.utc_today, months))
    return [
        Cohort(
            f"{first:%Y-%m}",
            len(joined[f"{first:%Y-%m}"]),
            tuple(_share(joined[f"{first:%Y-%m}"], *span) for span in shown[number:]),
        )
        for number, (first, _) in enumerate(shown)
        if f"{first:%Y-%m}" in joined
    ]


def _share(days_of_people: list[int], first: date, last: date) -> float:
    bits = days_between(first, last)
    return share(sum(bool(days & bits) for days in days_of_people), len(days_of_people)) or 0.0


def _months(today: date, count: int) -> Iterator[tuple[date, date]]:
    """First and last day of each month, the oldest first, this one last."""
    number = today.year * 12 + today.month - count
    for month in range(number, number + count):
        first = date(month // 12, month % 12 + 1, 1)
        yield first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
