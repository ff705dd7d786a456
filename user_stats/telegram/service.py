"""The bot as a whole: takes updates, and does with each what is to be done."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.types import Update
from pydantic import ValidationError

from user_stats import bootstrap
from user_stats.bot_settings import BotSettings
from user_stats.errors import StorageBusy, StorageError, UserStatsError
from user_stats.telegram.desk import Desk
from user_stats.telegram.endings import end
from user_stats.telegram.handlers import make_router
from user_stats.telegram.profile import ProfileKeeper
from user_stats.telegram.replies import Replies
from user_stats.telegram.secrecy import hide_in_logs
from user_stats.telegram.tracker import UserTracker

ALLOWED_UPDATES = ["message", "callback_query"]
"""The kinds that are asked for; others would come in for nothing."""
PUT_OFF = (StorageError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError)
"""With these an update is to be offered again: the store failed, or Telegram did not tell the bot its name, which a
command such as /start@NAME asks for."""
REQUEST_SECONDS = 20.0
MOST_REMEMBERED = 10_000
DRAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class BotService:
    """One bot over one store."""

    def __init__(self, settings: BotSettings, store: str | None = None) -> None:
        hide_in_logs(settings.token)
        session = AiohttpSession(api=TelegramAPIServer.from_base(settings.api_url), timeout=REQUEST_SECONDS)
        self.bot = Bot(settings.token, session=session)
        self.replies = Replies(self.bot)
        tracker = UserTracker(store, interval_seconds=settings.description_interval_seconds)
        self.profile = ProfileKeeper(
            lambda: tracker.update_bot_description(self.bot, unless_empty=True),
            interval_seconds=settings.description_interval_seconds,
        )
        desk = Desk(
            tracker=tracker,
            links=bootstrap.get_bot_links(store),
            manager=bootstrap.get_user_manager(store),
            replies=self.replies,
            tell_news=self.profile.tell,
            owners=settings.owners,
        )
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._dispatcher.include_router(make_router(desk))
        self._taken: OrderedDict[int, None] = OrderedDict()
        self._at_work: set[int] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keeps the profile up to date while updates are taken; at the end sends what is still to be answered."""
        keeper = asyncio.create_task(self.profile.run())
        try:
            yield
        finally:
            await end(keeper)
            await self.replies.drain(DRAIN_SECONDS)
            await self.bot.session.close()

    async def take(self, raw: object) -> None:
        """Does what is to be done about an update as Telegram sent it. One that came before, or that cannot be
        understood, is ignored, the latter with a line in the log. What counts is durable when this returns.

        Raises one of `PUT_OFF`: the update is to be offered again later. So it is while the same is being handled."""
        update = self._understood(raw)
        if update is None or update.update_id in self._taken:
            return
        if update.update_id in self._at_work:
            raise StorageBusy("the same update is being handled")
        self._at_work.add(update.update_id)
        try:
            await self._handle(update)
        finally:
            self._at_work.discard(update.update_id)
        self._remember(update.update_id)

    async def _handle(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self.bot, update)
        except PUT_OFF:
            raise
        except UserStatsError as error:
            log.warning("update %d is ignored: %s", update.update_id, error)
        except Exception:
            log.exception("update %d could not be handled", update.update_id)

    def _understood(self, raw: object) -> Update | None:
        try:
            return Update.model_validate(raw, context={"bot": self.bot})
        except ValidationError as error:
            places = {".".join(map(str, problem["loc"])) for problem in error.errors()}
            log.warning("an update of another shape is ignored: %s", ", ".join(sorted(places)[:5])[:200])
            return None

    def _remember(self, update_id: int) -> None:
        self._taken[update_id] = None
        if len(self._taken) > MOST_REMEMBERED:
            self._taken.popitem(last=False)


def update_id_of(raw: Any) -> int | None:
    """The number of an update, if it has one."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if type(number) is int else None


def sender_id_of(raw: Any) -> object:
    """Something that is the same for all updates of one person."""
    if isinstance(raw, dict):
        for part in raw.values():
            if isinstance(part, dict) and isinstance(part.get("from"), dict):
                number = part["from"].get("id")
                return number if isinstance(number, int | str) else None
    return None
