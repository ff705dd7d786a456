"""The roll-ups of people who did little, many in one record, beside what the logs of these people give."""

from __future__ import annotations

from collections.abc import Iterator

from user_stats.collections import SHELVES
from user_stats.statistics import shelves
from user_stats.storage import Storage, Transaction
from user_stats.verification.difference import Difference
from user_stats.verification.person import count_repair


def wrong_shelves(storage: Storage, broken: set[str], *, is_mending: bool) -> Iterator[Difference]:
    """What looks wrong is looked at again, and mended, with nobody writing meanwhile."""
    for key in list(storage.log_keys(SHELVES)):
        place = f"{SHELVES.name}/{key}_{SHELVES.name}.json"
        if place in broken or shelves.is_right(storage, key):
            continue
        if storage.transaction(lambda tx, key=key: _is_wrong(tx, key, is_mending=is_mending)):  # type: ignore[misc]
            yield Difference(place, key, "sums", "others", "as counted from the logs", mendable=True)


def _is_wrong(tx: Transaction, key: str, *, is_mending: bool) -> bool:
    if shelves.is_right(tx, key):
        return False
    if is_mending:
        for user_id in shelves.people_on(tx, key):
            count_repair(tx, user_id)
        tx.clear(SHELVES, key)  # it is made anew when figures are looked at
    return True
