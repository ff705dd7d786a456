"""Which lines of access logs were counted: eight bytes for each, so that a line counts once, in whichever log it comes.

A line is told by its second, by a checksum of its path, its browser and its size, and by 20 bits of the hash of its
address under the key of the day. When that key is destroyed, nothing tells any more which address these bits are of,
and lines of the day are told apart without them. Where one key lives for good, they are left out from the start: with
it they would tell for ever what an address looked at. A line that stands twice in one log was two visits: so of equal
lines as many are known as the log had that had the most of them. LOG_LINES has them by UTC day, in lists of some
hundred thousand; each entry names the key by the beginning of its digest.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from user_stats.audience.visitors import address_tag, key_of_day
from user_stats.audience.visits import Visit
from user_stats.collections import LOG_LINES
from user_stats.storage import Storage, Transaction

DAY_SECONDS, MINUTE_SECONDS = 86_400, 60
SUM_BITS, TAG_BITS = 27, 20
"""Of a mark: the checksum, above it what is of the address, above that the second of the day."""
SECOND_AT = SUM_BITS + TAG_BITS
SUM_MASK, TAG_MASK = (1 << SUM_BITS) - 1, (1 << TAG_BITS) - 1
UNTAGGED = ~(TAG_MASK << SUM_BITS)
KEY_NAME_CHARACTERS = 16
MOST_TAGS = 100_000
"""Addresses whose hash is remembered."""
MARK_BYTES = 8
MARKS_A_LIST = 250_000
MOST_UNPACKED = 200_000
"""Marks that are kept as numbers, of the minutes looked at last; the others take their eight bytes."""
EPOCH = date(1970, 1, 1).toordinal()

Marks = Mapping[int, Sequence[int]]
"""Marks of lines by their day, counted from 1970."""


class Overtaken(Exception):
    """Somebody else has imported lines of the same days meanwhile; nothing was written."""


class KnownLines:
    """What earlier logs brought, as far as the log that is read has not met it yet; for one import.

    A day is read when its first line comes. Takes eight bytes of memory for each line that is known of these days and
    has not come again."""

    def __init__(self, storage: Storage, now: datetime, *, has_daily_keys: bool) -> None:
        self._storage = storage
        self._now = now
        self._has_daily_keys = has_daily_keys
        self._keys: dict[int, bytes] = {}
        """Of each day that was read; empty where one lives for good."""
        self._tags: dict[bytes, dict[str, tuple[str | None, int]]] = {}
        """By key and address: what stands for it, and the bits of that."""
        self._tags_count = 0
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
            key = self._keys[day]
            tag = 0 if visit.address is None or visit.do_not_track or not key else self._tag(key, visit.address)[1]
            checksum = zlib.crc32(text.encode(errors="replace")) & SUM_MASK
            mark = second << SECOND_AT | tag << SUM_BITS | checksum
            if self._met(seconds // MINUTE_SECONDS, mark):
                continue
            new.append(visit)
            marks.setdefault(day, []).append(mark)
        return new, marks

    def tag_of(self, key: bytes, address: str) -> str | None:
        """What `address_tag` gives, which is asked of each line twice."""
        return self._tag(key, address)[0]

    def _tag(self, key: bytes, address: str) -> tuple[str | None, int]:
        """The bits are a number from 1 on; 0 where the address does not tell."""
        of_key = self._tags.setdefault(key, {})
        tag = of_key.get(address)
        if tag is None:
            if self._tags_count >= MOST_TAGS:
                self._tags, of_key, self._tags_count = {}, {}, 0
                self._tags[key] = of_key
            text = address_tag(key, address)
            tag = of_key[address] = text, 0 if text is None else int(text[:8], 16) % TAG_MASK + 1
            self._tags_count += 1
        return tag

    def add(self, tx: Transaction, marks: Marks) -> None:
        """Writes the marks with what else they moved. Raises Overtaken where somebody else has imported lines of these
        days since they were read."""
        for day, found in marks.items():
            count = self._counts[day]
            key = _key(day, count)
            newest = tx.read_log(LOG_LINES, key, 1)
            if newest and newest[0]["count"] != count:
                raise Overtaken
            count += len(found)
            lines = base64.b64encode(_packed(found)).decode()
            tx.append(LOG_LINES, key, {"count": count, "key": _key_name(self._keys[day]), "marks": lines})

    def added(self, marks: Marks) -> None:
        """To be told when what was added is durable."""
        for day, found in marks.items():
            self._counts[day] += len(found)

    def catch_up(self, marks: Marks) -> None:
        """Reads what others have added to these days since they were read."""
        for day in marks:
            self._read(day)

    def _read(self, day: int) -> None:
        """What is new since the day was read last; what this import added itself is not."""
        if day not in self._keys:
            self._keys[day] = key_of_day(self._storage, _name(day), self._now) if self._has_daily_keys else b""
        key_name = _key_name(self._keys[day])
        known = count = self._counts.get(day, 0)
        is_last = False
        while not is_last and (entries := self._storage.read_log(LOG_LINES, _key(day, count))):
            for entry in entries:
                if entry["count"] > known:
                    marks = _unpacked(base64.b64decode(entry["marks"]))
                    self._pack(day, marks if entry["key"] == key_name else (mark & UNTAGGED for mark in marks))
            newest = entries[-1]["count"]
            is_last, count = _key(day, newest) == _key(day, count), newest
        self._counts[day] = count

    def _pack(self, day: int, marks: Iterable[int]) -> None:
        for mark in marks:
            minute = (day * DAY_SECONDS + (mark >> SECOND_AT)) // MINUTE_SECONDS
            if minute in self._unpacked:
                self._unpacked[minute][mark] += 1
            else:
                self._packed.setdefault(minute, bytearray()).extend(mark.to_bytes(MARK_BYTES, "little"))

    def _met(self, minute: int, mark: int) -> bool:
        """Whether the line is known and has not come as often; it has now come once more."""
        left = self._unpacked.get(minute)
        if left is None:
            if minute not in self._packed:
                return False
            left = self._unpack(minute)
        for one in (mark, mark & UNTAGGED):
            if count := left.get(one, 0):
                left[one] = count - 1
                return True
        return False

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
    return f"{_name(day)}-{count // MARKS_A_LIST:04d}"


def _name(day: int) -> str:
    return date.fromordinal(EPOCH + day).isoformat()


def _key_name(key: bytes) -> str:
    """Tells the key of one entry from another; empty where the marks have nothing of the address."""
    return hashlib.sha256(key).hexdigest()[:KEY_NAME_CHARACTERS] if key else ""
