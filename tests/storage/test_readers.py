"""Readers take no lock: while others write, lay files out anew or replace them, they find what is there."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from user_stats.storage import Collection, PageQuery, Transaction, open_storage
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.key_tables import WholeKeys
from user_stats.storage.json_files.lines import Lines

PEOPLE = Collection("people", width=128, unique={"name": str.casefold}, fields=("name",))
MANY = 3000


def test_readers_find_everybody_while_the_file_is_laid_out_anew(tmp_path: Path) -> None:
    writer, reader = open_storage(str(tmp_path)), open_storage(str(tmp_path))
    for first in range(0, MANY, 500):
        rows = [(f"k{number}", {"name": f"N{number}"}) for number in range(first, first + 500)]
        writer.transaction(lambda tx, rows=rows: [tx.put(PEOPLE, key, row) for key, row in rows])  # type: ignore[misc]
    missed: list[str] = []
    is_over = threading.Event()

    def read(offset: int) -> None:
        number = offset
        while not is_over.is_set():
            number = (number + 7) % MANY
            record = reader.get(PEOPLE, f"k{number}")
            if record is None or record["name"] != f"N{number}":
                missed.append(f"get {number}: {record}")
            if (key := reader.find(PEOPLE, "name", f"n{number}")) != f"k{number}":
                missed.append(f"find {number}: {key}")

    def page() -> None:
        while not is_over.is_set():
            rows, total = reader.find_page(PEOPLE, PageQuery(sort="name", limit=20))
            if [key for key, _ in rows] != sorted(f"k{number}" for number in range(MANY))[:20] or total < MANY:
                missed.append(f"page: {rows[:1]} of {total}")

    threads = [threading.Thread(target=read, args=(1000 * at,)) for at in range(3)] + [threading.Thread(target=page)]
    for thread in threads:
        thread.start()
    try:
        for size in range(12):  # a record that is wider than a line makes every line wider
            wide = {"name": f"zz{size}", "text": "x" * (100 << size % 4)}
            writer.transaction(lambda tx, wide=wide: tx.put(PEOPLE, "zz", wide))  # type: ignore[misc]
            path = tmp_path / "people.json"
            copy = path.with_suffix(".copy")
            copy.write_bytes(path.read_bytes())
            copy.rename(path)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert missed == []


def test_a_scan_gives_everybody_once_when_the_file_is_laid_out_anew_meanwhile(tmp_path: Path) -> None:
    writer, reader = open_storage(str(tmp_path)), open_storage(str(tmp_path))
    many = 30_000
    for first in range(0, many, 5000):
        rows = [(f"k{number}", {"name": f"N{number}"}) for number in range(first, first + 5000)]
        writer.transaction(lambda tx, rows=rows: [tx.put(PEOPLE, key, row) for key, row in rows])  # type: ignore[misc]
    for size in (200, 2000):
        scan = reader.scan(PEOPLE)
        seen = [next(scan)[0]]
        writer.transaction(lambda tx, size=size: tx.put(PEOPLE, "k7", {"name": "N7", "text": "x" * size}))  # type: ignore[misc]
        seen += [key for key, _ in scan]
        assert len(seen) == len(set(seen)) == many


def test_a_file_that_was_replaced_twice_is_known_for_another(tmp_path: Path) -> None:
    """Its number and its size may be those of the first one again."""
    writer, reader = open_storage(str(tmp_path)), open_storage(str(tmp_path))
    writer.transaction(lambda tx: [tx.put(PEOPLE, f"k{n}", {"name": f"N{n}"}) for n in range(50)])
    assert reader.get(PEOPLE, "k1") is not None
    for size in (200, 500, 1000):
        wide = {"name": "wide", "text": "x" * size}
        writer.transaction(lambda tx, wide=wide: tx.put(PEOPLE, "wide", wide))  # type: ignore[misc]
        writer.transaction(lambda tx: tx.delete(PEOPLE, "wide"))
        for n in range(50):
            assert reader.get(PEOPLE, f"k{n}") == {"name": f"N{n}"}


def test_a_batch_goes_on_when_an_editor_has_changed_the_file_in_place(tmp_path: Path) -> None:
    storage, path = open_storage(str(tmp_path)), tmp_path / "people.json"
    storage.transaction(lambda tx: [tx.put(PEOPLE, f"k{n}", {"name": f"N{n}"}) for n in range(10)])
    assert [storage.get(PEOPLE, f"k{n}") for n in range(10)] == [{"name": f"N{n}"} for n in range(10)]
    path.write_text(path.read_text().replace('"N5"', '"Somebody else"'))

    def work(tx: Transaction) -> None:
        for key in ("k0", "k7", "new"):
            tx.put(PEOPLE, key, {"name": f"changed {key}"})
        tx.delete(PEOPLE, "k3")

    storage.transaction(work)
    expected = {f"k{n}": {"name": f"N{n}"} for n in range(10) if n != 3} | {"k5": {"name": "Somebody else"}}
    expected |= {key: {"name": f"changed {key}"} for key in ("k0", "k7", "new")}
    assert json.loads(path.read_text()) == dict(storage.scan(PEOPLE)) == expected


def test_files_that_share_their_keys_are_read_at_the_same_time(tmp_path: Path) -> None:
    """While one is read, keys come in that only the other one has."""

    class Growing(WholeKeys):
        def number(self, key: str) -> int:
            super().number(f"{key} of another file")
            return super().number(key)

    storage = open_storage(str(tmp_path))
    storage.transaction(lambda tx: [tx.put(PEOPLE, f"k{n}", {"name": f"N{n}"}) for n in range(50)])
    lines = Lines.read(Disk(), str(tmp_path / "people.json"), "people.json", Growing(), PEOPLE.width)
    assert [lines.slot_of(f"k{n}") for n in range(50)] == list(range(50))
