"""A whole site from one store into another, of any engine: resumable, and proven at the end.

The source is read as of one moment. Each collection and each log becomes what it is there, all of it or nothing; what
is the same already is left alone, so a copy that was cut short goes on. A mark in the target says whose copy it is to
become; it goes when a second look at both finds no difference. Until then no site opens it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS, COPIES
from user_stats.errors import AlreadyExists, InvalidInput, StorageBusy
from user_stats.storage import Collection, Log, Snapshot, Storage, open_storage
from user_stats.times import to_iso
from user_stats.transfer.watched import Progress, Watched

MARK = "target"
READINGS = 3
"""Of everything: once to copy it, and once on each side to compare."""
COPIED_COLLECTIONS = tuple(collection for collection in ALL_COLLECTIONS if collection is not COPIES)
Place = Collection | Log
PLACES: tuple[Place, ...] = (*COPIED_COLLECTIONS, *ALL_LOGS)


@dataclass(frozen=True)
class Compared:
    """One collection or log on both sides: how many records or entries, and whether they are the same to the letter."""

    name: str
    source: int
    target: int
    is_same: bool


def copy_site(source: Storage, target: Storage, *, origin: str, now: datetime, progress: Progress) -> list[Compared]:
    """Every collection and log of both after the copy; `origin` names the source.

    Raises AlreadyExists for a target that holds something and is not a begun copy of the same source."""
    begun = _begin(target, origin, now)
    watched = Watched(progress, lists=sum(1 for log in ALL_LOGS for _ in source.log_keys(log)), readings=READINGS)
    with source.snapshot(COPIED_COLLECTIONS, ALL_LOGS) as held:
        counted = watched.reading(held)
        for place in PLACES:
            if begun and _summed(_rows_now(target, place)) == _summed(_rows(held, place)):
                continue
            if isinstance(place, Log):
                target.replace_all(counted, (), (place,))
            else:
                target.replace_all(counted, (place,), ())
    compared = _compared(source, target, watched)
    if all(one.is_same for one in compared):
        target.transaction(lambda tx: tx.delete(COPIES, MARK))
    watched.finish()
    return compared


def copy_between(
    from_url: str, to_url: str, *, lock_timeout_seconds: float, now: datetime, progress: Progress
) -> list[Compared]:
    """The same by the addresses of the stores. Raises what that does, InvalidInput for one store twice or one that is
    not there, and StorageBusy for a source that is an unfinished copy itself."""
    places = [url if "://" in url else os.path.realpath(url) for url in (from_url, to_url)]
    if _origin(places[0]) == _origin(places[1]):
        raise InvalidInput.of("TO_URL", _origin(places[1]), "another store than FROM_URL")
    if "://" not in places[0] and not os.path.isdir(places[0]):
        raise InvalidInput.of("FROM_URL", from_url, "a store that is there")
    source, target = (open_storage(place, lock_timeout_seconds=lock_timeout_seconds) for place in places)
    with closing(source), closing(target):
        refuse_unfinished(source)
        return copy_site(source, target, origin=_origin(places[0]), now=now, progress=progress)


def _origin(place: str) -> str:
    """A store by its place, without the name and the password of whoever opens it."""
    scheme, mark, rest = place.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if mark else place


def refuse_unfinished(storage: Storage) -> None:
    """Raises StorageBusy for a store into which a copy has begun that has not come to its end."""
    mark = storage.get(COPIES, MARK)
    if mark is not None:
        raise StorageBusy(f"the store is an unfinished copy, begun at {mark['begun_at']}: run the same copy again")


def _begin(target: Storage, origin: str, now: datetime) -> bool:
    """True where this copy had begun before."""
    mark = target.get(COPIES, MARK)
    if mark is not None and mark["origin"] == origin:
        return True
    held = [collection.name for collection in COPIED_COLLECTIONS if target.count(collection)]
    held += [log.name for log in ALL_LOGS if next(iter(target.log_keys(log)), None) is not None]
    if mark is not None or held:
        what = "a begun copy of another store" if mark is not None else ", ".join(held[:3])
        raise AlreadyExists(f"TO_URL: the store holds {what}; allowed: an empty one, or the same copy again")
    target.transaction(lambda tx: tx.put(COPIES, MARK, {"origin": origin, "begun_at": to_iso(now)}))
    return False


# -- the proof --------------------------------------------------------------------------------------------------------


def _compared(source: Storage, target: Storage, watched: Watched) -> list[Compared]:
    """Both stores as they are now."""
    with (
        source.snapshot(COPIED_COLLECTIONS, ALL_LOGS) as one,
        target.snapshot(COPIED_COLLECTIONS, ALL_LOGS) as other,
    ):
        compared = []
        for place in PLACES:
            here, there = (_summed(_rows(watched.reading(snapshot), place)) for snapshot in (one, other))
            compared.append(Compared(place.name, here[0], there[0], here == there))
        return compared


def _rows(snapshot: Snapshot, place: Place) -> Iterator[tuple[str, list[bytes]]]:
    if isinstance(place, Log):
        yield from snapshot.lists(place)
    else:
        for key, raw in snapshot.members(place):
            yield key, [raw]


def _rows_now(storage: Storage, place: Place) -> Iterator[tuple[str, list[bytes]]]:
    collections, logs = ((), (place,)) if isinstance(place, Log) else ((place,), ())
    with storage.snapshot(collections, logs) as snapshot:
        yield from _rows(snapshot, place)


def _summed(rows: Iterator[tuple[str, list[bytes]]]) -> tuple[int, int]:
    """How many records or entries, and a checksum in which only the order of keys does not count."""
    count, total = 0, 0
    for key, raws in rows:
        digest = hashlib.sha256(key.encode())
        for raw in raws:
            digest.update(b"\n" + json.dumps(json.loads(raw), sort_keys=True).encode())
        count += len(raws)
        total = (total + int.from_bytes(digest.digest(), "big")) % (1 << 256)
    return count, total
