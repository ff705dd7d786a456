"""The bodies, queries and answers of people, their features and the eight statistics.

Answers that are records of the library are its own types.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from user_stats.api.values import Input, Limit, Offset, UserId, Whole
from user_stats.features import FeatureAccess
from user_stats.models import User, UserStats

Username = Annotated[
    str,
    Meta(
        description="3 to 32 letters and digits of one script, and _ . -",
        extra_json_schema={"minLength": 3, "maxLength": 32, "examples": ["ada"]},
    ),
]
Email = Annotated[str, Meta(extra_json_schema={"format": "email", "maxLength": 254, "examples": ["ada@example.org"]})]
Password = Annotated[
    str, Meta(description="12 to 128 characters", extra_json_schema={"minLength": 12, "maxLength": 128})
]
Bound = Annotated[
    str,
    Meta(
        description="a day from 1970 to 2069",
        pattern=r"^(19[7-9]\d|20[0-6]\d)-\d\d-\d\d$",
        extra_json_schema={"format": "date"},
    ),
]
Role = Literal["free", "subscriber", "premium", "admin"]
Plan = Literal["subscriber", "premium"]
Sort = Literal[
    "username", "email", "role", "created_at", "subscription_expires",
    "-username", "-email", "-role", "-created_at", "-subscription_expires",
]  # fmt: skip


class UserQuery(Input):
    """In a query nothing can be null, only left out."""

    search: Annotated[str, Meta(description="part of a name or an address", max_length=254)] | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    created_from: Bound | UnsetType = UNSET
    created_to: Annotated[Bound, Meta(description="the day after the last one")] | UnsetType = UNSET
    sort: Sort = "username"
    offset: Offset = 0
    limit: Limit = 50


class NewUser(Input):
    username: Username
    email: Email
    role: Role = "free"
    password: Password | None = None


class UserChanges(Input):
    username: Username | None = None
    email: Email | None = None
    is_active: bool | None = None
    role: Role | None = None
    expected_version: Annotated[int, Meta(extra_json_schema={"minimum": 1})] | None = None


class ManyChanges(Input):
    user_ids: Annotated[list[UserId], Meta(description="at most 10,000")]
    is_active: bool | None = None
    role: Role | None = None


class ManyUsers(Input):
    user_ids: Annotated[list[UserId], Meta(description="at most 10,000")]


class Assignment(Input):
    assignment: Annotated[Literal["granted", "revoked", "plan"], Meta(description="plan: what the plan says")]


class Person(Struct):
    user: User
    version: Annotated[int, Meta(description="for expected_version", extra_json_schema={"minimum": 1})]


class UserList(Struct):
    users: list[User]
    total: Whole
    offset: Whole
    limit: Whole


class StatsList(Struct):
    stats: list[UserStats]
    total: Whole
    offset: Whole
    limit: Whole


class FeatureList(Struct):
    features: list[FeatureAccess]


class Changed(Struct):
    changed: Whole


class FeatureUses(Struct):
    feature: str
    uses: Whole
