"""Reading what is too much to be read at once: a piece at a time, so that others are served meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from user_stats.storage.redis.server import Server

READ_AT_ONCE = 1000
MEMBERS_AT_ONCE = 10_000


def read(server: Server, chosen: list[bytes]) -> list[bytes | None]:
    """The texts under some names."""
    if not chosen:
        return []
    raws: list[bytes | None] = server.run(lambda client: client.mget(chosen))
    return raws


def names_from(server: Server, start: bytes, go_on: Callable[[], None]) -> Iterator[bytes]:
    """Every name that begins so; one that is made or goes meanwhile may be missing. All names of the server are looked
    at, and `go_on` is called now and then, also where none is found for long."""
    cursor = 0
    seen: set[bytes] = set()
    while True:
        go_on()
        cursor, found = server.run(
            lambda client, cursor=cursor: client.scan(cursor, match=start + b"*", count=MEMBERS_AT_ONCE)  # type: ignore[misc]
        )
        new = set(found) - seen
        seen |= new
        yield from new
        if not cursor:
            return


def values(server: Server, start: bytes, go_on: Callable[[], None]) -> Iterator[dict[bytes, bytes]]:
    """Every text whose name begins so, by the rest of its name, some at a time; `go_on` as above."""
    some: list[bytes] = []
    for name in names_from(server, start, go_on):
        some.append(name)
        if len(some) == READ_AT_ONCE:
            yield _values(server, start, some)
            some = []
    if some:
        yield _values(server, start, some)


def _values(server: Server, start: bytes, some: list[bytes]) -> dict[bytes, bytes]:
    raws = zip(some, read(server, some), strict=True)
    return {name[len(start) :]: raw for name, raw in raws if raw is not None}


def members(server: Server, name: bytes, *, descending: bool = False) -> Iterator[list[bytes]]:
    """Every member of a sorted set in its order, some at a time."""
    start = 0
    while found := _range(server, name, start, descending=descending):
        yield found
        start += MEMBERS_AT_ONCE


def _range(server: Server, name: bytes, start: int, *, descending: bool) -> list[bytes]:
    end = start + MEMBERS_AT_ONCE - 1
    found: list[bytes] = server.run(lambda client: client.zrange(name, start, end, desc=descending))
    return found


def between(server: Server, name: bytes, low: bytes, high: bytes) -> Iterator[list[bytes]]:
    """The members of a sorted set from one to another, in the notation of the server."""
    while found := _between(server, name, low, high):
        yield found
        low = b"(" + found[-1]


def _between(server: Server, name: bytes, low: bytes, high: bytes) -> list[bytes]:
    limits: dict[str, Any] = {"start": 0, "num": MEMBERS_AT_ONCE}
    found: list[bytes] = server.run(lambda client: client.zrangebylex(name, low, high, **limits))
    return found
