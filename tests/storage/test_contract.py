"""What every engine of the storage port does, whatever it stores in."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from user_stats.errors import AlreadyExists, InvalidInput
from user_stats.storage import Collection, Log, PageQuery, Storage, Transaction, open_storage

PEOPLE = Collection(
    "people",
    width=256,
    unique={"name": str.casefold, "mail": str.casefold},
    fields=("name", "mail", "kind", "since"),
    kinds=("kind",),
)
DAYS = Collection("days", width=128, counts=True)
NOTES = Collection("notes", width=128)
DIARY = Log("diary", order=lambda entry: entry["at"])
TRAIL = Log("trail")


def put(storage: Storage, key: str, **record: object) -> None:
    storage.transaction(lambda tx: tx.put(PEOPLE, key, dict(record)))


def append(storage: Storage, *moments: int, keep: int | None = None) -> None:
    def work(tx: Transaction) -> None:
        for moment in moments:
            tx.append(DIARY, "a", {"at": moment}, keep=keep)

    storage.transaction(work)


def moments(storage: Storage, newest: int | None = None) -> list[int]:
    return [entry["at"] for entry in storage.read_log(DIARY, "a", newest)]


def test_what_was_never_written_is_absent(storage: Storage) -> None:
    assert storage.get(PEOPLE, "a") is None
    assert storage.find(PEOPLE, "name", "ada") is None
    assert list(storage.scan(PEOPLE)) == []
    assert storage.count(PEOPLE) == 0
    assert storage.find_page(PEOPLE, PageQuery()) == ([], 0)
    assert storage.read_log(DIARY, "a") == []
    assert list(storage.log_keys(DIARY)) == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ünïcödé 👩‍🚀",
        'quotes " and \\ backslash',
        "line\nbreak\r\ttab",
        "\x00\x1f",
        '","other":{',
        0,
        -1,
        2**53,
        2**63 - 1,
        0.1,
        1e300,
        True,
        None,
        [],
        {},
        [1, [2, {"deep": [None]}]],
        {"key with spaces": {"nested": "x" * 50}},
        "long " * 500,
    ],
)
def test_a_record_comes_back_as_it_was_put(storage: Storage, value: object) -> None:
    storage.transaction(lambda tx: tx.put(NOTES, "k", {"value": value}))
    assert storage.get(NOTES, "k") == {"value": value}
    assert dict(storage.scan(NOTES)) == {"k": {"value": value}}


def test_an_entry_comes_back_as_it_was_appended(storage: Storage) -> None:
    entry = {"at": 1, "text": 'line\n},\n{"at":2}', "list": [1, 2], "none": None}
    storage.transaction(lambda tx: tx.append(DIARY, "a", entry))
    assert storage.read_log(DIARY, "a") == [entry]
    assert storage.read_log(DIARY, "a", 1) == [entry]


@pytest.mark.parametrize("key", ["ünï", "a b", "", "x" * 129, "a/../b"])
def test_a_key_that_no_record_can_have_finds_none(storage: Storage, key: str) -> None:
    assert storage.get(NOTES, key) is None
    assert storage.transaction(lambda tx: tx.get(NOTES, key)) is None


def test_what_is_only_looked_at_is_what_a_read_gives(storage: Storage) -> None:
    put(storage, "a", name="ada")
    storage.transaction(lambda tx: tx.increment(DAYS, "d", {"seen": 2}))

    def work(tx: Transaction) -> None:
        assert tx.peek(PEOPLE, "a") == {"name": "ada"}
        assert tx.peek(PEOPLE, "b") is None
        assert tx.peek(DAYS, "d") == {"seen": 2}
        tx.put(PEOPLE, "a", {"name": "eve"})
        tx.put(PEOPLE, "b", {"name": "bob"})
        assert (tx.peek(PEOPLE, "a"), tx.peek(PEOPLE, "b")) == ({"name": "eve"}, {"name": "bob"})
        tx.delete(PEOPLE, "a")
        assert tx.peek(PEOPLE, "a") is None

    storage.transaction(work)


def test_several_records_are_read_at_once(storage: Storage) -> None:
    put(storage, "a", name="ada")
    put(storage, "b", name="bob")
    storage.transaction(lambda tx: tx.put(DAYS, "one", {"seen": 1}))
    for key in ("one", "two"):
        storage.transaction(lambda tx, key=key: tx.increment(DAYS, key, {"seen": 2}))  # type: ignore[misc]
    assert storage.get_many(PEOPLE, ["b", "c", "a", "a", "ü/"]) == {"a": {"name": "ada"}, "b": {"name": "bob"}}
    assert storage.get_many(PEOPLE, []) == {}
    assert storage.get_many(DAYS, ["two", "one", "three"]) == {"one": {"seen": 3}, "two": {"seen": 2}}


@pytest.mark.parametrize("other", ["plain", "a\x00b"])
def test_fields_are_summed_up_over_all_records(storage: Storage, other: str) -> None:
    assert storage.sum_up(NOTES, ("seen", "hours")) == {"seen": 0, "hours": 0}
    for number, (seen, hours) in enumerate([(1, 0.5), (2**53, 1.25), (True, None), ("3", 1), (-4, [7])]):
        record = {"seen": seen, "hours": hours, "text": other}
        storage.transaction(lambda tx, key=f"k{number}", record=record: tx.put(NOTES, key, record))  # type: ignore[misc]
    sums = storage.sum_up(NOTES, ("seen", "hours", "none"))
    assert sums == {"seen": 2**53 - 3, "hours": 2.75, "none": 0}
    assert [type(value) for value in sums.values()] == [int, float, int]


def test_put_replaces_the_whole_record(storage: Storage) -> None:
    put(storage, "a", name="ada", mail="a@x")
    put(storage, "a", name="ada")
    assert storage.get(PEOPLE, "a") == {"name": "ada"}


def test_a_record_may_outgrow_its_line(storage: Storage) -> None:
    for key in "abc":
        put(storage, key, name=key)
    put(storage, "b", name="b", text="x" * 5000)
    assert [storage.get(PEOPLE, key)["name"] for key in "abc"] == ["a", "b", "c"]
    assert storage.find(PEOPLE, "name", "B") == "b"


def test_delete_says_whether_there_was_one(storage: Storage) -> None:
    put(storage, "a", name="ada")
    assert storage.transaction(lambda tx: tx.delete(PEOPLE, "a")) is True
    assert storage.transaction(lambda tx: tx.delete(PEOPLE, "a")) is False
    assert storage.get(PEOPLE, "a") is None
    assert storage.find(PEOPLE, "name", "ada") is None
    assert storage.count(PEOPLE) == 0


@pytest.mark.parametrize("order", ["abc", "cba", "bac", "bca"])
def test_all_records_may_be_deleted_in_any_order(storage: Storage, order: str) -> None:
    for key in "abc":
        put(storage, key, name=key)
    for key in order:
        storage.transaction(lambda tx, key=key: tx.delete(PEOPLE, key))
        assert key not in dict(storage.scan(PEOPLE))
    assert storage.count(PEOPLE) == 0
    put(storage, "d", name="d")
    assert dict(storage.scan(PEOPLE)) == {"d": {"name": "d"}}


def test_many_deletes_and_puts_in_one_transaction(storage: Storage) -> None:
    for number in range(20):
        put(storage, f"k{number}", name=f"n{number}")

    def work(tx: Transaction) -> None:
        for number in range(0, 20, 2):
            tx.delete(PEOPLE, f"k{number}")
        for number in range(20, 30):
            tx.put(PEOPLE, f"k{number}", {"name": f"n{number}"})
        tx.delete(PEOPLE, "k25")
        tx.delete(PEOPLE, "k1")
        tx.put(PEOPLE, "k0", {"name": "back"})

    storage.transaction(work)
    kept = {*range(3, 20, 2), *range(20, 30)} - {25} | {0}
    assert {key for key, _ in storage.scan(PEOPLE)} == {f"k{number}" for number in kept}
    assert storage.get(PEOPLE, "k0") == {"name": "back"}


def test_unique_values_are_found_in_any_case(storage: Storage) -> None:
    put(storage, "a", name="Ada", mail="Ada@X")
    assert storage.find(PEOPLE, "name", "ADA") == "a"
    assert storage.find(PEOPLE, "mail", "ada@x") == "a"


def test_a_taken_value_is_refused_and_named(storage: Storage) -> None:
    put(storage, "a", name="ada", mail="a@x")
    with pytest.raises(AlreadyExists) as refused:
        put(storage, "b", name="ADA", mail="b@x")
    assert refused.value.field == "name"
    with pytest.raises(AlreadyExists) as refused:
        put(storage, "b", name="bob", mail="A@X")
    assert refused.value.field == "mail"
    assert storage.get(PEOPLE, "b") is None


def test_two_records_of_one_transaction_cannot_share_a_value(storage: Storage) -> None:
    def work(tx: Transaction) -> None:
        tx.put(PEOPLE, "a", {"name": "ada"})
        tx.put(PEOPLE, "b", {"name": "Ada"})

    with pytest.raises(AlreadyExists):
        storage.transaction(work)
    assert storage.count(PEOPLE) == 0


def test_a_renamed_record_frees_its_old_name(storage: Storage) -> None:
    put(storage, "a", name="ada")
    put(storage, "a", name="eve")
    assert storage.find(PEOPLE, "name", "ada") is None
    put(storage, "b", name="Ada")
    assert storage.find(PEOPLE, "name", "ada") == "b"
    assert storage.find(PEOPLE, "name", "eve") == "a"


def test_names_may_be_swapped_in_one_transaction(storage: Storage) -> None:
    put(storage, "a", name="ada")
    put(storage, "b", name="bob")

    def work(tx: Transaction) -> None:
        tx.put(PEOPLE, "a", {"name": "nobody"})
        tx.put(PEOPLE, "b", {"name": "ada"})
        tx.put(PEOPLE, "a", {"name": "bob"})

    storage.transaction(work)
    assert storage.find(PEOPLE, "name", "ada") == "b"
    assert storage.find(PEOPLE, "name", "bob") == "a"


def test_a_transaction_reads_its_own_writes(storage: Storage) -> None:
    put(storage, "a", name="ada")
    append(storage, 1, 2, 3)

    def work(tx: Transaction) -> None:
        tx.put(PEOPLE, "b", {"name": "bob"})
        assert tx.get(PEOPLE, "b") == {"name": "bob"}
        assert tx.find(PEOPLE, "name", "BOB") == "b"
        tx.delete(PEOPLE, "a")
        assert tx.get(PEOPLE, "a") is None
        assert tx.find(PEOPLE, "name", "ada") is None
        tx.append(DIARY, "a", {"at": 0}, keep=3)
        assert [entry["at"] for entry in tx.read_log(DIARY, "a")] == [1, 2, 3]
        tx.append(DIARY, "a", {"at": 4}, keep=3)
        assert [entry["at"] for entry in tx.read_log(DIARY, "a", 2)] == [3, 4]
        assert tx.clear(DIARY, "a") == 3
        assert tx.read_log(DIARY, "a") == []
        tx.append(DIARY, "a", {"at": 9})
        assert [entry["at"] for entry in tx.read_log(DIARY, "a")] == [9]

    storage.transaction(work)
    assert moments(storage) == [9]


def test_what_is_read_may_be_changed_without_effect(storage: Storage) -> None:
    put(storage, "a", name="ada", list=[1])
    storage.get(PEOPLE, "a")["list"].append(2)
    record = {"name": "bob", "list": [1]}

    def work(tx: Transaction) -> None:
        tx.put(PEOPLE, "b", record)
        tx.get(PEOPLE, "b")["list"].append(2)
        record["list"].append(3)

    storage.transaction(work)
    assert storage.get(PEOPLE, "a")["list"] == [1]
    assert storage.get(PEOPLE, "b")["list"] == [1]


def test_a_transaction_that_raises_changes_nothing(storage: Storage) -> None:
    put(storage, "a", name="ada")
    append(storage, 1)

    def work(tx: Transaction) -> None:
        tx.put(PEOPLE, "a", {"name": "eve"})
        tx.put(PEOPLE, "b", {"name": "bob"})
        tx.append(DIARY, "a", {"at": 2})
        tx.append(DIARY, "b", {"at": 2})
        tx.delete(PEOPLE, "a")
        raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        storage.transaction(work)
    assert dict(storage.scan(PEOPLE)) == {"a": {"name": "ada"}}
    assert storage.find(PEOPLE, "name", "ada") == "a"
    assert moments(storage) == [1]
    assert list(storage.log_keys(DIARY)) == ["a"]


def test_a_transaction_returns_what_its_work_returns(storage: Storage) -> None:
    assert storage.transaction(lambda tx: 42) == 42


def test_a_transaction_inside_another_is_refused(storage: Storage) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        storage.transaction(lambda tx: storage.transaction(lambda inner: None))
    put(storage, "a", name="still works")


def test_entries_are_kept_in_their_order_with_ties_as_recorded(storage: Storage) -> None:
    def work(tx: Transaction) -> None:
        for number, moment in enumerate([5, 3, 5, 1, 3]):
            tx.append(DIARY, "a", {"at": moment, "number": number})

    storage.transaction(work)
    assert [(entry["at"], entry["number"]) for entry in storage.read_log(DIARY, "a")] == [
        (1, 3),
        (3, 1),
        (3, 4),
        (5, 0),
        (5, 2),
    ]


def test_an_unordered_log_keeps_the_order_of_appending(storage: Storage) -> None:
    for number in [3, 1, 2]:
        storage.transaction(lambda tx, number=number: tx.append(TRAIL, "a", {"at": number}))
    assert [entry["at"] for entry in storage.read_log(TRAIL, "a")] == [3, 1, 2]


def test_beyond_the_cap_the_first_entries_go(storage: Storage) -> None:
    for moment in range(250):
        append(storage, moment, keep=20)
    assert moments(storage) == list(range(230, 250))
    append(storage, 5, keep=20)
    assert moments(storage) == list(range(230, 250))
    append(storage, 240, keep=20)
    assert moments(storage) == [*range(231, 241), *range(240, 250)]
    append(storage, 300, keep=5)
    assert moments(storage) == [246, 247, 248, 249, 300]


def test_many_entries_in_one_transaction_respect_the_cap(storage: Storage) -> None:
    append(storage, *range(1000), keep=100)
    assert moments(storage) == list(range(900, 1000))
    append(storage, *range(1000, 1030), keep=100)
    assert moments(storage) == list(range(930, 1030))


def test_the_newest_entries_come_oldest_first(storage: Storage) -> None:
    append(storage, *range(300))
    assert moments(storage, 3) == [297, 298, 299]
    assert moments(storage, 1) == [299]
    assert moments(storage, 0) == []
    assert moments(storage, 1000) == list(range(300))


def test_a_transaction_reads_the_newest_entries_and_its_own_behind_them(storage: Storage) -> None:
    append(storage, 1, 2, 3, 4)

    def read(tx: Transaction, newest: int) -> list[int]:
        return [entry["at"] for entry in tx.read_log(DIARY, "a", newest)]

    def work(tx: Transaction) -> None:
        assert (read(tx, 2), read(tx, 1), read(tx, 3), read(tx, 0)) == ([3, 4], [4], [2, 3, 4], [])
        assert tx.read_log(DIARY, "b", 5) == []

    storage.transaction(work)

    def and_write(tx: Transaction) -> None:
        assert read(tx, 1) == [4]
        tx.append(DIARY, "a", {"at": 5})
        assert (read(tx, 1), read(tx, 2), read(tx, 99)) == ([5], [4, 5], [1, 2, 3, 4, 5])

    storage.transaction(and_write)
    assert moments(storage) == [1, 2, 3, 4, 5]


def test_clear_removes_the_list_and_counts(storage: Storage) -> None:
    append(storage, 1, 2, 3)
    assert storage.transaction(lambda tx: tx.clear(DIARY, "a")) == 3
    assert storage.transaction(lambda tx: tx.clear(DIARY, "a")) == 0
    assert list(storage.log_keys(DIARY)) == []
    append(storage, 7)
    assert moments(storage) == [7]


def test_pages_match_sort_and_cut(storage: Storage) -> None:
    for number in range(30):
        record = {"name": f"Name{number:02}", "mail": f"m{number}@x", "kind": "abc"[number % 3], "since": number}
        put(storage, f"k{number}", **record)

    def page(**query: object) -> tuple[list[int], int]:
        records, total = storage.find_page(PEOPLE, PageQuery(**query))  # type: ignore[arg-type]
        return [record["since"] for _, record in records], total

    assert page(limit=3) == ([0, 1, 2], 30)
    assert page(sort="name", descending=True, limit=3) == ([29, 28, 27], 30)
    assert page(sort="name", offset=28, limit=10) == ([28, 29], 30)
    assert page(equal={"kind": "b"}, sort="since", limit=2) == ([1, 4], 10)
    assert page(ranges={"since": (10, 13)}, sort="since") == ([10, 11, 12], 3)
    assert page(ranges={"since": (None, 2)}) == ([0, 1], 2)
    assert page(text="name1", text_fields=("name", "mail"), sort="name", limit=99)[1] == 10
    assert page(text="m7@", text_fields=("name", "mail")) == ([7], 1)
    assert page(text=".*", text_fields=("name",)) == ([], 0)
    assert page(offset=100) == ([], 30)


def test_a_search_is_counted_as_far_as_it_need_be(storage: Storage) -> None:
    for number in range(30):
        put(storage, f"k{number}", name=f"Name{number:02}", mail=f"m{number}@x", kind="ab"[number % 2])

    def page(count_to: int | None, **query: object) -> tuple[list[str], int]:
        asked = PageQuery(text_fields=("name", "mail"), count_to=count_to, **query)  # type: ignore[arg-type]
        records, total = storage.find_page(PEOPLE, asked)
        return [key for key, _ in records], total

    assert page(30, text="name", sort="name", limit=2) == (["k0", "k1"], 30)
    found, total = page(5, text="name", sort="name", descending=True, offset=8, limit=2)
    assert (found, total in (6, 30)) == (["k21", "k20"], True)
    found, total = page(5, text="name2", equal={"kind": "b"}, sort="name", limit=9)
    assert (found, total) == (["k21", "k23", "k25", "k27", "k29"], 5)
    assert page(5, sort="name", limit=1) == (["k0"], 30)  # without a text all are counted


def test_pages_follow_changes(storage: Storage) -> None:
    for number in range(5):
        put(storage, f"k{number}", name=f"n{number}", kind="a")
    assert storage.find_page(PEOPLE, PageQuery(equal={"kind": "a"}))[1] == 5
    put(storage, "k1", name="n1", kind="b")
    storage.transaction(lambda tx: tx.delete(PEOPLE, "k2"))
    put(storage, "k9", name="n9", kind="a")
    records, total = storage.find_page(PEOPLE, PageQuery(equal={"kind": "a"}, sort="name"))
    assert ([record["name"] for _, record in records], total) == (["n0", "n3", "n4", "n9"], 4)
    assert storage.find_page(PEOPLE, PageQuery())[1] == storage.count(PEOPLE) == 5


@pytest.mark.parametrize("key", ["", "../x", "a/b", "a b", "ä", "a\n", "a\x00", "x" * 129, None, 7])
def test_hostile_record_keys_are_refused(storage: Storage, key: str) -> None:
    with pytest.raises(InvalidInput):
        storage.transaction(lambda tx: tx.put(NOTES, key, {}))


@pytest.mark.parametrize("key", ["", "../x", "a/b", "..", "A", "a.b", "a\n", "a\x00", "x" * 65, None, 7])
def test_hostile_list_keys_are_refused(storage: Storage, key: str) -> None:
    with pytest.raises(InvalidInput):
        storage.transaction(lambda tx: tx.append(TRAIL, key, {}))
    with pytest.raises(InvalidInput):
        storage.read_log(TRAIL, key)


def test_what_is_no_json_is_refused(storage: Storage) -> None:
    with pytest.raises(InvalidInput):
        storage.transaction(lambda tx: tx.put(NOTES, "k", {"value": object()}))
    assert storage.count(NOTES) == 0


def test_threads_lose_nothing(storage: Storage) -> None:
    def increment(tx: Transaction) -> None:
        record = tx.get(NOTES, "n") or {"n": 0}
        tx.put(NOTES, "n", {"n": record["n"] + 1})
        tx.append(TRAIL, "n", {"n": record["n"] + 1})

    def many() -> None:
        for _ in range(50):
            storage.transaction(increment)

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get(NOTES, "n") == {"n": 400}
    assert [entry["n"] for entry in storage.read_log(TRAIL, "n")] == list(range(1, 401))


def test_of_many_who_take_one_name_at_once_one_gets_it(storage: Storage) -> None:
    refused = []

    def take(number: int) -> None:
        try:
            put(storage, f"k{number}", name="Same")
        except AlreadyExists:
            refused.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 49
    assert storage.count(PEOPLE) == 1


def test_two_handles_on_one_place_see_each_other_at_once(url: str) -> None:
    one, other = open_storage(url), open_storage(url)
    for number in range(100):
        put(one, f"a{number}", name=f"A{number}")
        assert other.find(PEOPLE, "name", f"a{number}") == f"a{number}"
        put(other, f"a{number}", name=f"B{number}")
        assert one.find(PEOPLE, "name", f"a{number}") is None
        assert one.find(PEOPLE, "name", f"b{number}") == f"a{number}"
        append(one, number * 2, keep=30)
        append(other, number * 2 + 1, keep=30)
    other.transaction(lambda tx: tx.delete(PEOPLE, "a5"))
    assert one.get(PEOPLE, "a5") is None
    assert one.count(PEOPLE) == other.count(PEOPLE) == 99
    assert moments(one) == moments(other) == list(range(170, 200))
    with pytest.raises(AlreadyExists):
        put(other, "new", name="b7")


def test_a_store_opened_again_holds_what_it_held(url: str) -> None:
    first = open_storage(url)
    for number in range(50):
        put(first, f"k{number}", name=f"n{number}")
    append(first, *range(10))
    first.transaction(lambda tx: tx.delete(PEOPLE, "k7"))
    first.close()
    again = open_storage(url)
    assert again.count(PEOPLE) == 49
    assert again.find(PEOPLE, "name", "N8") == "k8"
    assert moments(again) == list(range(10))
    put(again, "k7", name="n7")
    assert again.count(PEOPLE) == 50


def test_threads_that_append_beyond_a_small_cap_keep_the_newest(storage: Storage) -> None:
    numbers = iter(range(400))

    def many() -> None:
        for number in numbers:
            append(storage, number, keep=3)

    threads = [threading.Thread(target=many) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert moments(storage) == [397, 398, 399]


def test_a_handle_that_is_far_behind_catches_up(url: str) -> None:
    one, other = open_storage(url), open_storage(url)
    for number in range(20):
        put(one, f"k{number}", name=f"n{number}", kind="a")
    assert other.find(PEOPLE, "name", "n3") == "k3"
    assert other.find_page(PEOPLE, PageQuery(equal={"kind": "a"}))[1] == 20

    def change_all(tx: Transaction) -> None:
        for number in range(20):
            tx.put(PEOPLE, f"k{number}", {"name": f"m{number}", "kind": "b"})

    for _ in range(60):
        one.transaction(change_all)
    one.transaction(lambda tx: tx.delete(PEOPLE, "k0"))
    assert other.find(PEOPLE, "name", "n3") is None
    assert other.find(PEOPLE, "name", "m3") == "k3"
    assert other.find_page(PEOPLE, PageQuery(equal={"kind": "b"}))[1] == 19
    assert other.count(PEOPLE) == 19
    other.transaction(lambda tx: [tx.delete(PEOPLE, f"k{number}") for number in range(1, 20)])
    put(one, "new", name="first again")
    assert dict(other.scan(PEOPLE)) == dict(one.scan(PEOPLE)) == {"new": {"name": "first again"}}


def test_a_file_of_which_most_lines_are_blank_is_laid_out_anew(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))

    def fill(tx: Transaction) -> None:
        for number in range(3000):
            tx.put(NOTES, f"k{number}", {"n": number})

    storage.transaction(fill)
    storage.transaction(lambda tx: [tx.delete(NOTES, f"k{number}") for number in range(2500)])
    assert storage.count(NOTES) == 500
    large = (tmp_path / "notes.json").stat().st_size
    storage.transaction(lambda tx: tx.put(NOTES, "k2700", {"n": 1}))
    assert (tmp_path / "notes.json").stat().st_size < large / 4
    assert storage.get(NOTES, "k2700") == {"n": 1}
    assert storage.count(NOTES) == 500


def test_a_program_that_keeps_a_file_open_does_not_stop_writes(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    put(storage, "a", name="ada")
    append(storage, 1)
    held = [(tmp_path / "people.json").open(), (tmp_path / "diary" / "a_diary.json").open()]
    put(storage, "a", name="eve")
    put(storage, "b", name="bob")
    append(storage, 2)
    storage.transaction(lambda tx: tx.delete(PEOPLE, "a"))
    assert dict(storage.scan(PEOPLE)) == {"b": {"name": "bob"}}
    assert moments(storage) == [1, 2]
    for file in held:
        file.close()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused_and_harms_nobody_else(storage: Storage, number: float) -> None:
    for record in ({"at": number}, {"at": 1, "deep": {"list": [1, number]}}):
        with pytest.raises(InvalidInput):
            storage.transaction(lambda tx, record=record: tx.put(PEOPLE, "a", record))  # type: ignore[misc]
        with pytest.raises(InvalidInput):
            storage.transaction(lambda tx, record=record: tx.append(TRAIL, "a", record))  # type: ignore[misc]
    assert storage.get(PEOPLE, "a") is None
    assert storage.read_log(TRAIL, "a") == []


def test_an_entry_that_is_no_json_fails_its_own_transaction_alone(storage: Storage) -> None:
    def write(number: int) -> bool:
        try:
            storage.transaction(lambda tx: tx.append(TRAIL, "a", {"at": object() if number % 3 == 0 else number}))
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(60))) == [number % 3 != 0 for number in range(60)]
    assert sorted(entry["at"] for entry in storage.read_log(TRAIL, "a")) == [n for n in range(60) if n % 3]


def test_a_field_that_is_written_in_several_ways_is_compared_in_one_form(storage: Storage) -> None:
    def normal(value: object) -> str | None:
        return value.removesuffix("Z") if isinstance(value, str) else None

    days = Collection(
        "days", width=128, fields=("day", "flag"), normal={"day": normal, "flag": lambda flag: flag is None}
    )
    rows = [("a", "2026-01-02Z"), ("b", "2026-01-02"), ("c", 5), ("d", "2026-01-01Z")]

    def work(tx: Transaction) -> None:
        for key, day in rows:
            tx.put(days, key, {"day": day})

    storage.transaction(work)
    found, total = storage.find_page(days, PageQuery(ranges={"day": ("2026-01-02", "2026-01-03")}))
    assert ([key for key, _ in found], total) == (["a", "b"], 2)
    ordered = [key for key, _ in storage.find_page(days, PageQuery(sort="day", equal={"flag": True}))[0]]
    assert (ordered[0], ordered[3], sorted(ordered[1:3])) == ("d", "c", ["a", "b"])


def test_increments_add_up_with_what_is_put_and_read(storage: Storage) -> None:
    def count(**amounts: object) -> None:
        storage.transaction(lambda tx: tx.increment(DAYS, "d", amounts))

    count(day="first", seen=2)
    assert storage.get(DAYS, "d") == {"day": "first", "seen": 2}
    assert (storage.count(DAYS), dict(storage.scan(DAYS))) == (1, {"d": {"day": "first", "seen": 2}})
    count(day="second", seen=-1, bytes=10**12)
    assert storage.get(DAYS, "d") == {"day": "first", "seen": 1, "bytes": 10**12}

    def work(tx: Transaction) -> None:
        tx.increment(DAYS, "d", {"seen": 1})
        record = tx.get(DAYS, "d")
        assert record == {"day": "first", "seen": 2, "bytes": 10**12}
        tx.put(DAYS, "d", {"seen": 10})
        tx.increment(DAYS, "d", {"seen": 1})
        assert tx.get(DAYS, "d") == {"seen": 11}
        tx.increment(DAYS, "other", {"seen": 1})

    storage.transaction(work)
    assert dict(storage.scan(DAYS)) == {"d": {"seen": 11}, "other": {"seen": 1}}
    assert storage.find_page(DAYS, PageQuery())[1] == 2
    assert storage.transaction(lambda tx: tx.delete(DAYS, "other")) is True
    assert storage.transaction(lambda tx: tx.delete(DAYS, "other")) is False
    count(seen=1)
    storage.transaction(lambda tx: tx.put(DAYS, "d", {"seen": 0}))
    assert storage.get(DAYS, "d") == {"seen": 0}
    assert storage.get(DAYS, "other") is None


def test_a_refused_transaction_counts_nothing(storage: Storage) -> None:
    def work(tx: Transaction) -> None:
        tx.increment(DAYS, "d", {"seen": 1})
        raise LookupError

    with pytest.raises(LookupError):
        storage.transaction(work)
    assert storage.get(DAYS, "d") is None
    for wrong in ({"seen": float("nan")}, {"seen": object()}):
        with pytest.raises(InvalidInput):
            storage.transaction(lambda tx, wrong=wrong: tx.increment(DAYS, "d", wrong))  # type: ignore[misc]
    assert storage.count(DAYS) == 0


def test_increments_of_many_threads_are_all_counted(storage: Storage) -> None:
    def count(number: int) -> None:
        if number % 10 == 0:
            record = storage.transaction(lambda tx: tx.get(DAYS, "d") or {})
            assert record.get("seen", 0) >= 0
        storage.transaction(lambda tx: tx.increment(DAYS, "d", {"seen": 1, f"of{number % 3}": 1}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(600)))
    assert storage.get(DAYS, "d") == {"seen": 600, "of0": 200, "of1": 200, "of2": 200}


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_half_a_surrogate_pair_is_refused(storage: Storage, text: str) -> None:
    for record in ({"text": text}, {"deep": [{text: 1}]}):
        with pytest.raises(InvalidInput):
            storage.transaction(lambda tx, record=record: tx.put(NOTES, "k", record))  # type: ignore[misc]
        with pytest.raises(InvalidInput):
            storage.transaction(lambda tx, record=record: tx.append(TRAIL, "a", record))  # type: ignore[misc]
    assert storage.count(NOTES) == 0
    assert storage.find(PEOPLE, "name", text) is None
    assert storage.find_page(PEOPLE, PageQuery(text=text, text_fields=("name",)))[1] == 0


def test_names_of_any_kind_are_unique_found_and_sorted_as_texts(storage: Storage) -> None:
    names = ["", "%", "_", "a", "a%b", "a\\b", "a_b", "ab", "b\x00c", "zz", "ä", "ß", "日本", "👩‍🚀", "x" * 3000]
    for number, name in enumerate(names):
        put(storage, f"k{number}", name=name, since=[number, -number, number / 7, None][number % 4])
    for number, name in enumerate(names):
        assert storage.find(PEOPLE, "name", name.upper()) == f"k{number}"
        with pytest.raises(AlreadyExists):
            put(storage, "other", name=name)
    found, total = storage.find_page(PEOPLE, PageQuery(sort="name"))
    assert total == len(names)
    assert [record["name"].casefold() for _, record in found] == sorted(name.casefold() for name in names)
    for text in ("%", "_", "\\", "\x00", "x" * 300, "日"):
        expected = {name for name in names if text in name}
        found, total = storage.find_page(PEOPLE, PageQuery(text=text, text_fields=("name",)))
        assert ({record["name"] for _, record in found}, total) == (expected, len(expected))
    assert storage.find(PEOPLE, "name", "x" * 2999) is None
    moments = [record["since"] for _, record in storage.find_page(PEOPLE, PageQuery(sort="since"))[0]]
    numbers = [moment for moment in moments if moment is not None]
    assert numbers == sorted(numbers)
    assert moments[len(numbers) :] == [None] * (len(moments) - len(numbers))
    downwards = [
        record["since"] for _, record in storage.find_page(PEOPLE, PageQuery(sort="since", descending=True))[0]
    ]
    assert downwards == [None] * (len(moments) - len(numbers)) + sorted(numbers, reverse=True)


@pytest.mark.parametrize("key", ["", "ünï", "a b", "a/b", "x" * 200])
def test_what_can_be_no_key_is_absent(storage: Storage, key: str) -> None:
    assert storage.get(NOTES, key) is None
    assert storage.transaction(lambda tx: tx.get(NOTES, key)) is None
    assert storage.transaction(lambda tx: tx.delete(NOTES, key)) is False
