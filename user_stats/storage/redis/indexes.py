"""The indexes of fields: sorted sets in which all have the same score, so that the server sorts by the bytes.

A member is the value of the field, an end that no value contains, and the key of the record. The bytes of a value sort
as the values do; what has no value comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from user_stats.errors import StorageCorrupt
from user_stats.storage import Collection, Record
from user_stats.storage.ordering import ordered_text
from user_stats.storage.redis import names, walks
from user_stats.storage.redis.script import MISSING, Change
from user_stats.storage.redis.server import Server
from user_stats.storage.redis.texts import decoded

END, BEYOND = b"\x00\x00", b"\x00\x01"
NOTHING = b"z"
"""Behind every letter that `ordered_text` begins with."""


def bytes_of(value: Any) -> bytes:
    """What stands for a value, without its end."""
    text = ordered_text(value)
    return NOTHING if text is None else escaped(text)


def escaped(text: str) -> bytes:
    return text.encode(errors="surrogatepass").replace(b"\x00", BEYOND)


def key_of(member: bytes) -> bytes:
    return member.rpartition(END)[2]


def members(collection: Collection, key: str, record: Record) -> Iterator[tuple[bytes, bytes]]:
    """The name of each index of the collection, and the member that belongs into it for a record."""
    for field in collection.fields:
        value = bytes_of(collection.comparable(field, record.get(field)))
        yield names.index(collection, field), value + END + key.encode()


def changes(collection: Collection, key: str, before: bytes, after: bytes | None) -> Iterator[Change]:
    """What a record that becomes another moves in the indexes."""
    old, new = (
        dict(members(collection, key, decoded(f"{collection.name}.json", raw))) if raw not in (MISSING, None) else {}
        for raw in (before, after)
    )
    yield from (Change(b"unindex", name, member) for name, member in old.items() if new.get(name) != member)
    yield from (Change(b"index", name, member) for name, member in new.items() if old.get(name) != member)


# -- the whole of them ------------------------------------------------------------------------------------------------


def is_made(server: Server, collection: Collection) -> bool:
    """Whether the indexes of the collection are there; a store from before them has none."""
    return bool(server.run(lambda client: client.hget(names.INDEXED, collection.name)) == _fields(collection))


def make(server: Server, collection: Collection, go_on: Callable[[], None]) -> None:
    """Sets the indexes anew from the records, while nobody else writes; `go_on` is called now and then."""
    index_names = [names.index(collection, field) for field in collection.fields]
    server.run(lambda client: client.pipeline().hdel(names.INDEXED, collection.name).unlink(*index_names).execute())
    place = f"{collection.name}.json"
    for rows in walks.values(server, names.record(collection, ""), go_on):
        go_on()
        records = {key.decode(): record for key, raw in rows.items() if (record := _sound(place, raw)) is not None}
        server.run(lambda client, records=records: _added(client, collection, records))  # type: ignore[misc]
    go_on()
    server.run(lambda client: tell(client, collection))


def _sound(place: str, raw: bytes) -> Record | None:
    """The record; None for a damaged one, which is nowhere in the indexes."""
    try:
        return decoded(place, raw)
    except StorageCorrupt:
        return None


def _added(client: Any, collection: Collection, records: Mapping[str, Record]) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for key, record in records.items():
            add(pipeline, collection, key, record)
        pipeline.execute()


def add(pipeline: Any, collection: Collection, key: str, record: Record) -> None:
    for name, member in members(collection, key, record):
        pipeline.zadd(name, {member: 0})


def tell(client: Any, collection: Collection) -> None:
    """Says that the indexes are there."""
    client.hset(names.INDEXED, collection.name, _fields(collection))


def hold(server: Server, collection: Collection, records: Mapping[str, Record]) -> bool:
    """Whether these records stand in the indexes as they should; also where there are none yet."""
    if not collection.fields or not is_made(server, collection):
        return True

    def ask(client: Any) -> list[float | None]:
        with client.pipeline(transaction=False) as pipeline:
            for key, record in records.items():
                for name, member in members(collection, key, record):
                    pipeline.zscore(name, member)
            scores: list[float | None] = pipeline.execute()
            return scores

    return None not in server.run(ask)


def count(server: Server, collection: Collection) -> int | None:
    """How many records stand in each index; None where there are none, -1 where they do not agree."""
    if not collection.fields or not is_made(server, collection):
        return None
    found = {
        server.run(lambda client, field=field: client.zcard(names.index(collection, field)))  # type: ignore[misc]
        for field in collection.fields
    }
    return found.pop() if len(found) == 1 else -1


def _fields(collection: Collection) -> bytes:
    return ",".join(collection.fields).encode()
