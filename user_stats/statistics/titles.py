"""What items are called of which nobody told more: the title that stands in the list of one who watched."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from user_stats.collections import HISTORY
from user_stats.storage import Storage

MOST_VIEWERS = 3
"""Viewers whose lists are looked at for one item; of what is in none of them any more the id has to do."""


class Titles:
    """Titles that were looked up are remembered, and that there was none."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: dict[str, str | None] = {}

    def of(self, content_id: str, histories: Mapping[str, frozenset[str]]) -> str | None:
        """`histories` has the items that each person watched."""
        if content_id not in self._known:
            self._known[content_id] = self._find(content_id, histories)
        return self._known[content_id]

    def _find(self, content_id: str, histories: Mapping[str, frozenset[str]]) -> str | None:
        viewers = (user_id for user_id, items in histories.items() if content_id in items)
        for user_id in islice(viewers, MOST_VIEWERS):
            for entry in reversed(self._storage.read_log(HISTORY, user_id)):
                if entry.get("video_id") == content_id and entry.get("title"):
                    title: str = entry["title"]
                    return title
        return None
