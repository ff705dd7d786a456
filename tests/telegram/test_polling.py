"""The bot from end to end in polling mode, against a Telegram on this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.telegram.conftest import RunBot
from tests.telegram.double import DROPPED, TOKEN, BotApi, message, real_answer, real_update, starts, stored
from user_stats.bootstrap import get_bot_users
from user_stats.bot_users import BotUsers
from user_stats.errors import StorageFull
from user_stats.storage import open_storage
from user_stats.storage.json_files.engine import JsonStorage
from user_stats.telegram import UserTracker

OWNER = 4_503_599_627_370_495
"""The largest id that Telegram may give."""
ROOT = Path(__file__).parents[2]


def count(store: Path) -> int:
    return UserTracker(store).get_user_count()


def test_start_counts_greets_and_changes_the_description(api: BotApi, store: Path, run_bot: RunBot) -> None:
    with run_bot():
        api.put(real_update("command_message"))
        api.wait_for_calls("setMyShortDescription", 1)
        api.wait_for_calls("sendMessage", 1)
    assert "Mario" in api.texts()[0]
    assert api.sent("setMyDescription") == [{"description": "👥 Users: 1"}]
    assert api.sent("setMyShortDescription") == [{"short_description": "👥 Users: 1"}]
    person = stored(store, "bot_users")["456"]
    assert person.pop("first_seen")[:10] == datetime.now(UTC).date().isoformat()
    assert person == {"user_id": 456, "first_name": "Mario", "username": "Bros", "referral": ""}


def test_stats_answers_in_four_lines(api: BotApi, store: Path, run_bot: RunBot) -> None:
    with run_bot():
        api.put(*starts([1, 2]), message(3, "/stats", 1))
        api.wait(lambda: any(text.startswith("📊") for text in api.texts()))
    answer = next(text for text in api.texts() if text.startswith("📊"))
    assert re.fullmatch(
        r"📊 Bot Statistics:\n👥 Total Users: 2\n📅 Users Today: 2\n📆 First User: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
        answer,
    )


@pytest.mark.parametrize("referral", ["summer-mail", "link_bio"])
def test_what_follows_start_is_kept_as_referral_and_only_the_first(
    api: BotApi, store: Path, run_bot: RunBot, referral: str
) -> None:
    with run_bot():
        api.put(message(1, f"/start {referral}"), message(2, "/start other"))
        api.wait_for_calls("sendMessage", 2)
    assert stored(store, "bot_users")["456"]["referral"] == referral
    assert all("Welcome" in text for text in api.texts())


def test_a_command_for_another_bot_is_not_ours(api: BotApi, store: Path, run_bot: RunBot) -> None:
    ours, foreign = real_update("command_tag_valid"), real_update("command_tag_wrong")
    ours["message"]["text"], foreign["message"]["text"] = "/start@foo_bot", "/start@bar"
    foreign["message"]["from"]["id"] = 77
    ours["update_id"], foreign["update_id"] = 2, 1
    with run_bot():
        api.put(foreign, ours)
        api.wait_for_calls("sendMessage", 1)
        api.wait(lambda: api.confirmed == 3)
    assert list(stored(store, "bot_users")) == ["10081232"]


def test_the_real_updates_that_start_nothing_count_nobody(api: BotApi, store: Path, run_bot: RunBot) -> None:
    names = ("callback_query", "channel_post", "command", "command_with_parameters", "edited_message", "message")
    names += ("my_chat_member", "new_chat_members", "not_command", "text")
    updates = [{**real_update(name), "update_id": number} for number, name in enumerate(names, 1)]
    with run_bot():
        api.put(*updates)
        api.wait(lambda: api.confirmed == len(names) + 1)
    assert count(store) == 0
    assert api.sent() == []


def test_starts_that_are_no_person_s_count_nobody(
    api: BotApi, store: Path, run_bot: RunBot, caplog: pytest.LogCaptureFixture
) -> None:
    anonymous = message(1, "/start", 1_087_968_824, sender_chat={"id": -100, "type": "group", "title": "x"})
    without_sender, edited, post = message(2, "/start"), message(3, "/start"), message(4, "/start")
    del without_sender["message"]["from"]
    edited["edited_message"] = edited.pop("message")
    post["channel_post"] = post.pop("message")
    negative, endless = message(5, "/start", -5), message(6, "/start", 2**52)
    a_bot, misshapen = message(7, "/start", 7), {"update_id": 8, "message": {"text": ["/start"]}}
    a_bot["message"]["from"]["is_bot"] = True
    with run_bot():
        api.put(anonymous, without_sender, edited, post, negative, endless, a_bot, misshapen, message(9, "/start", 9))
        api.wait_for_calls("sendMessage", 1)
        api.wait(lambda: api.confirmed == 10)
    assert list(stored(store, "bot_users")) == ["9"]
    assert caplog.text.count("is ignored") == 4


def test_the_same_update_twice_counts_and_answers_once(api: BotApi, store: Path, run_bot: RunBot) -> None:
    with run_bot():
        api.put(*starts([5]), *starts([5]), message(6, "/help"))
        api.wait_for_calls("sendMessage", 2)
    assert count(store) == 1
    assert len([text for text in api.texts() if "Welcome" in text]) == 1


def test_names_of_any_kind_keep_nobody_out(api: BotApi, store: Path, run_bot: RunBot) -> None:
    names = ["🎉" * 64, "=1+1", 'a "b", c\nd', "\u202egnp.exe", "<b>bold</b> {0} %s", "\ud800"]
    with run_bot():
        api.put(*[message(number, "/start", number, name=name) for number, name in enumerate(names, 1)])
        api.wait_for_calls("sendMessage", len(names))
    assert count(store) == len(names)
    assert stored(store, "bot_users")["1"]["first_name"] == "🎉" * 64
    assert all("\u202e" not in text for text in api.texts())


def test_a_thousand_people_are_all_counted_and_greeted(api: BotApi, store: Path, run_bot: RunBot) -> None:
    with run_bot():
        api.put(*starts(range(1, 1001)))
        api.wait_for_calls("sendMessage", 1000)
    assert count(store) == 1000
    assert {int(fields["chat_id"]) for fields in api.sent()} == set(range(1, 1001))
    assert len(api.sent("setMyDescription")) == 1


@pytest.mark.parametrize("kind", ["callback_query", "message"])
def test_who_has_started_it_before_is_active_with_whatever_they_send(
    api: BotApi, store: Path, run_bot: RunBot, kind: str
) -> None:
    people = BotUsers(open_storage(str(store)), clock=lambda: datetime.now(UTC) - timedelta(days=2))
    sent = real_update(kind)
    people.add(sent[kind]["from"]["id"])
    assert get_bot_users(store).figures().active_today == 0
    with run_bot():
        api.put({**sent, "update_id": 1})
        api.wait(lambda: api.confirmed == 2)
    figures = get_bot_users(store).figures()
    assert (figures.active_today, figures.new_today, figures.total) == (1, 0, 1)


# -- when Telegram refuses --------------------------------------------------------------------------------------------


def test_told_to_wait_an_answer_waits_and_the_person_is_counted(api: BotApi, store: Path, run_bot: RunBot) -> None:
    answer = real_answer("too_many_requests")
    answer["parameters"]["retry_after"] = 1
    api.prepared["sendMessage"].append(answer)
    with run_bot():
        api.put(*starts([1]))
        api.wait(lambda: count(store) == 1)
        api.wait_for_calls("sendMessage", 2)
    assert api.texts()[0] == api.texts()[1]


def test_who_has_blocked_the_bot_stays_counted_and_nothing_else_stops(
    api: BotApi, store: Path, run_bot: RunBot
) -> None:
    api.prepared["sendMessage"].append(real_answer("user_deactivated"))
    with run_bot():
        api.put(*starts([1]))
        api.wait_for_calls("sendMessage", 1)
        api.put(*starts([2]))
        api.wait_for_calls("sendMessage", 2)
    assert count(store) == 2


def test_lost_connections_lose_nobody(api: BotApi, store: Path, run_bot: RunBot) -> None:
    api.prepared["getUpdates"].extend([DROPPED, DROPPED])
    api.prepared["sendMessage"].append(DROPPED)
    api.prepared["setMyDescription"].append(DROPPED)
    with run_bot(description_interval_seconds=1):
        api.put(*starts([1]))
        api.wait_for_calls("sendMessage", 2)
        api.wait_for_calls("setMyDescription", 2)
    assert count(store) == 1


@pytest.mark.parametrize("trouble", [DROPPED, {"ok": False, "error_code": 502, "description": "Bad Gateway"}])
def test_a_command_that_names_the_bot_waits_until_the_bot_knows_its_name(
    api: BotApi, store: Path, run_bot: RunBot, trouble: object
) -> None:
    api.prepared["getMe"].append(trouble)
    with run_bot():
        api.put(message(1, "/start@foo_bot"), message(2, "/start", 2))
        api.wait_for_calls("sendMessage", 2)
    assert count(store) == 2


def test_a_webhook_from_before_is_taken_away(api: BotApi, store: Path, run_bot: RunBot) -> None:
    told = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
    api.prepared["getUpdates"].append({"ok": False, "error_code": 409, "description": told})
    with run_bot():
        api.put(*starts([1]))
        api.wait_for_calls("sendMessage", 1)
    assert api.sent("deleteWebhook") == [{}]


def test_another_bot_with_this_token_is_waited_for(
    api: BotApi, store: Path, run_bot: RunBot, caplog: pytest.LogCaptureFixture
) -> None:
    told = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    api.prepared["getUpdates"].append({"ok": False, "error_code": 409, "description": told})
    with run_bot():
        api.put(*starts([1]))
        api.wait_for_calls("sendMessage", 1)
    assert api.sent("deleteWebhook") == []
    assert "another program fetches the updates of this bot" in caplog.text


def test_a_long_wait_holds_up_answers_and_no_counting(api: BotApi, store: Path, run_bot: RunBot) -> None:
    api.lasting["sendMessage"] = real_answer("too_many_requests")
    with run_bot():
        api.put(*starts(range(1, 301)))
        api.wait(lambda: count(store) == 300)
        api.wait(lambda: api.confirmed == 301)


def test_a_store_that_fails_for_a_while_loses_nobody(
    api: BotApi, store: Path, run_bot: RunBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failures = JsonStorage.transaction, [1, 2]

    def refuse(self: JsonStorage, work: object) -> object:
        if failures:
            failures.pop()
            raise StorageFull("no space is left")
        return write(self, work)  # type: ignore[arg-type]

    monkeypatch.setattr(JsonStorage, "transaction", refuse)
    with run_bot():
        api.put(*starts([1]))
        api.wait_for_calls("sendMessage", 1)
    assert count(store) == 1


# -- restarts ---------------------------------------------------------------------------------------------------------


def start_process(api: BotApi, store: Path, *, token: str = TOKEN) -> subprocess.Popen[str]:
    environment = {**os.environ, "TELEGRAM_BOT_TOKEN": token, "TELEGRAM_API_URL": api.url}
    words = [sys.executable, "-m", "user_stats", "--store", str(store), "bot"]
    output = subprocess.PIPE
    return subprocess.Popen(words, env=environment, cwd=ROOT, stdout=output, stderr=output, text=True)


def test_killed_in_the_middle_it_loses_nobody_and_counts_nobody_twice(api: BotApi, store: Path) -> None:
    people = range(1, 601)
    api.put(*starts(people))
    first = start_process(api, store)
    api.wait(lambda: len(api.sent()) >= 50, seconds=60)
    first.kill()
    first.wait(20)
    second = start_process(api, store)
    api.wait(lambda: {int(fields["chat_id"]) for fields in api.sent()} == set(people), seconds=60)
    second.send_signal(signal.SIGTERM)
    _, complaints = second.communicate(timeout=30)
    assert (second.returncode, complaints) == (0, "")
    assert count(store) == 600
    assert api.confirmed == 601
    assert len(api.sent("setMyDescription")) == 1


def test_a_token_that_telegram_does_not_know_ends_it_with_one_line(api: BotApi, store: Path) -> None:
    ended = start_process(api, store, token="1:wrong-secret")
    output, complaints = ended.communicate(timeout=60)
    assert ended.returncode == 3
    assert complaints == "error: TELEGRAM_BOT_TOKEN: Telegram does not know this token\n"
    assert "wrong-secret" not in output
