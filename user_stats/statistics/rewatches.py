"""When a completed watch counts as watching the same item again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

APART_SECONDS = 6 * 3600


def rewatches(starts: Sequence[float]) -> int:
    """Of one person and one item, from the starts of the completed watches in order of time."""
    count, counted_at = 0, None
    for start in starts:
        if counted_at is None:
            counted_at = start
        elif start - counted_at >= APART_SECONDS:
            count, counted_at = count + 1, start
    return count


def count_rewatches(completed: Iterable[tuple[str, float]]) -> dict[str, int]:
    """For each item of one person, from (item, start) in any order."""
    starts: dict[str, list[float]] = {}
    for item, start in completed:
        starts.setdefault(item, []).append(start)
    return {item: rewatches(sorted(moments)) for item, moments in starts.items()}
