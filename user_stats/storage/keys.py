"""Which keys records and lists may have; the second gate before a key becomes part of a file name."""

from __future__ import annotations

import re

from user_stats.errors import InvalidInput

_is_record_key = re.compile(r"[0-9A-Za-z_.:-]{1,128}").fullmatch
_is_log_key = re.compile(r"[0-9a-z-]{1,64}").fullmatch


def checked_record_key(key: str) -> str:
    if not isinstance(key, str) or _is_record_key(key) is None:
        raise InvalidInput.of("key", key, "1 to 128 letters, digits and _ . : -")
    return key


def checked_log_key(key: str) -> str:
    if not isinstance(key, str) or _is_log_key(key) is None:
        raise InvalidInput.of("key", key, "1 to 64 small letters, digits and -")
    return key
