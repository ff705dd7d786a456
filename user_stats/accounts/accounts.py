"""`Accounts`: sign-in, sessions, passwords, codes and keys of a store together. Each part has a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from user_stats import audit, fields
from user_stats.accounts import gates
from user_stats.accounts.gates import Gate
from user_stats.accounts.keys import ApiKey, ApiKeys
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.accounts.provider import ProviderSignIn
from user_stats.accounts.sessions import Session, Sessions, end_all_within
from user_stats.accounts.sign_in import Origin, SignedIn, SignIn
from user_stats.accounts.site_claim import SiteClaim
from user_stats.accounts.tickets import Tickets
from user_stats.accounts.tokens import digest_of, is_same, new_token, owner_of
from user_stats.audit import AuditEntry
from user_stats.collections import CREDENTIALS
from user_stats.errors import AlreadyExists, InvalidInput, NotAuthenticated, UserStatsError
from user_stats.models import User, UserRole
from user_stats.people import People
from user_stats.permissions import authorize
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import Clock, from_iso, to_iso, utc_now
from user_stats.user_records import get_user

RESET_CODE_LIVES = timedelta(hours=1)


class Accounts:
    """How people and programs prove who they are. Safe to share between threads; several processes may use one store.

    Calls raise StorageError besides what they name. `actor` is who acts: None is trusted code."""

    def __init__(
        self,
        storage: Storage,
        *,
        passwords: PasswordPolicy,
        clock: Clock = utc_now,
        session_days: int = 30,
        subscription_days: int = 365,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._passwords = passwords
        self._people = People(storage, clock=clock, subscription_days=subscription_days, passwords=passwords)
        self._sessions = Sessions(storage, clock=clock, longest=timedelta(days=session_days))
        self._sign_in = SignIn(storage, clock=clock, passwords=passwords, sessions=self._sessions)
        self._provider = ProviderSignIn(storage, self._people, self._sign_in)
        self._claim = SiteClaim(storage, self._people, clock=clock)
        self._keys = ApiKeys(storage, clock=clock)
        self.tickets = Tickets()

    # -- signing in and out -------------------------------------------------------------------------------------------

    def sign_in(
        self,
        login: str,
        password: str,
        *,
        address: str | None = None,
        agent: str | None = None,
        device: str | None = None,
    ) -> SignedIn:
        """`login` is a name or an e-mail address. Raises NotAuthenticated, which never says why, and RateLimited.

        `address`, `agent` (family of the browser) and `device` (a random value that the browser keeps) say where it
        comes from; a browser that signed in before is not slowed down by what strangers do."""
        return self._sign_in.sign_in(login, password, Origin(address, agent, device))

    def sign_up(
        self,
        username: str,
        email: str,
        password: str,
        *,
        address: str | None = None,
        agent: str | None = None,
        device: str | None = None,
    ) -> SignedIn:
        """A new person, signed in. Raises InvalidInput, RateLimited, and AlreadyExists, which does not say of what.

        Who tries names and addresses that are taken waits longer and longer, wherever they come from."""
        origin = Origin(address, agent, device)
        fields.checked_username(username)
        if not isinstance(password, str):
            raise InvalidInput("password: it is missing; allowed: text", field="password")
        others = [] if origin.place is None else [gates.sign_ups(origin.place)]
        with self._guessing([gates.taken(origin.place or "")], others):
            user_id = self._people.create(
                username, email, UserRole.FREE, password=password, allow_reserved=False, actor=None
            )
        return self._storage.transaction(lambda tx: self._sign_in.begin(tx, user_id, origin))

    def rename(
        self, user_id: str, *, username: str | None, email: str | None, actor: str, address: str | None = None
    ) -> User:
        """The person with another name or e-mail address; None: as it was. People change their own, admins everybody's.

        Who tries what is taken waits as at sign-up. Raises what that does, and Forbidden."""
        place = Origin(address).place
        with self._guessing([gates.taken(subject) for subject in (actor, place) if subject is not None]):
            return self._people.update(
                user_id, username=username, email=email, is_active=None, role=None, expected_version=None, actor=actor
            )

    @contextmanager
    def _guessing(self, guesses: list[Gate], others: Sequence[Gate] = ()) -> Iterator[None]:
        """Counts an attempt at `guesses` only where a name or an address is taken already; at `others` in any case."""
        self._sign_in.count([*guesses, *others])
        try:
            yield
        except AlreadyExists:
            message = "this name or this address cannot be used; choose another, or sign in with it if it is yours"
            raise AlreadyExists(message) from None
        except UserStatsError:
            self._storage.transaction(lambda tx: gates.give_back(tx, guesses))
            raise
        self._storage.transaction(lambda tx: gates.give_back(tx, guesses))

    def sign_in_by_provider(
        self,
        claims: Mapping[str, Any],
        *,
        address: str | None = None,
        agent: str | None = None,
        device: str | None = None,
    ) -> SignedIn:
        """Whom an OpenID Connect provider vouches for; who is new gets an account. Raises NotAuthenticated where the
        claims do not name a person, AlreadyExists where the e-mail address belongs to an account with a password."""
        return self._provider.sign_in(claims, Origin(address, agent, device))

    def user_of(self, token: object) -> User | None:
        """Who holds this token now, or None: unknown, ended, or of a person who is inactive or gone."""
        return self._sessions.user_of(token)

    def sign_out(self, token: object) -> None:
        """Ends this one session."""
        self._sessions.end(token)

    # -- sessions -----------------------------------------------------------------------------------------------------

    def list_sessions(self, user_id: str) -> list[Session]:
        """Where the person is signed in, the newest use first."""
        return self._sessions.listed(fields.checked_user_id(user_id))

    def session_id_of(self, token: str) -> str:
        """How the session of a token is called in the list."""
        return self._sessions.session_id_of(token)

    def end_session(self, user_id: str, session_id: str, *, actor: str | None) -> bool:
        """True where there was such a session. People end their own; for others it takes an admin (Forbidden)."""
        return self._sessions.end_one(fields.checked_user_id(user_id), session_id, actor=actor)

    def end_all_sessions(self, user_id: str, *, actor: str | None) -> int:
        """How many there were."""
        return self._sessions.end_all(fields.checked_user_id(user_id), actor=actor)

    # -- passwords ----------------------------------------------------------------------------------------------------

    def has_password(self, user_id: str) -> bool:
        return "argon2id" in (self._storage.get(CREDENTIALS, fields.checked_user_id(user_id)) or {})

    def change_password(self, user_id: str, current: str, new: str, *, keep_token: str | None = None) -> None:
        """Ends every session but that of `keep_token`. Raises NotAuthenticated where `current` is wrong, InvalidInput
        where `new` is not allowed, and RateLimited."""
        user = get_user(self._storage, fields.checked_user_id(user_id))
        guarded = [gates.account_here(user.user_id, "password change")]
        self._sign_in.count(guarded)
        record = self._storage.get(CREDENTIALS, user.user_id)
        if not self._sign_in.is_password(current, record) or record is None:
            raise NotAuthenticated("the current password is wrong")
        made = self._passwords.prepare(new, username=user.username, email=user.email)

        def work(tx: Transaction) -> None:
            if (tx.get(CREDENTIALS, user.user_id) or {}).get("argon2id") != record["argon2id"]:
                raise NotAuthenticated("the current password is wrong")
            gates.open_again(tx, guarded)
            self._put_password(tx, user.user_id, made, keep=keep_token)

        self._storage.transaction(work)

    def make_reset_code(self, user_id: str, *, actor: str | None) -> str:
        """A code with which a new password can be set, once and within an hour; an earlier one ends. For admins."""
        user_id = fields.checked_user_id(user_id)
        code, now = new_token(user_id), self._clock()
        reset = {"digest": digest_of(code), "until": to_iso(now + RESET_CODE_LIVES)}

        def work(tx: Transaction) -> str:
            authorize(tx, actor, now=now)
            get_user(tx, user_id)
            tx.put(CREDENTIALS, user_id, {**(tx.get(CREDENTIALS, user_id) or {}), "reset": reset})
            audit.add(tx, "reset_code_made", now=now, actor=actor, user_id=user_id)
            return code

        return self._storage.transaction(work)

    def reset_password(self, code: str, new: str) -> User:
        """The person, who can sign in with the new password; every session ends. Raises NotAuthenticated for a code
        that is wrong, used or old, and InvalidInput where `new` is not allowed; the code then stays good."""
        user_id = owner_of(code)
        self._check_reset(None if user_id is None else self._storage.get(CREDENTIALS, user_id), code)
        user = get_user(self._storage, fields.checked_user_id(user_id))
        made = self._passwords.prepare(new, username=user.username, email=user.email)

        def work(tx: Transaction) -> User:
            self._check_reset(tx.get(CREDENTIALS, user.user_id), code)
            gates.open_again(tx, [gates.account_anywhere(user.user_id)])
            self._put_password(tx, user.user_id, made, keep=None)
            return user

        return self._storage.transaction(work)

    def _check_reset(self, record: Record | None, code: str) -> None:
        reset: Any = (record or {}).get("reset")
        try:
            is_good = is_same(code, reset["digest"]) and from_iso(reset["until"]) > self._clock()
        except (LookupError, TypeError, ValueError, AttributeError):
            is_good = False
        if not is_good:
            raise NotAuthenticated("this link is not good any more; an admin can make another one")

    def _put_password(self, tx: Transaction, user_id: str, made: Record, *, keep: str | None) -> None:
        tx.put(CREDENTIALS, user_id, made)
        ended = end_all_within(tx, user_id, keep=keep)
        audit.add(tx, "password_changed", now=self._clock(), actor=user_id, user_id=user_id, sessions_ended=ended)

    # -- the first admin ----------------------------------------------------------------------------------------------

    def needs_admin(self) -> bool:
        """True while nobody is admin."""
        return self._claim.is_open()

    def make_setup_code(self) -> str:
        """The code that makes whoever has it the first admin; earlier ones end. Raises Forbidden."""
        return self._claim.make_code()

    def claim_site(self, code: str, username: str, email: str, password: str, *, address: str | None = None) -> str:
        """The user_id of the site's first admin. Raises NotAuthenticated, Conflict, RateLimited, InvalidInput and
        AlreadyExists."""
        return self._claim.claim(code, username, email, password, Origin(address).place)

    # -- keys of programs ---------------------------------------------------------------------------------------------

    def add_key(self, name: str, scope: str, *, actor: str | None) -> str:
        """The key, for this one time; `scope` is read, record, report or admin, which includes the others."""
        return self._keys.add(name, scope, actor=actor)

    def list_keys(self, *, actor: str | None) -> list[ApiKey]:
        return self._keys.listed(actor=actor)

    def revoke_key(self, name: str, *, actor: str | None) -> None:
        """Raises InvalidInput where no key has the name."""
        self._keys.revoke(name, actor=actor)

    def check_key(self, key: str, scope: str) -> str:
        """The key_id. Raises NotAuthenticated and Forbidden."""
        return self._keys.check(key, scope)

    def check_writable(self) -> None:
        """Raises StorageError where nothing can be written, so that nobody can sign in or up."""
        self._storage.transaction(lambda tx: None)

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def audit_entries(self, limit: int = 100, *, actor: str | None) -> list[AuditEntry]:
        """The newest entries of the audit log, newest first; for admins."""
        self._storage.transaction(lambda tx: authorize(tx, actor, now=self._clock()))
        return audit.newest_entries(self._storage, fields.checked_whole("limit", limit, 1, 10_000))

    def is_audit_intact(self, *, actor: str | None) -> bool:
        """False where entries of the audit log were changed, removed or added by hand. For admins; reads all of it."""
        self._storage.transaction(lambda tx: authorize(tx, actor, now=self._clock()))
        return audit.is_intact(self._storage)

    def note(self, kind: str, *, actor: str | None, user_id: str | None = None) -> None:
        """Puts into the audit log what a door did, such as an export or a refusal."""
        now = self._clock()
        self._storage.transaction(lambda tx: audit.add(tx, kind, now=now, actor=actor, user_id=user_id))

    def note_as_admin(self, kind: str, *, actor: str | None) -> None:
        """The same for what only an admin may do. Raises Forbidden, and nothing is noted."""
        now = self._clock()

        def work(tx: Transaction) -> None:
            authorize(tx, actor, now=now)
            audit.add(tx, kind, now=now, actor=actor)

        self._storage.transaction(work)

    def remove_ended(self) -> None:
        """Takes out sessions and counts of attempts that are over."""
        self._sessions.remove_ended()
        gates.forget_old(self._storage, self._clock())
