"""What can be wrong in the server, and how it is mended: what stands beside the records, where it does not fit them.

A record or an entry that is no JSON object was damaged by another program; nothing of it can be mended without
guessing. The list of keys, the names that are taken and the indexes of fields are set again from the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from user_stats.errors import StorageCorrupt
from user_stats.storage import Collection, Damage, Log, Record
from user_stats.storage.redis import indexes, names, script, walks
from user_stats.storage.redis.server import Server
from user_stats.storage.redis.texts import decoded

Command = tuple[bytes | str | int, ...]


class Wrong(NamedTuple):
    """Something that is wrong, and what puts it right: some commands, or making the indexes of a collection anew.
    Neither: nothing does."""

    place: str
    problem: str
    commands: tuple[Command, ...] = ()
    indexes_of: Collection | None = None

    @property
    def damage(self) -> Damage:
        return Damage(self.place, self.problem, bool(self.commands or self.indexes_of))


def find(
    server: Server,
    collections: Iterable[Collection],
    logs: Iterable[Log],
    go_on: Callable[[], None] = lambda: None,
) -> Iterator[Wrong]:
    """Reads everything; `go_on` is called now and then. While others write, what they are just changing may look
    wrong."""
    for collection in collections:
        yield from _among_records(server, collection, go_on)
        yield from _among_names(server, collection, go_on)
    for log in logs:
        yield from _among_lists(server, log, go_on)


def mend(server: Server, wrong: Iterable[Wrong], go_on: Callable[[], None]) -> list[Damage]:
    """Called while nobody else writes; `go_on` is called now and then."""
    done = []
    for one in wrong:
        go_on()
        for command in one.commands:
            server.run(lambda client, command=command: client.execute_command(*command))  # type: ignore[misc]
        if one.indexes_of is not None:
            indexes.make(server, one.indexes_of, go_on)
        if one.damage.mendable:
            done.append(Damage(one.place, f"{one.problem}: put right", True))
    return done


# -- records ----------------------------------------------------------------------------------------------------------


def _among_records(server: Server, collection: Collection, go_on: Callable[[], None]) -> Iterator[Wrong]:
    place, listed = f"{collection.name}.json", names.keys(collection)
    good, is_indexed = 0, True
    clock = int(server.run(lambda client: client.get(names.CLOCK)) or 0)
    for rows in walks.values(server, names.record(collection, ""), go_on):
        go_on()
        known = server.run(lambda client, keys=[*rows]: client.zmscore(listed, keys))  # type: ignore[misc]
        for key in (key for key, number in zip(rows, known, strict=True) if number is None):
            yield Wrong(place, f"{key.decode()}: is not among the keys", (("ZADD", listed, clock, key),))
        records: dict[str, Record] = {}
        for key, raw in rows.items():
            try:
                records[key.decode()] = decoded(place, raw)
            except StorageCorrupt as error:
                yield Wrong(place, error.message)
        good += len(records)
        is_indexed = is_indexed and indexes.hold(server, collection, records)
        yield from _without_names(server, collection, records)
    for keys in walks.members(server, listed):
        go_on()
        for key in (key for key in keys if not _is_there(server, collection, key)):
            yield Wrong(place, f"{key.decode()}: is among the keys, and is not there", (("ZREM", listed, key),))
    if not (is_indexed and indexes.count(server, collection) in (None, good)):
        yield Wrong(place, "what is searched by does not fit the records", indexes_of=collection)


def _is_there(server: Server, collection: Collection, key: bytes) -> bool:
    one = key.decode()
    return bool(server.run(lambda client: client.exists(names.record(collection, one), names.count(collection, one))))


def _without_names(server: Server, collection: Collection, records: dict[str, Record]) -> Iterator[Wrong]:
    """Records whose unique values are not taken by them."""
    wanted = [
        (key, field, names.unique(collection, field, fold(value)))
        for key, record in records.items()
        for field, fold in collection.unique.items()
        if isinstance(value := record.get(field), str)
    ]
    holders = walks.read(server, [name for _, _, name in wanted])
    for (key, field, name), holder in zip(wanted, holders, strict=True):
        if holder is None:
            yield Wrong(f"{collection.name}.json", f"{key}: its {field} is not taken", (("SET", name, key),))
        elif holder != key.encode():
            other = walks.read(server, [names.record(collection, holder.decode())])[0]
            if other is not None and name in _names_of(collection, other):
                yield Wrong(f"{collection.name}.json", f"{key}: its {field} is that of {holder.decode()} too")
            else:
                yield Wrong(f"{collection.name}.json", f"{key}: its {field} is not taken", (("SET", name, key),))


def _among_names(server: Server, collection: Collection, go_on: Callable[[], None]) -> Iterator[Wrong]:
    """Values that are taken by a record that has them no more."""
    for field in collection.unique:
        for rows in walks.values(server, names.unique(collection, field, ""), go_on):
            go_on()
            raws = walks.read(server, [names.record(collection, holder.decode()) for holder in rows.values()])
            for (value, holder), raw in zip(rows.items(), raws, strict=True):
                name = names.unique(collection, field, "") + value
                if raw is None or name not in _names_of(collection, raw):
                    problem = f"{holder.decode()}: a {field} is taken that it has not"
                    yield Wrong(f"{collection.name}.json", problem, (("EVAL", script.UNSET_OF, 1, name, holder),))


def _names_of(collection: Collection, raw: bytes) -> set[bytes]:
    try:
        record = decoded(collection.name, raw)
    except StorageCorrupt:
        return set()
    values = ((field, fold, record.get(field)) for field, fold in collection.unique.items())
    return {names.unique(collection, field, fold(value)) for field, fold, value in values if isinstance(value, str)}


# -- lists ------------------------------------------------------------------------------------------------------------


def _among_lists(server: Server, log: Log, go_on: Callable[[], None]) -> Iterator[Wrong]:
    listed = names.lists(log)
    there: set[bytes] = set()
    for name in walks.names_from(server, names.list_of(log, ""), go_on):
        go_on()
        key = name[len(names.list_of(log, "")) :]
        place = f"{log.name}/{key.decode()}_{log.name}.json"
        there.add(key)
        if server.run(lambda client, key=key: client.zscore(listed, key)) is None:  # type: ignore[misc]
            yield Wrong(place, "is not among the lists", (("ZADD", listed, 0, key),))
        try:
            for raw in server.run(lambda client, name=name: client.lrange(name, 0, -1)):  # type: ignore[misc]
                decoded(place, raw)
        except StorageCorrupt as error:
            yield Wrong(place, error.message)
    for keys in walks.members(server, listed):
        go_on()
        for key in (key for key in keys if key not in there):
            place = f"{log.name}/{key.decode()}_{log.name}.json"
            yield Wrong(place, "is among the lists, and is not there", (("ZREM", listed, key),))
