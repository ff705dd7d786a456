"""The count in the bot's profile: brought up to date as often as is allowed, and no more often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramRetryAfter

from user_stats.bot_users import Descriptions
from user_stats.errors import StorageError

PARTS: dict[str, Callable[[Bot, str], Awaitable[bool]]] = {
    "description": lambda bot, text: bot.set_my_description(description=text),
    "short_description": lambda bot, text: bot.set_my_short_description(short_description=text),
}

log = logging.getLogger(__name__)
STORE_PAUSE_SECONDS = 10.0
"""Until a store that failed is asked again."""


async def show_count(bot: Bot, descriptions: Descriptions, count: int) -> float | None:
    """The seconds after which to call again, because a part could not be changed now; None where all show the count."""
    waits = [await _show(bot, descriptions, part, count) for part in PARTS]
    return min((wait for wait in waits if wait is not None), default=None)


async def _show(bot: Bot, descriptions: Descriptions, part: str, count: int) -> float | None:
    wait = await asyncio.to_thread(descriptions.claim, part, count)
    if wait != 0:
        return wait
    retry_seconds: float | None = None
    try:
        await PARTS[part](bot, f"👥 Users: {count}")
    except TelegramRetryAfter as error:
        log.warning("the bot's %s was not changed: Telegram asks to wait for %d s", part, error.retry_after)
        retry_seconds = error.retry_after
    except (AiogramError, OSError) as error:
        log.warning("the bot's %s was not changed and will be later: %s", part, error)
    else:
        await asyncio.to_thread(descriptions.changed, part, count)
        return None
    return await asyncio.to_thread(lambda: descriptions.failed(part, retry_seconds=retry_seconds))


class ProfileKeeper:
    """Looks after the profile while the bot runs: after news, when an interval ends, and at the start where a change
    may have been held back."""

    def __init__(self, update: Callable[[], Awaitable[float | None]], descriptions: Descriptions) -> None:
        self._update = update
        self._descriptions = descriptions
        self._news = asyncio.Event()

    def tell(self) -> None:
        """Somebody new has come."""
        self._news.set()

    async def _were_ever_changed(self) -> bool:
        """A store that fails is asked again."""
        while True:
            try:
                return await asyncio.to_thread(self._descriptions.were_ever_changed)
            except StorageError as error:
                log.warning("whether the bot's description was ever changed cannot be read: %s", error)
                await asyncio.sleep(STORE_PAUSE_SECONDS)

    async def run(self) -> None:
        """Until it is cancelled."""
        if not await self._were_ever_changed():
            await self._news.wait()
        while True:
            self._news.clear()
            wait = await self._update()
            if wait is not None:
                await asyncio.sleep(wait)
                continue
            try:
                await asyncio.wait_for(self._news.wait(), self._descriptions.interval_seconds)
            except TimeoutError:
                continue  # another process may have counted somebody
