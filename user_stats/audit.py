"""The audit log: who signed in, was refused, changed a right, took data out. Each entry carries a hash over itself and
the one before, and the site keeps the last hash, so that a changed, removed or added entry shows.

Entries call people by pseudonyms, made of their ids, which cannot be turned back: when somebody is erased, the entries
stay and nobody knows any more whose they were.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from user_stats.collections import AUDIT, SITE, USERS
from user_stats.errors import StorageCorrupt, StorageReadOnly
from user_stats.storage import Reader, Record, Storage, Transaction
from user_stats.times import to_iso

HEAD = "audit"
"""The key in SITE of the number of entries and the last hash."""
MONTH = len("2026-01")
PSEUDONYM_LENGTH = 16
OWN_FIELDS = ("at", "kind", "actor", "person", "digest")


@dataclass(frozen=True)
class AuditEntry:
    """One entry as an admin sees it: people by their user_id, or by the pseudonym of somebody who was erased; None is
    the site itself, or nobody."""

    at: str
    kind: str
    actor: str | None
    user_id: str | None
    facts: dict[str, Any]


def add(
    tx: Transaction, kind: str, *, now: datetime, actor: str | None, user_id: str | None = None, **facts: Any
) -> None:
    """Adds one entry. `actor` is who acted (None: the site itself), `user_id` whom it concerns."""
    head = tx.get(SITE, HEAD) or {"entries": 0, "digest": ""}
    entry = {"at": to_iso(now), "kind": kind, "actor": pseudonym(actor), "person": pseudonym(user_id), **facts}
    entry["digest"] = _digest(head["digest"], entry)
    month = max(to_iso(now)[:MONTH], head.get("month", ""))  # a clock that jumps back starts no list of its own
    tx.append(AUDIT, month, entry)
    tx.put(SITE, HEAD, {"entries": head["entries"] + 1, "digest": entry["digest"], "month": month})


def note(
    storage: Storage, kind: str, *, now: datetime, actor: str | None, user_id: str | None = None, **facts: Any
) -> None:
    """Adds one entry on its own. A store that cannot be written keeps nobody from taking data out of it."""
    with suppress(StorageReadOnly):
        storage.transaction(lambda tx: add(tx, kind, now=now, actor=actor, user_id=user_id, **facts))


def pseudonym(user_id: str | None) -> str | None:
    """What stands for a person here; ids are random, so it cannot be turned back by trying."""
    return None if user_id is None else hashlib.sha256(user_id.encode()).hexdigest()[:PSEUDONYM_LENGTH]


def newest_entries(storage: Storage, limit: int) -> list[AuditEntry]:
    """The last entries, newest first. Reads the ids of all people to tell who is meant."""
    found: list[Record] = []
    for month in sorted(storage.log_keys(AUDIT), reverse=True):
        found += reversed(storage.read_log(AUDIT, month, newest=limit - len(found)))
        if len(found) >= limit:
            break
    people = {pseudonym(user_id): user_id for user_id, _ in storage.scan(USERS)} if found else {}
    return [_shown(entry, people) for entry in found]


def _shown(entry: Record, people: dict[str | None, str]) -> AuditEntry:
    facts = {name: value for name, value in entry.items() if name not in OWN_FIELDS}
    actor, person = (people.get(entry[name], entry[name]) for name in ("actor", "person"))
    return AuditEntry(entry["at"], entry["kind"], actor, person, facts)


def is_intact(storage: Storage) -> bool:
    """False where an entry was changed, removed or added by other hands. Reads the whole log, and again with nobody
    writing where something looks wrong."""
    try:
        if _is_chain(storage, sorted(storage.log_keys(AUDIT))):
            return True
        return storage.transaction(lambda tx: _is_chain(tx, sorted(storage.log_keys(AUDIT))))
    except StorageCorrupt:
        return False


def _is_chain(reader: Reader, months: list[str]) -> bool:
    head = reader.get(SITE, HEAD) or {"entries": 0, "digest": ""}
    entries, digest = 0, ""
    for month in months:
        for entry in reader.read_log(AUDIT, month):
            if entry.get("digest") != _digest(digest, entry):
                return False
            entries, digest = entries + 1, entry["digest"]
    return (entries, digest) == (head["entries"], head["digest"])


def _digest(before: str, entry: Record) -> str:
    content = {name: value for name, value in entry.items() if name != "digest"}
    return hashlib.sha256(f"{before}{json.dumps(content, sort_keys=True)}".encode()).hexdigest()
