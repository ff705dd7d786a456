"""The file that holds a whole site: a zip with a member of JSON lines for each collection and log, and a manifest.

collections/users.jsonl   {"key": …, "record": {…}} a line
logs/history.jsonl        {"key": …, "entries": [{…}, …]} a line; lines of one key follow one another, each of some
                          thousand entries or a megabyte (in version 1: of a thousand entries, whatever their size)
manifest.json             the format and its version, and for each member how much it holds and its SHA-256
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import accumulate

import msgspec

from user_stats.storage import Collection, Log, Snapshot

FORMAT, VERSION = "user_stats backup", 2
MANIFEST = "manifest.json"
ENTRIES_A_LINE = 1000
BYTES_A_LINE = 1 << 20
"""Of entries, beyond which no further one is put on a line."""
BLOCK = 1 << 20


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """What one member holds; `lists` is 0 for a collection, whose `entries` are its records."""

    entries: int
    bytes: int
    sha256: str
    lists: int = 0


class Manifest(msgspec.Struct):
    """What an archive says of itself; fields that a later version adds are ignored."""

    format: str
    version: int
    made_at: str
    collections: dict[str, Part]
    logs: dict[str, Part]
    visitor_key: dict[str, str] | None = None
    """The key for good of the address hash, sealed; see `sealing.py`."""


as_json = msgspec.json.encode


def member_name(place: Collection | Log) -> str:
    return f"{'logs' if isinstance(place, Log) else 'collections'}/{place.name}.jsonl"


class Measure:
    """Counts and sums over the lines of one member."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._part = Part(0, 0, "")

    def add(self, line: bytes, entries: int, lists: int = 0) -> None:
        self._digest.update(line)
        self._part.bytes += len(line)
        self._part.entries += entries
        self._part.lists += lists

    def result(self) -> Part:
        self._part.sha256 = self._digest.hexdigest()
        return self._part


def record_lines(source: Snapshot, collection: Collection, measure: Measure) -> Iterator[bytes]:
    for key, record in source.members(collection):
        line = b'{"key":' + as_json(key) + b',"record":' + record + b"}\n"
        measure.add(line, 1)
        yield line


def entries_lines(source: Snapshot, log: Log, measure: Measure, version: int = VERSION) -> Iterator[bytes]:
    for key, entries in source.lists(log):
        head = b'{"key":' + as_json(key) + b',"entries":['
        start = 0
        while start < len(entries):
            some = entries[start : start + (ENTRIES_A_LINE if version == 1 else _fitting(entries, start))]
            line = head + b",".join(some) + b"]}\n"
            measure.add(line, len(some), lists=not start)
            yield line
            start += len(some)


def _fitting(entries: list[bytes], start: int) -> int:
    """How many entries from this one on stand on one line: those before which there is room."""
    before = accumulate(map(len, entries[start : start + ENTRIES_A_LINE - 1]), initial=0)
    return sum(size < BYTES_A_LINE for size in before)


def measured(
    source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log], version: int
) -> tuple[dict[str, Part], dict[str, Part]]:
    """What an archive of this would say of its members."""
    records: dict[str, Part] = {}
    lists: dict[str, Part] = {}
    for collection in collections:
        measure = Measure()
        deque(record_lines(source, collection, measure), maxlen=0)
        records[collection.name] = measure.result()
    for log in logs:
        measure = Measure()
        deque(entries_lines(source, log, measure, version), maxlen=0)
        lists[log.name] = measure.result()
    return records, lists
