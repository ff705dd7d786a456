"""`/api/v1`: subscriptions, how they grew, and the requests for one on a site where an admin decides."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from user_stats.api.operations import ADMIN, READ, RECORD, Answer, Call, Operation
from user_stats.api.people import to_person
from user_stats.api.people_shapes import Person, Plan, UserList
from user_stats.api.values import Input, PageQuery
from user_stats.errors import UserStatsError
from user_stats.plan_growth import MonthOfPlans, RunningPlans
from user_stats.upgrade_requests import UpgradeRequest

Days = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 3650})]


class Subscription(Input):
    role: Plan
    days: Days | None = None


class WantedPlan(Input):
    role: Plan


class FoundRequest(Struct):
    request: UpgradeRequest


class RequestList(Struct):
    """The oldest first."""

    requests: list[UpgradeRequest]


class MonthsQuery(Input):
    months: Annotated[int, Meta(ge=1, le=120)] = 12


class Plans(Struct):
    running: RunningPlans
    months: list[MonthOfPlans]


def list_subscribers(call: Call) -> UserList:
    people = call.services.manager.get_subscribers()
    query: PageQuery = call.query
    page = people[query.offset : query.offset + query.limit]
    return UserList(page, len(people), query.offset, query.limit)


def set_subscription(call: Call) -> Person:
    body: Subscription = call.body
    manager = call.services.manager
    return to_person(call, manager.upgrade_subscription(call.path["user_id"], body.role, body.days))


def cancel_subscription(call: Call) -> Person:
    return to_person(call, call.services.manager.cancel_subscription(call.path["user_id"]))


def request_plan(call: Call) -> Answer:
    return Answer(FoundRequest(call.services.manager.request_upgrade(call.path["user_id"], call.body.role)), 201)


def get_request(call: Call) -> FoundRequest:
    manager = call.services.manager
    request = manager.find_upgrade_request(manager.get_user(call.path["user_id"]).user_id)
    if request is None:
        raise _no_request()
    return FoundRequest(request)


def drop_request(call: Call) -> None:
    if not call.services.manager.drop_upgrade_request(call.path["user_id"]):
        raise _no_request()


def _no_request() -> UserStatsError:
    return UserStatsError("user_id: this person asks for no plan", field="user_id", code="not_found")


def list_requests(call: Call) -> RequestList:
    return RequestList(call.services.manager.get_upgrade_requests())


def get_plans(call: Call) -> Plans:
    manager = call.services.manager
    return Plans(manager.count_running_plans(), manager.get_plan_growth(call.query.months))


def _operation(method: str, path: str, handler: Any, summary: str, answer: Any, scope: str, **more: Any) -> Operation:
    return Operation(method, f"/api/v1{path}", handler, summary, answer, scope, tag="Plans", **more)


_ONE = "/users/{user_id}"
OPERATIONS = (
    _operation(
        "GET", "/subscribers", list_subscribers, "People whose subscription is running", UserList, READ,
        query=PageQuery,
    ),
    _operation(
        "PUT", _ONE + "/subscription", set_subscription, "Start or renew a subscription", Person, ADMIN,
        body=Subscription, refusals=("not_found",),
    ),
    _operation(
        "DELETE", _ONE + "/subscription", cancel_subscription, "End a subscription at once", Person, ADMIN,
        refusals=("not_found",),
    ),
    _operation(
        "POST", _ONE + "/upgrade-request", request_plan, "Ask an admin for a plan", FoundRequest, RECORD,
        body=WantedPlan, status=201, refusals=("not_found", "forbidden"),
    ),
    _operation(
        "GET", _ONE + "/upgrade-request", get_request, "Which plan the person asks for", FoundRequest, READ,
        refusals=("not_found",),
    ),
    _operation(
        "DELETE", _ONE + "/upgrade-request", drop_request, "Take the request away", None, ADMIN,
        status=204, refusals=("not_found",),
    ),
    _operation("GET", "/upgrade-requests", list_requests, "Who asks for a plan", RequestList, READ),
    _operation(
        "GET", "/plans", get_plans, "How many subscriptions run, and how they grew", Plans, READ, query=MonthsQuery
    ),
)  # fmt: skip
