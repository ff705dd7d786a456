"""The values of fields as texts that compare as the values do in Python.

A field holds texts, numbers, flags or nothing. Each becomes one text: a letter for its kind, then a form whose bytes
sort in the right order.
"""

from __future__ import annotations

import json
import struct
import sys
from typing import Any

_SIGN = 1 << 63


def ordered_text(value: Any) -> str | None:
    """The text that stands for a value of a field; None for nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        return "s" + value
    if isinstance(value, bool):
        return f"b{value:d}"
    if isinstance(value, int | float):
        near = min(max(value, -sys.float_info.max), sys.float_info.max) + 0.0  # no -0.0
        bits: int = struct.unpack(">Q", struct.pack(">d", near))[0]
        return f"n{bits ^ (_SIGN | (_SIGN - 1) if bits & _SIGN else _SIGN):016x}"
    return "j" + json.dumps(value, sort_keys=True)
