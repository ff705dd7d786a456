"""Stored forms: a record as JSON text, and the values of fields as texts that the database takes, which compare under
the collation "C" as the values do in Python."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

from user_stats.errors import InvalidInput
from user_stats.storage import Record
from user_stats.storage.ordering import ordered_text

LONGEST_VALUE = 400
"""Characters of a text that are compared; an index of the database takes 2,700 bytes. Of the rest a hash is kept."""
_FOREIGN = re.compile("[\x00\ud800-\udfff]")


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
    text = ordered_text(value)
    return None if text is None else text[0] + _storable(text[1:])


def number(total: Decimal | None) -> float:
    """What a sum comes to; nothing added up is 0."""
    if total is None:
        return 0
    return int(total) if total == total.to_integral_value() and "." not in str(total) else float(total)


def pattern(text: str) -> str:
    """What LIKE finds the stored texts with that contain this one, literally; before them stands the letter of texts,
    which is not named, for the index would look it up in vain."""
    return "_%" + re.sub(r"([\\%_])", r"\\\1", _FOREIGN.sub(_replaced, text)) + "%"


def _storable(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        rest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        text = f"{text[:LONGEST_VALUE]}…{rest}"
    return _FOREIGN.sub(_replaced, text)


def _replaced(match: re.Match[str]) -> str:
    """NUL and halves of surrogate pairs, which the database does not take, as characters that nobody uses."""
    return chr(0x10F000 + (ord(match[0]) & 0xFFF) + (0x800 if match[0] == "\x00" else 0))
