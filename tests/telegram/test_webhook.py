"""The bot from end to end in webhook mode: in the process of the site, against a Telegram on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
import requests

from tests.telegram.double import DROPPED, TOKEN, BotApi, message, real_answer, real_update, starts, stored
from tests.test_serve import serving
from user_stats.api.server import site_routes
from user_stats.storage import Transaction, open_storage

SECRET = "h7Kq2_wZx9-Lm4Vt8Rb3Ny6Pd"


class Site:
    """A site with the bot in it."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder

    def send(self, update: object, secret: bytes = SECRET.encode()) -> int:
        """The status of the answer."""
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        return requests.post(f"{self.address}/api/telegram", data=body, headers=headers, timeout=30).status_code

    def people(self) -> set[str]:
        return set(stored(self.folder, "bot_users"))


@pytest.fixture(scope="module")
def api() -> Iterator[BotApi]:
    with BotApi() as server:
        yield server


@pytest.fixture(scope="module")
def site(api: BotApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests, each with people of its own."""
    folder = tmp_path_factory.mktemp("site") / "users"
    with serving(folder, "--api-only", **settings(api)) as address:
        api.wait_for_calls("setWebhook", 1)
        yield Site(address, folder)


def settings(api: BotApi) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": api.url,
        "TELEGRAM_WEBHOOK_URL": "https://stats.example.org/api/telegram",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
    }


def answers_to(api: BotApi, people: Iterable[int]) -> list[str]:
    wanted = set(map(str, people))
    return [fields["text"] for fields in api.sent() if fields["chat_id"] in wanted]


def test_telegram_is_told_where_to_send_what(api: BotApi, site: Site) -> None:
    assert api.sent("setWebhook")[0] == {
        "url": "https://stats.example.org/api/telegram",
        "secret_token": SECRET,
        "allowed_updates": '["message", "callback_query"]',
    }


def test_start_counts_and_greets(api: BotApi, site: Site) -> None:
    assert site.send(real_update("command_message")) == 200
    assert "456" in site.people(), "what was answered is durable"
    api.wait(lambda: answers_to(api, [456]))
    assert "Mario" in answers_to(api, [456])[0]


def test_without_the_secret_nothing_comes_in(api: BotApi, site: Site) -> None:
    update = message(1000, "/start", 1000)
    for secret in ("", "wrong", SECRET[:-1], SECRET + "x", SECRET.lower(), "ü"):
        assert site.send(update, secret.encode()) == 401
    assert requests.post(f"{site.address}/api/telegram", json=update, timeout=30).status_code == 401
    assert site.send(message(1001, "/start", 1001)) == 200
    assert "1000" not in site.people()


def test_what_is_no_update_is_refused_or_ignored_and_breaks_nothing(site: Site) -> None:
    assert site.send(b"{not json") == 400
    assert site.send(b"[" * 100_000) == 400
    assert site.send(b'"' + b"x" * 2_000_000 + b'"') == 413
    for odd in ([], {}, None, 5, {"update_id": "x"}, {"update_id": 2000, "message": 5}):
        assert site.send(odd) == 200
    assert site.send(message(2001, "/start", -5)) == 200
    assert requests.get(f"{site.address}/api/telegram", timeout=30).status_code in (404, 405)
    assert site.send(message(2002, "/start", 2002)) == 200
    assert site.people() & {"-5", "2002"} == {"2002"}


def test_the_same_update_twice_and_two_people_at_once(api: BotApi, site: Site) -> None:
    people = range(3000, 3040)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(site.send, [*starts(people), *starts(people)])) == {200}
    assert {str(number) for number in people} <= site.people()
    api.wait(lambda: len(answers_to(api, people)) >= 40)
    assert site.send(message(3050, "/help", 3000)) == 200
    api.wait(lambda: len(answers_to(api, people)) >= 41)
    assert len(answers_to(api, people)) == 41


def test_an_update_that_comes_again_while_it_is_handled_is_not_confirmed(site: Site) -> None:
    update, held, release = message(3060, "/start", 3060), threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        held.set()
        release.wait(20)

    with ThreadPoolExecutor(3) as pool:
        holding = pool.submit(open_storage(str(site.folder)).transaction, hold)
        assert held.wait(20)
        done, pending = wait([pool.submit(site.send, update) for _ in range(2)], return_when=FIRST_COMPLETED)
        release.set()
        assert [one.result() for one in (*done, *pending)] == [503, 200]
        holding.result()
    assert "3060" in site.people()


def test_a_telegram_that_fails_keeps_nobody_from_being_counted(tmp_path: Path) -> None:
    answer = real_answer("too_many_requests")
    answer["parameters"]["retry_after"] = 1
    with BotApi() as api:
        api.prepared["setWebhook"].append(answer)
        api.prepared["sendMessage"].extend([DROPPED, real_answer("user_deactivated")])
        api.lasting["setMyDescription"] = real_answer("too_many_requests")
        with serving(tmp_path / "users", "--api-only", **settings(api)) as address:
            api.wait_for_calls("setWebhook", 2)
            site = Site(address, tmp_path / "users")
            assert [site.send(update) for update in starts([1, 2, 3])] == [200] * 3
            api.wait_for_calls("sendMessage", 4)
            assert site.people() == {"1", "2", "3"}
            assert api.wait_for_calls("setMyShortDescription", 1)
            assert len(api.sent("setMyDescription")) == 1
    assert TOKEN not in (tmp_path / "log").read_text()
    assert SECRET not in (tmp_path / "log").read_text()


def test_the_process_of_the_pages_takes_updates_too(tmp_path: Path) -> None:
    with BotApi() as api, serving(tmp_path / "users", **settings(api)) as address:
        api.wait_for_calls("setWebhook", 1)
        site = Site(address, tmp_path / "users")
        assert site.send(message(1, "/start", 1), b"wrong") == 401
        assert site.send(message(1, "/start", 1)) == 200
        assert site.people() == {"1"}
        api.wait_for_calls("sendMessage", 1)


def test_without_the_setting_there_is_no_such_address() -> None:
    assert all(getattr(route, "path", "") != "/api/telegram" for route in site_routes())
