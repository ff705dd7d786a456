"""Which passwords are taken, and what is kept of them: an argon2id hash.

Length and common passwords by NIST SP 800-63B section 5.1.1.2, hash parameters at least those of the OWASP password
storage cheat sheet (19 MiB, 2 passes, 1 lane). How easily a password is guessed is estimated by zxcvbn.
"""

from __future__ import annotations

import logging
import secrets
import threading
import unicodedata
from functools import cached_property
from typing import Any

import argon2

from user_stats.errors import InvalidInput, TooLarge

LARGEST_BYTES = 4096
"""Longer input is refused before anything is done with it."""
ESTIMATED_CHARACTERS = 72
WEAKEST_SCORE = 2
"""zxcvbn's scale of 0 to 4: 2 and more take over 10⁶ guesses, far more than the lockout lets through."""
HASHES_AT_ONCE = 4
"""Each takes 19 MiB; more at once would let strangers fill the memory."""

log = logging.getLogger(__name__)


class PasswordPolicy:
    """Checks and hashes passwords. Lengths are in characters (code points)."""

    def __init__(self, *, min_length: int = 12, max_length: int = 128, site_name: str = "user_stats") -> None:
        self._lengths = (min_length, max_length)
        self._site_name = site_name
        self._hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._hashing = threading.Semaphore(HASHES_AT_ONCE)

    @cached_property
    def _nobodys(self) -> str:
        """The hash that stands in where there is none."""
        return self._hasher.hash(secrets.token_urlsafe())

    def prepare(self, password: str, *, username: str, email: str) -> dict[str, Any]:
        """The record to store for a new password. Raises InvalidInput and TooLarge; no message repeats the password."""
        text = self._normal(password)
        shortest, longest = self._lengths
        if not shortest <= len(text) <= longest:
            message = f"password: it has {len(text)} characters; allowed: {shortest} to {longest}"
            raise InvalidInput(message, field="password")
        own_words = [username, email, email.split("@")[0], self._site_name]
        if text.casefold() in {word.casefold() for word in own_words}:
            raise InvalidInput("password: it is a name or an address; allowed: anything else", field="password")
        import zxcvbn  # its lists of words are read then: the start of the site does not wait for them

        estimate = zxcvbn.zxcvbn(text[:ESTIMATED_CHARACTERS], user_inputs=own_words)
        if estimate["score"] < WEAKEST_SCORE:
            reason = estimate["feedback"]["warning"] or "It is easy to guess."
            raise InvalidInput(f"password: too common. {reason} Allowed: a few unrelated words", field="password")
        with self._hashing:
            return {"argon2id": self._hasher.hash(text)}

    def matches(self, password: str, record: dict[str, Any] | None) -> bool:
        """True where this is the password that the record was made of. Without a record, or with one that has no
        password, it takes as long and is False."""
        text = self._normal(password)
        found = (record or {}).get("argon2id")
        stored = found if isinstance(found, str) else None
        with self._hashing:
            try:
                return self._hasher.verify(stored or self._nobodys, text) and stored is not None
            except argon2.exceptions.VerifyMismatchError:
                return False
            except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError) as error:
                log.error("a stored password hash is damaged: %s", error)
                return False

    def renewed(self, password: str, record: dict[str, Any]) -> dict[str, Any]:
        """The record, hashed again where its parameters are weaker than today's. For a password that matches it."""
        if not self._hasher.check_needs_rehash(record["argon2id"]):
            return record
        with self._hashing:
            return {**record, "argon2id": self._hasher.hash(self._normal(password))}

    def _normal(self, password: str) -> str:
        """The same for however a keyboard composes its letters."""
        if not isinstance(password, str):
            raise InvalidInput("password: it is no text; allowed: text", field="password")
        try:
            size = len(password.encode())
        except UnicodeEncodeError:
            raise InvalidInput("password: it is not valid Unicode; allowed: text", field="password") from None
        if size > LARGEST_BYTES:
            raise TooLarge(f"password: it has {size:,} bytes; allowed: at most {LARGEST_BYTES:,}", field="password")
        return unicodedata.normalize("NFC", password)
