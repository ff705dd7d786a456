"""The count in the bot's profile: brought up to date as often as is allowed, and no more often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiohttp import ClientConnectorError

from user_stats.bot_users import Descriptions

PARTS: dict[str, Callable[[Bot, str], Awaitable[bool]]] = {
    "description": lambda bot, text: bot.set_my_description(description=text),
    "short_description": lambda bot, text: bot.set_my_short_description(short_description=text),
}

log = logging.getLogger(__name__)


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
        if _may_have_been_made(error):
            retry_seconds = descriptions.interval_seconds
    else:
        await asyncio.to_thread(descriptions.changed, part, count)
        return None
    return await asyncio.to_thread(lambda: descriptions.failed(part, retry_seconds=retry_seconds))


def _may_have_been_made(error: Exception) -> bool:
    """True where the call may have reached Telegram, and no word of it came back."""
    if isinstance(error, TelegramNetworkError):
        return not isinstance(error.__cause__, ClientConnectorError)
    return isinstance(error, TelegramServerError | OSError)


class ProfileKeeper:
    """Looks after the profile while the bot runs: at the start, after news, and when an interval ends."""

    def __init__(self, update: Callable[[], Awaitable[float | None]], *, interval_seconds: float) -> None:
        self._update = update
        self._interval_seconds = interval_seconds
        self._news = asyncio.Event()

    def tell(self) -> None:
        """Somebody new has come, or somebody is gone."""
        self._news.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._news.clear()
            wait = await self._update()
            if wait is not None:  # one part may have to wait for longer than the other may be out of date
                await asyncio.sleep(min(wait, self._interval_seconds))
                continue
            with suppress(TimeoutError):  # another process may have counted somebody
                async with asyncio.timeout(self._interval_seconds):
                    await self._news.wait()
