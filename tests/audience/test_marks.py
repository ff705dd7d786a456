"""Every visitor of a day is known for good, however many there are and in whatever portions they come."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from random import Random

from user_stats.audience.ledger import commit
from user_stats.audience.marks import MOST_TAGS, mark_visitors
from user_stats.collections import VISITOR_MARKS
from user_stats.storage import Storage, open_storage

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
DAY, OTHER_DAY = "2026-03-04", "2026-03-05"


def tag(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:20]


def marked(storage: Storage, day: str, tags: set[str]) -> int:
    new: int = commit(storage, [lambda ledger: mark_visitors(ledger, day, tags)], NOW)[0]
    return new


def test_each_visitor_is_new_once_in_portions_of_any_size(storage: Storage) -> None:
    random = Random(7)
    known: dict[str, set[str]] = {DAY: set(), OTHER_DAY: set()}
    for size in (1, 1, MOST_TAGS - 1, 2, 3, 1000, 1, 2500, 40, 1):
        for day, before in known.items():
            tags = {tag(random.randrange(6000)) for _ in range(size)}
            assert marked(storage, day, tags) == len(tags - before)
            before |= tags
            assert marked(storage, day, tags) == 0


def test_tags_that_begin_alike_are_told_apart(storage: Storage) -> None:
    tags = [f"{'ab' * 8}{number:04x}" for number in range(3 * MOST_TAGS)]
    assert marked(storage, DAY, set(tags[::2])) == len(tags) // 2
    assert marked(storage, DAY, set(tags)) == len(tags) // 2


def test_many_visitors_need_few_keys_and_every_one_fits_its_line() -> None:
    storage = open_storage("memory:")
    for start in range(0, 30_000, 3000):
        marked(storage, DAY, {tag(number) for number in range(start, start + 3000)})
    records = list(storage.scan(VISITOR_MARKS))
    assert sum(len(record.get("tags", "").split()) for _, record in records) == 30_000
    assert len(records) < 30_000 / 15
    assert max(len(key) + len(str(record)) for key, record in records) < VISITOR_MARKS.width
