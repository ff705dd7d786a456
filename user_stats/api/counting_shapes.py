"""The bodies, queries and answers of the requests whose shapes are fixed."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from user_stats.api.values import DayName, PastMoment, Whole

Count = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 10_000_000})]


class TrackQuery(Struct, forbid_unknown_fields=True):
    visited_at: PastMoment | UnsetType = UNSET


class TrackBody(Struct, forbid_unknown_fields=True):
    visited_at: PastMoment | None = None


class Tracked(Struct):
    success: bool
    count: Whole


class UserCount(Struct):
    count: Whole


class ReportBody(Struct, forbid_unknown_fields=True):
    count: Count
    instanceId: Annotated[  # noqa: N815 - the name is fixed
        str,
        Meta(
            description="1 to 64 letters, digits and . _ -",
            extra_json_schema={"pattern": "^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$", "examples": ["my-instance-id"]},
        ),
    ]


class Reported(Struct):
    success: bool
    count: Whole
    instanceId: str  # noqa: N815
    trust: str


class Health(Struct, omit_defaults=True):
    status: str


class CheckedIn(Struct):
    status: str
    new_client: bool
    daily_active_users: Whole | None
    monthly_active_users: Whole | None


class DayUsers(Struct):
    date: DayName
    users: Whole


class StatsData(Struct):
    daily_active_users: Whole
    monthly_active_users: Whole
    total_unique_users: Whole
    daily_breakdown: list[DayUsers]
    timestamp: str


class Stats(Struct):
    success: bool
    data: StatsData


class CleanupBody(Struct, forbid_unknown_fields=True):
    days_to_keep: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 3650})] = 90


class CleanedUp(Struct):
    success: bool
    deleted: Whole


class TotalFigures(Struct):
    visits: Whole
    unique_visitors: Whole
    successful_generations: Whole
    failed_generations: Whole
    total_generations: Whole


class TodayFigures(Struct):
    unique_visitors: Whole
    total_visits: Whole
    successful_generations: Whole
    failed_generations: Whole
    total_generations: Whole


class DayRow(Struct):
    date: DayName
    unique_visitors: Whole
    total_visits: Whole
    successful_generations: Whole
    failed_generations: Whole


class Analytics(Struct):
    total: TotalFigures
    today: TodayFigures
    last_7_days: list[DayRow]
