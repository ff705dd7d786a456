"""`BotUsers`: who has started the bot, when first, and the figures of it."""

from __future__ import annotations

import heapq
import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from user_stats.audience import Audience
from user_stats.audience.ledger import Event, Ledger, commit
from user_stats.audience.visitors import count_bot_user
from user_stats.bot_users.forgetting import forget
from user_stats.collections import BOT_DAYS, BOT_LINKS, BOT_USERS, SITE
from user_stats.errors import InvalidInput, StorageError
from user_stats.fields import checked_telegram_id, checked_whole
from user_stats.storage import Record, Storage
from user_stats.times import Clock, from_iso, to_iso, utc_now
from user_stats.transfer.tables import write_table

LONGEST_NAME = 128
LONGEST_REFERRAL = 64
"""Telegram's own limit on what may follow /start."""
MOST_LISTED = 1000
MOST_DAYS = 3660
CSV_COLUMNS = ("user_id", "first_name", "username", "first_seen")
FIRST_SEEN_KEY = "bot"
"""The key in SITE of when the very first person came."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BotUser:
    """Somebody who has started the bot. `referral` is what the link said that brought them, empty without."""

    user_id: int
    first_name: str
    username: str | None
    first_seen: str
    referral: str = ""


@dataclass(frozen=True)
class BotDay:
    """One UTC day of the bot: who started it for the first time, and who used it at all."""

    date: str
    new: int
    active: int


@dataclass(frozen=True)
class BotFigures:
    """The bot on one page; `days` newest first, zeros included. `active_…` are distinct people of the last 1, 7 and 30
    days, 0 while nothing is counted of visitors. `growth` is this period's new people ÷ those of the one before, less
    1; None where nobody came before."""

    total: int
    new_today: int
    active_today: int
    active_week: int
    active_month: int
    linked: int
    first_seen: str | None
    growth: float | None
    days: list[BotDay]


class BotUsers:
    """The bot's people in a store. Safe to share between threads; several processes may use one store.

    What a call has returned from, or a future has given, is durable. Calls raise InvalidInput and StorageError."""

    def __init__(self, storage: Storage, audience: Audience | None = None, *, clock: Clock = utc_now) -> None:
        self._storage = storage
        self._audience = audience or Audience(storage, clock=clock)
        self._clock = clock

    @property
    def storage(self) -> Storage:
        return self._storage

    # -- counting -----------------------------------------------------------------------------------------------------

    def add(self, user_id: int, first_name: str | None = None, username: str | None = None, referral: str = "") -> bool:
        """True where this is the person's first time. A name that has changed is taken over; nobody is refused for
        what they are called. The audience counts the person once a day."""
        event = self._added(user_id, first_name, username, referral)
        is_new: bool = commit(self._storage, [event], self._clock())[0]
        return is_new

    def add_soon(
        self, user_id: int, first_name: str | None = None, username: str | None = None, referral: str = ""
    ) -> Future[bool]:
        """The same together with what else comes in at the moment, in one transaction."""
        return self._audience.submit(self._added(user_id, first_name, username, referral))

    def see_soon(self, user_id: int) -> Future[bool]:
        """Counts a person as active today, if they have started the bot before; gives whether they have."""
        key = str(checked_telegram_id(user_id))

        def event(ledger: Ledger) -> bool:
            is_known = ledger.tx.get(BOT_USERS, key) is not None
            if is_known:
                self._count_day(ledger, user_id)
            return is_known

        return self._audience.submit(event)

    def _added(self, user_id: int, first_name: str | None, username: str | None, referral: str) -> Event:
        key = str(checked_telegram_id(user_id))
        names = {
            "first_name": _cleaned("first_name", first_name),
            "username": _cleaned("username", username) or None,
        }
        brought_by = _cleaned("referral", referral)[:LONGEST_REFERRAL]

        def event(ledger: Ledger) -> bool:
            before = ledger.tx.get(BOT_USERS, key)
            if before is None:
                self._put_new(ledger, key, {"user_id": user_id, **names}, brought_by)
            elif any(before.get(name) != value for name, value in names.items()):
                ledger.tx.put(BOT_USERS, key, {**before, **names})
            self._count_day(ledger, user_id)
            return before is None

        return event

    def _put_new(self, ledger: Ledger, key: str, person: Record, referral: str) -> None:
        at = to_iso(ledger.now)
        ledger.tx.put(BOT_USERS, key, {**person, "first_seen": at, "referral": referral})
        day = ledger.change(BOT_DAYS, at[:10])
        day["new"] = day.get("new", 0) + 1
        if at < ledger.read(SITE, FIRST_SEEN_KEY).get("first_seen", "~"):
            ledger.change(SITE, FIRST_SEEN_KEY)["first_seen"] = at

    def _count_day(self, ledger: Ledger, user_id: int) -> None:
        if self._audience.is_enabled:
            count_bot_user(ledger, user_id, to_iso(ledger.now)[:10])

    # -- forgetting ---------------------------------------------------------------------------------------------------

    def forget(self, user_id: int) -> bool:
        """Takes out a person for good, their link to an account included; False where nothing was known of them. How
        many came on the days that are over stays as it was counted."""
        checked_telegram_id(user_id)
        now = self._clock()
        is_done = self._storage.transaction(lambda tx: forget(tx, user_id, now))
        try:
            self._storage.forget_deleted()
        except StorageError as error:  # they are gone all the same; the engine overwrites the rest in time
            log.warning("what was forgotten may still stand in the journal: %s", error)
        return is_done

    # -- figures ------------------------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many people have started the bot, less those who were forgotten."""
        return self._storage.count(BOT_USERS)

    def new_on(self, day: str) -> int:
        """How many started it for the first time on a UTC day."""
        new: int = (self._storage.get(BOT_DAYS, day) or {}).get("new", 0)
        return new

    def first_seen(self) -> str | None:
        """When the first of all came; None where nobody has."""
        return (self._storage.get(SITE, FIRST_SEEN_KEY) or {}).get("first_seen")

    def find(self, user_id: int) -> BotUser | None:
        record = self._storage.get(BOT_USERS, str(checked_telegram_id(user_id)))
        return None if record is None else _from_stored(record)

    def figures(self, days: int = 30) -> BotFigures:
        """Everything about the bot's people of the last days, for one page."""
        checked_whole("days", days, 1, MOST_DAYS)
        today = self._clock().date()
        dates = [(today - timedelta(days=back)).isoformat() for back in range(2 * days)]
        new = [self.new_on(date) for date in dates]
        active = [day.bot_users for day in self._audience.last_days(days)]
        before = sum(new[days:])
        people = self._audience.active_bot_users()
        return BotFigures(
            total=self.count(),
            new_today=new[0],
            active_today=people.daily,
            active_week=people.weekly,
            active_month=people.monthly,
            linked=self._storage.count(BOT_LINKS),
            first_seen=self.first_seen(),
            growth=sum(new[:days]) / before - 1 if before else None,
            days=[BotDay(*day) for day in zip(dates[:days], new, active, strict=False)],
        )

    def everybody(self) -> Iterator[BotUser]:
        """All people, in no promised order; reads them one after the other."""
        return (_from_stored(record) for _, record in self._storage.scan(BOT_USERS))

    def newest(self, limit: int = 20) -> list[BotUser]:
        """The people who came last, newest first. Reads everybody."""
        checked_whole("limit", limit, 1, MOST_LISTED)
        return heapq.nlargest(limit, self.everybody(), key=lambda person: person.first_seen)

    def referrals(self, limit: int = 20) -> list[tuple[str, int]]:
        """The links that brought most people, each with how many. Reads everybody."""
        checked_whole("limit", limit, 1, MOST_LISTED)
        counts = Counter(person.referral for person in self.everybody() if person.referral)
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]

    # -- out ----------------------------------------------------------------------------------------------------------

    def rows(self) -> Iterator[dict[str, Any]]:
        """Everybody as rows of `CSV_COLUMNS`, the oldest first; `first_seen` as `2026-01-15 14:23:45`, UTC."""
        for person in sorted(self.everybody(), key=lambda one: (one.first_seen, one.user_id)):
            yield {**{name: getattr(person, name) for name in CSV_COLUMNS}, "first_seen": shown_moment(person)}

    def export_csv(self, path: Path) -> int:
        """How many people were written; see `transfer.tables.write_table`."""
        return write_table(path, "csv", CSV_COLUMNS, self.rows())


def shown_moment(person: BotUser) -> str:
    """When the person came first, as people and spreadsheets read it."""
    return plain_moment(person.first_seen)


def plain_moment(moment: str) -> str:
    """A stored moment as `2026-01-15 14:23:45`, UTC."""
    return f"{from_iso(moment):%Y-%m-%d %H:%M:%S}"


def _cleaned(field: str, text: object) -> str:
    """A text as it can be stored: valid Unicode, not endless; empty for none."""
    if text is None:
        return ""
    if not isinstance(text, str):
        raise InvalidInput.of(field, text, "a text, or nothing")
    return text[:LONGEST_NAME].encode(errors="replace").decode().replace("\0", "")


def _from_stored(record: Record) -> BotUser:
    return BotUser(**{name: record[name] for name in BotUser.__dataclass_fields__ if name in record})
