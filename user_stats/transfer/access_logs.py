"""Web access logs in the Common and the Combined format, plain or gzip, line by line.

What a visit moves, and that a log counts once, is in `user_stats/audience`.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple

from user_stats.errors import InvalidInput
from user_stats.times import CLOCK_SKEW, EARLIEST_YEAR

LONGEST_LINE = 64 * 1024
"""Bytes; a longer line is broken, and never held in memory as a whole."""
MOST_NAMED = 100
"""Broken lines that are named; the others are only counted."""
GZIP_MARK = b"\x1f\x8b"
BLOCK = 1 << 20
LINES_BETWEEN_PROGRESS = 5000
Progress = Callable[[int, int], None]
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}

SECONDS = {f"{second:02d}": timedelta(seconds=second) for second in range(61)}

_QUOTED = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_parts_of = re.compile(
    r"(\S++) [^\[]*+\[(\d\d/[A-Z][a-z]{2}/\d{4}:(?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60) ([+-]\d{4})] "
    rf"{_QUOTED} (\d{{3}}) (\d{{1,18}}|-)(?: {_QUOTED} {_QUOTED})?"
).match


class LogLine(NamedTuple):
    """One request. What a log leaves out is an empty text or 0; `address` is as it stands, perhaps a host's name."""

    at: datetime
    address: str
    path: str
    status: int
    bytes_sent: int
    user_agent: str
    referrer: str


class BrokenLine(NamedTuple):
    """A line that could not be read; `row` counts from 1."""

    row: int
    reason: str


@dataclass
class LogCounts:
    """How many lines were read and how many of them are broken; the first of these by name."""

    lines: int = 0
    broken: int = 0
    named: list[BrokenLine] = field(default_factory=list)

    def add_broken(self, reason: str) -> None:
        self.broken += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(BrokenLine(self.lines, reason))


def read_log(
    path: Path, counts: LogCounts, *, now: datetime, progress: Progress = lambda done, total: None
) -> Iterator[LogLine]:
    """The requests in the order of the file; broken lines are left out and go to `counts`. Needs little memory,
    whatever the size of the file. `progress` gets the bytes on the disk that were read, and of how many. Raises
    InvalidInput for a gzip file that is damaged or cut short."""
    latest = now + CLOCK_SKEW
    total = path.stat().st_size if path.exists() else 0
    with _opened(path) as (file, on_disk):
        while line := file.readline(LONGEST_LINE + 1):
            counts.lines += 1
            if counts.lines % LINES_BETWEEN_PROGRESS == 0:
                progress(on_disk.tell(), total)
            if len(line) > LONGEST_LINE:
                _skip_line(file, line)
                counts.add_broken(f"longer than {LONGEST_LINE:,} bytes")
                continue
            try:
                yield _parsed(line.decode("utf-8", "replace"), latest)
            except ValueError as error:
                if line.strip():
                    counts.add_broken(str(error))
                else:
                    counts.lines -= 1  # an empty line says nothing
    progress(total, total)


def fingerprint_of(path: Path) -> str:
    """What is the same for the same lines, whatever the name of the file, packed or not. Raises InvalidInput as
    above."""
    digest = hashlib.sha256()
    with _opened(path) as (file, _):
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _parsed(line: str, latest: datetime) -> LogLine:
    parts = _parts_of(line)
    if parts is None:
        raise ValueError("not in the Common or Combined format")
    address, minute, second, offset, request, status, size, referrer, user_agent = parts.groups()
    at = _moment(minute, offset) + SECONDS[second]
    if at > latest:
        raise ValueError(f"the time {minute}:{second} lies in the future")
    words = request.split(" ", 2)
    return LogLine(
        at,
        address,
        words[1] if len(words) > 1 else request,
        int(status),
        0 if size == "-" else int(size),
        "" if user_agent is None or user_agent == "-" else user_agent,
        "" if referrer is None or referrer == "-" else referrer,
    )


@lru_cache(maxsize=4096)
def _moment(minute: str, offset: str) -> datetime:
    """The start of a minute of the server, in UTC. Raises ValueError where there is no such day."""
    day, hour, minutes = minute.split(":")
    month = MONTHS.get(day[3:6])
    away = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    if month is None or not EARLIEST_YEAR < int(day[7:]) < 9998 or away >= timedelta(days=1):
        raise ValueError(f"no such day: {day} {offset}")
    try:
        start = datetime(int(day[7:]), month, int(day[:2]), int(hour), int(minutes), tzinfo=UTC)
    except ValueError:
        raise ValueError(f"no such day: {day} {offset}") from None
    return start + away if offset[0] == "-" else start - away


def _skip_line(file: IO[bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(LONGEST_LINE)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The lines of a file, unpacked where its first bytes say gzip; and the file as it lies on the disk."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise InvalidInput.of("file", path.name, "a file that can be read (it is no plain file)")
    try:
        with open(path, "rb") as file:
            is_packed = file.read(2) == GZIP_MARK
            file.seek(0)
            if not is_packed:
                yield file, file
                return
            with gzip.open(file) as unpacked:
                yield unpacked, file  # type: ignore[misc]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InvalidInput.of("file", path.name, f"a whole gzip file ({error})") from None
    except OSError as error:
        raise InvalidInput.of("file", path.name, f"a file that can be read ({error.strerror})") from None
