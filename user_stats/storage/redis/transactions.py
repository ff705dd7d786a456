"""One unit of work on Redis: reads go to the server and are remembered, writes wait for the commit.

Nothing is locked. The commit says what was read, and is refused where somebody has changed it; the work is then run
again.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from user_stats.errors import AlreadyExists, InvalidInput, shown
from user_stats.storage import Collection, Log, Record
from user_stats.storage.counting import added_up
from user_stats.storage.keys import checked_log_key, checked_record_key, is_record_key
from user_stats.storage.redis import indexes, names
from user_stats.storage.redis.lists import OpenList
from user_stats.storage.redis.script import MISSING, Change, Check
from user_stats.storage.redis.texts import amounts_of, decoded, encoded, encoded_value

LARGEST_AMOUNT = 2**53


class RedisTransaction:
    """Reads and writes of one unit of work; see the port for what each does. `expected` are names that were read when
    the same work was run before: they are fetched all at once."""

    def __init__(self, client: Any, expected: Iterable[bytes] = ()) -> None:
        self._client = client
        names_expected = list(expected)
        values = client.mget(names_expected) if names_expected else []
        self._fetched: dict[bytes, bytes | None] = dict(zip(names_expected, values, strict=True))
        self._records: dict[bytes, bytes | None] = {}
        self._puts: dict[bytes, tuple[Collection, str]] = {}
        self._names: dict[bytes, bytes | None] = {}
        self._counts: list[tuple[Collection, str, Record]] = []
        self._taken_counts: set[bytes] = set()
        self._lists: dict[bytes, OpenList] = {}
        self._checks: dict[tuple[bytes, bytes], Check] = {}
        self._is_read_again = False

    # -- records ------------------------------------------------------------------------------------------------------

    def get(self, collection: Collection, key: str) -> Record | None:
        raw = self._raw(collection, key)
        record = None if raw is None else decoded(f"{collection.name}.json", raw)
        if not collection.counts:
            return record
        amounts = [amounts for one, name, amounts in self._counts if (one.name, name) == (collection.name, key)]
        return added_up(collection, record, amounts) if amounts else record

    def peek(self, collection: Collection, key: str) -> Record | None:
        if collection.counts or not is_record_key(key) or names.record(collection, key) in self._records:
            return self.get(collection, key)
        raw = self._fetch(names.record(collection, key))
        return None if raw is None else decoded(f"{collection.name}.json", raw)

    def _raw(self, collection: Collection, key: str) -> bytes | None:
        if not is_record_key(key):
            return None
        name = names.record(collection, key)
        if name not in self._records:
            raw = self._fetch(name)
            self._check(Check(name, b"", MISSING if raw is None else raw))
            if collection.counts:
                raw = self._with_counts(collection, key, raw)
            self._records[name] = raw
        return self._records[name]

    def _with_counts(self, collection: Collection, key: str, raw: bytes | None) -> bytes | None:
        """The record with what was counted up; the commit adds it for good."""
        name = names.count(collection, key)
        fields = self._client.hgetall(name)
        self._check(Check(name, b"", fields.get(b"", MISSING), is_hash=True))
        if not fields:
            return raw
        record = None if raw is None else decoded(f"{collection.name}.json", raw)
        self._taken_counts.add(name)
        self._puts[names.record(collection, key)] = (collection, key)
        return encoded(collection.name, added_up(collection, record, [amounts_of(fields)]))

    def _fetch(self, name: bytes) -> bytes | None:
        if name in self._fetched:
            return self._fetched[name]
        found: bytes | None = self._client.get(name)
        return found

    def names_read(self) -> list[bytes]:
        """What to expect when the work is run again."""
        return [check.key for check in self._checks.values() if not check.is_hash]

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        name = names.unique(collection, field, collection.unique[field](value))
        if name not in self._names:
            self._names[name] = self._fetch(name)
            self._check(Check(name, b"", self._names[name] or MISSING))
        held = self._names[name]
        return held.decode() if held is not None else None

    def put(self, collection: Collection, key: str, record: Record) -> None:
        name = names.record(collection, checked_record_key(key))
        raw = encoded(collection.name, record)
        if collection.unique:
            self._take_names(collection, key, record)
        if collection.counts or collection.fields:
            self._raw(collection, key)
        if collection.counts:
            self._taken_counts.add(names.count(collection, key))
            self._drop_counts(collection, key)
        self._records[name] = raw
        self._puts[name] = (collection, key)

    def _take_names(self, collection: Collection, key: str, record: Record | None) -> None:
        before = self.get(collection, key) or {}
        freed, taken = [], []
        for field, fold in collection.unique.items():
            old, new = before.get(field), (record or {}).get(field)
            if isinstance(old, str) and self.find(collection, field, old) == key:
                freed.append(names.unique(collection, field, fold(old)))
            if isinstance(new, str):
                if self.find(collection, field, new) not in (None, key):
                    raise AlreadyExists(f"{field}: {shown(new)} is taken; allowed: one that nobody has", field=field)
                taken.append(names.unique(collection, field, fold(new)))
        self._names.update(dict.fromkeys(freed))
        self._names.update(dict.fromkeys(taken, key.encode()))

    def increment(self, collection: Collection, key: str, amounts: Record) -> None:
        name = names.record(collection, checked_record_key(key))
        encoded(collection.name, amounts)
        if any(type(value) is int and abs(value) > LARGEST_AMOUNT for value in amounts.values()):
            raise InvalidInput(f"{collection.name}: an amount is too large to be added")
        if name in self._puts:
            self.put(collection, key, added_up(collection, self.get(collection, key), [amounts]))
        else:
            self._counts.append((collection, key, dict(amounts)))

    def delete(self, collection: Collection, key: str) -> bool:
        if self.get(collection, key) is None:
            return False
        if collection.unique:
            self._take_names(collection, key, None)
        if collection.counts:
            self._taken_counts.add(names.count(collection, key))
            self._drop_counts(collection, key)
        name = names.record(collection, key)
        self._records[name] = None
        self._puts[name] = (collection, key)
        return True

    def _drop_counts(self, collection: Collection, key: str) -> None:
        self._counts = [one for one in self._counts if (one[0].name, one[1]) != (collection.name, key)]

    def _check(self, check: Check) -> None:
        self._checks.setdefault((check.key, check.field), check)

    # -- lists --------------------------------------------------------------------------------------------------------

    def append(self, log: Log, key: str, entry: Record, keep: int | None = None) -> None:
        """An entry that comes last is added at the end; for any other the list is read and written anew."""
        own = self._list(log, key)
        added: Record = json.loads(encoded(log.name, entry))
        if log.order is None:
            own.add(added, keep)
            return
        last = self._last(own)
        if last is None or log.order(added) >= log.order(last):
            own.add(added, keep)
        else:
            own.insert(added, bisect_right(self._entries(own), log.order(added), key=log.order), keep)

    def _last(self, own: OpenList) -> Record | None:
        if own.entries is not None:
            return own.entries[-1] if own.entries else None
        if own.last is None:
            self._hold(own)
            raw = self._client.lindex(names.list_of(own.log, own.key), -1)
            own.last = None if raw is None else decoded(own.log.name, raw)
        return own.last

    def clear(self, log: Log, key: str) -> int:
        own = self._list(log, key)
        entries = self._entries(own)
        count = len(entries)
        entries.clear()
        own.steps.clear()
        own.last = None
        own.is_rewritten = True
        return count

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        own = self._list(log, key)
        entries = self._newest(own, newest) if newest else self._entries(own)
        chosen = entries if newest is None else entries[-newest:] if newest else []
        copied: list[Record] = json.loads(json.dumps(chosen))
        return copied

    def _list(self, log: Log, key: str) -> OpenList:
        return self._lists.setdefault(names.list_of(log, checked_log_key(key)), OpenList(log, key))

    def _hold(self, own: OpenList) -> None:
        name, field = names.versions(own.log), own.key.encode()
        if (name, field) not in self._checks:
            self._check(Check(name, field, self._client.hget(name, field) or MISSING, is_hash=True))

    def _newest(self, own: OpenList, count: int) -> list[Record]:
        """The end of the list, at least so long; all of it where that is known, or something was done to it."""
        if own.entries is not None or own.steps or (own.newest is not None and len(own.newest) < count):
            return self._entries(own)
        if own.newest is None:
            self._hold(own)
            raws = self._client.lrange(names.list_of(own.log, own.key), -count, -1)
            own.newest = [decoded(own.log.name, raw) for raw in raws]
        return own.newest

    def _entries(self, own: OpenList) -> list[Record]:
        """The whole list, with what was done to it so far."""
        if own.entries is None:
            self._is_read_again |= own.newest is not None
            self._hold(own)
            raws = self._client.lrange(names.list_of(own.log, own.key), 0, -1)
            entries = [decoded(own.log.name, raw) for raw in raws]
            for step in own.steps:
                if isinstance(step, int):
                    del entries[:-step]
                else:
                    entries.append(step)
            own.entries = entries
        return own.entries

    # -- the end ------------------------------------------------------------------------------------------------------

    def words(self) -> list[bytes]:
        """What the commit script is told after the numbers; empty where nothing is written."""
        changes = [*self._record_changes(), *self._count_changes()]
        changes += [change for own in self._lists.values() for change in own.changes()]
        checks = list(self._checks.values())
        if not changes and len(checks) < 2 and not self._is_read_again:
            return []
        told = [b"%d" % len(checks)]
        for check in checks:
            told += check.words()
        for change in changes:
            told += change
        return told

    def _record_changes(self) -> list[Change]:
        changes = [Change(b"unset", name) for name in self._taken_counts]
        for name, (collection, key) in self._puts.items():
            raw, index, member = self._records[name], names.keys(collection), key.encode()
            if raw is None:
                changes.append(Change(b"remove", name, b"", index, member))
            else:
                changes.append(Change(b"put", name, raw, index, member))
            if collection.fields:
                changes += indexes.changes(collection, key, self._checks[name, b""].value, raw)
        for name, holder in self._names.items():
            read = self._checks[name, b""].value
            if holder is None and read != MISSING:
                changes.append(Change(b"unset", name))
            elif holder is not None and read != holder:
                changes.append(Change(b"set", name, holder))
        return changes

    def _count_changes(self) -> list[Change]:
        changes = []
        for collection, key, amounts in self._counts:
            name = names.count(collection, key)
            changes.append(Change(b"key", name, b"", names.keys(collection), key.encode()))
            for field, value in amounts.items():
                kind = b"add" if type(value) is int else b"begin"
                changes.append(Change(kind, name, encoded_value(value), b"", field.encode()))
        return changes
