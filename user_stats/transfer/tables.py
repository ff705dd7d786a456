"""Tables that go out: CSV and JSON files, written row by row, harmless in a spreadsheet, whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from user_stats.errors import InvalidInput

Format = Literal["csv", "json"]
RUNS_IN_A_SPREADSHEET = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters that make a cell a formula, the full-width forms too."""


def write_table(path: Path, form: Format, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """How many rows were written. The file appears when it is whole, for its owner alone (mode 0600); one that is
    there is replaced. JSON is a list of objects with everything in them; CSV has the columns, cells made inert.
    Raises InvalidInput where the path cannot be written."""
    with _replaced(path) as file:
        return write_rows(file, form, columns, rows)


def write_rows(file: IO[str], form: Format, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """The same into a file that is open, as UTF-8 without translation of line ends."""
    return _write_csv(file, columns, rows) if form == "csv" else _write_json(file, rows)


def inert_cell(value: object) -> object:
    """The value as a cell that no spreadsheet runs: text that would be a formula gets an apostrophe in front, numbers
    stay numbers, None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(RUNS_IN_A_SPREADSHEET) else text


def _write_csv(file: IO[str], columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    writer = csv.writer(file)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([inert_cell(row.get(column)) for column in columns])
        count += 1
    return count


def _write_json(file: IO[str], rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    file.write("[")
    for row in rows:
        file.write(",\n" if count else "\n")
        file.write(json.dumps(row, ensure_ascii=False))
        count += 1
    file.write("\n]\n" if count else "]\n")
    return count


@contextmanager
def _replaced(path: Path) -> Iterator[IO[str]]:
    """A new file beside the old one, which takes its place at the end."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput.of("out", str(path), f"a path that can be written ({error.strerror})") from None
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(part, path)
        except OSError as error:
            raise InvalidInput.of("out", str(path), f"a path that can be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)
