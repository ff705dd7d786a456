"""Updates by webhook: Telegram sends them to the site itself, which shows Telegram by a secret that it may come in.

An update is answered with 200 when what counts is durable; until then Telegram sends it again.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiogram.exceptions import AiogramError, TelegramNotFound, TelegramRetryAfter, TelegramUnauthorizedError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from user_stats import bootstrap
from user_stats.bot_settings import BotSettings
from user_stats.errors import UserStatsError
from user_stats.telegram.endings import end
from user_stats.telegram.service import ALLOWED_UPDATES, PUT_OFF, BotService

PATH = "/api/telegram"
SECRET_HEADER = "x-telegram-bot-api-secret-token"
LARGEST_UPDATE = 1_000_000
"""Bytes; an update has some thousand."""
RETRY_SECONDS = 30.0
SECONDS_BETWEEN_WARNINGS = 60.0

log = logging.getLogger(__name__)


@functools.cache
def configured_webhook() -> Webhook:
    """The process's one webhook, on the configured store."""
    return Webhook(bootstrap.bot_settings())


class Webhook:
    """A route for a server, and what the server's lifespan runs beside it."""

    def __init__(self, settings: BotSettings, store: str | None = None) -> None:
        self._settings = settings
        self._store = store
        self._secret = settings.webhook_secret.encode()
        self._service: BotService | None = None
        self._warned_at = float("-inf")
        self.route = Route(PATH, self._answer, methods=["POST"])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Opens the store and tells Telegram where to send updates, both tried until they succeed and in nobody's
        way; at the end sends what is still to be answered."""
        work = asyncio.create_task(self._run())
        try:
            yield
        finally:
            await end(work)

    async def _run(self) -> None:
        while True:
            try:
                service = await asyncio.to_thread(BotService, self._settings, self._store)
                break
            except UserStatsError as error:
                log.warning("the bot waits for the store: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
        async with service.running():
            self._service = service
            await self._register(service)
            await asyncio.Event().wait()  # until it is cancelled

    async def _register(self, service: BotService) -> None:
        while True:
            wait = RETRY_SECONDS
            try:
                await service.bot.set_webhook(
                    self._settings.webhook_url,
                    secret_token=self._settings.webhook_secret,
                    allowed_updates=ALLOWED_UPDATES,
                )
                return
            except (TelegramUnauthorizedError, TelegramNotFound):
                log.error("TELEGRAM_BOT_TOKEN: Telegram does not know this token; the bot gets no updates")
                return
            except TelegramRetryAfter as error:
                wait = error.retry_after
            except (AiogramError, OSError) as error:
                log.warning("Telegram did not take the webhook, which is tried again: %s", error)
            await asyncio.sleep(wait)

    async def _answer(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret):
            self._warn()
            return Response(status_code=401)
        try:
            body = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        if self._service is None:
            return Response(status_code=503)
        try:
            await self._service.take(update)
        except PUT_OFF as error:
            log.warning("an update is put off: %s", error)
            return Response(status_code=503)
        return Response()

    def _warn(self) -> None:
        if time.monotonic() - self._warned_at >= SECONDS_BETWEEN_WARNINGS:
            self._warned_at = time.monotonic()
            log.warning("somebody came to the bot's webhook without its secret, and was refused")


async def _read(request: Request) -> bytes | None:
    """The body; None where it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_UPDATE:
            return None
    return bytes(body)
