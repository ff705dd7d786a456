"""`/api/v1`: people, their features and statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from user_stats.api import people_shapes as shapes
from user_stats.api.operations import ADMIN, READ, RECORD, Answer, Call, Operation
from user_stats.api.values import PageQuery
from user_stats.features import FeatureAccess
from user_stats.models import User, UserStats

TAG = "People"


def list_users(call: Call) -> shapes.UserList:
    query: shapes.UserQuery = call.query
    first, end = query.created_from or None, query.created_to or None
    if first is not None and end is not None and first > end:
        return shapes.UserList([], 0, query.offset, query.limit)
    is_active = None if query.is_active is UNSET else query.is_active
    page = call.services.manager.find_users(
        query.search or None, query.role or None, is_active, first, end, query.sort, query.offset, query.limit
    )
    return shapes.UserList(page.users, page.total, page.offset, page.limit)


def create_user(call: Call) -> Answer:
    body: shapes.NewUser = call.body
    manager = call.services.manager
    user_id = manager.create_user(body.username, body.email, body.role, password=body.password)
    return Answer(to_person(call, manager.get_user(user_id)), 201, {"location": f"/api/v1/users/{user_id}"})


def get_user(call: Call) -> shapes.Person:
    return to_person(call, call.services.manager.get_user(call.path["user_id"]))


def update_user(call: Call) -> shapes.Person:
    body: shapes.UserChanges = call.body
    user = call.services.manager.update_user(
        call.path["user_id"],
        username=body.username,
        email=body.email,
        is_active=body.is_active,
        role=body.role,
        expected_version=body.expected_version,
    )
    return to_person(call, user)


def delete_user(call: Call) -> None:
    call.services.manager.delete_user(call.path["user_id"])


def update_users(call: Call) -> shapes.Changed:
    body: shapes.ManyChanges = call.body
    return shapes.Changed(call.services.manager.update_users(body.user_ids, role=body.role, is_active=body.is_active))


def delete_users(call: Call) -> shapes.Changed:
    return shapes.Changed(call.services.manager.delete_users(call.body.user_ids))


def to_person(call: Call, user: User) -> shapes.Person:
    """The answer that every change of an account gives."""
    return shapes.Person(user, call.services.manager.get_user_version(user.user_id))


# -- features ---------------------------------------------------------------------------------------


def list_features(call: Call) -> shapes.FeatureList:
    access: Mapping[Any, FeatureAccess] = call.services.manager.get_features(call.path["user_id"])
    return shapes.FeatureList(list(access.values()))


def assign_feature(call: Call) -> shapes.FeatureList:
    manager = call.services.manager
    assign = {"granted": manager.grant_feature, "revoked": manager.revoke_feature, "plan": manager.reset_feature}
    assign[call.body.assignment](call.path["user_id"], call.path["feature"])
    return list_features(call)


def use_feature(call: Call) -> shapes.FeatureUses:
    feature = call.path["feature"]
    return shapes.FeatureUses(feature, call.services.manager.use_subscriber_feature(call.path["user_id"], feature))


# -- statistics -------------------------------------------------------------------------------------------------------


def get_stats(call: Call) -> UserStats:
    return call.services.manager.get_user_stats(call.path["user_id"])


def list_stats(call: Call) -> shapes.StatsList:
    """In the order in which the people came."""
    query: PageQuery = call.query
    manager = call.services.manager
    page = manager.find_users(sort="created_at", offset=query.offset, limit=query.limit)
    stats = [manager.get_user_stats(user.user_id) for user in page.users]
    return shapes.StatsList(stats, page.total, page.offset, page.limit)


def _operation(method: str, path: str, handler: Any, summary: str, answer: Any, scope: str, **more: Any) -> Operation:
    return Operation(method, f"/api/v1{path}", handler, summary, answer, scope, tag=TAG, **more)


_ONE = "/users/{user_id}"
OPERATIONS = (
    _operation(
        "GET", "/users", list_users, "Find people by name, address, role, state and dates", shapes.UserList, READ,
        query=shapes.UserQuery,
    ),
    _operation(
        "POST", "/users", create_user, "Make an account", shapes.Person, ADMIN,
        body=shapes.NewUser, status=201, refusals=("already_exists",),
    ),
    _operation("GET", _ONE, get_user, "One person", shapes.Person, READ, refusals=("not_found",)),
    _operation(
        "PATCH", _ONE, update_user, "Change an account", shapes.Person, ADMIN,
        body=shapes.UserChanges, refusals=("not_found", "conflict"),
    ),
    _operation(
        "DELETE", _ONE, delete_user, "Erase a person from every file", None, ADMIN,
        status=204, refusals=("not_found", "conflict"),
    ),
    _operation(
        "POST", "/users/update-many", update_users, "Change many accounts: all of them or none", shapes.Changed, ADMIN,
        body=shapes.ManyChanges, refusals=("not_found", "conflict", "too_large"),
    ),
    _operation(
        "POST", "/users/delete-many", delete_users, "Erase many people: all of them or none", shapes.Changed, ADMIN,
        body=shapes.ManyUsers, refusals=("not_found", "conflict", "too_large"),
    ),
    _operation(
        "GET", _ONE + "/features", list_features, "Which features are theirs, why, and how often each was used",
        shapes.FeatureList, READ, refusals=("not_found",),
    ),
    _operation(
        "PUT", _ONE + "/features/{feature}", assign_feature, "Grant a feature, take it away, or leave it to the plan",
        shapes.FeatureList, ADMIN, body=shapes.Assignment, refusals=("not_found",),
    ),
    _operation(
        "POST", _ONE + "/features/{feature}/uses", use_feature, "Count a use of a feature", shapes.FeatureUses, RECORD,
        refusals=("not_found", "forbidden"),
    ),
    _operation("GET", "/stats", list_stats, "The eight statistics of everybody, in pages", shapes.StatsList, READ,
        query=PageQuery,
    ),
    _operation("GET", _ONE + "/stats", get_stats, "The eight statistics of a person", UserStats, READ,
        refusals=("not_found",),
    ),
)  # fmt: skip
