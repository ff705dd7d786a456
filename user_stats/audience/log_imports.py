"""Visits of the past in bulk: the lines of an access log, counted once however often the log comes in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from user_stats.audience.agents import is_crawler
from user_stats.audience.ledger import Event, Ledger, commit
from user_stats.audience.visitors import Counting
from user_stats.audience.visits import Visit, record_visit
from user_stats.collections import LOG_IMPORTS
from user_stats.errors import Conflict
from user_stats.storage import Record, Storage
from user_stats.times import to_iso

CHUNK = 1000


@dataclass(frozen=True)
class LogImport:
    """What came in. `was_known`: the log had been imported before, as a whole."""

    visits: int
    crawler_visits: int
    days: dict[str, int]
    """Visits by day."""
    was_known: bool = False


def import_visits(
    storage: Storage, visits: Iterable[Visit], fingerprint: str, name: str, counting: Counting, now: datetime
) -> LogImport:
    """Counts every visit, crawlers too. Each chunk goes in together with the mark how far the import is, so that one
    that was cut short goes on where it stopped: the same fingerprint must stand for the same visits in the same order.
    """
    mark = storage.get(LOG_IMPORTS, fingerprint) or {}
    if mark.get("is_complete"):
        return LogImport(0, 0, {}, was_known=True)
    count, crawlers, days = 0, 0, dict[str, int]()
    remaining = iter(visits)
    done = sum(1 for _ in islice(remaining, mark.get("lines", 0)))
    while True:
        chunk = list(islice(remaining, CHUNK))
        mark = {"name": name, "lines": done + len(chunk), "is_complete": not chunk, "imported_at": to_iso(now)}
        commit(storage, [_chunk_event(chunk, fingerprint, done, mark, counting)], now)
        done += len(chunk)
        if not chunk:
            return LogImport(count, crawlers, days)
        count += len(chunk)
        for visit in chunk:
            crawlers += is_crawler(visit.user_agent)
            day = to_iso(visit.at)[:10]
            days[day] = days.get(day, 0) + 1


def _chunk_event(chunk: list[Visit], fingerprint: str, done: int, mark: Record, counting: Counting) -> Event:
    def event(ledger: Ledger) -> None:
        if (ledger.tx.get(LOG_IMPORTS, fingerprint) or {"lines": 0})["lines"] != done:
            raise Conflict("this log is being imported by somebody else at the moment")
        for visit in chunk:
            record_visit(ledger, visit, counting, crawlers_apart=False)
        ledger.tx.put(LOG_IMPORTS, fingerprint, mark)

    return event
