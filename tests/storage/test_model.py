"""Random operations are played on each engine and on plain dicts and lists: both must always say the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engines import fresh_store
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from user_stats.errors import AlreadyExists
from user_stats.storage import Collection, Log, PageQuery, Storage, Transaction, open_storage

PEOPLE = Collection("people", width=128, unique={"name": str.casefold}, fields=("name", "size"))
DIARY = Log("diary", order=lambda entry: entry["at"])
KEEP = 6
ENGINES = ("memory", "json", "postgres", "redis")

keys = st.sampled_from([f"k{number}" for number in range(6)])
names = st.sampled_from(["ada", "Ada", "bob", "BOB", "eve", "zoë", "x" * 150])
writes = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, names, st.integers(0, 9)),
        st.tuples(st.just("delete"), keys),
        st.tuples(st.just("append"), st.sampled_from("ab"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("clear"), st.sampled_from("ab")),
    ),
    min_size=1,
    max_size=6,
)


class Changed(Exception):
    """The work changed its mind."""


class Model:
    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.diary: dict[str, list[dict[str, Any]]] = {}

    def copy(self) -> Model:
        other = Model()
        other.people = dict(self.people)
        other.diary = {key: list(entries) for key, entries in self.diary.items()}
        return other

    def put(self, key: str, record: dict[str, Any]) -> None:
        for other, held in self.people.items():
            if other != key and held["name"].casefold() == record["name"].casefold():
                raise AlreadyExists("taken")
        self.people[key] = record

    def append(self, key: str, entry: dict[str, Any], keep: int | None) -> None:
        entries = self.diary.setdefault(key, [])
        entries.append(entry)
        entries.sort(key=lambda one: one["at"])
        if keep is not None:
            del entries[:-keep]


class Machine(RuleBasedStateMachine):
    make_url: Callable[[str], str]
    """Makes an empty store, in a folder if it likes."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.url = type(self).make_url(self.folder.name)
        self.storages: list[Storage] = [open_storage(self.url)]
        if self.url != "memory:":
            self.storages.append(open_storage(self.url))  # as another process would
        self.model = Model()
        self.number = 0

    def teardown(self) -> None:
        for storage in getattr(self, "storages", []):
            storage.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(chosen=writes, which=st.integers(0, 1), changes_its_mind=st.booleans())
    def transaction(self, chosen: list[tuple[Any, ...]], which: int, changes_its_mind: bool) -> None:
        after = self.model.copy()

        def play(tx: Any, *, on_model: bool) -> None:
            for kind, *rest in chosen:
                self.number += 1
                if kind == "put":
                    record = {"name": rest[1], "size": rest[2]}
                    after.put(rest[0], record) if on_model else tx.put(PEOPLE, rest[0], record)
                elif kind == "delete":
                    after.people.pop(rest[0], None) if on_model else tx.delete(PEOPLE, rest[0])
                elif kind == "append":
                    entry, keep = {"at": rest[1]}, KEEP if rest[2] else None
                    after.append(rest[0], entry, keep) if on_model else tx.append(DIARY, rest[0], entry, keep)
                elif on_model:
                    after.diary.pop(rest[0], None)
                else:
                    assert tx.clear(DIARY, rest[0]) >= 0

        def work(tx: Transaction) -> None:
            play(tx, on_model=False)
            if changes_its_mind:
                raise Changed

        expected: type[Exception] | None = Changed if changes_its_mind else None
        try:
            play(None, on_model=True)
        except AlreadyExists:
            expected = AlreadyExists
        storage = self.storages[which % len(self.storages)]
        if expected is None:
            storage.transaction(work)
            self.model = after
        else:
            with pytest.raises(expected):
                storage.transaction(work)

    @rule()
    def reopen(self) -> None:
        if self.url != "memory:":
            self.storages[0].close()
            self.storages[0] = open_storage(self.url)

    @invariant()
    def they_agree(self) -> None:
        for storage in getattr(self, "storages", []):
            assert dict(storage.scan(PEOPLE)) == self.model.people
            assert storage.count(PEOPLE) == len(self.model.people)
            for name in ("ADA", "bob", "Eve", "ZOË"):
                holders = [key for key, one in self.model.people.items() if one["name"].casefold() == name.casefold()]
                assert storage.find(PEOPLE, "name", name) == (holders[0] if holders else None)
            for key in "ab":
                entries = self.model.diary.get(key, [])
                assert storage.read_log(DIARY, key) == entries
                assert storage.read_log(DIARY, key, 3) == entries[-3:]
            records, total = storage.find_page(PEOPLE, PageQuery(ranges={"size": (3, 7)}, sort="size", limit=99))
            expected = sorted(one["size"] for one in self.model.people.values() if 3 <= one["size"] < 7)
            assert ([one["size"] for _, one in records], total) == (expected, len(expected))


def play(request: pytest.FixtureRequest, engine: str, examples: int) -> None:
    def make_url(folder: str) -> str:
        return "memory:" if engine == "memory" else fresh_store(request, engine, Path(folder))

    machine = type(f"{engine.title()}Machine", (Machine,), {"make_url": staticmethod(make_url)})
    checks = [HealthCheck.too_slow]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=20, deadline=None, suppress_health_check=checks, database=None
        ),
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_random_operations_agree_with_a_plain_model(request: pytest.FixtureRequest, engine: str) -> None:
    play(request, engine, 40 if engine in ("memory", "json") else 12)


@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
def test_many_random_operations_agree_with_a_plain_model(request: pytest.FixtureRequest, engine: str) -> None:
    play(request, engine, 20_000 if engine in ("memory", "json") else 1000)
