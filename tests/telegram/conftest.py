"""A Telegram of our own, and a bot that talks to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock

from tests.telegram.double import TOKEN, BotApi
from user_stats import bootstrap
from user_stats.audience import Audience
from user_stats.bot_settings import BotSettings
from user_stats.bot_users import BotUsers
from user_stats.storage import Storage
from user_stats.telegram.polling import Polling
from user_stats.telegram.service import BotService

RunBot = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as server:
        yield server


@pytest.fixture
def people(storage: Storage, clock: FixedClock) -> BotUsers:
    return BotUsers(storage, Audience(storage, clock=clock), clock=clock)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "users"


@pytest.fixture
def run_bot(api: BotApi, store: Path) -> Iterator[RunBot]:
    """Runs the bot in polling mode for the length of a block."""

    @contextmanager
    def run(**settings: Any) -> Iterator[None]:
        chosen = BotSettings(token=TOKEN, api_url=api.url, **settings)
        ready, made = threading.Event(), []

        async def main() -> None:
            service = BotService(chosen, str(store))
            polling = Polling(service)
            made.append((asyncio.get_running_loop(), polling))
            ready.set()
            async with service.running():
                await polling.run()

        thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
        thread.start()
        assert ready.wait(20)
        try:
            yield
        finally:
            loop, polling = made[0]
            loop.call_soon_threadsafe(polling.stop)
            thread.join(30)
            assert not thread.is_alive()

    yield run
    bootstrap.close_audiences()
