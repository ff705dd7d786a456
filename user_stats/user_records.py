"""The record of one account inside a transaction: the one place that reads it and the one that writes it.

Beside it, in USER_VERSIONS, stand how often it was changed and a digest of what was written, so that edits at the same
time and edits by other hands are noticed.
"""

from __future__ import annotations

import hashlib
import json
import zlib

from user_stats.collections import SITE, USER_VERSIONS, USERS
from user_stats.errors import UserNotFound
from user_stats.models import User
from user_stats.storage import Reader, Record, Transaction
from user_stats.stored import checked_admins, checked_version


def no_such_user(user_id: str) -> UserNotFound:
    return UserNotFound(f"user_id: nobody has the id {user_id}", field="user_id")


def get_user(reader: Reader, user_id: str) -> User:
    """Raises UserNotFound."""
    record = reader.get(USERS, user_id)
    if record is None:
        raise no_such_user(user_id)
    return User.from_stored(user_id, record)


def get_version(reader: Reader, user_id: str) -> int:
    """How often the account was changed, from 1 on."""
    return checked_version(user_id, reader.get(USER_VERSIONS, user_id))


def put_user(tx: Transaction, user: User, *, actor: str | None = None) -> None:
    """Writes the account with its next version; keys of the stored record that are not ours are kept."""
    stored = tx.get(USERS, user.user_id)
    version = 1 if stored is None else get_version(tx, user.user_id) + 1
    tx.put(USERS, user.user_id, {**(stored or {}), **user.to_stored()})
    tx.put(USER_VERSIONS, user.user_id, {"version": version, "digest": digest(user), **acted_by(actor)})


def acted_by(actor: str | None) -> Record:
    """Who did it, for the log: a pseudonym, so that nothing of them is left in other people's files when they are
    erased. Nothing where trusted code did it."""
    return {} if actor is None else {"by": hashlib.sha256(actor.encode()).hexdigest()[:12]}


def last_editor(reader: Reader, user: User) -> str:
    """Who changed the account last, by name: the person or an admin, as far as it can be told."""
    by = (reader.get(USER_VERSIONS, user.user_id) or {}).get("by")
    for candidate in (user.user_id, *checked_admins(reader.get(SITE, "admins"))):
        record = reader.get(USERS, candidate)
        if record is not None and acted_by(candidate)["by"] == by:
            return User.from_stored(candidate, record).username
    return "the site" if by is None else "somebody who is no admin any more"


def digest(user: User) -> str:
    """A checksum of what the account says."""
    return f"{zlib.crc32(json.dumps(user.to_stored(), sort_keys=True).encode()):08x}"


def was_changed_elsewhere(user: User, version_record: Record | None) -> bool:
    """True where the account is not as it was written last."""
    return version_record is not None and version_record.get("digest", digest(user)) != digest(user)
