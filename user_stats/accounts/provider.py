"""Signing in by an OpenID Connect provider: who comes is known by what the provider calls them, never by their address
alone, which anybody can claim when making an account here.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any

from user_stats import fields
from user_stats.accounts.sign_in import Origin, SignedIn, SignIn
from user_stats.collections import IDENTITIES, USERS
from user_stats.errors import AlreadyExists, InvalidInput, NotAuthenticated
from user_stats.models import UserRole
from user_stats.people import People
from user_stats.storage import Storage, Transaction

MOST_NAMES = 1000
"""Numbers that are tried behind a name that is taken."""
FALLBACK_NAME = "member"


class ProviderSignIn:
    """Sign-in by a provider on a store."""

    def __init__(self, storage: Storage, people: People, sign_in: SignIn) -> None:
        self._storage = storage
        self._people = people
        self._sign_in = sign_in

    def sign_in(self, claims: Mapping[str, Any], origin: Origin) -> SignedIn:
        identity = _identity(claims)
        user_id = self._storage.find(IDENTITIES, "identity", identity)
        if user_id is None:
            user_id = self._make_account(claims, identity)
        found = user_id
        return self._storage.transaction(lambda tx: self._sign_in.begin(tx, found, origin))

    def _make_account(self, claims: Mapping[str, Any], identity: str) -> str:
        if claims.get("email_verified") is not True:
            raise NotAuthenticated("the provider does not vouch for an e-mail address")
        email = fields.checked_email(claims.get("email"))
        if self._storage.find(USERS, "email", email) is not None:
            raise AlreadyExists("an account here has this e-mail address already; sign in with its password")

        def also(tx: Transaction, user_id: str) -> None:
            tx.put(IDENTITIES, user_id, {"user_id": user_id, "identity": identity})

        return self._people.create(
            self._free_name(claims, email),
            email,
            UserRole.FREE,
            password=None,
            allow_reserved=False,
            actor=None,
            also=also,
        )

    def _free_name(self, claims: Mapping[str, Any], email: str) -> str:
        wanted = claims.get("preferred_username") or claims.get("name") or email
        base = _allowed_name(str(wanted).split("@")[0])
        for number in range(1, MOST_NAMES):
            name = base if number == 1 else f"{base[: fields.USERNAME_LENGTHS[1] - 4]}{number}"
            if not fields.is_reserved(name) and self._storage.find(USERS, "username", name) is None:
                return name
        raise AlreadyExists("no free name was found; ask an admin for an account")


def _identity(claims: Mapping[str, Any]) -> str:
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject):
        raise NotAuthenticated("the provider does not say who this is")
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


def _allowed_name(text: str) -> str:
    """The nearest name that is allowed here."""
    normal = unicodedata.normalize("NFC", text)
    letters = "".join(one if one.isalnum() or one in "_.-" else "." for one in normal).strip(".")
    name = letters[: fields.USERNAME_LENGTHS[1]]
    try:
        return fields.checked_username(name, reserved_allowed=True)
    except InvalidInput:
        return FALLBACK_NAME
