"""Updates by polling: the bot asks Telegram for them, and confirms them when what counts is durable and the answers are
out. What was fetched when the process was killed comes again, and counts once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod

from user_stats.errors import NotAuthenticated
from user_stats.telegram.endings import end
from user_stats.telegram.service import ALLOWED_UPDATES, PUT_OFF, BotService, sender_id_of, update_id_of

MOST_AT_ONCE = 100
"""The most that Telegram gives."""
POLL_SECONDS = 50
PATIENCE_SECONDS = 15
"""For the way there and back, beside what Telegram holds a request."""
END_SECONDS = 5
"""The same for the last request, which only confirms: without it updates come again, and count once."""
SETTLE_SECONDS = 5.0
"""So long answers may hold up the next updates, so that after a sudden end they come again and are answered."""
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts that fail one after the other; the last one for all further ones."""

log = logging.getLogger(__name__)


class GetRawUpdates(TelegramMethod[list[Any]]):
    """`getUpdates`, each update left as it came: one that cannot be understood does not hide the others."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = MOST_AT_ONCE
    timeout: int = POLL_SECONDS
    allowed_updates: list[str] = ALLOWED_UPDATES


class Polling:
    """Fetches until it is stopped."""

    def __init__(self, service: BotService) -> None:
        self._service = service
        self._offset: int | None = None
        self._failures = 0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """What was fetched is still handled and confirmed."""
        self._stopping.set()

    async def run(self) -> None:
        """Raises NotAuthenticated where Telegram does not know the token."""
        while not self._stopping.is_set():
            fetching = asyncio.create_task(self._fetch(POLL_SECONDS))
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait((fetching, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if fetching.done():
                await self._handle(fetching.result())
            else:
                await end(fetching)
        if self._offset is not None:
            await self._fetch(0, END_SECONDS, limit=1)  # confirms what was handled; what it gives comes again

    async def _fetch(
        self, seconds: int, patience_seconds: int = PATIENCE_SECONDS, *, limit: int = MOST_AT_ONCE
    ) -> list[Any]:
        """What Telegram has; empty after a failure, which is waited out."""
        method = GetRawUpdates(offset=self._offset, timeout=seconds, limit=limit)
        try:
            updates = await self._service.bot(method, request_timeout=seconds + patience_seconds)
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise NotAuthenticated("TELEGRAM_BOT_TOKEN: Telegram does not know this token") from None
        except TelegramRetryAfter as error:
            await self._pause(error.retry_after, f"Telegram asks to wait for {error.retry_after} s")
        except TelegramConflictError as error:
            await self._settle_conflict(error)
        except (AiogramError, ClientDecodeError, OSError) as error:
            await self._pause(None, f"Telegram cannot be reached: {error}")
        else:
            self._failures = 0
            return updates
        return []

    async def _settle_conflict(self, error: TelegramConflictError) -> None:
        """Takes away a webhook, which was set before; another program that fetches is waited for."""
        if "webhook" in error.message.lower():
            log.warning("a webhook took the updates of this bot; it is taken away")
            with suppress(AiogramError):
                await self._service.bot.delete_webhook()
            await self._pause(None, "the updates are fetched from now on")
        else:
            await self._pause(None, "another program fetches the updates of this bot")

    async def _handle(self, updates: list[Any]) -> None:
        """Handles them, those of one person in their order, and moves on; up to the first that is put off."""
        groups: dict[object, list[Any]] = {}
        for raw in updates:
            groups.setdefault(sender_id_of(raw), []).append(raw)
        left = [one for some in await asyncio.gather(*map(self._take, groups.values())) for one in some]
        await self._service.replies.settle(SETTLE_SECONDS)
        numbers = [number for raw in updates if (number := update_id_of(raw)) is not None]
        open_numbers = [number for raw in left if (number := update_id_of(raw)) is not None]
        if numbers:
            self._offset = min(open_numbers, default=max(numbers) + 1)
        if open_numbers:
            await self._pause(None, f"{len(open_numbers)} updates were put off and are taken again")

    async def _take(self, updates: Iterable[Any]) -> list[Any]:
        """Those that are to be taken again."""
        left = []
        for raw in updates:
            try:
                await self._service.take(raw)
            except PUT_OFF as error:
                log.warning("an update is put off: %s", error)
                left.append(raw)
        return left

    async def _pause(self, seconds: float | None, reason: str) -> None:
        wait = PAUSES[min(self._failures, len(PAUSES) - 1)] if seconds is None else seconds
        self._failures += 1
        log.warning("%s; trying again in %g s", reason, wait)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._stopping.wait()


async def run_polling(service: BotService) -> None:
    """Until SIGINT or SIGTERM. Raises NotAuthenticated."""
    polling = Polling(service)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, polling.stop)
    async with service.running():
        await polling.run()
