"""Where a file that the site writes out may go."""

from __future__ import annotations

from pathlib import Path

from user_stats.errors import InvalidInput
from user_stats.storage import LOCK_NAME

NEVER_DATA = (".csv", ".zip")


def checked_target(field: str, path: Path) -> Path:
    """The path. Raises InvalidInput where it is a file of a data folder, which it would replace."""
    folder = path.resolve().parent
    if (
        path.suffix not in NEVER_DATA
        and path.exists()
        and any((place / LOCK_NAME).exists() for place in (folder, folder.parent))
    ):
        raise InvalidInput.of(field, str(path), "a path that replaces nothing in a data folder")
    return path
