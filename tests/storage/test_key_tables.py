"""Numbers for keys, whether the keys themselves are kept or their hashes."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from user_stats.storage.json_files.key_tables import KeyFingerprints, KeyTable, WholeKeys

both = pytest.mark.parametrize("make", [WholeKeys, KeyFingerprints])
MANY = 20_000


@both
def test_a_key_has_one_number_for_good_and_no_two_share_one(make: Callable[[], KeyTable]) -> None:
    table, model, chance = make(), dict[str, int](), random.Random(5)
    for _ in range(MANY):
        key = f"t:{chance.randrange(MANY)}"
        assert table.find(key) == model.get(key)
        assert table.number(key) == model.setdefault(key, len(model))
    assert len(table) == len(model)
    assert all(table.find(key) == number for key, number in model.items())


@both
def test_threads_may_share_it(make: Callable[[], KeyTable]) -> None:
    table = make()

    def work(seed: int) -> list[tuple[str, int]]:
        keys = [str(number) for number in range(3000)]
        random.Random(seed).shuffle(keys)
        return [(key, table.number(key)) for key in keys]

    with ThreadPoolExecutor(4) as threads:
        given = {pair for pairs in threads.map(work, range(4)) for pair in pairs}
    assert len(given) == 3000
    assert all(table.find(key) == number for key, number in given)


def test_a_fingerprint_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        table = KeyFingerprints()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(MANY):
            table.number(f"t:{number}")
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / MANY < 30
