"""The values that bodies, queries and answers are made of; what OpenAPI says of each comes from here.

A type says what a value looks like; the rules (is the name free, does the feature belong to the plan) are the
library's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Whole = Annotated[int, Meta(extra_json_schema={"minimum": 0})]
DayName = Annotated[str, Meta(description="a UTC day", extra_json_schema={"format": "date"})]
Moment = Annotated[str, Meta(description="an ISO 8601 time", extra_json_schema={"format": "date-time"})]
PastMoment = Annotated[
    str,
    Meta(
        description="an ISO 8601 time from 1970 on and not in the future; without an offset it means UTC",
        extra_json_schema={"format": "date-time", "examples": ["2026-01-15T14:23:45Z"]},
    ),
]
UserId = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Text = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 256})]
ContentId = Annotated[
    str,
    Meta(
        description="what the site calls it: no path and no markup",
        extra_json_schema={"minLength": 1, "maxLength": 256, "pattern": r"^[^/\\[\]<>{}*`|]+$"},
    ),
]
Title = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 500})]
Offset = Annotated[int, Meta(ge=0, le=10**9)]
Limit = Annotated[int, Meta(ge=1, le=1000)]
ContentKind = Literal["video", "stream", "image"]


class Input(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What comes in: unknown members are refused."""


class NoQuery(Input):
    """Nothing besides the key."""


class PageQuery(Input):
    offset: Offset = 0
    limit: Limit = 50


class LimitQuery(Input):
    limit: Limit = 100
