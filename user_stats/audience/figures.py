"""The figures of the audience: pure functions of the records of days, each a small frozen record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from user_stats.audience.linking import LINKED
from user_stats.audience.visitors import BOT_USERS, PEOPLE
from user_stats.storage import Record

WEEK_DAYS, MONTH_DAYS = 7, 30
DayReader = Callable[[str], Record]
"""Gives the record of a day, empty where nothing was counted."""


@dataclass(frozen=True)
class DayFigures:
    """One UTC day. `visitors` are distinct addresses, `people` distinct cookies, `linked_users` are those among the
    people who are known to have used the bot too, `crawler_visits` known crawlers (left out of `visits` where pages
    count themselves, counted in where a log was imported)."""

    date: str
    visits: int = 0
    visitors: int = 0
    new_visitors: int = 0
    people: int = 0
    new_people: int = 0
    bot_users: int = 0
    new_bot_users: int = 0
    linked_users: int = 0
    crawler_visits: int = 0
    bytes_sent: int = 0
    jobs_succeeded: int = 0
    jobs_failed: int = 0

    @property
    def returning_people(self) -> int:
        return self.people - self.new_people

    @property
    def everybody(self) -> int:
        """People and users of the bot; who is both counts once."""
        return self.people + self.bot_users - self.linked_users


@dataclass(frozen=True)
class Active:
    """Distinct ones in the last 1, 7 and 30 days, today included (UTC). `stickiness` is daily ÷ monthly, 0 to 1;
    None: nobody came."""

    daily: int
    weekly: int
    monthly: int

    @property
    def stickiness(self) -> float | None:
        return self.daily / self.monthly if self.monthly else None


@dataclass(frozen=True)
class CheckIn:
    """What `check_in` answers: whether this browser is new to us, and the people of today and of 30 days."""

    is_new: bool
    daily_active_users: int
    monthly_active_users: int


@dataclass(frozen=True)
class Totals:
    """Everything since the site began. `visitor_days` is the sum of the daily distinct addresses, `visitor_hashes` the
    distinct hashes as long as one key lives, `people` the distinct cookies."""

    visits: int
    visitor_days: int
    visitor_hashes: int
    people: int
    bot_users: int
    linked_users: int
    crawler_visits: int
    jobs_succeeded: int
    jobs_failed: int

    @property
    def everybody(self) -> int:
        """People and users of the bot; who is both counts once."""
        return self.people + self.bot_users - self.linked_users


@dataclass(frozen=True)
class Figure:
    """One of the figures that people confuse, with a sentence on what it counts."""

    name: str
    value: int
    counts: str


def day_figures(day: str, record: Record) -> DayFigures:
    names = DayFigures.__dataclass_fields__.keys() & record.keys()
    return DayFigures(**{"date": day, **{name: record[name] for name in names}})


def last_days(today: date, count: int) -> list[str]:
    """The days, newest first."""
    return [(today - timedelta(days=back)).isoformat() for back in range(count)]


def active(read_day: DayReader, today: date, kind: str = PEOPLE) -> Active:
    """Everybody is counted on the day that they were last seen, so that the days of a period can be added up."""
    field = f"last_{kind}"
    counts = [read_day(day).get(field, 0) for day in last_days(today, MONTH_DAYS)]
    return Active(counts[0], sum(counts[:WEEK_DAYS]), sum(counts))


def active_everybody(read_day: DayReader, today: date) -> Active:
    """People and users of the bot; who is both counts once."""
    people, bot_users, linked = (active(read_day, today, kind) for kind in (PEOPLE, BOT_USERS, LINKED))
    return Active(
        people.daily + bot_users.daily - linked.daily,
        people.weekly + bot_users.weekly - linked.weekly,
        people.monthly + bot_users.monthly - linked.monthly,
    )


def totals(record: Record) -> Totals:
    return Totals(
        visits=record.get("visits", 0),
        visitor_days=record.get("visitors", 0),
        visitor_hashes=record.get("new_visitors", 0),
        people=record.get("new_people", 0),
        bot_users=record.get("new_bot_users", 0),
        linked_users=record.get("new_linked_users", 0),
        crawler_visits=record.get("crawler_visits", 0),
        jobs_succeeded=record.get("jobs_succeeded", 0),
        jobs_failed=record.get("jobs_failed", 0),
    )


def three_figures(sums: Totals) -> tuple[Figure, Figure, Figure]:
    return (
        Figure("People by cookie", sums.people, "Distinct browsers that carry our cookie, each counted once for good."),
        Figure(
            "Visitor-days by address",
            sums.visitor_days,
            "Distinct addresses of each day, added up over the days: who comes on three days counts three times.",
        ),
        Figure("Visits", sums.visits, "Every page that was opened, however often by the same visitor."),
    )
