"""`Audience`: the one door to visitors, visits, jobs and other instances.

The parts: who was counted already in `visitors.py`, what a visit moves in `visits.py`, jobs in `jobs.py`, reports of
other instances in `instances.py`, the figures in `figures.py`, the queue in `intake.py`, what goes in `retention.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import date, datetime
from typing import Any

from user_stats import fields
from user_stats.audience import event_lists, figures, instances, log_imports, retention
from user_stats.audience.figures import Active, CheckIn, DayFigures, DayReader, Totals
from user_stats.audience.instances import Instance, Report
from user_stats.audience.intake import Intake
from user_stats.audience.jobs import checked_job, job_event
from user_stats.audience.ledger import TOTALS, Event, Ledger, commit
from user_stats.audience.log_imports import LogImport
from user_stats.audience.overview import Overview, count_live_visits, make_overview, read_days
from user_stats.audience.visitors import (
    BOT_USERS,
    PEOPLE,
    VISITORS,
    Counting,
    count_bot_user,
    count_person,
)
from user_stats.audience.visits import Visit, checked_visit, record_visit, record_visits
from user_stats.collections import AUDIENCE_DAYS, JOBS, SITE, VISITS
from user_stats.errors import TooLarge
from user_stats.storage import Record, Storage
from user_stats.times import Clock, checked_moment, to_iso, utc_now

DAYS_TO_KEEP = (1, 3650)
MOST_VISITS_AT_ONCE = 1000
MOST_EVENTS_READ = 1000
MOST_DAYS = 3660


class Audience:
    """The audience over a store. Safe to share between threads; several processes may use one store.

    What a call has returned from is durable. With `is_enabled` off nothing is counted of visitors; jobs are. Calls
    raise InvalidInput and StorageError besides what they name; `count_page` never raises."""

    def __init__(
        self,
        storage: Storage,
        *,
        clock: Clock = utc_now,
        key_days: int = 1,
        new_people_per_address: int = 50,
        is_enabled: bool = True,
        queue_length: int = 20_000,
    ) -> None:
        self.is_enabled = is_enabled
        self._storage = storage
        self._clock = clock
        self._counting = Counting(fields.checked_whole("key_days", key_days, 0, 1), new_people_per_address)
        self._intake = Intake(storage, clock=clock, upkeep=self.destroy_old_keys, length=queue_length)

    # -- counting -----------------------------------------------------------------------------------------------------

    def visit(
        self,
        *,
        address: str | None = None,
        path: str = "/",
        user_agent: str = "",
        client_id: str | None = None,
        visited_at: datetime | str | None = None,
        do_not_track: bool = False,
    ) -> Visit:
        """A checked visit for the calls below; `visited_at` is now, or a moment of the past."""
        given = Visit(self._clock(), path, user_agent, address, client_id, do_not_track=do_not_track)
        return checked_visit(given, visited_at)

    def track_user(self, visit: Visit) -> int:
        """Our visitor-days, after the visit and its address (not its cookie) were counted, crawler or not."""
        given: int = commit(self._storage, [self._tracked(visit)], self._clock())[0]
        return given

    def track_user_soon(self, visit: Visit) -> Future[int]:
        """The same through the queue, together with what others count at the moment."""
        return self._intake.submit(self._tracked(visit))

    def check_in(self, visit: Visit, *, is_new: bool) -> CheckIn:
        """The active people, after the cookie of the visit (not its address, nor a page) was counted."""
        given: CheckIn = commit(self._storage, [self._checked_in(visit, is_new)], self._clock())[0]
        return given

    def check_in_soon(self, visit: Visit, *, is_new: bool) -> Future[CheckIn]:
        """The same through the queue."""
        return self._intake.submit(self._checked_in(visit, is_new))

    def count_page(self, visit: Visit) -> bool:
        """Counts a page visit, its address and its cookie, a little later; crawlers apart. Never waits and never
        raises: False where it could not be taken, which is logged."""
        return not self.is_enabled or self._intake.offer(
            lambda ledger: record_visit(ledger, visit, self._counting, crawlers_apart=True)
        )

    def record_visits(self, visits: Sequence[Visit]) -> int:
        """How many visits were counted, crawlers too: all of them or none, at most 1,000."""
        if len(visits) > MOST_VISITS_AT_ONCE:
            raise TooLarge(f"visits: {len(visits):,} at once; allowed: at most {MOST_VISITS_AT_ONCE:,}", field="visits")
        if not self.is_enabled:
            return 0

        def event(ledger: Ledger) -> None:
            record_visits(ledger, visits, self._counting)

        commit(self._storage, [event], self._clock())
        return len(visits)

    def import_visits(self, visits: Iterable[Visit], *, fingerprint: str, name: str = "") -> LogImport:
        """Counts the visits of a log, crawlers too, each line once for good: see `log_imports.py`. The fingerprint is
        of the whole log."""
        if not self.is_enabled:
            return LogImport(0, 0, {})
        return log_imports.import_visits(self._storage, visits, fingerprint, name, self._counting, self._clock())

    def track_bot_user(self, telegram_id: int) -> None:
        """Counts a user of the bot, once a day."""
        if self.is_enabled:
            now = self._clock()
            commit(self._storage, [lambda ledger: count_bot_user(ledger, telegram_id, to_iso(now)[:10])], now)

    def submit(self, event: Event) -> Future[Any]:
        """What an event of another part of the library gives, once it is durable, through the queue."""
        return self._intake.submit(event)

    def record_job(
        self,
        kind: str,
        succeeded: bool,
        *,
        error: str | None = None,
        seconds: float | None = None,
        labels: Mapping[str, str] | None = None,
        finished_at: datetime | str | None = None,
    ) -> None:
        """Records one attempt at a piece of work: how it ended, how long it took, up to 10 labels."""
        entry = checked_job(kind, succeeded, error, seconds, labels)
        now = self._clock()
        at = now if finished_at is None else checked_moment("finished_at", finished_at, now=now)
        commit(self._storage, [job_event(entry, at)], now)

    def _tracked(self, visit: Visit) -> Event:
        own = visit._replace(client_id=None)

        def event(ledger: Ledger) -> int:
            if self.is_enabled:
                record_visit(ledger, own, self._counting, crawlers_apart=False)
            count: int = ledger.read(SITE, TOTALS).get(VISITORS, 0)
            return count

        return event

    def _checked_in(self, visit: Visit, is_new: bool) -> Event:
        def event(ledger: Ledger) -> CheckIn:
            at = to_iso(visit.at)
            if self.is_enabled and visit.client_id is not None and not visit.do_not_track:
                count_person(ledger, visit.client_id, visit.address, at[:10], self._counting)
            people = figures.active(lambda day: ledger.read(AUDIENCE_DAYS, day), ledger.now.date())
            return CheckIn(is_new, people.daily, people.monthly)

        return event

    # -- figures ------------------------------------------------------------------------------------------------------

    def totals(self) -> Totals:
        return figures.totals(self._storage.get(SITE, TOTALS) or {})

    def day(self, day: date | None = None) -> DayFigures:
        """The figures of one UTC day, today by default."""
        name = (day or self._today()).isoformat()
        return figures.day_figures(name, self._storage.get(AUDIENCE_DAYS, name) or {})

    def last_days(self, count: int) -> list[DayFigures]:
        """The last days, newest first, zeros included."""
        fields.checked_whole("days", count, 1, MOST_DAYS)
        names = figures.last_days(self._today(), count)
        return [figures.day_figures(day, record) for day, record in read_days(self._storage, names).items()]

    def all_days(self) -> list[DayFigures]:
        """Every day that has data, oldest first."""
        return [figures.day_figures(day, record) for day, record in sorted(self._storage.scan(AUDIENCE_DAYS))]

    def now(self) -> datetime:
        return self._clock()

    def active_people(self) -> Active:
        """Distinct cookies of the last 1, 7 and 30 days."""
        return figures.active(self._read_month(), self._today(), PEOPLE)

    def active_bot_users(self) -> Active:
        return figures.active(self._read_month(), self._today(), BOT_USERS)

    def active_everybody(self) -> Active:
        """Distinct cookies and users of the bot; a linked person counts once."""
        return figures.active_everybody(self._read_month(), self._today())

    def active_visitors(self) -> Active | None:
        """Distinct addresses; None where each day has its own key."""
        return None if self._counting.key_days else figures.active(self._read_month(), self._today(), VISITORS)

    def overview(self, days: int = 30) -> Overview:
        """Everything about the audience of the last days, for one page."""
        fields.checked_whole("days", days, 1, MOST_DAYS)
        return make_overview(self._storage, self._clock(), self._counting, days, is_enabled=self.is_enabled)

    def newest_visits(self, limit: int = 100) -> list[Record]:
        """`{"at", "path", "agent"}` of the newest visits, newest first; at most 1,000."""
        return event_lists.newest(self._storage, VISITS, fields.checked_whole("limit", limit, 1, MOST_EVENTS_READ))

    def newest_jobs(self, limit: int = 100) -> list[Record]:
        """`{"at", "kind", "succeeded", "error", "seconds", "labels"}` of the newest jobs, newest first."""
        return event_lists.newest(self._storage, JOBS, fields.checked_whole("limit", limit, 1, MOST_EVENTS_READ))

    def live_visits(self) -> int:
        """Visits of the last 5 minutes, up to 1,000."""
        return count_live_visits(self._storage, self._clock())

    def _read_month(self) -> DayReader:
        return read_days(self._storage, figures.last_days(self._today(), figures.MONTH_DAYS)).__getitem__

    def _today(self) -> date:
        return self._clock().date()

    # -- instances ----------------------------------------------------------------------------------------------------

    def check_signature(self, key: str, sent_at: str, given: str, body: bytes) -> datetime:
        """The time of a rightly signed, fresh report. Raises NotAuthenticated."""
        return instances.checked_signature(key, sent_at, given, body, self._clock())

    def take_report(self, report: Report) -> Instance:
        """The reporting instance as it stands now. Raises Conflict, Forbidden, NotAuthenticated, RateLimited;
        see `instances.py`."""
        return instances.take_report(self._storage, report, self._clock())

    def instances(self) -> list[Instance]:
        """Every instance that reported, the newest report first."""
        return instances.list_instances(self._storage, self._clock())

    def drop_instance(self, instance_id: str, *, actor: str | None = None) -> None:
        """Forgets an instance; its next report counts as its first. Raises UserNotFound; Forbidden unless `actor` is
        an admin or trusted code (None)."""
        instances.drop_instance(self._storage, instance_id, actor, self._clock())

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def count_old(self, days_to_keep: int = 90) -> int:
        """How many visits and jobs `cleanup` would take out. Reads them."""
        fields.checked_whole("days_to_keep", days_to_keep, *DAYS_TO_KEEP)
        return retention.count_old(self._storage, self._clock(), days_to_keep)

    def cleanup(self, days_to_keep: int = 90, *, actor: str | None = None) -> int:
        """How many visits and jobs of earlier days went, 1 to 3,650 days; the figures of days stay. Raises Forbidden
        unless `actor` is an admin or trusted code (None)."""
        fields.checked_whole("days_to_keep", days_to_keep, *DAYS_TO_KEEP)
        self.destroy_old_keys()
        return retention.clean_up(self._storage, self._clock(), days_to_keep, actor=actor)

    def destroy_old_keys(self) -> list[str]:
        """The days whose key was destroyed; to be called every hour."""
        return retention.destroy_old_keys(self._storage, self._clock(), self._counting)

    @property
    def is_failing(self) -> bool:
        """True while counting does not reach the store."""
        return self._intake.is_failing

    @property
    def lost_events(self) -> int:
        """Events that this process could not count since its start."""
        return self._intake.lost

    def drain(self, timeout_seconds: float = 10.0) -> bool:
        """Waits until everything that was given to the queue is counted; False when it takes longer."""
        return self._intake.drain(timeout_seconds)

    def close(self) -> None:
        """Counts what is still in the queue, and takes nothing more."""
        self._intake.close()
