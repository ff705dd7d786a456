"""From a request to typed values: the query and the body, checked against the types of the operation."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from user_stats.api import strict_json
from user_stats.errors import BadRequest, InvalidInput, TooLarge, UserStatsError, shown

LARGEST_BODY = 10 * 2**20
"""Bytes of a body that are taken with a key."""
LARGEST_OF_STRANGERS = 64 * 2**10
"""Without one: what is open to all takes some words, and each request that is under way holds its body."""
MOST_DISCARDED = 4 * LARGEST_BODY
"""Bytes beyond that are read and thrown away, so that the caller gets to read the answer."""
LONGEST_NAME = 100
"""Characters of the name of a field that an answer repeats."""

_location = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_member = re.compile(r"(?P<problem>missing required|contains unknown) field `(?P<name>.*?)`", re.DOTALL)
_PLAIN = (
    ("`int`", "a whole number"),
    ("`float`", "a number"),
    ("`str`", "a text"),
    ("`bool`", "true or false"),
    ("`array`", "a list"),
    ("`object`", "an object"),
    ("`null`", "nothing"),
)


async def read_body(request: Request, largest: int) -> bytes:
    """The whole body of a request. Raises TooLarge where it is larger than so many bytes, BadRequest where it is not as
    long as the header says."""
    announced = request.headers.get("content-length")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= largest:
            parts.append(part)
        elif size > MOST_DISCARDED:
            break
    if size > largest:
        raise TooLarge(f"body: it is larger than {largest:,} bytes", field=None)
    if announced is not None and announced.isdecimal() and int(announced) != size:
        raise BadRequest(f"body: {size:,} bytes came; Content-Length says {shown(announced)}")
    return b"".join(parts)


def parsed_body(kind: Any, headers: Headers, body: bytes, *, is_optional: bool) -> Any:
    """The body as the operation's type; None where it takes none, whatever came. An optional one is looked at where it
    says that it is JSON. Raises BadRequest, InvalidInput."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind is None or (is_optional and (not body or media_type != "application/json")):
        return None
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UserStatsError("body: it is compressed; send it as it is", code="unsupported_media_type")
    if media_type != "application/json":
        message = f"Content-Type: {shown(media_type)} is not taken here; allowed: application/json"
        raise UserStatsError(message, code="unsupported_media_type")
    value = strict_json.parse(body)
    if not isinstance(value, dict):
        raise BadRequest(f"body: {shown(value)} is not allowed; allowed: a JSON object", field="body")
    return converted(value, kind, strict=True)


def parsed_query(kind: Any, query: QueryParams) -> Any:
    """The query as the operation's type; an unknown or repeated parameter is refused. None: whatever is there."""
    if kind is None:
        return None
    values: dict[str, str] = {}
    for name, value in query.multi_items():
        if name in values:
            raise InvalidInput(f"{shown(name)[1:-1]}: it is there twice; allowed: once", field=name[:LONGEST_NAME])
        if name != "key":
            values[name] = value
    return converted(values, kind, strict=False)


def converted(value: Any, kind: Any, *, strict: bool) -> Any:
    """The value as a typed one. Raises InvalidInput with the field that does not fit."""
    try:
        return msgspec.convert(value, type=kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), value) from None


def _refusal(problem: str, value: Any) -> InvalidInput:
    """Our own words for what msgspec says, as `Expected `int`, got `str` - at `$.count``."""
    found = _location.search(problem)
    path = found["path"] if found else ""
    member = _member.search(problem)
    if member is not None:
        name = f"{path}.{member['name']}".lstrip(".")
        message = "is missing" if member["problem"].startswith("missing") else "is not known here"
        return InvalidInput(f"{shown(name)[1:-1]}: it {message}", field=name[:LONGEST_NAME])
    expected = problem[: found.start()] if found else problem
    for theirs, ours in _PLAIN:
        expected = expected.replace(theirs, ours)
    allowed = expected.removeprefix("Expected ").partition(", got ")[0]
    return InvalidInput.of(path or "body", _at(value, path), allowed)


def _at(value: Any, path: str) -> Any:
    """The part of the value that a path such as `watches[3].quality` leads to."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)]", path):
        try:
            value = value[int(index)] if index else value[name]
        except (LookupError, TypeError, ValueError):
            return value
    return value
