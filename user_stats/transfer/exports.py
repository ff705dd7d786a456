"""What goes out of people: rows of accounts, statistics and histories. How rows become files is in `tables.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from user_stats.collections import HISTORY
from user_stats.errors import UserNotFound
from user_stats.manager import UserManager
from user_stats.models import User, WatchHistoryEntry

PAGE = 1000


def everybody(manager: UserManager) -> Iterator[User]:
    """All people, the oldest account first."""
    offset = 0
    while users := manager.find_users(sort="created_at", offset=offset, limit=PAGE).users:
        yield from users
        offset += len(users)


def user_rows(users: Iterable[User]) -> Iterator[dict[str, Any]]:
    return (user.to_stored() for user in users)


def statistics_rows(manager: UserManager, users: Iterable[User]) -> Iterator[dict[str, Any]]:
    """Those of whoever is erased meanwhile are left out."""
    for user in users:
        with suppress(UserNotFound):
            yield manager.get_user_stats(user.user_id).to_stored()


def history_rows(manager: UserManager, users: Iterable[User]) -> Iterator[dict[str, Any]]:
    """Every listed watch of each person, in the order of the list."""
    for user in users:
        for record in manager.storage.read_log(HISTORY, user.user_id):
            yield {"user_id": user.user_id, **asdict(WatchHistoryEntry.from_stored(user.user_id, record))}
