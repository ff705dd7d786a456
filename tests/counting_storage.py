"""A store that counts what is read of it."""

from __future__ import annotations

from typing import Any

from user_stats.collections import ACTIVITY
from user_stats.storage import Log, Record, Storage


class CountingStorage:
    """Counts the events that are read from the logs of activity."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.events_read = 0

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        entries = self.storage.read_log(log, key, newest)
        self.events_read += len(entries) if log == ACTIVITY else 0
        return entries

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)
