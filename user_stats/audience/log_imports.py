"""Visits of the past in bulk: the lines of an access log, counted once however often the log comes in.

A log is known by the digest of its bytes. One that has grown since is known by its leading part: the marks in
LOG_IMPORTS say how many bytes each import was long, so that the same part can be looked for in a longer file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from user_stats.audience.ledger import Event, Ledger, commit
from user_stats.audience.visitors import Counting
from user_stats.audience.visits import Visit, record_visits
from user_stats.collections import LOG_IMPORTS
from user_stats.errors import Conflict
from user_stats.storage import Record, Storage
from user_stats.times import to_iso

CHUNK = 6000
"""Visits of one transaction: it takes a tenth of a second, for which others wait, and at most some 40 MB."""


@dataclass(frozen=True)
class LogIdentity:
    """What a log is known by: the digest of all its bytes, how many they are, and the digests of leading parts of the
    lengths that were asked for. Unpacked bytes, if it is packed."""

    fingerprint: str
    size: int = 0
    leading: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LogImport:
    """What came in. `was_known`: the log had been imported before, as a whole; `known_visits` are of an import of its
    leading part, or of one that was cut short."""

    visits: int
    crawler_visits: int
    days: dict[str, int]
    """Visits by day."""
    was_known: bool = False
    known_visits: int = 0


def known_sizes(storage: Storage) -> list[int]:
    """How long the logs were that were imported, in bytes: leading parts to look for."""
    return sorted({mark["size"] for _, mark in storage.scan(LOG_IMPORTS) if mark.get("size")})


def import_visits(
    storage: Storage, visits: Iterable[Visit], log: LogIdentity, name: str, counting: Counting, now: datetime
) -> LogImport:
    """Counts every visit, crawlers too. Each chunk goes in together with the mark how far the import is, so that one
    that was cut short goes on where it stopped: the same fingerprint must stand for the same visits in the same order.
    """
    mark = storage.get(LOG_IMPORTS, log.fingerprint) or {}
    if mark.get("is_complete"):
        return LogImport(0, 0, {}, was_known=True, known_visits=mark["lines"])
    start = mark["lines"] if mark else max(_known_parts(storage, log), default=0)
    count, crawlers, days = 0, 0, Counter[str]()
    remaining = iter(visits)
    done = before = sum(1 for _ in islice(remaining, start))
    while True:
        chunk = list(islice(remaining, CHUNK))
        mark = {
            "name": name,
            "size": log.size,
            "lines": done + len(chunk),
            "is_complete": not chunk,
            "imported_at": to_iso(now),
        }
        came = commit(storage, [_chunk_event(chunk, log.fingerprint, done, before, mark, counting)], now)[0]
        done += len(chunk)
        if not chunk:
            return LogImport(count, crawlers, dict(days), known_visits=before)
        for day, sums in came.items():
            count += sums.visits
            crawlers += sums.crawler_visits
            days[day] += sums.visits


def _known_parts(storage: Storage, log: LogIdentity) -> list[int]:
    """How many visits of the log came in with its leading parts."""
    marks = [storage.get(LOG_IMPORTS, fingerprint) for fingerprint in log.leading.values()]
    return [mark["lines"] for mark in marks if mark is not None]


def _chunk_event(
    chunk: list[Visit], fingerprint: str, done: int, before: int, mark: Record, counting: Counting
) -> Event:
    def event(ledger: Ledger) -> object:
        if (ledger.tx.get(LOG_IMPORTS, fingerprint) or {"lines": before})["lines"] != done:
            raise Conflict("this log is being imported by somebody else at the moment")
        came = record_visits(ledger, chunk, counting)
        ledger.tx.put(LOG_IMPORTS, fingerprint, mark)
        return came

    return event
