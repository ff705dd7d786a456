"""The storage port: what an engine must do, and nothing about how.

Two ideas: a *record* (a JSON object under a collection and a key; or an entry of a log) and a *transaction* (all of it,
durably, or nothing). The engines live beside this file: `json_files/` (the default), `postgres/`,
`redis/`, `memory.py` (for tests).

    storage = open_storage("users")
    storage.transaction(lambda tx: tx.put(PEOPLE, "key", {"name": "ada"}))

A transaction is a function, not a block, so that an engine may run many one behind the other under one sync (group
commit) or run one again after a conflict (optimistic engines). It must therefore have no effect but through `tx`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

Record = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Collection:
    """Records under unique keys. On JSON files: one object `{name}.json`, one member a line."""

    name: str
    width: int = 512
    """Bytes that a record gets at first; a wider one costs a rewrite of the file at double the width."""
    unique: Mapping[str, Callable[[str], str]] = field(default_factory=dict, hash=False)
    """Fields whose folded values are unique over the collection, each with its folding."""
    fields: tuple[str, ...] = ()
    """Fields that `find_page` may match and sort by."""
    kinds: tuple[str, ...] = ()
    """Those of `fields` that have a handful of values: an engine may keep count of the records by them."""
    normal: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict, hash=False)
    """For fields that another program may write in several ways: the one form that is compared, of one type or None."""
    counts: bool = False
    """True where many add to the same record at once, with `increment`."""
    keys: str = ""
    """Collections with the same word here have the same keys (say, `user_id`), which an engine may share in memory."""

    is_crowd: bool = False
    """True where far more come than a site has accounts: an engine that keeps keys in memory keeps little of each, and
    is a little slower to find one."""

    def comparable(self, field: str, value: Any) -> Any:
        """What stands for the stored value of a field when it is matched and sorted by."""
        if (fold := self.unique.get(field)) is not None:
            return fold(value) if isinstance(value, str) else None
        normal = self.normal.get(field)
        return value if normal is None else normal(value)


@dataclass(frozen=True)
class Log:
    """Lists of entries under keys. On JSON files: one array `{name}/{key}_{name}.json` a key, one entry a line."""

    name: str
    order: Callable[[Record], Any] | None = None
    """Entries are kept sorted by this, ties by the order of appending; None: as they were appended."""


@dataclass(frozen=True)
class PageQuery:
    """One page of a collection: what to match, how to sort, which part."""

    text: str | None = None
    """Folded text that one of `text_fields` contains, taken literally."""
    text_fields: tuple[str, ...] = ()
    equal: Mapping[str, Any] = field(default_factory=dict)
    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Field to half-open (from, to); None is open."""
    sort: str = ""
    """One of the collection's `fields`; empty: the order of creation. Unique text fields sort by their folding."""
    descending: bool = False
    offset: int = 0
    limit: int = 50
    count_to: int | None = None
    """How far those that a text finds need be counted: where there are more, an engine may say that it is one more.
    None: all of them."""


@dataclass(frozen=True)
class Damage:
    """One thing that is wrong with what is stored: where, what, and whether `repair` can mend it."""

    place: str
    problem: str
    mendable: bool


class Snapshot(Protocol):
    """Everything as of one moment, each record and entry as one line of JSON text; may be read several times."""

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        """Every record with its key."""
        ...

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        """Every key that has entries, in the order of the keys, with all of them, oldest first."""
        ...


class Reader(Protocol):
    """Reads. Outside a transaction each call sees the newest committed state of what it reads, and takes no lock."""

    def get(self, collection: Collection, key: str) -> Record | None: ...

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        """The key of the record whose unique `field` folds to the same as `value`, or None."""
        ...

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        """The last `newest` entries (all: None), oldest first; an unknown key is an empty list."""
        ...


class Transaction(Reader, Protocol):
    """Reads see the newest committed state and this transaction's own writes; writes take effect together. What was
    read does not change until the end, but for `peek`."""

    def peek(self, collection: Collection, key: str) -> Record | None:
        """The same as `get` of what others may change meanwhile: nobody waits for anybody. For what many read at once
        and nothing that is written hangs upon."""
        ...

    def put(self, collection: Collection, key: str, record: Record) -> None:
        """Raises AlreadyExists when another record holds the same unique value."""
        ...

    def delete(self, collection: Collection, key: str) -> bool:
        """True when there was one."""
        ...

    def increment(self, collection: Collection, key: str, amounts: Record) -> None:
        """Adds whole numbers to the fields of a record, of which other transactions need not wait for this one; other
        values are set where there is none yet, and a missing record is made. For collections with `counts`."""
        ...

    def append(self, log: Log, key: str, entry: Record, keep: int | None = None) -> None:
        """Adds one entry in its place by the log's order; beyond `keep` entries the first ones go."""
        ...

    def clear(self, log: Log, key: str) -> int:
        """Removes the whole list; returns how many entries went."""
        ...


class Storage(Reader, Protocol):
    """An open store. Safe to share between threads; several processes may open the same place."""

    keeps_replaced: bool
    """True where `replace_all` keeps aside what was there."""

    def scan(self, collection: Collection) -> Iterator[tuple[str, Record]]:
        """Every record with its key, in no promised order."""
        ...

    def count(self, collection: Collection) -> int: ...

    def get_many(self, collection: Collection, keys: Iterable[str]) -> dict[str, Record]:
        """Those of the records that there are, by their keys: on a database one question, whatever their number."""
        ...

    def sum_up(self, collection: Collection, fields: Sequence[str]) -> dict[str, float]:
        """The sum of each field over all records; what is no number there adds nothing. For collections that do not
        count."""
        ...

    def find_page(self, collection: Collection, query: PageQuery) -> tuple[list[tuple[str, Record]], int]:
        """The records of one page, each with its key, and how many match in all."""
        ...

    def log_keys(self, log: Log) -> Iterator[str]:
        """Every key that has a list."""
        ...

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work`; when this returns, its writes are durable. If `work` raises, nothing has changed.

        Raises StorageBusy, StorageFull, StorageReadOnly, StorageCorrupt, StorageError."""
        ...

    def snapshot(self, collections: Iterable[Collection], logs: Iterable[Log]) -> AbstractContextManager[Snapshot]:
        """What these hold at one moment, to be read while others go on writing; valid until the block ends.

        Raises StorageCorrupt, also while it is read, where something is damaged."""
        ...

    def replace_all(self, source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log]) -> str | None:
        """These hold what `source` holds instead, durably: all of it or nothing, also where this raises or is killed.
        Everybody who has the store open sees it; what others commit while the source is read goes too. What was there
        is kept aside where the engine does so: returns where, or None where nothing was there."""
        ...

    def find_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        """Reads everything and lists what is not valid JSON or has the wrong shape. Changes nothing."""
        ...

    def mend_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        """Mends what can be mended without guessing; each damaged original is kept aside first. Returns what it did."""
        ...

    def forget_deleted(self) -> None:
        """Leaves no byte of what was deleted or changed in anything that the engine keeps besides the records, such as
        a journal. For keys and people that must be gone; costs some ten milliseconds."""
        ...

    def close(self) -> None: ...


LOCK_NAME = "store.lock"
"""The file by which a folder of JSON files is known."""


def open_storage(url: str, *, lock_timeout_seconds: float = 10.0) -> Storage:
    """The engine that the URL names: `postgresql://…`, `redis://…`, `memory:` for tests, else a folder of JSON files
    (made, mode 0700, if missing)."""
    if url == "memory:":
        from user_stats.storage.memory import MemoryStorage

        return MemoryStorage()
    if url.startswith(("postgresql://", "postgres://")):
        return _open_postgres(url, lock_timeout_seconds)
    if url.startswith(("redis://", "rediss://")):
        return _open_redis(url, lock_timeout_seconds)
    if "://" in url:
        from user_stats.errors import InvalidInput

        raise InvalidInput.of("STORE_URL", url.split("://")[0] + "://...", "a folder, postgresql://… or redis://…")
    from user_stats.storage.json_files.engine import JsonStorage

    return JsonStorage(url, lock_timeout_seconds=lock_timeout_seconds)


def _open_postgres(url: str, lock_timeout_seconds: float) -> Storage:
    try:
        from user_stats.storage.postgres.engine import PostgresStorage
    except ImportError as error:
        from user_stats.errors import InvalidConfiguration

        raise InvalidConfiguration("STORE_URL: PostgreSQL needs: pip install 'psycopg[binary]'") from error
    return PostgresStorage(url, lock_timeout_seconds=lock_timeout_seconds)


def _open_redis(url: str, lock_timeout_seconds: float) -> Storage:
    try:
        from user_stats.storage.redis.engine import RedisStorage
    except ImportError as error:
        from user_stats.errors import InvalidConfiguration

        raise InvalidConfiguration("STORE_URL: Redis needs: pip install 'redis[hiredis]'") from error
    return RedisStorage(url, lock_timeout_seconds=lock_timeout_seconds)
