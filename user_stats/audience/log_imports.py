"""Visits of the past in bulk: the lines of an access log, each counted once however often it comes in.

A log that came in as a whole is known by the digest of its bytes; what else was counted is known line by line, see
`log_lines.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from user_stats.audience.ledger import Event, Ledger, commit
from user_stats.audience.log_lines import KnownLines, Marks, Overtaken
from user_stats.audience.visitors import Counting
from user_stats.audience.visits import DaySums, Visit, record_visits
from user_stats.collections import LOG_IMPORTS
from user_stats.storage import Storage
from user_stats.times import to_iso

CHUNK = 6000
"""Visits of one transaction: it takes a tenth of a second, for which others wait, and at most some 40 MB."""


@dataclass(frozen=True)
class LogImport:
    """What came in. `was_known`: the very log had been imported before; `known_visits` came with earlier logs, or with
    an import of this one that was cut short."""

    visits: int
    crawler_visits: int
    days: dict[str, int]
    """Visits by day."""
    was_known: bool = False
    known_visits: int = 0


def import_visits(
    storage: Storage, visits: Iterable[Visit], fingerprint: str, name: str, counting: Counting, now: datetime
) -> LogImport:
    """Counts every visit that is new, crawlers too. Each chunk goes in together with the marks of its lines, so that an
    import that was cut short goes on where it stopped, and several may go on at once."""
    done = storage.get(LOG_IMPORTS, fingerprint)
    if done is not None:
        return LogImport(0, 0, {}, was_known=True, known_visits=done["lines"])
    known = KnownLines(storage, now, has_daily_keys=bool(counting.key_days))
    lines, count, crawlers, days = 0, 0, 0, Counter[str]()
    remaining = iter(visits)
    while chunk := list(islice(remaining, CHUNK)):
        lines += len(chunk)
        for day, sums in _count_new(storage, chunk, known, counting, now).items():
            count += sums.visits
            crawlers += sums.crawler_visits
            days[day] += sums.visits
    mark = {"name": name, "lines": lines, "imported_at": to_iso(now)}
    storage.transaction(lambda tx: tx.put(LOG_IMPORTS, fingerprint, mark))
    return LogImport(count, crawlers, dict(days), known_visits=lines - count)


def _count_new(
    storage: Storage, chunk: list[Visit], known: KnownLines, counting: Counting, now: datetime
) -> dict[str, DaySums]:
    """What the visits that are new come to by day. Where somebody else was faster, what is new is looked at again."""
    new, marks = known.sifted(chunk)
    while new:
        try:
            sums: dict[str, DaySums] = commit(storage, [_chunk_event(new, known, marks, counting)], now)[0]
        except Overtaken:
            known.catch_up(marks)
            new, marks = known.sifted(new)
        else:
            known.added(marks)
            return sums
    return {}


def _chunk_event(new: list[Visit], known: KnownLines, marks: Marks, counting: Counting) -> Event:
    def event(ledger: Ledger) -> object:
        known.add(ledger.tx, marks)
        return record_visits(ledger, new, counting, known.tag_of)

    return event
