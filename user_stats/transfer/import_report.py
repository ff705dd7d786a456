"""What an import did, or would do: counted row by row, shown before and after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from user_stats.models import SECONDS_PER_HOUR
from user_stats.transfer.rows import Row
from user_stats.watches import CheckedWatch

MOST_NAMED = 1000
"""Rejected rows that are named; the others are only counted."""
OTHER_PROFILE = "other profile"


class Rejection(NamedTuple):
    """A row that could not be used; `row` counts from 1 in its file, without a line of names."""

    row: int
    reason: str
    file: str


class Day(NamedTuple):
    """What the source has for one UTC day of its own time stamps."""

    watches: int
    seconds: int


@dataclass
class Report:
    """The outcome of one file. `imported` is what is new: recorded, or in a preview to be recorded.

    `rows` = imported + duplicates + skipped + rejected, unless the file was refused. Seconds, days and period are of
    the rows that are viewing, new or not; a watch counts whole for the day of the stamp that the source gave it, be it
    the start or the end."""

    format: str
    title: str
    file: str
    batch: str
    is_preview: bool
    note: str = ""
    rows: int = 0
    imported: int = 0
    duplicates: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    includable: set[str] = field(default_factory=set)
    """Of the reasons why rows are skipped, those for which they could be imported all the same."""
    rejected: list[Rejection] = field(default_factory=list)
    rejected_rows: int = 0
    seconds: int = 0
    without_length: int = 0
    """Rows whose length nobody knows; they are in no sum of seconds."""
    first: str | None = None
    last: str | None = None
    """The earliest and the latest time stamp."""
    days: dict[str, Day] = field(default_factory=dict)
    profiles: Counter[str] = field(default_factory=Counter)
    """Rows by whose they are, where the file says so."""
    was_refused: bool = False
    """True where a bad row kept everything out, as was asked for."""

    @property
    def hours(self) -> float:
        return self.seconds / SECONDS_PER_HOUR

    def reject(self, row: Row, reason: str, file: str) -> None:
        self.rejected_rows += 1
        if len(self.rejected) < MOST_NAMED:
            self.rejected.append(Rejection(row.number, reason, file))

    def take(self, watch: CheckedWatch) -> None:
        """Counts a watch that is viewing, new or not."""
        entry, event = watch.entry, watch.event
        stamp = entry["watched_at"]
        if event.get("stamp") == "end":
            stamp = watch.ended_at
        self.first = min(self.first or stamp, stamp)
        self.last = max(self.last or stamp, stamp)
        seconds = entry["duration_seconds"]
        watches, before = self.days.get(stamp[:10], (0, 0))
        self.days[stamp[:10]] = Day(watches + 1, before + seconds)
        self.seconds += seconds
        self.without_length += "length_known" in event

    def to_plain(self) -> dict[str, Any]:
        """The report as one JSON object."""
        several = len({one.file for one in self.rejected}) > 1
        return {
            "format": self.format,
            "rows": self.rows,
            "imported": self.imported,
            "duplicates": self.duplicates,
            "skipped": dict(self.skipped.most_common()),
            "rejected": [
                {"row": one.row, "reason": one.reason} | ({"file": one.file} if several else {})
                for one in self.rejected
            ],
            "rejected_rows": self.rejected_rows,
            "title": self.title,
            "file": self.file,
            "batch": self.batch,
            "is_preview": self.is_preview,
            "was_refused": self.was_refused,
            "first": self.first,
            "last": self.last,
            "seconds": self.seconds,
            "hours": self.hours,
            "without_length": self.without_length,
            "note": self.note,
            "includable": sorted(self.includable),
            "profiles": dict(self.profiles.most_common()),
            "days": {day: one._asdict() for day, one in sorted(self.days.items())},
        }
