"""Stored forms: a record as JSON text, and the values of fields as texts that compare as the values do in Python.

A field holds texts, numbers, flags or nothing. In the database each is one text under the collation "C": a letter for
its kind, then a form whose bytes sort in the right order.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import sys
from typing import Any

from user_stats.errors import InvalidInput
from user_stats.storage import Record

LONGEST_VALUE = 400
"""Characters of a text that are compared; an index of the database takes 2,700 bytes. Of the rest a hash is kept."""
_FOREIGN = re.compile("[\x00\ud800-\udfff]")
_SIGN = 1 << 63


def encoded(place: str, record: Record) -> str:
    """The record as JSON text. Raises InvalidInput for what JSON or the other engines do not take."""
    try:
        text = json.dumps(record, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{place}: a record cannot be written as JSON: {error}") from None
    return text


def stored_value(value: Any) -> str | None:
    """The text that stands for a value of a field; None for nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        return "s" + _storable(value)
    if isinstance(value, bool):
        return f"b{value:d}"
    if isinstance(value, int | float):
        near = min(max(value, -sys.float_info.max), sys.float_info.max) + 0.0  # no -0.0
        bits: int = struct.unpack(">Q", struct.pack(">d", near))[0]
        return f"n{bits ^ (_SIGN | (_SIGN - 1) if bits & _SIGN else _SIGN):016x}"
    return "j" + _storable(json.dumps(value, sort_keys=True))


def pattern(text: str) -> str:
    """What LIKE finds the stored texts with that contain this one, literally."""
    return "s%" + re.sub(r"([\\%_])", r"\\\1", _FOREIGN.sub(_replaced, text)) + "%"


def _storable(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        rest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        text = f"{text[:LONGEST_VALUE]}…{rest}"
    return _FOREIGN.sub(_replaced, text)


def _replaced(match: re.Match[str]) -> str:
    """NUL and halves of surrogate pairs, which the database does not take, as characters that nobody uses."""
    return chr(0x10F000 + (ord(match[0]) & 0xFFF) + (0x800 if match[0] == "\x00" else 0))
