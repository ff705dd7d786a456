"""Letterboxd: `diary.csv`, one film a row with the day on which it was watched. No times and no lengths."""

from __future__ import annotations

from dataclasses import dataclass

from user_stats.transfer.csv_rows import CsvForm, names_of
from user_stats.transfer.rows import Record, Row, clean, content_id, moment_of, text_of
from user_stats.watches import Watch

SERVICE = "letterboxd"
MOST_TAGS = 50


def _convert(record: Record, digest: str) -> Row:
    name, year = text_of(record, "Name"), record["Year"].strip()
    day = "Watched Date" if record["Watched Date"].strip() else "Date"
    tags = [tag for word in record["Tags"].split(",") if (tag := clean(word))]
    watch = Watch(
        content_id(SERVICE, name, year),
        0,
        completed=True,
        quality="unknown",
        watched_at=moment_of(record, day).replace(hour=0, minute=0, second=0, microsecond=0),
        title=f"{name} ({year})" if year.isdecimal() and len(name) < 490 else name,
        category="movie",
        tags=tags[:MOST_TAGS] or None,
        length_known=False,
        stamp="day",
        source=SERVICE,
        digest=digest,
    )
    return Row(watch)


@dataclass(frozen=True)
class DiaryForm(CsvForm):
    """`diary.csv`, and not `reviews.csv` beside it, which has the same films again."""

    def recognise(self, head: str) -> bool:
        return super().recognise(head) and "Review" not in names_of(head)


FORMS = (
    DiaryForm(
        SERVICE,
        "Letterboxd diary",
        frozenset({"Date", "Name", "Year", "Rating", "Rewatch", "Tags", "Watched Date"}),
        _convert,
        note="The file has days only, no times and no lengths.",
    ),
)
