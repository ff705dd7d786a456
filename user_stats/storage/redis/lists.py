"""One list inside a transaction: what was read of it, and what is done to it."""

from __future__ import annotations

from user_stats.storage import Log, Record
from user_stats.storage.redis import names
from user_stats.storage.redis.script import Change
from user_stats.storage.redis.texts import encoded


class OpenList:
    """One list as the transaction sees it: what it has read of it, and what it does to it."""

    def __init__(self, log: Log, key: str) -> None:
        self.log = log
        self.key = key
        self.entries: list[Record] | None = None
        """All of it, where it had to be read."""
        self.newest: list[Record] | None = None
        """The end of it, where no more had to be read, as of before anything was done to it."""
        self.is_rewritten = False
        self.steps: list[Record | int] = []
        """Entries that are added at the end, and how many are kept after that."""
        self.last: Record | None = None

    def add(self, entry: Record, keep: int | None) -> None:
        self.steps.append(entry)
        self.last = entry
        if self.entries is not None:
            self.entries.append(entry)
        if keep is not None:
            self.steps.append(keep)
            if self.entries is not None:
                del self.entries[:-keep]

    def insert(self, entry: Record, place: int, keep: int | None) -> None:
        assert self.entries is not None
        self.entries.insert(place, entry)
        if keep is not None:
            del self.entries[:-keep]
        self.last = self.entries[-1]
        self.is_rewritten = True

    def changes(self) -> list[Change]:
        name, versions = names.list_of(self.log, self.key), names.versions(self.log)
        index, member = names.lists(self.log), self.key.encode()
        changes = []
        steps: list[Record | int] = self.steps
        if self.is_rewritten:
            changes.append(Change(b"clear", name, versions, index, member))
            steps = list(self.entries or [])
        for step in steps:
            if isinstance(step, int):
                changes.append(Change(b"trim", name, b"%d" % -step))
            else:
                changes.append(Change(b"push", name, encoded(self.log.name, step), index, member))
        return [*changes, Change(b"version", versions, b"", b"", member)] if steps else changes
