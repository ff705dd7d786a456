"""`Statistics`: the one door to the figures of a person, of an item and of the site."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from user_stats import fields
from user_stats.collecting import collecting_put_off
from user_stats.collections import ACTIVITY, AUDIENCE_DAYS, CONTENT, DEMO, SITE, USER_STATS, USERS
from user_stats.community import connections
from user_stats.errors import StorageCorrupt
from user_stats.items import is_content_id
from user_stats.models import User, UserStats
from user_stats.statistics import leaderboard as boards
from user_stats.statistics.badges import lifetime_values
from user_stats.statistics.content_records import ContentRecords, View
from user_stats.statistics.day_bits import streak_of
from user_stats.statistics.figures import NOT_HERE, Figure
from user_stats.statistics.fold import ALL_TIME, CONTENTS, DAYS, EDGES, QUARTERS, TOPICS, Rules
from user_stats.statistics.kept_badges import keep_badges
from user_stats.statistics.ledger import Ledger, Progress
from user_stats.statistics.moments import checked_zone
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.recommendations import recommended
from user_stats.statistics.settings import StatisticsSettings
from user_stats.statistics.site_records import SiteRecords
from user_stats.statistics.titles import Titles
from user_stats.statistics.weekly_digest import WeeklyDigest, weekly_digest
from user_stats.statistics.year_in_review import YearInReview, year_in_review, years
from user_stats.storage import Record, Storage
from user_stats.times import Clock, to_iso, utc_now
from user_stats.user_records import get_user

MOST_RECOMMENDED = 100
PEOPLE_AT_ONCE = 200
MINUTE = len("2026-01-01T00:00")
BACKUPS = "backups"
"""In SITE: when a backup was last verified, and when one last failed."""
Catalogue = dict[str, dict[str, Any]]
"""Each figure by its key, with its value, its unit and what it rests on."""

log = logging.getLogger(__name__)


class Statistics:
    """The statistics of a store. Days and hours are in the zone of the settings unless `tz` names another."""

    def __init__(self, storage: Storage, *, settings: StatisticsSettings | None = None, clock: Clock = utc_now) -> None:
        self._storage = storage
        self._clock = clock
        self.settings = settings or StatisticsSettings()
        self._site: tuple[tuple[Any, ...], SiteRecords] | None = None
        self._told: tuple[SiteRecords, Catalogue] | None = None
        self._looked_at: dict[str, Record] = {}
        """Of each person the tally by which `follow` looked for new badges last."""
        self._titles = Titles(storage)
        rules = Rules(self.settings.watched_threshold, self.settings.session_gap.total_seconds())
        self.ledger = Ledger(storage, rules)

    # -- the catalogue ------------------------------------------------------------------------------------------------

    def person_catalogue(self, user_id: str, *, tz: str | None = None) -> Catalogue:
        """All 53 figures of one person; None where there is no data or no form of it. Raises UserNotFound."""
        records = self.person_records(user_id, tz=tz)
        return _evaluated(lambda entry: entry.person, records)

    def platform_catalogue(self, *, tz: str | None = None, progress: Progress | None = None) -> Catalogue:
        """All 53 figures of the site. The first call of a process reads the whole log, later ones what is new."""
        with collecting_put_off():
            records = self.site_records(tz=tz, progress=progress)
            told = self._told
            if told is None or told[0] is not records:
                told = self._told = (records, _evaluated(lambda entry: entry.platform, records))
        return {key: dict(row) for key, row in told[1].items()}

    def content_catalogue(self, content_id: str, *, tz: str | None = None) -> Catalogue:
        """All 53 figures of one item; an item that nobody knows has no data."""
        return _evaluated(lambda entry: entry.content, self.content_records(content_id, tz=tz))

    def leaderboard(self, metric: str = "points", period: str = "all", limit: int = 100) -> list[boards.Place]:
        """The first of everybody who did not opt out; `boards.METRICS` and `boards.PERIODS` say what can be asked."""
        _check(metric, period)
        limit = fields.checked_whole("limit", limit, 1, 1000)
        return boards.leaderboard(self.site_records(), metric, period)[:limit]

    def own_place(self, user_id: str, metric: str = "points", period: str = "all") -> boards.Place | None:
        """Where a person stands, always visible to themselves; None where they have nothing."""
        _check(metric, period)
        return boards.own_place(self.site_records(), fields.checked_user_id(user_id), metric, period)

    def recommendations(self, user_id: str, count: int = 10) -> list[str]:
        """Items that the person may like, the best first; never what they watched already. Raises UserNotFound."""
        user_id = fields.checked_user_id(user_id)
        get_user(self._storage, user_id)
        count = fields.checked_whole("count", count, 1, MOST_RECOMMENDED)
        self.ledger.refresh()
        deleted = {key for key, about in self._storage.scan(CONTENT) if about.get("deleted_at")}
        return recommended(self.ledger.histories(), user_id, count, left_out=deleted)

    def year_in_review(self, user_id: str, year: int, *, tz: str | None = None) -> YearInReview:
        """A person's year; empty where they did nothing in it. `year_svg` makes a picture of it."""
        year = fields.checked_whole("year", year, 1970, 9998)
        return year_in_review(self.person_records(user_id, tz=tz), year)

    def years(self, user_id: str, *, tz: str | None = None) -> list[int]:
        """The years in which a person did something, the newest first."""
        return years(self.person_records(user_id, tz=tz))

    def weekly_digest(self) -> WeeklyDigest:
        """The last whole week of the site beside the one before."""
        return weekly_digest(self.site_records())

    def is_known(self, content_id: str) -> bool:
        """True where somebody described the item or did something with it."""
        if not is_content_id(content_id):
            return False
        self.ledger.refresh()
        return content_id in self.ledger.sums(CONTENTS) or self._storage.get(CONTENT, content_id) is not None

    def _keep_badges(self) -> None:
        """Writes badges that were earned into the logs of those who have them, so that they stay. Looks at those of
        whom something is new; each who is due takes some milliseconds, so not at all at once."""
        made_up = {user_id for user_id, _ in self._storage.scan(DEMO)}
        kept = 0
        for user_id, tally in self.ledger.tallies().items():
            if self._looked_at.get(user_id) is tally or user_id in made_up:
                continue
            if kept == PEOPLE_AT_ONCE:
                return
            try:
                kept += self._keep_badges_of(user_id, tally)
            except StorageCorrupt as error:  # nobody else waits for the repair
                log.warning("badges cannot be kept: %s", error)
            self._looked_at[user_id] = tally

    def _keep_badges_of(self, user_id: str, tally: Record) -> bool:
        """Whether there was something to write."""
        stored, days, known = self._storage.get(USER_STATS, user_id), tally["days"], tally.get("badges", {})
        if stored is None:
            return False
        rules, now = self.settings.badges, self._clock()
        values = lifetime_values(UserStats.from_stored(user_id, stored), days, streak_of(days, now.date()))
        if all(one.key in known or values[one.measure] < one.threshold for one in rules):
            return False
        return self._storage.transaction(lambda tx: keep_badges(tx, user_id, rules, now=now)) > 0

    def follow(self) -> None:
        """What a running site does every now and then, so that a start reads little and badges stay."""
        try:
            self.roll_up()
        finally:  # a damaged log keeps nobody else's badges waiting
            self._keep_badges()

    def roll_up(self, progress: Progress | None = None) -> None:
        """Counts what is new and keeps it in the store, so that the next start reads little."""
        try:
            self.ledger.refresh(progress)
        finally:
            self.ledger.save()

    # -- what they are computed from ----------------------------------------------------------------------------------

    def person_records(self, user_id: str, *, tz: str | None = None) -> PersonRecords:
        user_id = fields.checked_user_id(user_id)
        user = get_user(self._storage, user_id)
        return PersonRecords(
            user,
            UserStats.from_stored(user_id, self._storage.get(USER_STATS, user_id) or {}),
            self._storage.read_log(ACTIVITY, user_id),
            self._clock(),
            self._zone(tz),
            self.settings,
            lambda content_id: self._storage.get(CONTENT, content_id) or {},
            lambda: self._rank(user_id),
            lambda: self._active_referred(user_id),
        )

    def _rank(self, user_id: str) -> tuple[int, int, int] | None:
        records = self.site_records()
        board = boards.leaderboard(records, "points", "all")
        shown = next((place for place in board if place.user_id == user_id), None)
        place = shown or boards.own_place(records, user_id, "points", "all")
        return None if place is None else (place.rank, len(board) + (shown is None), records.events)

    def _active_referred(self, user_id: str) -> int | None:
        referred = connections(self._storage, user_id)["referred"]
        if not referred:
            return None
        self.ledger.refresh()
        tallies = self.ledger.tallies()
        return sum(bool(tallies[one]["days"]) for one in referred if one in tallies)

    def site_records(self, *, tz: str | None = None, progress: Progress | None = None) -> SiteRecords:
        """As of this minute: within it, and while nothing is recorded, what was worked out before is used again."""
        self.ledger.refresh(progress)
        now, zone = self._clock(), self._zone(tz)
        backups = self._storage.get(SITE, BACKUPS) or {}
        key = (self.ledger.version, str(zone), to_iso(now)[:MINUTE], repr(backups))
        records = self._site
        if records is None or records[0] != key:
            records = self._site = (key, self._read_site(now, zone, backups))
        return records[1]

    def _read_site(self, now: datetime, zone: tzinfo, backups: Record) -> SiteRecords:
        storage, histories = self._storage, self.ledger.histories()
        return SiteRecords(
            {user_id: User.from_stored(user_id, record) for user_id, record in storage.scan(USERS)},
            {user_id: UserStats.from_stored(user_id, record) for user_id, record in storage.scan(USER_STATS)},
            self.ledger.tallies(),
            self.ledger.sums(DAYS),
            self.ledger.sums(QUARTERS).get(ALL_TIME, {}),
            self.ledger.sums(TOPICS),
            self.ledger.sums(CONTENTS),
            self.ledger.sums(EDGES),
            dict(storage.scan(CONTENT)),
            now,
            zone,
            self.settings,
            backups,
            dict(storage.scan(AUDIENCE_DAYS)),
            self.ledger.events(),
            lambda content_id: self._titles.of(content_id, histories),
        )

    def content_records(self, content_id: str, *, tz: str | None = None) -> ContentRecords:
        content_id = fields.checked_text("content_id", content_id, fields.LONGEST_ID)
        self.ledger.refresh()
        sums, about = self.ledger.sums(CONTENTS), self._storage.get(CONTENT, content_id) or {}
        ratings = [(row["half_stars"], row["ratings"]) for row in list(sums.values()) if row.get("ratings")]
        count = sum(number for _, number in ratings)
        return ContentRecords(
            content_id,
            about,
            sums.get(content_id, {}),
            self._views_of(content_id),
            self._viewers_of_next(content_id, about),
            self._clock(),
            self._zone(tz),
            sum(half for half, _ in ratings) / 2 / count if count else None,
        )

    def _views_of(self, stream_id: str) -> list[View]:
        return [
            View(start, start + seconds, user_id)
            for user_id, tally in self.ledger.tallies().items()
            for start, seconds in tally["streams"].get(stream_id, ())
        ]

    def _viewers_of_next(self, stream_id: str, about: Record) -> frozenset[str] | None:
        """Who watched the first stream of the same owner after this one."""
        start = about.get("started_at")
        later = [
            other
            for _, other in self._storage.scan(CONTENT)
            if start and other.get("started_at", "") > start and other["owners"][0] == about["owners"][0]
        ]
        if not later:
            return None
        following = min(later, key=lambda other: str(other["started_at"]))
        return frozenset(view.viewer for view in self._views_of(following["content_id"]))

    def _zone(self, tz: str | None) -> tzinfo:
        return checked_zone(self.settings.time_zone if tz is None else tz)

    def now(self) -> datetime:
        return self._clock()


def _evaluated(function_of: Callable[[Any], Callable[[Any], Figure] | None], records: Any) -> Catalogue:
    from user_stats.statistics.catalogue import ENTRIES  # 140 functions in 20 files: the start of a site goes without

    found: Catalogue = {}
    for entry in ENTRIES:
        function = function_of(entry)
        figure = NOT_HERE if function is None else function(records)
        found[entry.key] = entry.to_plain(figure)
    return found


def _check(metric: str, period: str) -> None:
    fields.checked_word("metric", metric, boards.METRICS)
    fields.checked_word("period", period, boards.PERIODS)
