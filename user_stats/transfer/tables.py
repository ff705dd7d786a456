"""Tables that go out: CSV and JSON files, written row by row, harmless in a spreadsheet, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from user_stats.errors import InvalidInput
from user_stats.transfer.targets import checked_target

Format = Literal["csv", "json"]
RUNS_IN_A_SPREADSHEET = frozenset("=+-@\N{MINUS SIGN}\N{HEAVY PLUS SIGN}\N{HEAVY MINUS SIGN}")
"""Characters that begin a formula; their wide, small, raised and lowered forms do too."""
BREAKS_A_LINE = frozenset("\t\r\n\v\f")
"""Some programs start a new cell there, so that what follows may be a formula."""
BYTE_ORDER_MARK = "\ufeff"
UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
"""Categories of blanks and of characters that are not shown: programs drop them before they look for a formula."""


def write_table(path: Path, form: Format, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """How many rows were written. The file appears when it is whole, for its owner alone (mode 0600); one that is
    there is replaced. JSON is a list of objects with everything in them; CSV has the columns, cells made inert.
    Raises InvalidInput where the path cannot be written."""
    with replaced(path) as binary:
        file = io.TextIOWrapper(binary, encoding="utf-8", newline="")
        count = write_rows(file, form, columns, rows)
        file.detach()
    return count


def write_rows(file: IO[str], form: Format, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """The same into a file that is open, as UTF-8 without translation of line ends."""
    return _write_csv(file, columns, rows) if form == "csv" else _write_json(file, rows)


def write_download(file: IO[bytes], form: Format, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """The same for a person who opens the file: CSV begins with a byte order mark, without which some spreadsheets take
    its UTF-8 for something else. What programs read has none."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    if form == "csv":
        text.write(BYTE_ORDER_MARK)
    write_rows(text, form, columns, rows)
    text.detach()


def table_file(form: Format, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """The same in memory."""
    file = io.BytesIO()
    write_download(file, form, columns, rows)
    return file.getvalue()


def inert_cell(value: object) -> object:
    """The value as a cell that no spreadsheet runs: text that would be a formula, but for apostrophes, gets one in
    front, which `text_of_cell` takes off again; numbers stay numbers, None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\0", "")
    return f"'{text}" if _runs_in_a_spreadsheet(text.lstrip("'")) else text


def text_of_cell(cell: str) -> str:
    """The text before it was made harmless."""
    return cell[1:] if cell[:1] == "'" and _runs_in_a_spreadsheet(cell.lstrip("'")) else cell


def _runs_in_a_spreadsheet(text: str) -> bool:
    for character in text:
        if character in BREAKS_A_LINE:
            return True
        if unicodedata.category(character) not in UNSEEN:
            return unicodedata.normalize("NFKC", character)[:1] in RUNS_IN_A_SPREADSHEET
    return False


def _write_csv(file: IO[str], columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    writer = csv.writer(file)
    writer.writerow([inert_cell(column) for column in columns])
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
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """A new file beside the old one, which takes its place when the block ends well. Raises InvalidInput where the
    path cannot be written, or would replace a file of a data folder."""
    part = checked_target("out", path).with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput.of("out", str(path), f"a path that can be written ({error.strerror})") from None
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(part, path)
        except OSError as error:
            raise InvalidInput.of("out", str(path), f"a path that can be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)
