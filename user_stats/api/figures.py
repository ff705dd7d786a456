"""`/api/v1`: the statistics of a person, of an item and of the site, leaderboards and recommendations."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from user_stats.api import figure_shapes as shapes
from user_stats.api.operations import READ, Call, Operation
from user_stats.errors import UserStatsError
from user_stats.statistics.year_in_review import YearInReview

TAG = "Statistics"


def get_person(call: Call) -> shapes.FigureList:
    catalogue = call.services.statistics.person_catalogue(call.path["user_id"], tz=_zone(call))
    return _listed(catalogue)


def get_site(call: Call) -> shapes.FigureList:
    return _listed(call.services.statistics.platform_catalogue(tz=_zone(call)))


def get_item(call: Call) -> shapes.FigureList:
    if not call.services.statistics.is_known(call.path["content_id"]):
        raise UserStatsError("content_id: nobody did anything with this item", field="content_id", code="not_found")
    return _listed(call.services.statistics.content_catalogue(call.path["content_id"], tz=_zone(call)))


def _zone(call: Call) -> str | None:
    tz: str | UnsetType = call.query.tz
    return None if tz is UNSET else tz


def _listed(catalogue: dict[str, dict[str, Any]]) -> shapes.FigureList:
    return shapes.FigureList({key: shapes.FigureRow(**figure) for key, figure in catalogue.items()})


def get_leaders(call: Call) -> shapes.Leaderboard:
    return shapes.Leaderboard(call.services.statistics.leaderboard(**msgspec.structs.asdict(call.query)))


def get_place(call: Call) -> shapes.OwnPlace:
    statistics, user = call.services.statistics, call.services.manager.get_user(call.path["user_id"])
    return shapes.OwnPlace(statistics.own_place(user.user_id, call.query.metric, call.query.period))


def get_recommendations(call: Call) -> shapes.Recommendations:
    items = call.services.statistics.recommendations(call.path["user_id"], call.query.count)
    return shapes.Recommendations(items)


def list_years(call: Call) -> shapes.Years:
    return shapes.Years(call.services.statistics.years(call.path["user_id"]))


def get_year(call: Call) -> YearInReview:
    statistics = call.services.statistics
    return statistics.year_in_review(call.path["user_id"], call.query.year or statistics.now().year)


def get_week(call: Call) -> shapes.Week:
    digest = call.services.statistics.weekly_digest()
    lines = [shapes.WeekLine(line.name, line.value, line.before, line.growth) for line in digest.lines]
    return shapes.Week(digest.week, digest.first.isoformat(), digest.last.isoformat(), lines, digest.to_text())


def _operation(path: str, handler: Any, summary: str, answer: Any, query: Any, *refusals: str) -> Operation:
    return Operation("GET", f"/api/v1{path}", handler, summary, answer, READ, query=query, refusals=refusals, tag=TAG)


OPERATIONS = (
    _operation("/figures", get_site, "All 53 figures of the site", shapes.FigureList, shapes.ZoneQuery),
    _operation(
        "/users/{user_id}/figures", get_person, "All 53 figures of a person", shapes.FigureList, shapes.ZoneQuery,
        "not_found",
    ),
    _operation(
        "/content/{content_id}/figures", get_item, "All 53 figures of an item", shapes.FigureList, shapes.ZoneQuery,
        "not_found",
    ),
    _operation(
        "/leaderboard", get_leaders, "Who leads; who opted out is not on it", shapes.Leaderboard, shapes.LeaderQuery
    ),
    _operation(
        "/users/{user_id}/place", get_place, "The person's place among those who lead", shapes.OwnPlace,
        shapes.PlaceQuery, "not_found",
    ),
    _operation(
        "/users/{user_id}/recommendations", get_recommendations, "What the person may like, never what they watched",
        shapes.Recommendations, shapes.CountQuery, "not_found",
    ),
    _operation(
        "/users/{user_id}/year", get_year, "A person's year in review, by the zone of the site", YearInReview,
        shapes.YearQuery, "not_found",
    ),
    _operation(
        "/users/{user_id}/years", list_years, "The years that there is something to tell of, newest first",
        shapes.Years, None, "not_found",
    ),
    _operation("/weekly-digest", get_week, "The last whole week of the site beside the one before", shapes.Week, None),
)  # fmt: skip
