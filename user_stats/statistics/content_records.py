"""What is known of one item: what was told of it, its totals, and for a stream who watched when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, NamedTuple

from user_stats.times import from_iso


class View(NamedTuple):
    """One watch of a stream by somebody."""

    start: float
    end: float
    viewer: str


@dataclass(frozen=True)
class ContentRecords:
    """One item at one moment."""

    content_id: str
    about: Mapping[str, Any]
    totals: Mapping[str, int]
    stream_views: list[View]
    """Of a stream: each watch."""
    next_viewers: frozenset[str] | None
    """Who watched the next stream of the same owner; None where there was none yet."""
    now: datetime
    zone: tzinfo
    site_mean_stars: float | None

    def total(self, name: str) -> int:
        return self.totals.get(name, 0)

    @cached_property
    def live_span(self) -> tuple[float, float] | None:
        """From the start to the end of the stream as told; else from its first viewer to its last."""
        started, ended = self.about.get("started_at"), self.about.get("ended_at")
        if started:
            return from_iso(started).timestamp(), from_iso(ended).timestamp() if ended else self.now.timestamp()
        timed = [view for view in self.stream_views if view.end > view.start]
        return (min(view.start for view in timed), max(view.end for view in timed)) if timed else None
