"""When the texts of the bot's profile may be changed, kept in the store: at most once in an interval, over all
processes and restarts. Changing them is the door's."""

from __future__ import annotations

from datetime import datetime, timedelta

from user_stats.collections import BOT_DESCRIPTION
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import Clock, from_iso, to_iso, utc_now

RETRY_SECONDS = 60.0
"""After a failure of which nobody said how long to wait."""


class Descriptions:
    """For each part of the profile: the count that it shows, when it was changed, and when it may be again."""

    def __init__(self, storage: Storage, *, interval_seconds: float, clock: Clock = utc_now) -> None:
        self._storage = storage
        self.interval_seconds = interval_seconds
        self._interval = timedelta(seconds=interval_seconds)
        self._clock = clock

    def were_ever_changed(self) -> bool:
        """True once somebody has claimed a part."""
        return self._storage.count(BOT_DESCRIPTION) > 0

    def claim(self, part: str, count: int) -> float | None:
        """None where the part shows this count already, else the seconds until it may be changed. 0: it may be now, and
        by nobody else in this interval: whoever was told so tries it, and says here how it went."""
        now = self._clock()

        def work(tx: Transaction) -> float | None:
            record = tx.get(BOT_DESCRIPTION, part)
            if record is not None and record["count"] == count:
                return None
            if record is not None and (due := _due(record, now, self._interval)) > now:
                return (due - now).total_seconds()
            tx.put(BOT_DESCRIPTION, part, {"count": None, "changed_at": to_iso(now), "retry_at": None})
            return 0.0

        return self._storage.transaction(work)

    def changed(self, part: str, count: int) -> None:
        """The part shows this count now."""
        self._settle(part, count, None)

    def failed(self, part: str, *, retry_seconds: float | None = None) -> float:
        """The part was not changed; it may be tried again after so long, or after the seconds that this gives."""
        seconds = min(RETRY_SECONDS, self.interval_seconds) if retry_seconds is None else retry_seconds
        self._settle(part, None, to_iso(self._clock() + timedelta(seconds=seconds)))
        return seconds

    def _settle(self, part: str, count: int | None, retry_at: str | None) -> None:
        changed_at = to_iso(self._clock())

        def work(tx: Transaction) -> None:
            tx.put(BOT_DESCRIPTION, part, {"count": count, "changed_at": changed_at, "retry_at": retry_at})

        self._storage.transaction(work)


def _due(record: Record, now: datetime, interval: timedelta) -> datetime:
    changed_at = from_iso(record["changed_at"])
    if changed_at > now + interval:
        return now  # a clock that was put back holds up nothing
    return changed_at + interval if record["retry_at"] is None else from_iso(record["retry_at"])
