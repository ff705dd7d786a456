"""The whole store at once, on every engine: what it held at one moment, and everything replaced."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_contract import DIARY, NOTES, PEOPLE, TRAIL, append, moments, put

from user_stats.errors import InvalidInput
from user_stats.storage import Collection, Log, PageQuery, Storage, Transaction, open_storage


def held(storage: Storage) -> tuple[object, object]:
    """Every record and every entry, through a snapshot."""
    with storage.snapshot((PEOPLE, NOTES), (DIARY, TRAIL)) as snapshot:
        records = {one.name: {key: json.loads(raw) for key, raw in snapshot.members(one)} for one in (PEOPLE, NOTES)}
        lists = {
            log.name: {key: [json.loads(raw) for raw in raws] for key, raws in snapshot.lists(log)}
            for log in (DIARY, TRAIL)
        }
    return records, lists


def filled(storage: Storage, count: int = 5) -> tuple[object, object]:
    def work(tx: Transaction) -> None:
        for number in range(count):
            tx.put(PEOPLE, f"k{number}", {"name": f"n{number}", "text": "ü" * number * 100})
            tx.append(DIARY, "a", {"at": -number})
            tx.append(TRAIL, f"b{number}", {"at": number, "text": 'line\n},\n{"x"'})

    storage.transaction(work)
    return held(storage)


def test_a_snapshot_of_an_empty_store_is_empty(storage: Storage) -> None:
    assert held(storage) == ({"people": {}, "notes": {}}, {"diary": {}, "trail": {}})


def test_a_snapshot_stays_as_it_was_taken(storage: Storage) -> None:
    filled(storage)
    with storage.snapshot((PEOPLE, NOTES), (DIARY, TRAIL)) as snapshot:
        storage.transaction(lambda tx: tx.delete(PEOPLE, "k0"))
        put(storage, "k1", name="changed")
        append(storage, 7)
        storage.transaction(lambda tx: tx.clear(TRAIL, "b3"))
        for _ in range(2):
            records = {key: json.loads(raw) for key, raw in snapshot.members(PEOPLE)}
            assert [record["name"] for record in records.values()] == [f"n{number}" for number in range(5)]
            assert [json.loads(raw)["at"] for _, raws in snapshot.lists(DIARY) for raw in raws] == [-4, -3, -2, -1, 0]
            assert [key for key, _ in snapshot.lists(TRAIL)] == [f"b{number}" for number in range(5)]
    assert storage.get(PEOPLE, "k1") == {"name": "changed"}


def test_every_value_of_a_snapshot_is_one_line(storage: Storage) -> None:
    filled(storage)
    with storage.snapshot((PEOPLE,), (TRAIL,)) as snapshot:
        values = [raw for _, raw in snapshot.members(PEOPLE)] + [
            raw for _, raws in snapshot.lists(TRAIL) for raw in raws
        ]
    assert values
    assert not any(b"\n" in raw for raw in values)


def test_snapshots_taken_while_others_write_are_whole(storage: Storage) -> None:
    storage.transaction(lambda tx: tx.put(NOTES, "n", {"n": 0}))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():

            def work(tx: Transaction) -> None:
                number = (tx.get(NOTES, "n") or {})["n"] + 1
                tx.put(NOTES, "n", {"n": number})
                tx.put(NOTES, f"m{number % 7}", {"n": number})
                tx.append(TRAIL, "a", {"n": number}, keep=50)
                tx.append(TRAIL, f"t{number % 5}", {"n": number})

            storage.transaction(work)

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    try:
        for turn in range(2000):
            if turn >= 25 and len(seen) > 1:
                break
            with storage.snapshot((NOTES,), (TRAIL,)) as snapshot:
                notes = {key: json.loads(raw)["n"] for key, raw in snapshot.members(NOTES)}
                trails = {key: [json.loads(raw)["n"] for raw in raws] for key, raws in snapshot.lists(TRAIL)}
            number = notes.pop("n")
            assert trails.pop("a", []) == list(range(max(1, number - 49), number + 1))
            assert sorted(n for trail in trails.values() for n in trail) == list(range(1, number + 1))
            assert notes == {f"m{n % 7}": n for n in range(max(1, number - 6), number + 1)}
            seen.add(number)
    finally:
        stop.set()
        writer.join()
    assert len(seen) > 1


def test_what_is_replaced_is_all_that_there_is(storage: Storage, tmp_path: Path) -> None:
    other = open_storage(str(tmp_path / "other"))
    there = filled(other, 3)
    filled(storage)
    put(storage, "gone", name="gone")
    storage.transaction(lambda tx: tx.put(NOTES, "gone", {"n": 1}))
    with other.snapshot((PEOPLE, NOTES), (DIARY, TRAIL)) as source:
        storage.replace_all(source, (PEOPLE, NOTES), (DIARY, TRAIL))
    assert held(storage) == there
    assert storage.find(PEOPLE, "name", "N1") == "k1"
    assert storage.find(PEOPLE, "name", "gone") is None
    assert storage.count(NOTES) == 0
    assert [record["name"] for _, record in storage.find_page(PEOPLE, PageQuery(sort="name"))[0]] == ["n0", "n1", "n2"]
    put(storage, "new", name="new")
    append(storage, 9)
    assert moments(storage) == [-2, -1, 0, 9]
    other.close()


def test_what_is_not_named_is_left_as_it_is(storage: Storage) -> None:
    filled(storage)
    storage.transaction(lambda tx: tx.put(NOTES, "kept", {"n": 1}))
    with open_storage("memory:").snapshot((), ()) as nothing:
        storage.replace_all(nothing, (PEOPLE,), (DIARY,))
    assert held(storage)[0] == {"people": {}, "notes": {"kept": {"n": 1}}}
    assert list(storage.log_keys(DIARY)) == []
    assert len(list(storage.log_keys(TRAIL))) == 5


def test_a_source_that_fails_changes_nothing(storage: Storage) -> None:
    before = filled(storage)

    class Failing:
        def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
            yield "k9", b'{"name":"n9"}'

        def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
            yield "a", [b'{"at":1}']
            raise InvalidInput("stopped")

    with pytest.raises(InvalidInput, match="stopped"):
        storage.replace_all(Failing(), (PEOPLE, NOTES), (DIARY, TRAIL))
    assert held(storage) == before
