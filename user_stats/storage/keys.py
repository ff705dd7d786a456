"""Which keys and numbers the engines take; for keys the second gate before one becomes part of a file name."""

from __future__ import annotations

import math
import re
from typing import Any

from user_stats.errors import InvalidInput

_is_record_key = re.compile(r"[0-9A-Za-z_.:-]{1,128}").fullmatch
_is_log_key = re.compile(r"[0-9a-z-]{1,64}").fullmatch


def is_log_key(key: str) -> bool:
    return _is_log_key(key) is not None


def is_record_key(key: object) -> bool:
    return isinstance(key, str) and _is_record_key(key) is not None


def checked_record_key(key: str) -> str:
    if not is_record_key(key):
        raise InvalidInput.of("key", key, "1 to 128 letters, digits and _ . : -")
    return key


def checked_log_key(key: str) -> str:
    if not isinstance(key, str) or _is_log_key(key) is None:
        raise InvalidInput.of("key", key, "1 to 64 small letters, digits and -")
    return key


_HARMLESS = frozenset({str, int, bool, type(None)})


def refuse_nan(value: Any) -> None:
    """Raises ValueError for a number in an object or a list that is none, or is infinite: JSON has neither."""
    values = value.values() if isinstance(value, dict) else value
    if _HARMLESS.issuperset(map(type, values)):  # this is asked of every record that has a null
        return
    for inner in values:
        kind = type(inner)
        if kind is float:
            if not math.isfinite(inner):
                raise ValueError(f"{inner} is no number of JSON")
        elif kind is dict or kind is list or kind is tuple:
            refuse_nan(inner)
