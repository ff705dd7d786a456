"""Netflix: `ViewingActivity.csv` of the full data request, and the two-column history of one profile.

Start Time is UTC without saying so. Most rows of the full file are no viewing: a Supplemental Video Type marks hooks,
trailers and the like, which play by themselves. The short file has days alone, written in the order of its reader's
country; which order it is shows in the file as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from user_stats.transfer.csv_rows import CsvForm, check_names, csv_records, delimiter_of, names_of
from user_stats.transfer.rows import (
    Record,
    Row,
    RowRejected,
    clean,
    content_id,
    moment_of,
    row_digest,
    seconds_of_clock,
    text_of,
)
from user_stats.transfer.sources import Part
from user_stats.watches import Watch

SERVICE = "netflix"
SHORT_COLUMNS = frozenset({"Title", "Date"})
_episode = re.compile(r"(.+?): (?:Season|Part|Volume|Chapter|Book|Series|Limited Series|Collection)\b")
_day = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})\.?").fullmatch

DateOrder = tuple[int, int, int]
"""Where the year, the month and the day stand."""
DATE_ORDERS: dict[str, DateOrder] = {
    "month/day/year": (2, 0, 1),
    "day/month/year": (2, 1, 0),
    "year/month/day": (0, 1, 2),
}


def _series(title: str) -> str | None:
    found = _episode.match(title)
    return found.group(1) if found else None


def _convert(record: Record, digest: str) -> Row:
    title = text_of(record, "Title")
    kind = record["Supplemental Video Type"].strip()
    watch = Watch(
        content_id(SERVICE, title),
        seconds_of_clock(record, "Duration"),
        quality="unknown",
        watched_at=moment_of(record, "Start Time"),
        title=title,
        creator=_series(title),
        source=SERVICE,
        digest=digest,
    )
    return Row(watch, skipped=kind.lower().replace("_", " "), profile=clean(record["Profile Name"]) or "")


def _identity(record: Record) -> object:
    """All of the row but how far the title has been watched by now, which changes with every later watch of it."""
    return {name: cell for name, cell in record.items() if name != "Latest Bookmark"}


FULL = CsvForm(
    SERVICE,
    "Netflix viewing activity",
    frozenset({"Profile Name", "Start Time", "Duration", "Title", "Supplemental Video Type"}),
    _convert,
    identity=_identity,
    has_profiles=True,
    note="Start times are UTC.",
)


@dataclass(frozen=True)
class ShortForm:
    """Title and Date, nothing else."""

    service: str = SERVICE
    title: str = "Netflix viewing history of one profile"
    has_profiles: bool = False
    note: str = "The file has days only, no times and no lengths."

    def recognise(self, head: str) -> bool:
        return set(names_of(head)) == SHORT_COLUMNS

    def rows(self, part: Part) -> Iterator[Row]:
        head = part.head()
        names, delimiter = names_of(head), delimiter_of(head)
        check_names(names, SHORT_COLUMNS)
        done = part.meter.done
        order = date_order(
            record["Date"]
            for _, record in csv_records(part, names, delimiter, skip_names=True)
            if isinstance(record, dict)
        )
        part.meter.done = done
        for number, record in csv_records(part, names, delimiter, skip_names=True):
            row = Row(rejected=record) if isinstance(record, str) else _short_row(record, order)
            row.number = number
            yield row


def _short_row(record: Record, order: DateOrder) -> Row:
    try:
        title = text_of(record, "Title")
        day = _date(record["Date"], order)
        if day is None:
            return Row(rejected=f"Date is no day: {ascii(record['Date'])[:40]}")
        watch = Watch(
            content_id(SERVICE, title),
            0,
            quality="unknown",
            watched_at=day,
            title=title,
            creator=_series(title),
            length_known=False,
            stamp="day",
            source=SERVICE,
            digest=row_digest(SERVICE, [title, day.date().isoformat()]),
        )
    except RowRejected as error:
        return Row(rejected=str(error))
    return Row(watch)


def date_order(texts: Iterator[str]) -> DateOrder:
    """The order in which the most texts are days and, where that is even, the days go down the most steadily: the file
    begins with the newest."""
    faults = {name: [0, 0] for name in DATE_ORDERS}
    before: dict[str, datetime | None] = dict.fromkeys(DATE_ORDERS)
    for text in texts:
        for name, order in DATE_ORDERS.items():
            day, last = _date(text, order), before[name]
            if day is None:
                faults[name][0] += 1
                continue
            faults[name][1] += last is not None and day > last
            before[name] = day
    return DATE_ORDERS[min(faults, key=lambda name: faults[name])]


def _date(text: str, order: DateOrder) -> datetime | None:
    parts = _day(text.strip())
    if parts is None:
        return None
    year, month, day = (parts.group(place + 1) for place in order)
    if len(year) not in (2, 4):
        return None
    try:
        return datetime(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None


FORMS = (FULL, ShortForm())
