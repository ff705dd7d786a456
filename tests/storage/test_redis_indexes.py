"""What stands in Redis beside the records: the indexes by which pages are found, and how all of it is put right."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_client
from servers import RedisServer

from user_stats.storage import Collection, Log, PageQuery, Storage, open_storage
from user_stats.storage.pages import page_of
from user_stats.storage.redis import indexes, names, pages
from user_stats.storage.redis.engine import RedisStorage

PEOPLE = Collection("people", unique={"name": str.casefold}, fields=("name", "kind", "since"))
TRAIL = Log("trail")
NAMES = ["ada", "Bob", "b*b", "b[a]", "ç", "a\x00", "a\x00b", "ab", "s", "", "日本", "\\^?", "z" * 500]


@pytest.fixture
def address(redis: RedisServer) -> str:
    return redis.fresh()


@pytest.fixture
def client(redis: RedisServer, address: str) -> redis_client.Redis:
    return redis.client()


def fill(storage: Storage) -> None:
    source = random.Random(3)

    def work(tx: Any) -> None:
        for number, name in enumerate(NAMES):
            since = source.choice([None, -2.5, 0, 1, 10**12, True, "2026"])
            tx.put(PEOPLE, f"k{number}", {"name": name, "kind": "ab"[number % 2], "since": since})

    storage.transaction(work)
    storage.transaction(lambda tx: tx.put(PEOPLE, "k1", {"name": "bert", "kind": None}))
    storage.transaction(lambda tx: tx.delete(PEOPLE, "k7"))
    storage.transaction(lambda tx: tx.append(TRAIL, "a", {"n": 1}))
    assert storage.find_page(PEOPLE, PageQuery())[1] == len(NAMES) - 1


@pytest.mark.parametrize("few", [0, 1000])
def test_pages_by_the_indexes_are_those_of_looking_at_every_record(
    address: str, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(pages, "FEW", few)
    storage = open_storage(address)
    fill(storage)
    everybody = list(storage.scan(PEOPLE))
    monkeypatch.setattr(RedisStorage, "scan", None)
    source = random.Random(5)
    for _ in range(300):
        query = PageQuery(
            text=source.choice([None, "", "a", "b", "*", "[a]", "\x00", "z" * 300, "s", "\\"]),
            text_fields=source.choice([(), ("name",), ("name", "kind")]),
            equal=source.choice([{}, {"kind": "a"}, {"kind": None}, {"name": "bert"}, {"since": 1}]),
            ranges=source.choice([{}, {"name": ("a", "b")}, {"name": (None, "c")}, {"name": ("b", None)}]),
            sort=source.choice(["", "name"]),
            descending=source.choice([True, False]),
            offset=source.choice([0, 0, 2]),
            limit=source.choice([1, 3, 99]),
        )
        assert storage.find_page(PEOPLE, query) == page_of(PEOPLE, everybody, query), query


def test_a_store_from_before_the_indexes_gets_them_when_first_asked(address: str, client: redis_client.Redis) -> None:
    fill(open_storage(address))
    client.delete(names.INDEXED, *(names.index(PEOPLE, field) for field in PEOPLE.fields))
    found, total = open_storage(address).find_page(PEOPLE, PageQuery(equal={"kind": "a"}))
    assert len(found) == total == 7
    assert client.zcard(names.index(PEOPLE, "name")) == len(NAMES) - 1


def test_indexes_whose_making_was_cut_short_are_made_anew_by_who_has_the_store_open(
    address: str, client: redis_client.Redis
) -> None:
    storage = open_storage(address)
    fill(storage)
    client.hdel(names.INDEXED, PEOPLE.name)
    client.zremrangebyrank(names.index(PEOPLE, "kind"), 0, 5)
    assert storage.find_page(PEOPLE, PageQuery(equal={"kind": "a"}))[1] == 7
    assert storage.find_damage([PEOPLE], []) == []


def _forget_key(client: redis_client.Redis) -> None:
    client.zrem(names.keys(PEOPLE), "k3")


def _invent_key(client: redis_client.Redis) -> None:
    client.zadd(names.keys(PEOPLE), {"nobody": 1})


def _free_name(client: redis_client.Redis) -> None:
    client.delete(names.unique(PEOPLE, "name", "ada"))


def _take_name(client: redis_client.Redis) -> None:
    client.set(names.unique(PEOPLE, "name", "eve"), "k0")


def _give_name_away(client: redis_client.Redis) -> None:
    client.set(names.unique(PEOPLE, "name", "ada"), "k3")


def _edit_record(client: redis_client.Redis) -> None:
    client.set(names.record(PEOPLE, "k0"), '{"name":"ada","kind":"new"}')


def _lose_record(client: redis_client.Redis) -> None:
    client.delete(names.record(PEOPLE, "k0"))


def _forget_indexed(client: redis_client.Redis) -> None:
    client.zpopmin(names.index(PEOPLE, "kind"), 3)


def _invent_indexed(client: redis_client.Redis) -> None:
    client.zadd(names.index(PEOPLE, "kind"), {b"sa" + indexes.END + b"nobody": 0})


def _forget_list(client: redis_client.Redis) -> None:
    client.zrem(names.lists(TRAIL), "a")


def _invent_list(client: redis_client.Redis) -> None:
    client.zadd(names.lists(TRAIL), {"b": 0})


@pytest.mark.parametrize(
    "damage",
    [
        *(_forget_key, _invent_key, _free_name, _take_name, _give_name_away, _edit_record, _lose_record),
        *(_forget_indexed, _invent_indexed, _forget_list, _invent_list),
    ],
)
def test_what_does_not_fit_the_records_is_found_and_put_right(
    address: str, client: redis_client.Redis, damage: Callable[[redis_client.Redis], None]
) -> None:
    storage = open_storage(address)
    fill(storage)
    assert storage.find_damage([PEOPLE], [TRAIL]) == []
    damage(client)
    found = storage.find_damage([PEOPLE], [TRAIL])
    assert found
    assert all(one.mendable for one in found)
    assert len(storage.mend_damage([PEOPLE], [TRAIL])) == len(found)
    assert storage.find_damage([PEOPLE], [TRAIL]) == []
    everybody = dict(storage.scan(PEOPLE))
    for key, record in everybody.items():
        assert storage.find(PEOPLE, "name", record["name"]) == key
    assert storage.find(PEOPLE, "name", "eve") is None
    for kind in ("a", "b", "new", None):
        query = PageQuery(equal={"kind": kind})
        assert storage.find_page(PEOPLE, query) == page_of(PEOPLE, everybody.items(), query)
    assert list(storage.log_keys(TRAIL)) == ["a"]


def test_two_records_of_one_name_are_named_and_left(address: str, client: redis_client.Redis) -> None:
    storage = open_storage(address)
    fill(storage)
    client.set(names.record(PEOPLE, "k3"), '{"name":"ADA"}')
    storage.mend_damage([PEOPLE], [])
    (left,) = storage.find_damage([PEOPLE], [])
    assert (left.place, left.mendable) == ("people.json", False)
    assert "k0" in left.problem
    assert "k3" in left.problem


def test_a_damaged_record_is_left_as_it_is_and_the_others_are_found(address: str, client: redis_client.Redis) -> None:
    storage = open_storage(address)
    fill(storage)
    client.set(names.record(PEOPLE, "k0"), "{")
    assert not all(one.mendable for one in storage.find_damage([PEOPLE], []))
    storage.mend_damage([PEOPLE], [])
    assert client.get(names.record(PEOPLE, "k0")) == b"{"
    assert [one.mendable for one in storage.find_damage([PEOPLE], [])] == [False]
    assert [key for key, _ in storage.find_page(PEOPLE, PageQuery(ranges={"name": ("bert", "bert2")}))[0]] == ["k1"]


def test_who_cannot_make_the_indexes_reads_without_them(redis: RedisServer, address: str) -> None:
    fill(open_storage(address))
    redis.client().delete(names.INDEXED)
    redis.client().acl_setuser("guest", enabled=True, passwords=["+guest-word"], keys=["*"], categories=["+@all"])
    redis.client().acl_setuser("guest", enabled=True, categories=["-@write"], commands=["-evalsha"])
    try:
        guest = open_storage(f"redis://guest:guest-word@127.0.0.1:{redis.port}/0")
        assert guest.find_page(PEOPLE, PageQuery(equal={"kind": "a"}))[1] == 7
    finally:
        redis.client().acl_deluser("guest")
