"""How the schema and the columns are called."""

from __future__ import annotations

import re

SCHEMA = "user_stats"


def column(field: str) -> str:
    return f"field_{checked(field)}"


def checked(name: str) -> str:
    """A name of the program's own; nothing from outside becomes part of a statement."""
    if re.fullmatch("[a-z][a-z_]{0,39}", name) is None:
        raise ValueError(f"{name!r} cannot name a table")
    return name
