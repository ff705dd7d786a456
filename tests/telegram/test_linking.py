"""Linking an account and a Telegram account, on every engine and over the bot."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clocks import FixedClock

from tests.telegram.conftest import RunBot
from tests.telegram.double import BotApi, message, starts
from user_stats import UserManager
from user_stats.audience import Audience
from user_stats.bootstrap import get_audience, get_bot_links, get_bot_users, get_user_manager
from user_stats.bot_users import BotLinks, BotUsers
from user_stats.collections import BOT_LINK_CODES
from user_stats.errors import AlreadyExists, Forbidden, InvalidInput, UserNotFound
from user_stats.storage import Storage
from user_stats.transfer.person_archive import person_archive

BROWSER = str(uuid.UUID(int=7, version=4))


@pytest.fixture
def links(storage: Storage, clock: FixedClock) -> BotLinks:
    return BotLinks(storage, clock=clock)


@pytest.fixture
def ada(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org")


@pytest.fixture
def bea(manager: UserManager) -> str:
    return manager.create_user("bea", "bea@example.org")


def test_a_code_links_once(links: BotLinks, ada: str) -> None:
    code = links.make_code(ada).code
    assert re.fullmatch("[0-9A-Z]{5}-[0-9A-Z]{5}", code)
    assert links.redeem(code.lower().replace("-", " "), 77) == ada
    link = links.find_link(ada)
    assert link is not None
    assert (link.telegram_id, links.find_account(77), links.find_account(78)) == (77, ada, None)
    with pytest.raises(InvalidInput, match="was used"):
        links.redeem(code, 78)


def test_a_code_that_comes_again_after_it_linked_says_the_same(links: BotLinks, ada: str, clock: FixedClock) -> None:
    code = links.make_code(ada).code
    assert links.redeem(code, 77) == ada
    clock.advance(days=1)
    assert links.redeem(code, 77) == ada
    links.remove(ada)
    with pytest.raises(InvalidInput, match="was used"):
        links.redeem(code, 77)


def test_a_code_that_comes_again_after_a_kill_is_answered_as_the_first_time(
    api: BotApi, store: Path, run_bot: RunBot
) -> None:
    manager, links = get_user_manager(str(store)), get_bot_links(str(store))
    update = message(1, f"/link {links.make_code(manager.create_user('ada', 'ada@example.org')).code}")
    for _ in range(2):
        with run_bot():
            api.put(update)
            api.wait(lambda: api.confirmed == 2)
        api.confirmed = 0
    assert [text.startswith("🔗 Linked to ada") for text in api.texts()] == [True, True]


@pytest.mark.parametrize("text", ["", "x", "22222-22222", "A" * 5000, "ÄÖÜ", "=1+1"])
def test_what_is_no_code_links_nothing(links: BotLinks, ada: str, text: str) -> None:
    links.make_code(ada)
    with pytest.raises(InvalidInput, match="code"):
        links.redeem(text, 77)
    assert links.find_account(77) is None


def test_a_code_lives_ten_minutes_and_the_next_one_ends_it(links: BotLinks, ada: str, clock: FixedClock) -> None:
    first, second = links.make_code(ada).code, links.make_code(ada).code
    with pytest.raises(InvalidInput):
        links.redeem(first, 77)
    clock.advance(minutes=10)
    with pytest.raises(InvalidInput):
        links.redeem(second, 77)


def test_only_a_hash_of_the_code_is_stored(links: BotLinks, storage: Storage, ada: str) -> None:
    code = links.make_code(ada).code.replace("-", "")
    assert code not in str(storage.get(BOT_LINK_CODES, ada))


def test_one_telegram_account_belongs_to_one_account(links: BotLinks, ada: str, bea: str) -> None:
    links.redeem(links.make_code(ada).code, 77)
    code = links.make_code(bea).code
    with pytest.raises(AlreadyExists, match="another account"):
        links.redeem(code, 77)
    assert links.remove_telegram(77)
    assert links.redeem(code, 77) == bea


def test_another_telegram_account_takes_the_place_of_the_first(links: BotLinks, ada: str) -> None:
    links.redeem(links.make_code(ada).code, 77)
    links.redeem(links.make_code(ada).code, 78)
    assert (links.find_account(77), links.find_account(78)) == (None, ada)


def test_nobody_links_or_unlinks_for_somebody_else(links: BotLinks, ada: str, bea: str) -> None:
    with pytest.raises(Forbidden):
        links.make_code(ada, actor=bea)
    links.redeem(links.make_code(ada, actor=ada).code, 77)
    with pytest.raises(Forbidden):
        links.remove(ada, actor=bea)
    assert links.remove(ada, actor=ada)
    assert not links.remove(ada, actor=ada)


def test_an_account_that_is_closed_or_not_there_gets_no_code(links: BotLinks, manager: UserManager, ada: str) -> None:
    manager.update_user(ada, is_active=False)
    with pytest.raises(Forbidden):
        links.make_code(ada)
    with pytest.raises(UserNotFound):
        links.make_code(str(uuid.uuid4()))


def test_erasing_the_account_removes_the_link_and_the_code(links: BotLinks, manager: UserManager, ada: str) -> None:
    links.redeem(links.make_code(ada).code, 77)
    code = links.make_code(ada).code
    manager.delete_user(ada)
    assert (links.find_account(77), links.find_link(ada)) == (None, None)
    with pytest.raises(InvalidInput):
        links.redeem(code, 77)


def test_the_archive_of_a_person_has_the_link_and_no_code(links: BotLinks, manager: UserManager, ada: str) -> None:
    links.redeem(links.make_code(ada).code, 77)
    links.make_code(ada)
    document = zipfile.ZipFile(io.BytesIO(person_archive(manager, ada))).read("person.json").decode()
    assert '"telegram_id": "77"' in document
    assert "bot_link_codes" not in document


def test_a_store_with_a_bot_and_links_is_as_its_log_says(
    storage: Storage, links: BotLinks, manager: UserManager, ada: str, bea: str, clock: FixedClock
) -> None:
    BotUsers(storage, clock=clock).add(77)
    links.redeem(links.make_code(ada).code, 77)
    links.make_code(bea)
    assert manager.verify() == []


# -- one person in the audience ---------------------------------------------------------------------------------------


def everybody(audience: Audience) -> tuple[int, int, int, int, int]:
    active = audience.active_everybody()
    return audience.totals().everybody, audience.day().everybody, active.daily, active.weekly, active.monthly


def test_the_bot_and_the_browser_of_a_linked_person_are_one(
    storage: Storage, links: BotLinks, ada: str, clock: FixedClock
) -> None:
    audience = Audience(storage, clock=clock)
    people = BotUsers(storage, audience, clock=clock)

    def come(*, browser: bool = False, bot: bool = False) -> None:
        if browser:
            audience.check_in(audience.visit(client_id=BROWSER), is_new=False)
        if bot:
            people.add(77)

    come(browser=True, bot=True)
    assert everybody(audience) == (2, 2, 2, 2, 2)
    links.redeem(links.make_code(ada, client_id=BROWSER).code, 77)
    assert everybody(audience) == (1, 1, 1, 1, 1)
    people.add(78)
    assert everybody(audience) == (2, 2, 2, 2, 2)
    clock.advance(days=1)
    come(bot=True)
    assert everybody(audience) == (2, 1, 1, 2, 2)
    come(browser=True)
    assert everybody(audience) == (2, 1, 1, 2, 2)
    clock.advance(days=10)
    come(browser=True)
    assert everybody(audience) == (2, 1, 1, 1, 2)
    clock.advance(days=25)
    come(bot=True)
    assert everybody(audience) == (2, 1, 1, 1, 1)
    links.remove(ada)
    assert everybody(audience) == (3, 1, 1, 1, 2)


def test_a_browser_that_is_not_counted_is_linked_all_the_same(
    storage: Storage, links: BotLinks, ada: str, clock: FixedClock
) -> None:
    audience = Audience(storage, clock=clock)
    BotUsers(storage, audience, clock=clock).add(77)
    assert links.redeem(links.make_code(ada, client_id=BROWSER).code, 77) == ada
    assert everybody(audience) == (1, 1, 1, 1, 1)


# -- over the bot -----------------------------------------------------------------------------------------------------


def test_a_person_links_asks_for_their_statistics_and_unlinks(api: BotApi, store: Path, run_bot: RunBot) -> None:
    manager = get_user_manager(store)
    ada = manager.create_user("ada", "ada@example.org")
    watched_at = datetime.now(UTC) - timedelta(hours=2)
    manager.record_watch_activity(ada, "intro", 5400, watched_at=watched_at)
    code = get_bot_links(store).make_code(ada).code
    with run_bot():
        api.put(*starts([1]), message(2, "/me", 1), message(3, code, 1), message(4, "/me", 1))
        api.put(message(5, "/unlink", 1), message(6, "/me", 1), message(7, f"/link {code}", 1))
        api.wait_for_calls("sendMessage", 7)
    told = api.texts()
    assert [text.splitlines()[0][:20] for text in told].count("This Telegram accoun") == 2
    assert any(text.startswith("🔗 Linked to ada") for text in told)
    statistics = next(text for text in told if text.startswith("📊 ada"))
    assert "Hours watched: 1.50" in statistics
    assert len(statistics.splitlines()) == 1 + 8
    assert any("was used" in text for text in told)


def test_who_sends_a_code_first_of_all_is_one_person_with_the_browser(
    api: BotApi, store: Path, run_bot: RunBot
) -> None:
    audience = get_audience(store)
    audience.check_in(audience.visit(client_id=BROWSER), is_new=False)
    ada = get_user_manager(store).create_user("ada", "ada@example.org")
    code = get_bot_links(store).make_code(ada, client_id=BROWSER).code
    with run_bot():
        api.put(message(1, f"/link {code}", 1), message(2, "/start", 1))
        api.wait_for_calls("sendMessage", 2)
    assert get_bot_users(store).count() == 1
    assert everybody(audience) == (1, 1, 1, 1, 1)


def test_a_refused_code_is_answered_in_a_sentence(api: BotApi, store: Path, run_bot: RunBot) -> None:
    manager, links = get_user_manager(store), get_bot_links(store)
    ada, bea = (manager.create_user(name, f"{name}@example.org") for name in ("ada", "bea"))
    links.redeem(links.make_code(ada).code, 9)
    with run_bot():
        api.put(message(1, f"/link {links.make_code(bea).code}", 9))
        api.wait_for_calls("sendMessage", 1)
    assert api.texts() == ["This Telegram account is linked to another account; send /unlink first."]


def test_codes_cannot_be_tried_out(api: BotApi, store: Path, run_bot: RunBot) -> None:
    ada = get_user_manager(store).create_user("ada", "ada@example.org")
    code = get_bot_links(store).make_code(ada).code
    with run_bot():
        api.put(*[message(number, f"/link 22222-2222{number}", 9) for number in range(2, 7)])
        api.put(message(7, f"/link {code}", 9))
        api.wait_for_calls("sendMessage", 6)
    assert sum(text.startswith("Too many codes") for text in api.texts()) == 1
    assert get_bot_links(store).find_account(9) is None


def test_a_code_of_one_s_own_sent_in_between_gives_no_further_tries(api: BotApi, store: Path, run_bot: RunBot) -> None:
    ada = get_user_manager(store).create_user("ada", "ada@example.org")
    code = get_bot_links(store).make_code(ada).code
    with run_bot():
        api.put(*[message(number, f"/link {code if number % 2 else '22222-22222'}", 9) for number in range(1, 7)])
        api.wait_for_calls("sendMessage", 6)
    assert [text.startswith("Too many codes") for text in api.texts()] == [False] * 5 + [True]


def test_statistics_and_codes_are_kept_out_of_groups(api: BotApi, store: Path, run_bot: RunBot) -> None:
    ada = get_user_manager(store).create_user("ada", "ada@example.org")
    code = get_bot_links(store).make_code(ada).code
    group = {"id": -100, "type": "supergroup", "title": "Everybody"}
    with run_bot():
        api.put(message(1, f"/link {code}", 9, chat=group), message(2, "/me", 9, chat=group))
        api.put(message(3, code, 9, chat=group), message(4, "/help", 9, chat=group))
        api.wait_for_calls("sendMessage", 3)
    assert get_bot_links(store).find_account(9) is None
    assert sum("private chat" in text for text in api.texts()) == 2


def test_owners_alone_see_who_came_and_get_the_table(api: BotApi, store: Path, run_bot: RunBot) -> None:
    owner = 2**52 - 1
    names = ["Ada", "=cmd", "🎉", "a,b\n\u202ec"]
    with run_bot(owners=frozenset({owner})):
        api.put(*[message(number, "/start", number, name=name) for number, name in enumerate(names, 1)])
        api.wait_for_calls("sendMessage", 4)
        api.put(message(11, "/users", 1), message(12, "/export", 1), message(13, "/help", 1))
        api.put(message(14, "/users", owner), message(15, "/export", owner))
        api.wait_for_calls("sendDocument", 1)
        api.wait_for_calls("sendMessage", 6)
    assert {fields["chat_id"] for fields in api.sent("sendDocument")} == {str(owner)}
    (table,) = api.files.values()
    assert table.startswith("\ufeff".encode()), "else some spreadsheets read the names as something else"
    assert table.decode("utf-8-sig").splitlines()[0] == "user_id,first_name,username,first_seen"
    assert "'=cmd" in table.decode()
    listed = [fields["text"] for fields in api.sent() if fields["chat_id"] == str(owner)]
    assert len(listed) == 1
    assert "4 people" in listed[0]
    assert len(listed[0].splitlines()) == 5
    assert all("/export" not in fields["text"] for fields in api.sent() if fields["chat_id"] == "1")
