"""Answers on their way: sent beside the counting, so that a slow or refusing Telegram never keeps anybody from being
counted."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import TelegramMethod

from user_stats.telegram.endings import end

MOST_WAITING = 2000
MOST_AT_ONCE = 30
"""What Telegram takes in a second. Each that goes out while Telegram asks to wait is refused, so that few may."""
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 1.0
"""After an attempt that failed; twice as long after each further one."""
LONGEST_WAIT_SECONDS = 300.0
"""Told to wait for longer, an answer is given up: who asked has long gone."""

log = logging.getLogger(__name__)


class Replies:
    """Sends answers, some at once. What Telegram asks to wait is waited by all, and is no attempt; 403 (the person has
    blocked the bot) is noted and no trouble; after a lost connection it is tried again."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._room = asyncio.Semaphore(MOST_WAITING)
        self._lines = asyncio.Semaphore(MOST_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._quiet_until = 0.0

    async def send(self, answer: TelegramMethod[Any]) -> None:
        """Takes the answer; waits for room where many are on their way. While Telegram asks to wait and there is no
        room left, an answer is dropped, which is logged."""
        if self._room.locked() and self._quiet_until > time.monotonic():
            log.warning("an answer is dropped: Telegram asks to wait, and %d answers do already", MOST_WAITING)
            return
        await self._room.acquire()
        task = asyncio.create_task(self._deliver(answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, timeout_seconds: float) -> None:
        """Waits until the answers are out, but for no longer; not at all while Telegram asks to wait."""
        if self._tasks and self._quiet_until <= time.monotonic():
            await asyncio.wait(self._tasks, timeout=timeout_seconds)

    async def drain(self, timeout_seconds: float) -> None:
        """Waits for the answers on their way, but not for long; the others are given up."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=timeout_seconds)
        if late:
            log.warning("%d answers are given up: the bot ends", len(late))
            await asyncio.gather(*map(end, late))

    async def _deliver(self, answer: TelegramMethod[Any]) -> None:
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        try:
            async with self._lines:
                if not await self._is_settled(answer, deadline):
                    log.warning("an answer is given up: Telegram did not take it")
        except Exception:
            log.exception("an answer was not sent")
        finally:
            self._room.release()

    async def _is_settled(self, answer: TelegramMethod[Any], deadline: float) -> bool:
        """False where it was tried often enough, or would go out too late."""
        failures = 0
        while failures < ATTEMPTS and max(self._quiet_until, time.monotonic()) <= deadline:
            await asyncio.sleep(max(0.0, self._quiet_until - time.monotonic()))
            try:
                return await self._try(answer)
            except TelegramRetryAfter as error:
                self._quiet_until = max(self._quiet_until, time.monotonic() + (error.retry_after or 1))
            except (TelegramNetworkError, TelegramServerError) as error:
                log.info("an answer is tried again: %s", error)
                await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**failures)
                failures += 1
        return False

    async def _try(self, answer: TelegramMethod[Any]) -> bool:
        """True where nothing is left to do. Raises what another attempt may mend."""
        try:
            await self._bot(answer)
        except (TelegramRetryAfter, TelegramNetworkError, TelegramServerError):
            raise
        except TelegramForbiddenError:
            log.info("an answer was not wanted: the person has blocked the bot, or is gone")
        except AiogramError as error:
            log.warning("an answer was refused: %s", error)
        return True
