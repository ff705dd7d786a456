"""Who has the bot forget them, or is erased, is in no byte of the store, and no backup brings them back."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from clocks import FixedClock

from tests.telegram.conftest import RunBot
from tests.telegram.double import BotApi, message
from user_stats import UserManager
from user_stats.audience import Audience
from user_stats.bot_users import BotLinks, BotUsers
from user_stats.collections import ALL_COLLECTIONS
from user_stats.storage import Storage, open_storage
from user_stats.transfer.backup import take_backup
from user_stats.transfer.restore import restore

ZAPHOD = 4_242_424_242
BROWSER = str(uuid.UUID(int=7, version=4))


@pytest.fixture
def links(storage: Storage, clock: FixedClock) -> BotLinks:
    return BotLinks(storage, clock=clock)


def places(storage: Storage, trace: str) -> list[str]:
    """The collections in which something stands."""
    found = [(one.name, f"{key} {record}") for one in ALL_COLLECTIONS for key, record in storage.scan(one)]
    return sorted({name for name, text in found if trace in text})


def come_and_link(people: BotUsers, links: BotLinks, user_id: str, clock: FixedClock) -> None:
    audience = Audience(people.storage, clock=clock)
    audience.check_in(audience.visit(client_id=BROWSER), is_new=False)
    people.add(ZAPHOD, "Zaphod", "beeblebrox", "poster")
    links.redeem(links.make_code(user_id, client_id=BROWSER).code, ZAPHOD)


def test_nothing_is_left_of_who_is_forgotten_and_the_figures_of_days_stay(
    storage: Storage, people: BotUsers, links: BotLinks, manager: UserManager, clock: FixedClock
) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    people.add(1)
    come_and_link(people, links, ada, clock)
    assert places(storage, str(ZAPHOD)) == ["bot_links", "bot_users", "known_visitors", "visitor_pairs"]
    clock.advance(days=1)
    assert people.forget(ZAPHOD)
    assert not people.forget(ZAPHOD)
    assert places(storage, str(ZAPHOD)) == places(storage, "Zaphod") == []
    assert (people.find(ZAPHOD), links.find_link(ada), people.count()) == (None, None, 1)
    figures = people.figures(2)
    assert [(day.new, day.active) for day in figures.days] == [(0, 0), (2, 2)]
    assert manager.get_user(ada).username == "ada"
    assert manager.verify() == []


def test_who_is_forgotten_and_comes_back_on_one_day_counts_once(
    storage: Storage, people: BotUsers, links: BotLinks, manager: UserManager, clock: FixedClock
) -> None:
    audience = Audience(storage, clock=clock)
    ada = manager.create_user("ada", "ada@example.org")

    def figures() -> tuple[object, ...]:
        active = audience.active_everybody()
        return people.count(), people.figures(1).days, people.figures().active_week, active.daily, active.monthly

    come_and_link(people, links, ada, clock)
    linked = figures()
    for _ in range(3):
        people.forget(ZAPHOD)
        assert (people.count(), people.figures().active_month, audience.active_everybody().daily) == (0, 0, 1)
        come_and_link(people, links, ada, clock)
        assert figures() == linked
    assert audience.day().everybody == 1


def test_who_comes_back_is_new(people: BotUsers, clock: FixedClock) -> None:
    people.add(ZAPHOD, "Zaphod")
    people.forget(ZAPHOD)
    assert not people.see_soon(ZAPHOD).result(20)
    clock.advance(days=1)
    assert people.add(ZAPHOD, "Zaphod")
    assert (people.count(), people.new_on(clock().date().isoformat())) == (1, 1)


def test_erasing_an_account_takes_what_the_bot_knows_with_it(
    storage: Storage, people: BotUsers, links: BotLinks, manager: UserManager, clock: FixedClock
) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    come_and_link(people, links, ada, clock)
    manager.delete_user(ada)
    assert places(storage, str(ZAPHOD)) == places(storage, "Zaphod") == []
    assert manager.verify() == []


def test_a_backup_brings_nobody_back_who_was_forgotten(
    storage: Storage, people: BotUsers, clock: FixedClock, tmp_path: Path
) -> None:
    people.add(ZAPHOD, "Zaphod")
    people.add(2)
    done = take_backup(storage, tmp_path / "b.zip", now=clock())
    people.forget(ZAPHOD)
    clock.advance(hours=1)
    people.add(2**51)
    assert restore(storage, done.path, now=clock()) is not None
    assert [person.user_id for person in people.everybody()] == [2]
    people.add(ZAPHOD, "Zaphod")
    again = take_backup(storage, tmp_path / "c.zip", now=clock())
    assert restore(storage, again.path, now=clock()) is not None
    assert {person.user_id for person in people.everybody()} == {2, ZAPHOD}, "who came back later is not forgotten"


def test_not_a_byte_of_who_is_forgotten_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    storage = open_storage(str(folder))
    people = BotUsers(storage)
    people.add(ZAPHOD, "Zaphod", "beeblebrox", "poster-of-zaphod")
    people.forget(ZAPHOD)
    storage.close()
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file()).lower()
    assert b"zaphod" not in written
    assert b"beeblebrox" not in written
    assert str(ZAPHOD).encode() not in written


def test_a_person_confirms_and_is_forgotten(api: BotApi, store: Path, run_bot: RunBot) -> None:
    group = {"id": -5, "type": "group", "title": "all"}
    with run_bot(description_interval_seconds=1):
        api.put(message(1, "/start", 7, name="Zaphod"), message(2, "/forget", 7), message(3, "/forget yes", 8))
        api.wait_for_calls("sendMessage", 3)
        api.put(message(4, "/forget yes", 7, chat=group))
        api.wait_for_calls("sendMessage", 4)
        api.wait_for_calls("setMyDescription", 1)
        assert BotUsers(open_storage(str(store))).count() == 1
        api.put(message(5, "/forget YES", 7))
        api.wait_for_calls("sendMessage", 5)
        api.wait_for_calls("setMyDescription", 2)
    said = {fields["chat_id"]: fields["text"] for fields in api.sent()}
    assert (said["7"][:18], said["8"], said["-5"][:8]) == (
        "You are forgotten.",
        "I know nothing about you.",
        "That is ",
    )
    assert any("send: /forget yes" in text for text in api.texts())
    assert api.sent("setMyDescription")[-1] == {"description": "👥 Users: 0"}
