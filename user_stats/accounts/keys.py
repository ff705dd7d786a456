"""Keys with which other programs use the HTTP API: each has a name and a scope, is shown once and kept as a hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal, get_args

from user_stats import audit, fields
from user_stats.accounts.tokens import digest_of, is_same, new_token, owner_of
from user_stats.collections import API_KEYS
from user_stats.errors import Forbidden, InvalidInput, NotAuthenticated
from user_stats.permissions import authorize
from user_stats.storage import Storage, Transaction
from user_stats.times import Clock, to_iso

KeyScope = Literal["read", "record", "report", "admin"]
SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
ADMIN: KeyScope = "admin"
LONGEST_NAME = 64
ID_BYTES = 8


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; the key itself is not."""

    key_id: str
    name: str
    scope: str
    made_at: str


class ApiKeys:
    """The keys of a store. With an `actor`, only an admin may make, see and revoke them."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def add(self, name: str, scope: str, *, actor: str | None) -> str:
        """The key, for this one time. Raises AlreadyExists where another one has the name."""
        name = fields.checked_text("name", name, LONGEST_NAME).strip()
        scope = fields.checked_word("scope", scope, SCOPES)
        key_id = secrets.token_hex(ID_BYTES)
        key, now = new_token(key_id), self._clock()
        record = {"name": name, "scope": scope, "digest": digest_of(key), "made_at": to_iso(now)}

        def work(tx: Transaction) -> str:
            authorize(tx, actor, now=now)
            tx.put(API_KEYS, key_id, record)
            audit.add(tx, "key_added", now=now, actor=actor, key_id=key_id, scope=scope)
            return key

        return self._storage.transaction(work)

    def listed(self, *, actor: str | None) -> list[ApiKey]:
        """All keys, the newest first."""
        self._storage.transaction(lambda tx: authorize(tx, actor, now=self._clock()))
        found = [
            ApiKey(key_id, record["name"], record["scope"], record["made_at"])
            for key_id, record in self._storage.scan(API_KEYS)
        ]
        return sorted(found, key=lambda key: key.made_at, reverse=True)

    def revoke(self, name: str, *, actor: str | None) -> None:
        """From now on the key opens nothing. Raises InvalidInput where no key has the name."""
        now = self._clock()

        def work(tx: Transaction) -> None:
            authorize(tx, actor, now=now)
            key_id = tx.find(API_KEYS, "name", name) if isinstance(name, str) else None
            if key_id is None:
                raise InvalidInput.of("name", name, "the name of a key")
            tx.delete(API_KEYS, key_id)
            audit.add(tx, "key_revoked", now=now, actor=actor, key_id=key_id)

        self._storage.transaction(work)
        self._storage.forget_deleted()

    def check(self, key: str, scope: str) -> str:
        """The key_id. Raises NotAuthenticated for what is no key of ours, Forbidden for one of another scope."""
        key_id = owner_of(key)
        record = None if key_id is None else self._storage.get(API_KEYS, key_id)
        if key_id is None or record is None or not is_same(key, record["digest"]):
            raise NotAuthenticated("this key is not known here")
        if record["scope"] not in (scope, ADMIN):
            raise Forbidden(f"this key may {record['scope']}; needed: {scope}")
        return key_id
