"""How plans grew: what runs now, and month by month back from there by the totals of days.

Counting back from now, the months end in the figure that everything else shows, whatever a hand-made file brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from user_stats.collections import USERS
from user_stats.day_totals import DayTotals
from user_stats.models import UserRole
from user_stats.storage import PageQuery, Storage
from user_stats.times import to_iso


@dataclass(frozen=True)
class RunningPlans:
    """How many subscriptions run."""

    subscriber: int
    premium: int

    @property
    def total(self) -> int:
        return self.subscriber + self.premium


@dataclass(frozen=True)
class MonthOfPlans:
    """One month (UTC), `YYYY-MM`: closing = opening + started - cancelled - expired."""

    month: str
    subscriber: int
    premium: int
    """Running at its end, or now."""
    opening: int
    started: int
    """New, and back after an end."""
    cancelled: int

    @property
    def closing(self) -> int:
        return self.subscriber + self.premium

    @property
    def expired(self) -> int:
        return self.opening + self.started - self.cancelled - self.closing


def count_ending_today(storage: Storage, now: datetime) -> RunningPlans:
    """Plans that run now and end before the day (UTC) is over: the totals of the day know of their end already."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    until = {"subscription_expires": (to_iso(now), to_iso(midnight))}

    def ending(role: UserRole) -> int:
        return storage.find_page(USERS, PageQuery(equal={"role": role.value}, ranges=until, limit=1))[1]

    return RunningPlans(ending(UserRole.SUBSCRIBER), ending(UserRole.PREMIUM))


def count_running(storage: Storage, now: datetime) -> RunningPlans:
    """Everybody with the plan less those whose end is past."""

    def running(role: UserRole) -> int:
        everybody = storage.find_page(USERS, PageQuery(equal={"role": role.value}, limit=1))[1]
        past = PageQuery(equal={"role": role.value}, ranges={"subscription_expires": (None, to_iso(now))}, limit=1)
        return everybody - storage.find_page(USERS, past)[1]

    return RunningPlans(running(UserRole.SUBSCRIBER), running(UserRole.PREMIUM))


def first_day(today: date, months: int) -> date:
    """The day on which so many months begin, this one included."""
    number = today.year * 12 + today.month - months
    return date(number // 12, number % 12 + 1, 1)


def plan_growth(running: RunningPlans, ending: RunningPlans, days: Sequence[DayTotals]) -> list[MonthOfPlans]:
    """The months of these days, oldest first; the last day is today, when so many run and so many of them end."""
    months: list[MonthOfPlans] = []
    subscriber, premium = running.subscriber, running.premium
    shift = (ending.subscriber, ending.premium)
    by_month: dict[str, list[DayTotals]] = {}
    for day in days:
        by_month.setdefault(day.date[:7], []).append(day)
    for month in sorted(by_month, reverse=True):
        of_month = by_month[month]
        before = (
            subscriber - shift[0] - sum(day.subscriber_plans for day in of_month),
            premium - shift[1] - sum(day.premium_plans for day in of_month),
        )
        started = sum(day.subscriptions_started for day in of_month)
        cancelled = sum(day.subscriptions_cancelled for day in of_month)
        months.append(MonthOfPlans(month, subscriber, premium, sum(before), started, cancelled))
        (subscriber, premium), shift = before, (0, 0)
    return months[::-1]
