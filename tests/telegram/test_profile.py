"""The count in the bot's profile: as often as is allowed, no more often, and never stale for longer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from clocks import FixedClock

from tests.telegram.conftest import RunBot
from tests.telegram.double import DROPPED, TOKEN, BotApi, message, real_answer, starts
from user_stats.bot_users import BotUsers, Descriptions
from user_stats.storage import Storage
from user_stats.telegram import UserTracker
from user_stats.telegram.profile import ProfileKeeper

PARTS = ("setMyDescription", "setMyShortDescription")
HOUR = 3600.0


@pytest.fixture
def tracker(storage: Storage, clock: FixedClock) -> UserTracker:
    return UserTracker(BotUsers(storage, clock=clock), interval_seconds=HOUR, clock=clock)


def update(tracker: UserTracker, api: BotApi) -> float | None:
    """Brings the profile up to date, as a bot that was just started."""

    async def run() -> float | None:
        async with Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api.url), timeout=5)) as bot:
            return await tracker.update_bot_description(bot)

    return asyncio.run(run())


def shown(api: BotApi) -> list[list[str]]:
    """What each part was changed to."""
    return [_texts(api, method) for method in PARTS]


def _texts(api: BotApi, method: str) -> list[str]:
    return [text for fields in api.sent(method) for text in fields.values()]


def test_both_texts_say_the_count(tracker: UserTracker, api: BotApi) -> None:
    tracker.add_user(1)
    assert update(tracker, api) is None
    assert shown(api) == [["👥 Users: 1"], ["👥 Users: 1"]]
    assert update(tracker, api) is None
    assert shown(api) == [["👥 Users: 1"], ["👥 Users: 1"]], "what is right is not changed again"


def test_one_change_an_interval_and_the_held_back_one_at_its_end(
    tracker: UserTracker, api: BotApi, clock: FixedClock
) -> None:
    tracker.add_user(1)
    update(tracker, api)
    for person in range(2, 6):
        tracker.add_user(person)
        clock.advance(minutes=10)
        assert update(tracker, api) == HOUR - 600 * (person - 1)
    assert shown(api) == [["👥 Users: 1"], ["👥 Users: 1"]]
    clock.advance(minutes=20)
    assert update(tracker, api) is None
    assert shown(api) == [["👥 Users: 1", "👥 Users: 5"], ["👥 Users: 1", "👥 Users: 5"]]


def test_a_restart_does_not_begin_a_new_interval(
    storage: Storage, api: BotApi, clock: FixedClock, tracker: UserTracker
) -> None:
    tracker.add_user(1)
    update(tracker, api)
    tracker.add_user(2)
    again = UserTracker(BotUsers(storage, clock=clock), interval_seconds=HOUR, clock=clock)
    assert update(again, api) == HOUR
    clock.advance(hours=1)
    assert update(again, api) is None
    assert shown(api) == [["👥 Users: 1", "👥 Users: 2"], ["👥 Users: 1", "👥 Users: 2"]]


def test_told_to_wait_it_waits_as_long_as_that(tracker: UserTracker, api: BotApi, clock: FixedClock) -> None:
    api.prepared["setMyDescription"].append(real_answer("too_many_requests"))
    tracker.add_user(1)
    assert update(tracker, api) == 14
    clock.advance(seconds=13)
    assert update(tracker, api) == 1
    assert len(api.sent("setMyDescription")) == 1
    clock.advance(seconds=1)
    assert update(tracker, api) is None
    assert len(api.sent("setMyDescription")) == 2
    assert len(api.sent("setMyShortDescription")) == 1, "the part that was changed is left alone"


@pytest.mark.parametrize("trouble", ["too_long", "user_deactivated"])
def test_a_failure_is_logged_and_tried_again(
    tracker: UserTracker, api: BotApi, clock: FixedClock, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    api.prepared["setMyShortDescription"].append(real_answer(trouble))
    tracker.add_user(1)
    wait = update(tracker, api)
    assert wait == 60
    assert "the bot's short_description was not changed" in caplog.text
    clock.advance(seconds=wait)
    assert update(tracker, api) is None
    assert len(api.sent("setMyDescription")) == 1
    assert len(api.sent("setMyShortDescription")) == 2


@pytest.mark.parametrize("trouble", [DROPPED, {"ok": False, "error_code": 502, "description": "Bad Gateway"}])
def test_a_change_that_may_have_been_made_is_not_made_again_in_its_interval(
    tracker: UserTracker, api: BotApi, clock: FixedClock, caplog: pytest.LogCaptureFixture, trouble: object
) -> None:
    api.prepared["setMyShortDescription"].append(trouble)
    tracker.add_user(1)
    assert update(tracker, api) == HOUR
    assert "the bot's short_description was not changed" in caplog.text
    clock.advance(seconds=HOUR - 1)
    assert update(tracker, api) == 1
    clock.advance(seconds=1)
    assert update(tracker, api) is None
    assert shown(api) == [["👥 Users: 1"], ["👥 Users: 1", "👥 Users: 1"]]


def test_a_telegram_that_cannot_be_reached_is_asked_again_soon(tracker: UserTracker, clock: FixedClock) -> None:
    with BotApi() as gone:
        pass
    tracker.add_user(1)
    assert update(tracker, gone) == 60


def test_two_processes_make_one_change(storage: Storage, clock: FixedClock) -> None:
    first, second = (Descriptions(storage, interval_seconds=HOUR, clock=clock) for _ in range(2))
    assert first.claim("description", 5) == 0
    assert second.claim("description", 6) == HOUR
    first.changed("description", 5)
    assert second.claim("description", 5) is None


def test_a_change_that_was_cut_off_is_made_when_the_interval_ends(storage: Storage, clock: FixedClock) -> None:
    descriptions = Descriptions(storage, interval_seconds=HOUR, clock=clock)
    assert descriptions.claim("description", 5) == 0
    clock.advance(hours=1)
    assert descriptions.claim("description", 5) == 0


def test_a_clock_that_was_put_back_does_not_hold_it_up(storage: Storage, clock: FixedClock) -> None:
    descriptions = Descriptions(storage, interval_seconds=HOUR, clock=clock)
    descriptions.claim("description", 5)
    clock.advance(days=-300)
    assert descriptions.claim("description", 6) == 0
    descriptions.failed("description", retry_seconds=60)
    clock.advance(days=-300)
    assert descriptions.claim("description", 6) == 0, "nor does what Telegram asked to wait by that clock"


def test_a_store_that_cannot_be_asked_is_logged_and_no_error(api: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def count(self, collection: object) -> int:
            raise OSError("no disk")

    assert update(UserTracker(Broken()), api) == 60
    assert "no disk" in caplog.text


def test_the_running_bot_makes_the_held_back_change_by_itself(api: BotApi, store: Path, run_bot: RunBot) -> None:
    with run_bot(description_interval_seconds=2):
        api.put(*starts([1]))
        api.wait_for_calls("setMyShortDescription", 1)
        api.put(*starts([2, 3, 4]))
        api.wait_for_calls("setMyShortDescription", 2)
    assert _texts(api, "setMyDescription")[-1] == "👥 Users: 4"


def test_people_who_were_counted_and_not_shown_when_it_ended_are_shown_after_the_next_start(
    api: BotApi, store: Path, run_bot: RunBot
) -> None:
    UserTracker(store).add_user(1)
    with run_bot():
        api.wait_for_calls("setMyShortDescription", 1)
    assert shown(api) == [["👥 Users: 1"], ["👥 Users: 1"]]


def test_the_first_person_is_shown_at_once_however_long_nobody_came(api: BotApi, run_bot: RunBot) -> None:
    with run_bot(description_interval_seconds=1):
        api.put(message(1, "/stats"))
        api.wait_for_calls("sendMessage", 1)
        api.put(*starts([2]))
        api.wait_for_calls("setMyShortDescription", 1)
    assert shown(api) == [["👥 Users: 1"], ["👥 Users: 1"]]


def test_a_part_that_waits_for_long_does_not_keep_the_other_out_of_date(api: BotApi, run_bot: RunBot) -> None:
    api.lasting["setMyDescription"] = real_answer("too_many_requests") | {"parameters": {"retry_after": 3600}}
    with run_bot(description_interval_seconds=1):
        api.put(*starts([1]))
        api.wait_for_calls("setMyShortDescription", 1)
        api.put(*starts([2]))
        api.wait_for_calls("setMyShortDescription", 2)
    assert shown(api) == [["👥 Users: 1"], ["👥 Users: 1", "👥 Users: 2"]]


def test_it_ends_in_any_moment() -> None:
    async def run() -> None:
        news = asyncio.Event()

        async def update() -> None:
            await asyncio.sleep(0)
            keeper.tell()
            news.set()

        keeper = ProfileKeeper(update, interval_seconds=HOUR)
        for turns in range(12):
            news.clear()
            task = asyncio.create_task(keeper.run())
            await news.wait()
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait((task,), timeout=5)
            assert done

    asyncio.run(run())


def test_what_was_held_back_when_it_ended_is_made_after_the_next_start(
    api: BotApi, store: Path, run_bot: RunBot
) -> None:
    with run_bot(description_interval_seconds=5):
        api.put(*starts([1]))
        api.wait_for_calls("setMyShortDescription", 1)
        api.put(*starts([2]))
        api.wait_for_calls("sendMessage", 2)
    with run_bot(description_interval_seconds=5):
        api.wait_for_calls("setMyShortDescription", 2)
    assert _texts(api, "setMyDescription") == ["👥 Users: 1", "👥 Users: 2"]
