"""Which lines of access logs were counted: eight bytes for each, so that a line counts once, in whichever log it comes.

A line is told by its second and by a checksum of its path, its browser and its size. The address is not in it: nobody
can be found by trying addresses. A line that stands twice in one log was two visits: so of equal lines as many are
known as the log had that had the most of them. LOG_LINES has them by UTC day, in lists of some hundred thousand.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from user_stats.audience.visits import Visit
from user_stats.collections import LOG_LINES
from user_stats.errors import Conflict
from user_stats.storage import Storage, Transaction

DAY_SECONDS, MINUTE_SECONDS = 86_400, 60
SUM_BITS = 32
"""Of a mark; the second of the day stands above them."""
MARK_BYTES = 8
MARKS_A_LIST = 250_000
MOST_UNPACKED = 200_000
"""Marks that are kept as numbers, of the minutes looked at last; the others take their eight bytes."""
EPOCH = date(1970, 1, 1).toordinal()

Marks = Mapping[int, Sequence[int]]
"""Marks of lines by their day, counted from 1970."""


class KnownLines:
    """What earlier logs brought, as far as the log that is read has not met it yet; for one import.

    A day is read when its first line comes. Takes eight bytes of memory for each line that is known of these days and
    has not come again."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._counts: dict[int, int] = {}
        """How many marks the store has of each day that was read."""
        self._packed: dict[int, bytearray] = {}
        self._unpacked: OrderedDict[int, Counter[int]] = OrderedDict()
        """By minute."""
        self._unpacked_marks = 0

    def sifted(self, visits: Iterable[Visit]) -> tuple[list[Visit], Marks]:
        """The visits that are new, and their marks."""
        new: list[Visit] = []
        marks: dict[int, list[int]] = {}
        for visit in visits:
            seconds = int(visit.at.timestamp())
            day, second = divmod(seconds, DAY_SECONDS)
            if day not in self._counts:
                self._read(day)
            path = visit.path.partition("?")[0]  # what follows may tell about a person
            text = f"{path}\n{visit.user_agent}\n{visit.bytes_sent}"
            mark = second << SUM_BITS | zlib.crc32(text.encode(errors="replace"))
            if self._met(seconds // MINUTE_SECONDS, mark):
                continue
            new.append(visit)
            marks.setdefault(day, []).append(mark)
        return new, marks

    def add(self, tx: Transaction, marks: Marks) -> None:
        """Writes the marks with what else they moved. Raises Conflict where somebody else has imported lines of these
        days since they were read."""
        for day, found in marks.items():
            count = self._counts[day]
            key = _key(day, count)
            newest = tx.read_log(LOG_LINES, key, 1)
            if newest and newest[0]["count"] != count:
                raise Conflict("lines of these days are being imported by somebody else at the moment; import it again")
            count += len(found)
            tx.append(LOG_LINES, key, {"count": count, "marks": base64.b64encode(_packed(found)).decode()})

    def added(self, marks: Marks) -> None:
        """To be told when what was added is durable."""
        for day, found in marks.items():
            self._counts[day] += len(found)

    def _read(self, day: int) -> None:
        count, is_last = 0, False
        while not is_last and (entries := self._storage.read_log(LOG_LINES, _key(day, count))):
            for entry in entries:
                self._pack(day, base64.b64decode(entry["marks"]))
            newest = entries[-1]["count"]
            is_last, count = _key(day, newest) == _key(day, count), newest
        self._counts[day] = count

    def _pack(self, day: int, marks: bytes) -> None:
        for at, mark in enumerate(_unpacked(marks)):
            minute = (day * DAY_SECONDS + (mark >> SUM_BITS)) // MINUTE_SECONDS
            self._packed.setdefault(minute, bytearray()).extend(marks[at * MARK_BYTES : (at + 1) * MARK_BYTES])

    def _met(self, minute: int, mark: int) -> bool:
        """Whether the line is known and has not come as often; it has now come once more."""
        left = self._unpacked.get(minute)
        if left is None:
            if minute not in self._packed:
                return False
            left = self._unpack(minute)
        count = left.get(mark, 0)
        if count:
            left[mark] = count - 1
        return count > 0

    def _unpack(self, minute: int) -> Counter[int]:
        found = self._unpacked[minute] = Counter(_unpacked(self._packed.pop(minute)))
        self._unpacked_marks += len(found)
        while self._unpacked_marks > MOST_UNPACKED and len(self._unpacked) > 1:
            oldest, left = self._unpacked.popitem(last=False)
            self._unpacked_marks -= len(left)
            if not_met := list(left.elements()):
                self._packed[oldest] = bytearray(_packed(not_met))
        return found


def _packed(marks: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(marks)}Q", *marks)


def _unpacked(marks: bytes | bytearray) -> Iterator[int]:
    return (mark for (mark,) in struct.iter_unpack("<Q", marks))


def _key(day: int, count: int) -> str:
    """The list that the next mark of the day goes to, after so many."""
    return f"{date.fromordinal(EPOCH + day)}-{count // MARKS_A_LIST:04d}"
