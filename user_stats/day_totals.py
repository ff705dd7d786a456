"""What happened on each UTC day: what an event moves in the totals of days, and the totals as they are read.

A watch counts for the day of its start, all else for the day on which it happened. The hours of a day run on past its
midnight (`hour_24` is the first hour of the next day), so that they add up to the day's seconds. Someone is active on a
day when something they do moves their last active day on to it; signing up counts. A plan that begins moves what runs
on its day up, and on the day of its end down, so that the sum of all days up to one is what ran at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from user_stats import fields
from user_stats.audience.figures import MONTH_DAYS, WEEK_DAYS, Active
from user_stats.collections import DAY_TOTALS
from user_stats.errors import InvalidInput
from user_stats.features import SUBSCRIPTION_ROLES
from user_stats.models import CONTENT_TYPES, SECONDS_PER_HOUR
from user_stats.storage import Record, Storage, Transaction
from user_stats.stored import PLANS, checked_day
from user_stats.times import from_iso, normal_iso

ACTS = frozenset(
    {
        *("watch", "upload", "interaction", "feature_use", "like_taken_back", "rating", "download", "sign_in"),
        *("follow", "unfollow", "playlist", "preference", "recommendation_clicked", "stream_started", "stream_ended"),
    }
)
"""What a person does on the site; the other kinds happen to an account."""
HOURS = 48
"""Hours of a day's record: a watch lasts a day at most, so the last one ends on the next day."""
MOST_DAYS = 3660
ACTIVE_ON = "active_on"
"""The day on which a person was active last, beside their watches by type."""


class Move(NamedTuple):
    """What is added to one figure of one day."""

    day: str
    name: str
    amount: int


# -- what an event moves ----------------------------------------------------------------------------------------------


def moves_of(event: Record) -> list[Move]:
    """What an event by itself adds to the totals of days."""
    kind = event["kind"]
    if kind == "watch":
        return _watch_moves(event)
    day = event["at"][:10]
    if kind == "upload":
        return [Move(day, f"{event['content_type']}_uploads", 1)]
    if kind == "interaction":
        return [Move(day, f"{event['interaction_type']}s", 1)]
    if kind == "feature_use":
        return [Move(day, "feature_uses", 1)]
    if kind == "account_created":
        return [Move(day, "sign_ups", 1), *_plan_moves(event, None, event.get("role"))]
    if kind == "role_change":
        return _plan_moves(event, event.get("before"), event.get("role"))
    return _plan_moves(event, event.get("before"), event["subject"]) if kind == "subscription" else []


def _watch_moves(event: Record) -> list[Move]:
    start, seconds = normal_iso(event["watched_at"]), event["duration_seconds"]
    day, content_type = start[:10], event["content_type"]
    moves = [
        Move(day, f"{content_type}_watches", 1),
        Move(day, f"{content_type}_seconds", seconds),
        Move(day, f"{content_type}_completed", int(event["completed"])),
    ]
    hour, passed = int(start[11:13]), int(start[14:16]) * 60 + int(start[17:19])
    while seconds > 0:
        part = min(seconds, SECONDS_PER_HOUR - passed)
        moves.append(Move(day, f"hour_{min(hour, HOURS - 1):02}", part))
        seconds, hour, passed = seconds - part, hour + 1, 0
    return moves


def _plan_moves(event: Record, before: str | None, after: str | None) -> list[Move]:
    at: str = event["at"]
    day, ran_until, runs_until = at[:10], event.get("before_expires"), event.get("expires")
    ran = before in SUBSCRIPTION_ROLES and (ran_until is None or ran_until > at)
    runs = after in SUBSCRIPTION_ROLES and (runs_until is None or runs_until > at)
    moves = []
    for does, plan, until, amount in ((ran, before, ran_until, -1), (runs, after, runs_until, 1)):
        if does:
            moves.append(Move(day, f"{plan}_plans", amount))
            if until is not None:
                moves.append(Move(until[:10], f"{plan}_plans", -amount))
    if ran != runs:
        moves.append(Move(day, "subscriptions_started" if runs else "subscriptions_cancelled", 1))
    return moves


def move_active(totals: Record, event: Record) -> list[Move]:
    """What an event adds because it is the first of its person on a day; notes the day in the person's totals."""
    kind = event["kind"]
    if kind not in ACTS and kind != "account_created":
        return []
    day, before = event["at"][:10], totals.get(ACTIVE_ON, "")
    if day <= before:
        return []
    totals[ACTIVE_ON] = day
    moves = [Move(day, "active_people", 1), Move(day, "last_active", 1)]
    return [*moves, Move(before, "last_active", -1)] if before else moves


def moves_of_log(events: Iterable[Record]) -> list[Move]:
    """Everything that the log of one person moves, summed up by day and figure."""
    totals: Record = {}
    moves = (move for event in events for move in (*moves_of(event), *move_active(totals, event)))
    return [Move(day, name, amount) for day, amounts in _by_day(moves).items() for name, amount in amounts.items()]


def set_active(totals: Record, events: Iterable[Record]) -> None:
    """Notes in a person's totals on which day they were active last, by their whole log."""
    totals.pop(ACTIVE_ON, None)
    for event in events:
        move_active(totals, event)


def last_active(events: Iterable[Record]) -> list[Move]:
    """The one move that says on which day the person of this log was active last; none where they never were."""
    totals: Record = {}
    set_active(totals, events)
    return [Move(totals[ACTIVE_ON], "last_active", 1)] if totals else []


def turned(moves: Iterable[Move]) -> list[Move]:
    """The moves that take these back."""
    return [Move(day, name, -amount) for day, name, amount in moves]


# -- writing ----------------------------------------------------------------------------------------------------------


def add(tx: Transaction, moves: Iterable[Move]) -> None:
    """Moves the totals, each day once; what comes to 0 is not kept, nor a day on which nothing is left."""
    for day, amounts in _by_day(moves).items():
        if all(amount >= 0 and name not in PLANS for name, amount in amounts.items()):
            counted = {name: amount for name, amount in amounts.items() if amount}
            tx.increment(DAY_TOTALS, day, {"date": day, **counted})  # nobody waits for anybody
            continue
        totals = checked_day(day, tx.get(DAY_TOTALS, day) or {"date": day})
        for name, amount in amounts.items():
            total = totals.get(name, 0) + amount
            totals[name] = total if name in PLANS else max(0, total)  # it may have been edited by hand
            if not totals[name]:
                del totals[name]
        if len(totals) > 1:
            tx.put(DAY_TOTALS, day, totals)
        else:
            tx.delete(DAY_TOTALS, day)


def add_untraced(tx: Transaction, moves: Iterable[Move]) -> None:
    """Before the events behind these moves are erased: keeps the moves apart as `untraced`, so that a recount from the
    log comes out."""
    for day, amounts in _by_day(moves).items():
        totals = checked_day(day, tx.get(DAY_TOTALS, day) or {"date": day})
        before = totals.get("untraced", {})
        totals["untraced"] = {**before, **{name: before.get(name, 0) + amount for name, amount in amounts.items()}}
        tx.put(DAY_TOTALS, day, totals)


def _by_day(moves: Iterable[Move]) -> dict[str, dict[str, int]]:
    by_day: dict[str, dict[str, int]] = {}
    for day, name, amount in moves:
        amounts = by_day.setdefault(day, {})
        amounts[name] = amounts.get(name, 0) + amount
    return {day: amounts for day, amounts in by_day.items() if any(amounts.values())}


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayTotals:
    """One UTC day of the whole site: counts and seconds."""

    date: str
    video_watches: int = 0
    video_seconds: int = 0
    video_completed: int = 0
    stream_watches: int = 0
    stream_seconds: int = 0
    stream_completed: int = 0
    image_watches: int = 0
    image_seconds: int = 0
    image_completed: int = 0
    video_uploads: int = 0
    stream_uploads: int = 0
    image_uploads: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    feature_uses: int = 0
    sign_ups: int = 0
    active_people: int = 0
    """Distinct people who did something or signed up."""
    subscriptions_started: int = 0
    subscriptions_cancelled: int = 0
    """Ended before their time; what ran out is not in it."""
    subscriber_plans: int = 0
    premium_plans: int = 0
    """By how many the running plans grew on this day, ends included; below 0: they fell."""
    hours: tuple[int, ...] = (0,) * HOURS
    """Seconds watched in each hour from 00:00 on, of the watches that began on this day."""

    @property
    def watches(self) -> int:
        return self.video_watches + self.stream_watches + self.image_watches

    @property
    def watched_seconds(self) -> int:
        return self.video_seconds + self.stream_seconds + self.image_seconds

    @property
    def completed(self) -> int:
        return self.video_completed + self.stream_completed + self.image_completed

    @property
    def uploads(self) -> int:
        return self.video_uploads + self.stream_uploads + self.image_uploads

    @property
    def interactions(self) -> int:
        return self.likes + self.comments + self.shares

    def seconds_of(self, content_type: str) -> int:
        seconds: int = getattr(self, f"{content_type}_seconds")
        return seconds


_FIELDS = DayTotals.__dataclass_fields__.keys() - {"date", "hours"}
_HOUR_NAMES = tuple(f"hour_{hour:02}" for hour in range(HOURS))
assert {f"{content_type}_seconds" for content_type in CONTENT_TYPES} <= _FIELDS


def day_totals(day: str, record: Record) -> DayTotals:
    figures: dict[str, Any] = {name: record[name] for name in _FIELDS & record.keys()}
    return DayTotals(day, **figures, hours=tuple(record.get(name, 0) for name in _HOUR_NAMES))


def read_days(storage: Storage, first: date, last: date) -> list[DayTotals]:
    """The days from `first` to `last`, both included, oldest first, zeros included. Raises InvalidInput."""
    for field, value in (("first", first), ("last", last)):
        if not isinstance(value, date) or isinstance(value, datetime):
            raise InvalidInput.of(field, value, "a date")
    count = (last - first).days + 1
    fields.checked_whole("days", count, 1, MOST_DAYS)
    names = [(first + timedelta(days=number)).isoformat() for number in range(count)]
    records = storage.get_many(DAY_TOTALS, names)
    return [day_totals(name, records.get(name, {})) for name in names]


def read_active(storage: Storage, today: date) -> Active:
    """Everybody is counted on the day that they were last active, so that the days of a period can be added up."""
    days = [(today - timedelta(days=back)).isoformat() for back in range(MONTH_DAYS)]
    records = storage.get_many(DAY_TOTALS, days)
    people = [records.get(day, {}).get("last_active", 0) for day in days]
    return Active(people[0], sum(people[:WEEK_DAYS]), sum(people))


def watched_hours(days: Iterable[DayTotals]) -> Iterator[tuple[datetime, int]]:
    """Each hour in which something was watched, as its UTC start, with the seconds."""
    for day in days:
        midnight = from_iso(day.date)
        for hour, seconds in enumerate(day.hours):
            if seconds:
                yield midnight + timedelta(hours=hour), seconds
