"""Records as the server holds them: JSON texts."""

from __future__ import annotations

import json
from typing import Any

from user_stats.errors import InvalidInput, StorageCorrupt, shown
from user_stats.storage import Record


def encoded(place: str, record: Record) -> bytes:
    """The record as JSON text. Raises InvalidInput for what JSON or the other engines do not take."""
    try:
        return json.dumps(record, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{place}: a record cannot be written as JSON: {error}") from None


def decoded(place: str, raw: bytes) -> Record:
    """Raises StorageCorrupt for what is no object."""
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise StorageCorrupt(f"{place} is damaged: {shown(raw[:40].decode(errors='replace'))}", path=place)
    return value


def amounts_of(fields: dict[bytes, bytes]) -> Record:
    """What was counted up for one record."""
    return {name.decode(): json.loads(value) for name, value in fields.items() if name}


def encoded_value(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
