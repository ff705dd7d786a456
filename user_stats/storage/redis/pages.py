"""A page of a directory by the indexes of fields: only the records of the page are read, or of the few that match.

A part of a text is looked for in the index itself, which is read a piece at a time and looked through here: that takes
half as long as having the server look through it, which serves others meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from user_stats.storage import Collection, PageQuery, Record
from user_stats.storage.pages import page_of
from user_stats.storage.redis import names, walks
from user_stats.storage.redis.indexes import BEYOND, END, NOTHING, bytes_of, escaped, key_of
from user_stats.storage.redis.server import Server
from user_stats.storage.redis.texts import decoded

Page = tuple[list[tuple[str, Record]], int]
Several = Callable[[Collection, list[str]], Iterator[tuple[str, Record]]]
TEXTS, BEHIND_TEXTS = b"[s", b"(t"
"""Between which the texts stand in an index; see `ordered_text`."""
FEW = 1000
"""Records that match and are read and sorted here; where there are more, the index of the order is walked."""
PLAIN = """
local answer = {redis.call('ZCARD', KEYS[1])}
for _, member in ipairs(redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3])) do
    local key = string.match(member, '^.*%z%z(.*)$') or member
    table.insert(answer, key)
    table.insert(answer, redis.call('GET', ARGV[4] .. key))
end
return answer
"""


def find_page(server: Server, collection: Collection, query: PageQuery, several: Several) -> Page:
    """The page of a collection whose fields have indexes; `several` reads records by their keys."""
    order = names.index(collection, query.sort) if query.sort else names.keys(collection)
    found = _matching(server, collection, query)
    if found is None:
        return _plain(server, collection, query, order)
    if len(found) <= FEW:
        return page_of(collection, several(collection, _by_creation(server, collection, found)), query)
    wanted: list[str] = []
    for members in walks.members(server, order, descending=query.descending):
        wanted += [key.decode() for key in map(key_of, members) if key in found]
        if len(wanted) >= query.offset + query.limit:
            break
    return list(several(collection, wanted[query.offset : query.offset + query.limit])), len(found)


def _plain(server: Server, collection: Collection, query: PageQuery, order: bytes) -> Page:
    """Of all records, as of one moment."""
    command = b"ZREVRANGE" if query.descending else b"ZRANGE"
    words = [command, query.offset, query.offset + query.limit - 1, names.record(collection, "")]
    total, *rows = server.run(lambda client: client.register_script(PLAIN)([order], words))
    place = f"{collection.name}.json"
    there = ((key, raw) for key, raw in zip(rows[::2], rows[1::2], strict=True) if raw is not None)
    return [(key.decode(), decoded(place, raw)) for key, raw in there], total


def _matching(server: Server, collection: Collection, query: PageQuery) -> set[bytes] | None:
    """The keys of what matches; None where nothing is asked for."""
    found: list[set[bytes]] = []
    for field, wanted in query.equal.items():
        value = bytes_of(wanted)
        low, high = b"[" + value + END, b"(" + value + BEYOND
        found.append(_keys(walks.between(server, names.index(collection, field), low, high)))
    for field, (start, end) in query.ranges.items():
        low = b"-" if start is None else b"[" + bytes_of(start)
        high = b"(" + (NOTHING if end is None else bytes_of(end))
        found.append(_keys(walks.between(server, names.index(collection, field), low, high)))
    if query.text:
        fields = [names.index(collection, field) for field in query.text_fields]
        found.append(set().union(*(_containing(server, name, escaped(query.text)) for name in fields)))
    return set.intersection(*found) if found else None


def _keys(some: Iterable[list[bytes]]) -> set[bytes]:
    return {key_of(member) for members in some for member in members}


def _containing(server: Server, index: bytes, text: bytes) -> set[bytes]:
    """The keys of the records of which the value of a field is a text that contains this one."""
    some = (
        [member for member in members if text in member]  # few are left to be taken apart
        for members in walks.between(server, index, TEXTS, BEHIND_TEXTS)
    )
    return {key for members in some for value, _, key in (one.rpartition(END) for one in members) if text in value[1:]}


def _by_creation(server: Server, collection: Collection, keys: Iterable[bytes]) -> list[str]:
    chosen = list(keys)
    if not chosen:
        return []
    numbers = server.run(lambda client: client.zmscore(names.keys(collection), chosen))
    ordered = sorted((number, key) for number, key in zip(numbers, chosen, strict=True) if number is not None)
    return [key.decode() for _, key in ordered]
