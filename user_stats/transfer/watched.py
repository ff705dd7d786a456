"""Progress of work that reads whole sites: told by the lists that went through."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from user_stats.storage import Collection, Log, Snapshot

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


def no_progress(done: int, total: int) -> None:
    """Tells nobody."""


class Watched:
    """Counts over several readings of snapshots, each of so many lists."""

    def __init__(self, progress: Progress, *, lists: int, readings: int) -> None:
        self._progress = progress
        self._total = lists * readings
        self._done = 0

    def reading(self, source: Snapshot) -> Snapshot:
        """The same snapshot; what is read of it counts."""
        return _Counting(source, self._tick)

    def finish(self) -> None:
        self._progress(self._total, self._total)

    def _tick(self) -> None:
        self._done = min(self._done + 1, self._total - 1)
        self._progress(self._done, self._total)


class _Counting:
    def __init__(self, source: Snapshot, tick: Callable[[], None]) -> None:
        self._source = source
        self._tick = tick

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        return self._source.members(collection)

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        for found in self._source.lists(log):
            self._tick()
            yield found
