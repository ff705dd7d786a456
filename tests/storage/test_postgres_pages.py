"""Pages of a directory on PostgreSQL, and the tallies from which their totals are taken."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import PostgresServer

from user_stats.storage import Collection, PageQuery, Storage, open_storage
from user_stats.storage.pages import page_of
from user_stats.storage.postgres import pages, tallies

PEOPLE = Collection(
    "people", unique={"name": str.casefold}, fields=("name", "kind", "is_on", "since"), kinds=("kind", "is_on")
)
NAMES = ["ada", "Bob", "b%b", "b_a", "ç", "ab", "s", "", "日本語", "\\^?", "z" * 300, "sada", "a b c"]
KINDS: list[str | None] = ["a", "b", None]


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    return postgres.fresh()


def fill(storage: Storage) -> None:
    source = random.Random(3)
    for number, name in enumerate(NAMES):
        record = {
            "name": name,
            "kind": KINDS[number % 3],
            "is_on": number % 2 == 0,
            "since": source.choice([None, 1, 7]),
        }
        storage.transaction(lambda tx, key=f"k{number}", record=record: tx.put(PEOPLE, key, record))  # type: ignore[misc]


@pytest.mark.parametrize(("far", "first"), [(0, 0), (2, 3), (10_000, 5000)])
def test_pages_are_those_of_looking_at_every_record(
    address: str, monkeypatch: pytest.MonkeyPatch, far: int, first: int
) -> None:
    monkeypatch.setattr(pages, "FAR", far)
    monkeypatch.setattr(pages, "FIRST_RECORDS", first)
    storage = open_storage(address)
    fill(storage)
    everybody = list(storage.scan(PEOPLE))
    source = random.Random(5)
    for _ in range(300):
        query = PageQuery(
            text=source.choice([None, None, "", "a", "b", "%", "_", "z" * 300, "s", "\\", "ada", "b c", "日本語"]),
            text_fields=source.choice([(), ("name",), ("name", "kind")]),
            equal=source.choice([{}, {"kind": "a"}, {"kind": None}, {"name": "bob"}, {"kind": "b", "is_on": True}]),
            ranges=source.choice([{}, {}, {"name": ("a", "b")}, {"name": (None, "c")}, {"since": (1, None)}]),
            sort=source.choice(["", "name", "kind", "since"]),
            descending=source.choice([True, False]),
            offset=source.choice([0, 0, 2, 9, 40]),
            limit=source.choice([1, 3, 99]),
            count_to=source.choice([None, 2, 50]),
        )
        found, total = storage.find_page(PEOPLE, query)
        right, all_of_them = page_of(PEOPLE, everybody, query)
        assert found == right, query
        is_cut = query.text and query.count_to is not None and all_of_them > query.count_to
        assert total == (query.count_to + 1 if is_cut else all_of_them), query  # type: ignore[operator]


# -- tallies --------------------------------------------------------------------------------------------------------


def held(storage: Storage) -> Counter[tuple[object, object]]:
    return Counter((record["kind"], record["is_on"]) for _, record in storage.scan(PEOPLE))


def assert_tallied(storage: Storage) -> None:
    right = held(storage)
    assert storage.count(PEOPLE) == storage.find_page(PEOPLE, PageQuery())[1] == right.total()
    for kind in KINDS:
        of_kind = sum(number for (one, _), number in right.items() if one == kind)
        assert storage.find_page(PEOPLE, PageQuery(equal={"kind": kind}))[1] == of_kind
        for is_on in (True, False):
            query = PageQuery(equal={"kind": kind, "is_on": is_on}, limit=1)
            assert storage.find_page(PEOPLE, query)[1] == right[kind, is_on]
    assert storage.find_damage([PEOPLE], []) == []


def change(storage: Storage, seed: int) -> None:
    """Some transactions of several changes each, of which every fourth fails."""
    source = random.Random(seed)
    for number in range(40):

        def work(tx: object, number: int = number) -> None:
            for place in sorted({source.randrange(30) for _ in range(3)}):
                if source.random() < 0.3:
                    tx.delete(PEOPLE, f"k{place}")  # type: ignore[attr-defined]
                else:
                    record = {"name": f"n{place}", "kind": source.choice(KINDS), "is_on": source.random() < 0.5}
                    tx.put(PEOPLE, f"k{place}", record)  # type: ignore[attr-defined]
            if number % 4 == 0:
                raise LookupError

        try:
            storage.transaction(work)
        except LookupError:
            assert number % 4 == 0


@pytest.mark.parametrize("between", [1, 3, 10**9])
def test_tallies_hold_whoever_writes_and_puts_them_together(
    address: str, monkeypatch: pytest.MonkeyPatch, between: int
) -> None:
    monkeypatch.setattr(tallies, "STATEMENTS_BETWEEN_TIDYING", between)
    storage = open_storage(address)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda seed: change(storage, seed), range(6)))
    assert_tallied(storage)


def test_tallies_stay_few(postgres: PostgresServer, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "STATEMENTS_BETWEEN_TIDYING", 1)
    change(open_storage(address), 7)
    ((rows,),) = postgres.execute("SELECT count(*) FROM user_stats.tallies_people", database="site")
    assert isinstance(rows, int)
    assert rows <= len(KINDS) * 2


def test_a_store_from_before_the_tallies_gets_them_when_it_is_first_used(
    postgres: PostgresServer, address: str
) -> None:
    fill(open_storage(address))
    postgres.execute(
        "DROP FUNCTION user_stats.tallies_people() CASCADE; DROP TABLE user_stats.tallies_people;"
        " DROP INDEX user_stats.people_name_up;"
        " CREATE INDEX people_name_up ON user_stats.records_people (field_name, number)",
        database="site",
    )
    storage = open_storage(address)
    assert_tallied(storage)
    index = "SELECT indexdef FROM pg_indexes WHERE indexname = 'people_name_up'"
    assert "INCLUDE (field_kind, field_is_on)" in str(postgres.execute(index, database="site"))
    change(storage, 1)
    assert_tallied(storage)


def test_tallies_follow_what_is_replaced_and_edited_in_the_database(postgres: PostgresServer, address: str) -> None:
    storage, other = open_storage(address), open_storage("memory:")
    fill(storage)
    change(other, 2)
    with other.snapshot([PEOPLE], []) as taken:
        storage.replace_all(taken, [PEOPLE], [])
    assert_tallied(storage)
    postgres.execute("DELETE FROM user_stats.records_people WHERE field_kind = 'sa'", database="site")
    assert_tallied(storage)
    postgres.execute("TRUNCATE user_stats.records_people", database="site")
    assert_tallied(storage)


def test_tallies_that_are_wrong_are_found_and_counted_again(postgres: PostgresServer, address: str) -> None:
    storage = open_storage(address)
    fill(storage)
    postgres.execute("UPDATE user_stats.tallies_people SET records = records + 5", database="site")
    assert [damage.mendable for damage in storage.find_damage([PEOPLE], [])] == [True]
    assert [damage.mendable for damage in storage.mend_damage([PEOPLE], [])] == [True]
    assert_tallied(storage)
