"""Every state that a loss of power can leave behind one transaction of each kind.

What is not synced is taken apart into sectors of 512 bytes and names. With few parts every subset of them is tried as
what has reached the disk; with many, all beginnings, each part alone, and all but each part.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
from harness import all_json_is_valid
from test_power_loss import File, NoJournalSync, PowerCut, PowerDisk, _apply

from user_stats.storage import Collection, Log, Storage, Transaction
from user_stats.storage.json_files import journal
from user_stats.storage.json_files.engine import JsonStorage

PEOPLE = Collection("people", width=128, unique={"name": str.casefold})
OTHERS = Collection("others", width=128)
LIST = Log("list", order=lambda entry: entry["n"])
MOST_SUBSETS_OF = 5
MOST_SUBSETS_OF_IN_SOAK = 9


def prepare(tx: Transaction) -> None:
    for number in range(4):
        tx.put(PEOPLE, f"k{number}", {"name": f"n{number}"})
    for number in range(0, 60, 10):
        tx.append(LIST, "a", {"n": number, "text": "x" * 40})


KINDS: dict[str, Callable[[Transaction], object]] = {
    "a first record": lambda tx: tx.put(OTHERS, "a", {"n": 1}),
    "a record in its place": lambda tx: tx.put(PEOPLE, "k2", {"name": "other"}),
    "a record at the end": lambda tx: tx.put(PEOPLE, "k9", {"name": "n9"}),
    "three records at the end": lambda tx: [tx.put(PEOPLE, f"k{n}", {"name": f"n{n}"}) for n in (7, 8, 9)],
    "a record wider than a line": lambda tx: tx.put(PEOPLE, "k1", {"name": "n1", "text": "y" * 300}),
    "the first record goes": lambda tx: tx.delete(PEOPLE, "k0"),
    "the first two records go": lambda tx: [tx.delete(PEOPLE, "k0"), tx.delete(PEOPLE, "k1")],
    "the last record goes": lambda tx: tx.delete(PEOPLE, "k3"),
    "all records go": lambda tx: [tx.delete(PEOPLE, f"k{number}") for number in range(4)],
    "one goes and one comes": lambda tx: [tx.delete(PEOPLE, "k0"), tx.put(PEOPLE, "k8", {"name": "n0"})],
    "a first entry": lambda tx: tx.append(LIST, "b", {"n": 1}),
    "an entry at the end": lambda tx: tx.append(LIST, "a", {"n": 99}),
    "an entry beyond the cap": lambda tx: tx.append(LIST, "a", {"n": 99}, keep=6),
    "an entry in the middle": lambda tx: tx.append(LIST, "a", {"n": 25}),
    "a list is cleared": lambda tx: tx.clear(LIST, "a"),
    "all of it": lambda tx: [
        tx.put(PEOPLE, "k2", {"name": "other"}),
        tx.put(OTHERS, "a", {"n": 1}),
        tx.delete(PEOPLE, "k0"),
        tx.append(LIST, "a", {"n": 99}, keep=6),
        tx.append(LIST, "b", {"n": 1}),
    ],
}


def contents(storage: Storage) -> Any:
    records = {one.name: dict(storage.scan(one)) for one in (PEOPLE, OTHERS)}
    return records, {key: storage.read_log(LIST, key) for key in ("a", "b")}


def subsets(count: int, most: int) -> Iterator[frozenset[int]]:
    everything = range(count)
    if count <= most:
        return map(frozenset, chain.from_iterable(combinations(everything, size) for size in range(count + 1)))
    beginnings = (frozenset(range(size)) for size in range(count + 1))
    single = (frozenset({part}) for part in everything)
    return chain(beginnings, single, (frozenset(everything) - one for one in (frozenset({p}) for p in everything)))


def sectors(file: File) -> int:
    counted = 0

    def count() -> bool:
        nonlocal counted
        counted += 1
        return False

    file.with_writes(count)
    return counted


def states_of(disk: PowerDisk, most: int) -> Iterator[tuple[dict[str, File], Callable[[File], bytes]]]:
    """The names that are found, and what each file holds, for each subset of what was not synced."""
    files = list(dict.fromkeys([*disk.durable_names.values(), *(one[2] for one in disk.renames if one[2] is not None)]))
    sizes = [sectors(file) for file in files]
    for kept in subsets(len(disk.renames) + sum(sizes), most):
        names = dict(disk.durable_names)
        for at, change in enumerate(disk.renames):
            if at in kept:
                _apply(names, change)

        def image(file: File, kept: frozenset[int] = kept) -> bytes:
            first = len(disk.renames) + sum(sizes[: files.index(file)])
            parts = iter(range(first, first + sectors(file)))
            return file.with_writes(lambda: next(parts) in kept)

        yield names, image


def written(names: dict[str, File], image: Callable[[File], bytes], folder: str, target: Path) -> None:
    for path, file in names.items():
        if not path.endswith("store.state"):
            place = target / Path(path).relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(image(file))


def try_all(
    tmp_path: Path, work: Callable[[Transaction], object], most: int, disk_class: type[PowerDisk] = PowerDisk
) -> int:
    """How many states were tried."""
    origin = tmp_path / "origin"
    storage = JsonStorage(str(origin))
    storage.transaction(prepare)
    before = contents(storage)
    storage.close()
    trial = tmp_path / "after"
    shutil.copytree(origin, trial)
    (trial / "store.state").unlink()
    storage = JsonStorage(str(trial))
    storage.transaction(work)
    after = contents(storage)
    storage.close()
    tried, is_done, cut_after = 0, False, 0
    while not is_done:
        folder = tmp_path / f"cut{cut_after}"
        shutil.copytree(origin, folder)
        (folder / "store.state").unlink()
        disk = disk_class(folder, -1)
        storage = JsonStorage(str(folder), disk=disk)
        disk.cut_at = disk.calls + 1 + cut_after
        try:
            storage.transaction(work)
            is_done = True
        except PowerCut:
            disk.is_cut = True
        for names, image in states_of(disk, most):
            found = tmp_path / "found"
            written(names, image, str(folder), found)
            opened = JsonStorage(str(found))
            assert contents(opened) == after if is_done else contents(opened) in (before, after)
            all_json_is_valid(found)
            opened.transaction(lambda tx: tx.put(OTHERS, "z", {"n": 0}))
            opened.close()
            shutil.rmtree(found)
            tried += 1
        cut_after += 1
    return tried


@pytest.fixture(autouse=True)
def small_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "HALF_BYTES", 9000)


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_is_the_one_before_or_the_one_after(tmp_path: Path, kind: str) -> None:
    assert try_all(tmp_path, KINDS[kind], MOST_SUBSETS_OF) > 5


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_every_subset_of_more_parts(tmp_path: Path, kind: str) -> None:
    assert try_all(tmp_path, KINDS[kind], MOST_SUBSETS_OF_IN_SOAK) > 5


def test_the_harness_catches_a_missing_sync(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        try_all(tmp_path, KINDS["all of it"], MOST_SUBSETS_OF, NoJournalSync)
