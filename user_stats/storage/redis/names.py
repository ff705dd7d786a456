"""Under which names things lie in the server; each is the program's prefix, a letter and words.

user_stats:record:NAME:KEY      the record as JSON text
user_stats:keys:NAME            every key of a collection, by the order of creation
user_stats:unique:NAME:FIELD:V  the key of the record whose field folds to V
user_stats:index:NAME:FIELD     for each record the value of a field and its key, in the order of the values
user_stats:indexed              the fields of each collection that have an index
user_stats:count:NAME:KEY       whole numbers that are still to be added to a record; "" is their version
user_stats:list:NAME:KEY        the entries of a list as JSON texts
user_stats:lists:NAME           every key that has a list
user_stats:versions:NAME        the version of each list
user_stats:clock                the number of the last change, which versions and orders are taken from
user_stats:turn                 who may write alone at the moment
user_stats:commit:CLIENT        the number of the last transaction of a client
"""

from __future__ import annotations

from user_stats.storage import Collection, Log

PREFIX = b"user_stats:"
CLOCK, TURN, INDEXED = PREFIX + b"clock", PREFIX + b"turn", PREFIX + b"indexed"


def record(collection: Collection, key: str) -> bytes:
    return _name(b"record:", collection.name, key)


def keys(collection: Collection) -> bytes:
    return _name(b"keys:", collection.name)


def unique(collection: Collection, field: str, folded: str) -> bytes:
    return _name(b"unique:", collection.name, field, folded)


def index(collection: Collection, field: str) -> bytes:
    return _name(b"index:", collection.name, field)


def count(collection: Collection, key: str) -> bytes:
    return _name(b"count:", collection.name, key)


def list_of(log: Log, key: str) -> bytes:
    return _name(b"list:", log.name, key)


def lists(log: Log) -> bytes:
    return _name(b"lists:", log.name)


def versions(log: Log) -> bytes:
    return _name(b"versions:", log.name)


def commit(client: str) -> bytes:
    return _name(b"commit:", client)


def _name(kind: bytes, *words: str) -> bytes:
    return PREFIX + kind + ":".join(words).encode(errors="surrogatepass")
