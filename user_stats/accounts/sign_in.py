"""Signing in with a name or an address and a password. A stranger learns nothing: who is unknown, who is inactive and
who has another password get the same answer in the same time.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import NoReturn

from user_stats import activity, audit
from user_stats.accounts import gates
from user_stats.accounts.gates import Gate
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.accounts.sessions import Sessions
from user_stats.collections import CREDENTIALS, USERS
from user_stats.errors import InvalidInput, NotAuthenticated, TooLarge
from user_stats.fields import EMAIL_LENGTH, fold_username
from user_stats.models import User
from user_stats.storage import Storage, Transaction
from user_stats.times import Clock

REFUSED = "name or password is wrong"
LONGEST_AGENT = 40
IPV6_SITE_BITS = 64


@dataclass(frozen=True)
class SignedIn:
    """A person who proved who they are, and the token that shows it from now on."""

    user: User
    token: str = field(repr=False)


@dataclass(frozen=True)
class Origin:
    """Where an attempt comes from, as far as it is known: a network address, the family of the browser, and the random
    value that this browser keeps."""

    address: str | None = None
    agent: str | None = None
    device: str | None = None

    @property
    def place(self) -> str | None:
        """What stands for the address, of IPv6 its site. None: unknown, or this machine itself, where everybody comes
        from who comes through a proxy that the settings do not name."""
        try:
            address = ipaddress.ip_address(self.address or "")
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address):
            shift = 128 - IPV6_SITE_BITS
            address = address.ipv4_mapped or ipaddress.IPv6Address(int(address) >> shift << shift)
        return None if address.is_loopback else str(address)


class SignIn:
    """Sign-in on a store."""

    def __init__(self, storage: Storage, *, clock: Clock, passwords: PasswordPolicy, sessions: Sessions) -> None:
        self._storage = storage
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions

    def sign_in(self, login: str, password: str, origin: Origin) -> SignedIn:
        """Raises NotAuthenticated, RateLimited and TooLarge."""
        user = self._find(login)
        guarded = self._gates(user, login, origin)
        self.count(guarded)
        record = None if user is None else self._storage.get(CREDENTIALS, user.user_id)
        is_right = self.is_password(password, record)
        if user is None or record is None or not is_right or not user.is_active:
            self._refuse(user)
        renewed = self._passwords.renewed(password, record)

        def work(tx: Transaction) -> SignedIn:
            current = tx.get(CREDENTIALS, user.user_id)
            if current is None or current.get("argon2id") != record["argon2id"]:
                raise NotAuthenticated(REFUSED)  # the password was changed meanwhile
            if renewed is not record:
                tx.put(CREDENTIALS, user.user_id, {**current, **renewed})
            gates.open_again(tx, [gate for gate in guarded if gate.kind != gates.ADDRESS])
            gates.give_back(tx, [gate for gate in guarded if gate.kind == gates.ADDRESS])
            return self.begin(tx, user.user_id, origin)

        return self._storage.transaction(work)

    def begin(self, tx: Transaction, user_id: str, origin: Origin) -> SignedIn:
        """A new session, inside a transaction. Raises NotAuthenticated where the person is gone or inactive by now."""
        record = tx.get(USERS, user_id)
        user = None if record is None else User.from_stored(user_id, record)
        if user is None or not user.is_active:
            raise NotAuthenticated(REFUSED)
        activity.record(tx, user_id, {"at": "", "kind": "sign_in", "subject": None}, now=self._clock())
        token = self._sessions.begin(tx, user, agent=(origin.agent or "")[:LONGEST_AGENT], device=origin.device)
        audit.add(tx, "signed_in", now=self._clock(), actor=user_id, user_id=user_id)
        return SignedIn(user, token)

    def count(self, guarded: list[Gate]) -> None:
        """Counts an attempt before it is made, so that many at once gain nothing. Raises RateLimited."""
        gates.make_secret(self._storage)
        self._storage.transaction(lambda tx: gates.pass_all(tx, guarded, self._clock()))

    def is_password(self, password: str, record: dict[str, object] | None) -> bool:
        """False for whatever could be no password at all. Raises TooLarge."""
        try:
            return self._passwords.matches(password, record)
        except TooLarge:
            raise
        except InvalidInput:
            return self._passwords.matches("", None)

    def _find(self, login: str) -> User | None:
        if not isinstance(login, str) or not 0 < len(login) <= EMAIL_LENGTH:
            return None
        field = "email" if "@" in login else "username"
        user_id = self._storage.find(USERS, field, login.strip())
        record = None if user_id is None else self._storage.get(USERS, user_id)
        return None if user_id is None or record is None else User.from_stored(user_id, record)

    def _gates(self, user: User | None, login: str, origin: Origin) -> list[Gate]:
        account = f"?{fold_username(str(login)[:EMAIL_LENGTH])}" if user is None else user.user_id
        if user is not None and self._sessions.is_known_device(user.user_id, origin.device):
            return [gates.account_here(account, f"device {origin.device}"), *_address_gate(origin)]
        return [
            gates.account_here(account, origin.place or ""),
            gates.account_anywhere(account),
            *_address_gate(origin),
        ]

    def _refuse(self, user: User | None) -> NoReturn:
        """The same work and the same words for everybody."""
        user_id, now = None if user is None else user.user_id, self._clock()
        self._storage.transaction(lambda tx: audit.add(tx, "sign_in_refused", now=now, actor=None, user_id=user_id))
        raise NotAuthenticated(REFUSED)


def _address_gate(origin: Origin) -> list[Gate]:
    return [] if origin.place is None else [gates.address(origin.place)]
