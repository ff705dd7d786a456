"""Values as JSON: written in one line, read back, and what to say of one that is damaged."""

from __future__ import annotations

from typing import Any

import msgspec

from user_stats.errors import StorageCorrupt

encode = msgspec.json.Encoder().encode
decode_record = msgspec.json.Decoder(dict).decode
decode_records = msgspec.json.Decoder(dict[str, dict[str, Any]]).decode


def compact(raw: bytes) -> bytes:
    """The same value in one line."""
    return encode(decode_record(raw))


def described(data: bytes, error: Exception) -> str:
    """The parser's complaint with line and column, where it tells a position."""
    text = str(error)
    at = text.rfind("(byte ")
    if at < 0:
        return text
    position = int(text[at + 6 : -1])
    line = data.count(b"\n", 0, position) + 1
    column = position - (data.rfind(b"\n", 0, position) + 1) + 1
    return f"{text[:at].strip()} in line {line}, column {column}"


def decoded(raw: bytes | msgspec.Raw, decode: Any, name: str, key: str) -> Any:
    """The value of a member. Raises StorageCorrupt with the place."""
    try:
        return decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageCorrupt(f"{name} is damaged at {key}: {error}", path=name) from None
