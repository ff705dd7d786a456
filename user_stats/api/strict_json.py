"""Bodies as strict JSON: what two parsers might read differently is refused, with a message that names the fault."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from user_stats.errors import BadRequest, shown

EXACT = 2**53
"""Below it every whole number has a float of its own."""


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises BadRequest for anything that is not strictly one: repeated members,
    NaN, a byte order mark, numbers without bounds, nesting without end, halves of characters."""
    if not body.strip():
        raise BadRequest("body: it is empty; allowed: a JSON object")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"body: byte {error.start} is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise BadRequest("body: it begins with a byte order mark")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_bounded
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise BadRequest(f"body: it is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except UnicodeEncodeError:
        raise BadRequest("body: it holds half of a surrogate pair") from None
    except RecursionError:
        raise BadRequest("body: it is nested too deeply") from None
    return value


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, member in members:
        if name in value:
            raise BadRequest(f"body: the member {shown(name)} is there twice")
        value[name] = member
    return value


def _no_constant(word: str) -> NoReturn:
    raise BadRequest(f"body: {word} is not JSON")


def _finite(text: str) -> float:
    """JSON knows one kind of numbers: 60.0 is the whole number 60, which must not get lost in between."""
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BadRequest(f"body: the number {shown(text)} is too large")
    return int(number) if number.is_integer() and abs(number) < EXACT else number


def _bounded(text: str) -> int:
    if len(text) > 40:
        raise BadRequest(f"body: the number {shown(text)} is too long")
    return int(text)
