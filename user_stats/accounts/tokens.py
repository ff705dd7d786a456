"""Secrets that are handed out once, of which only a hash stays here: tokens of sessions, codes, keys.

A token begins with the key of the record that knows its hash: `OWNER.SECRET`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

SECRET_BYTES = 32
"""256 random bits: nobody guesses them, so a plain hash protects them."""

_is_token = re.compile(r"([0-9a-f-]{8,36})\.[0-9A-Za-z_-]{43}").fullmatch


def new_token(owner: str) -> str:
    return f"{owner}.{secrets.token_urlsafe(SECRET_BYTES)}"


def owner_of(token: object) -> str | None:
    """The key of the record to ask, or None for what is no token at all."""
    found = _is_token(token) if isinstance(token, str) else None
    return None if found is None else found[1]


def digest_of(token: str) -> str:
    """What is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_same(token: str, digest: str) -> bool:
    """Compares in a time that tells nothing."""
    return hmac.compare_digest(digest_of(token), digest)
