"""Rows out of CSV: lines under a line of names, or without one, in flat memory. What a row means is in `formats/`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from user_stats.errors import InvalidInput
from user_stats.transfer.forms import Convert, converted, whole
from user_stats.transfer.rows import Record, Row
from user_stats.transfer.sources import Part

LONGEST_LINE = 1 << 20
"""Characters."""
MOST_COLUMNS = 200


@dataclass(frozen=True)
class CsvForm:
    """Lines under a line of names that holds at least the columns."""

    service: str
    title: str
    columns: frozenset[str]
    convert: Convert
    identity: Callable[[Record], object] = whole
    has_profiles: bool = False
    note: str = ""

    def recognise(self, head: str) -> bool:
        names = names_of(head)
        return len(names) <= MOST_COLUMNS and self.columns <= set(names)

    def rows(self, part: Part) -> Iterator[Row]:
        """Raises InvalidInput where columns are missing, or one stands twice."""
        names = names_of(part.head())
        check_names(names, self.columns)
        for number, record in csv_records(part, names, delimiter_of(part.head()), skip_names=True):
            if isinstance(record, str):
                yield Row(rejected=record, number=number)
                continue
            row = converted(self.service, record, self.convert, self.identity)
            row.number = number
            yield row


def names_of(head: str) -> list[str]:
    """The names in the first line."""
    first = head.split("\n", 1)[0]
    try:
        return [name.strip() for name in next(csv.reader([first], delimiter=delimiter_of(head)), [])]
    except csv.Error:
        return []


def delimiter_of(head: str) -> str:
    first = head.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def check_names(names: Sequence[str], needed: frozenset[str]) -> None:
    missing = sorted(needed - set(names))
    twice = sorted({name for name in needed if names.count(name) > 1})
    if missing:
        raise InvalidInput(f"file: columns are missing: {', '.join(missing)}", field="file")
    if twice:
        raise InvalidInput(f"file: columns stand twice: {', '.join(twice)}", field="file")


def csv_records(
    part: Part, names: Sequence[str], delimiter: str, *, skip_names: bool, has_quotes: bool = True
) -> Iterator[tuple[int, Record | str]]:
    """Each row with its number: the cells by name, or what is wrong with it. Empty lines do not count. Nothing is read
    behind a line that is too long; a quote that is not closed before the end takes the row with it."""
    with part.text() as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE)
        if skip_names:
            next(reader, None)
        number, width = 0, len(names)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                number += 1
                yield number, f"not readable: {error}"
                continue
            if not cells:
                continue
            number += 1
            if lines.is_at_end:  # a row that is whole does not ask for a line after its own
                yield number, "a quote is not closed; nothing behind it can be read"
            elif len(cells) == width:
                yield number, dict(zip(names, cells, strict=True))
            else:
                yield number, f"{len(cells)} cells where there are {width} columns"
        if lines.is_cut:
            yield number + 1, f"the file is damaged from here on: a line is longer than {LONGEST_LINE:,} characters"


class _Lines:
    """The lines of a text, up to one that is too long."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self.is_at_end = False
        self.is_cut = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        self.is_cut = len(line) == LONGEST_LINE and not line.endswith("\n")
        self.is_at_end = self.is_cut or not line
        if self.is_at_end:
            raise StopIteration
        return line
