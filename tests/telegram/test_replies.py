"""Answers under Telegram's limit: whoever is asked to wait waits, and nobody's answer is lost for it; and all ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter
from aiogram.methods import SendMessage, TelegramMethod

from tests.telegram.conftest import RunBot
from tests.telegram.double import BotApi, starts
from user_stats.telegram import replies as replies_module
from user_stats.telegram.endings import end
from user_stats.telegram.replies import MOST_AT_ONCE, MOST_WAITING, Replies


class LimitedBot:
    """Takes so many calls, then asks to wait, as Telegram does."""

    def __init__(self, at_once: int, pause_seconds: float) -> None:
        self.taken: list[int] = []
        self.refused = 0
        self._at_once, self._pause = at_once, pause_seconds
        self._left, self._again_at = at_once, 0.0

    async def __call__(self, method: SendMessage) -> None:
        await asyncio.sleep(0)
        now = time.monotonic()
        if not self._left and now >= self._again_at:
            self._left = self._at_once
        if not self._left:
            self.refused += 1
            raise TelegramRetryAfter(method=method, message="", retry_after=self._again_at - now)  # type: ignore[arg-type]
        self._left -= 1
        self._again_at = now + self._pause
        self.taken.append(int(method.chat_id))


def hello(person: int) -> TelegramMethod[object]:
    return SendMessage(chat_id=person, text="hello")  # type: ignore[return-value]


def deliver(bot: Callable[..., object], count: int, *, drain_seconds: float = 60.0) -> None:
    """Sends so many answers at once, and ends."""

    async def send() -> None:
        replies = Replies(bot)  # type: ignore[arg-type]
        for person in range(count):
            await replies.send(hello(person))
        await replies.drain(drain_seconds)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(send())


def test_many_answers_at_once_all_arrive_once_whatever_telegram_asks_to_wait() -> None:
    bot = LimitedBot(at_once=30, pause_seconds=0.05)
    deliver(bot, 500)
    assert len(set(bot.taken)) == len(bot.taken) == 500
    assert bot.refused <= MOST_AT_ONCE * 500 / 30, "what is refused is bounded by what may go out at once"


def test_more_answers_than_may_wait_are_dropped_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def busy(method: SendMessage) -> None:
        raise TelegramRetryAfter(method=method, message="", retry_after=60)

    async def send() -> None:
        replies = Replies(busy)  # type: ignore[arg-type]
        for person in range(MOST_WAITING + 5):
            await replies.send(hello(person))
            if person == MOST_AT_ONCE:
                await asyncio.sleep(0.01)  # the first ones are told to wait
        await replies.drain(0.1)

    asyncio.run(send())
    assert caplog.text.count("an answer is dropped") == 5
    assert f"{MOST_WAITING} answers are given up: the bot ends" in caplog.text


def test_told_to_wait_for_too_long_an_answer_is_given_up_and_the_end_is_quick(caplog: pytest.LogCaptureFixture) -> None:
    async def closed(method: SendMessage) -> None:
        raise TelegramRetryAfter(method=method, message="", retry_after=3600)

    deliver(closed, 100)
    assert caplog.text.count("an answer is given up: Telegram did not take it") == 100


def test_the_end_does_not_wait_for_a_telegram_that_asks_to_wait(caplog: pytest.LogCaptureFixture) -> None:
    bot = LimitedBot(at_once=1, pause_seconds=250)
    deliver(bot, 100, drain_seconds=0.1)
    assert bot.taken == [0]
    assert "99 answers are given up: the bot ends" in caplog.text


def test_a_lost_connection_is_tried_again_and_then_given_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies_module, "FIRST_PAUSE_SECONDS", 0.001)
    calls: Counter[int] = Counter()

    async def broken(method: SendMessage) -> None:
        calls[int(method.chat_id)] += 1
        if method.chat_id == 1 or calls[0] < 2:
            raise TelegramNetworkError(method=method, message="gone")

    deliver(broken, 2)
    assert calls == {0: 2, 1: 4}
    assert caplog.text.count("an answer is given up") == 1


def test_under_a_limit_everybody_is_counted_and_answered(api: BotApi, run_bot: RunBot) -> None:
    api.most_a_second["sendMessage"] = 100
    with run_bot():
        api.put(*starts(range(1, 501)))
        api.wait(lambda: len(api.taken("sendMessage")) >= 500)
    assert {int(fields["chat_id"]) for fields in api.taken("sendMessage")} == set(range(1, 501))
    assert len(api.taken("sendMessage")) == 500


def test_a_task_is_ended_also_where_its_first_cancellation_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("user_stats.telegram.endings.PAUSE_SECONDS", 0.01)
    lost = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost.append(True)

    async def run() -> bool:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await end(task)
        return task.cancelled()

    assert asyncio.run(run())
    assert lost
