"""What each person watched: recording a watch, and reading the list back.

The list keeps the newest watches by the moment of their end; the counters are for good. Clearing empties the list and
changes no counter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from user_stats import activity, fields
from user_stats.collections import HISTORY, USER_STATS, USER_TOTALS, watch_end
from user_stats.content import add_what_is_known
from user_stats.models import CONTENT_TYPES, SECONDS_PER_HOUR, UserStats, WatchHistoryEntry
from user_stats.permissions import authorize
from user_stats.storage import Record, Storage, Transaction
from user_stats.stored import checked_totals
from user_stats.times import Clock, utc_now
from user_stats.user_records import acted_by, get_user
from user_stats.watches import Watch, checked_watch, entry_of

MOST_ENTRIES_READ = 1000


class WatchHistoryTracker:
    """Watch histories over a store. At most `max_entries` are kept for each person; the oldest go."""

    def __init__(self, storage: Storage, *, max_entries: int = 1000, clock: Clock = utc_now) -> None:
        self._storage = storage
        self._max_entries = max_entries
        self._clock = clock

    @property
    def longest_list(self) -> int:
        """The largest limit of `get_watch_history`."""
        return max(MOST_ENTRIES_READ, self._max_entries)

    def add_watch_entry(
        self,
        user_id: str,
        video_id: str,
        duration_seconds: int,
        content_type: str = "video",
        *,
        stream_id: str | None = None,
        session_id: str | None = None,
        completed: bool = False,
        quality: str = "720p",
        watched_at: datetime | str | None = None,
        title: str | None = None,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        length_seconds: int | None = None,
    ) -> WatchHistoryEntry:
        """The entry as it was recorded, in the list and in the counters, together or not at all.

        `duration_seconds` is how long was watched, 0 to 86,400 (0: not known, or an image that was shown);
        `watched_at` is the start, by default now less the duration; `length_seconds` is the length of the whole video.
        Raises UserNotFound, Forbidden for an inactive account, InvalidInput, StorageError."""
        user_id = fields.checked_user_id(user_id)
        now = self._clock()
        watch = Watch(
            video_id,
            duration_seconds,
            content_type,
            stream_id,
            session_id,
            completed,
            quality,
            watched_at,
            title,
            category,
            tags,
            length_seconds,
        )
        checked = checked_watch(watch, now=now)
        entry, event = checked.entry, checked.event

        def work(tx: Transaction) -> None:
            activity.record(tx, user_id, dict(add_what_is_known(tx, event)), now=now)
            tx.append(HISTORY, user_id, entry, keep=self._max_entries)

        self._storage.transaction(work)
        return WatchHistoryEntry.of({"title": None, "length_known": True, **entry})

    def get_watch_history(self, user_id: str, limit: int = 100) -> list[WatchHistoryEntry]:
        """The newest watches by their end, newest first. Raises UserNotFound, InvalidInput."""
        user_id = fields.checked_user_id(user_id)
        limit = fields.checked_whole("limit", limit, 1, self.longest_list)
        records = self._storage.read_log(HISTORY, user_id, limit)
        if not records:
            self._require(user_id)
        return [WatchHistoryEntry.from_stored(user_id, record) for record in reversed(records)]

    def get_total_watched_hours(self, user_id: str) -> float:
        """Hours ever watched, whatever the list still holds."""
        user_id = fields.checked_user_id(user_id)
        stats = self._storage.get(USER_STATS, user_id)
        if stats is None:
            self._require(user_id)
            return 0.0
        return UserStats.from_stored(user_id, stats).total_watched_hours

    def get_watch_stats_by_type(self, user_id: str) -> dict[str, dict[str, float]]:
        """For video, stream and image: count, seconds, hours and completed watches, ever."""
        user_id = fields.checked_user_id(user_id)
        totals: dict[str, Any] | None = self._storage.get(USER_TOTALS, user_id)
        if totals is None:  # from a file without totals: what its list holds
            self._require(user_id)
            totals = dict(activity.watched_by_type(self._storage.read_log(HISTORY, user_id)))
        checked_totals(user_id, totals)
        return {
            content_type: {
                "count": totals[content_type]["count"],
                "seconds": totals[content_type]["seconds"],
                "hours": totals[content_type]["seconds"] / SECONDS_PER_HOUR,
                "completed": totals[content_type]["completed"],
            }
            for content_type in CONTENT_TYPES
        }

    def clear_watch_history(self, user_id: str, *, actor: str | None = None) -> int:
        """How many entries went; no counter changes. `actor` must be the person or an admin."""
        user_id = fields.checked_user_id(user_id)
        now = self._clock()

        def work(tx: Transaction) -> int:
            authorize(tx, actor, now=now, self_id=user_id)
            get_user(tx, user_id)
            count = tx.clear(HISTORY, user_id)
            if count:
                activity.add(
                    tx,
                    user_id,
                    {"at": "", "kind": "history_cleared", "subject": None, "entries": count} | acted_by(actor),
                    now=now,
                )
            return count

        return self._storage.transaction(work)

    def _require(self, user_id: str) -> None:
        get_user(self._storage, user_id)


def expected_entries(stored: list[Record], events: list[Record], most: int) -> list[Record]:
    """What the list should be by the log: the newest watches since it was last cleared. What a hand-made file brought
    along is taken from the stored list."""
    kinds = [event["kind"] for event in events]
    cleared = len(kinds) - kinds[::-1].index("history_cleared") if "history_cleared" in kinds else 0
    recorded = [entry_of(event) for event in events[cleared:] if event["kind"] == "watch"]
    brought: list[Record] = []
    if not events or "opening" in kinds[cleared:]:
        known = {(entry["session_id"], entry["video_id"]) for entry in recorded}
        brought = [entry for entry in stored if (entry.get("session_id"), entry["video_id"]) not in known]
    return sorted(brought + recorded, key=watch_end)[-most:]
