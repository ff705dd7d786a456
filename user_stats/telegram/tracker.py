"""`UserTracker`: who has started the bot, in one object for programs of the bot's owner."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

from aiogram import Bot

from user_stats import bootstrap
from user_stats.bot_users import BotUsers, Descriptions
from user_stats.bot_users.bot_users import plain_moment
from user_stats.bot_users.descriptions import RETRY_SECONDS
from user_stats.telegram.profile import show_count
from user_stats.times import Clock, utc_now

log = logging.getLogger(__name__)


class UserTracker:
    """The bot's people over a store: a folder, a URL, an open storage, or (None) the configured store.

    The bot's description is changed at most once in `interval_seconds` (None: as configured), also over restarts."""

    def __init__(self, store: Any = None, *, interval_seconds: float | None = None, clock: Clock = utc_now) -> None:
        if isinstance(store, BotUsers):
            self.people = store
        elif store is None or isinstance(store, str | os.PathLike):
            self.people = bootstrap.get_bot_users(store)
        else:
            self.people = BotUsers(store, clock=clock)
        self._clock = clock
        seconds = (
            bootstrap.bot_settings().description_interval_seconds if interval_seconds is None else interval_seconds
        )
        self.descriptions = Descriptions(self.people.storage, interval_seconds=seconds, clock=clock)

    def add_user(self, user_id: int, first_name: str | None = None, username: str | None = None) -> bool:
        """True where this is the person's first time. Raises InvalidInput for what is no id of a person."""
        return self.people.add(user_id, first_name, username)

    def get_user_count(self) -> int:
        return self.people.count()

    def get_user_stats(self) -> dict[str, Any]:
        """`total_users`, `users_today` (first seen in this UTC day) and `first_user_date` (`2026-01-15 14:23:45`, UTC;
        None where nobody has come)."""
        first_seen = self.people.first_seen()
        return {
            "total_users": self.people.count(),
            "users_today": self.people.new_on(self._clock().date().isoformat()),
            "first_user_date": None if first_seen is None else plain_moment(first_seen),
        }

    async def update_bot_description(self, bot: Bot, *, unless_empty: bool = False) -> float | None:
        """Brings the description and the short description to `👥 Users: {count}`, where they may be changed now. Gives
        the seconds after which it is to be called again, None where they are right. Never raises; it logs.

        With `unless_empty` a bot that never had anybody is left as it is, so that the first one is shown at once."""
        try:
            count = await asyncio.to_thread(self.people.count)
            if unless_empty and not count and not await asyncio.to_thread(self.descriptions.were_ever_changed):
                return None
            return await show_count(bot, self.descriptions, count)
        except Exception as error:  # noqa: BLE001 - a description never stands in the way of a person
            log.warning("the bot's description was not looked after: %s", error)
            return RETRY_SECONDS

    def export_users_csv(self, path: str | os.PathLike[str]) -> int:
        """How many people were written: user_id, first_name, username, first_seen, the oldest first."""
        return self.people.export_csv(Path(path))
