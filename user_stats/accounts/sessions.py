"""Who is signed in where. A browser holds a random token, the store the hash of it, under the person's id; so what
erases a person ends their sessions too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from user_stats import audit
from user_stats.accounts.tokens import digest_of, new_token, owner_of
from user_stats.collections import SESSIONS, USERS
from user_stats.errors import StorageCorrupt, StorageError
from user_stats.models import User, UserRole
from user_stats.permissions import authorize
from user_stats.storage import Reader, Record, Storage, Transaction
from user_stats.times import Clock, from_iso, to_iso
from user_stats.user_records import get_user

LONGEST_IDLE = timedelta(hours=12)
ADMIN_DAYS, ADMIN_LONGEST_IDLE = timedelta(hours=24), timedelta(hours=1)
SEEN_EVERY = timedelta(minutes=5)
"""How often it is written that a session is in use."""
MOST_SESSIONS = 8
"""Of one person; the one that was not used for longest ends."""
MOST_DEVICES = 5
SESSION_ID_LENGTH = 16
"""Characters of the hash by which a session is called."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """One place where a person is signed in. `agent` is the family of the browser."""

    session_id: str
    created_at: str
    seen_at: str
    agent: str


class Sessions:
    """The sessions of a store."""

    def __init__(self, storage: Storage, *, clock: Clock, longest: timedelta) -> None:
        self._storage = storage
        self._clock = clock
        self._longest = longest

    def begin(self, tx: Transaction, user: User, *, agent: str, device: str | None) -> str:
        """The token of a new session, inside the transaction of the sign-in."""
        now, token = self._clock(), new_token(user.user_id)
        record = _record(tx, user.user_id)
        alive = {digest: one for digest, one in record["sessions"].items() if self._is_alive(one, user, now)}
        newest = sorted(alive, key=lambda digest: alive[digest]["seen_at"])[-(MOST_SESSIONS - 1) :]
        at = to_iso(now)
        record["sessions"] = {digest: alive[digest] for digest in newest}
        record["sessions"][digest_of(token)] = {"created_at": at, "seen_at": at, "agent": agent}
        if device is not None:
            known = [one for one in record["devices"] if one != _device_id(device)]
            record["devices"] = [*known, _device_id(device)][-MOST_DEVICES:]
        tx.put(SESSIONS, user.user_id, record)
        return token

    def user_of(self, token: object) -> User | None:
        """Who holds this token now: an active person whose session has not ended. Notes now and then that it is in
        use; a store that cannot be written keeps nobody out."""
        user_id = owner_of(token)
        if user_id is None or not isinstance(token, str):
            return None
        digest = digest_of(token)
        session = _record(self._storage, user_id)["sessions"].get(digest)
        account = self._storage.get(USERS, user_id) if session is not None else None
        if session is None or account is None:
            return None
        user, now = User.from_stored(user_id, account), self._clock()
        if not user.is_active or not self._is_alive(session, user, now):
            self._try(partial(_remove, user_id=user_id, digests=[digest]))
            return None
        if now - from_iso(session["seen_at"]) >= SEEN_EVERY:
            self._try(partial(_touch, user_id=user_id, digest=digest, at=to_iso(now)))
        return user

    def listed(self, user_id: str) -> list[Session]:
        """Where the person is signed in, the newest use first. Raises UserNotFound."""
        user, now = get_user(self._storage, user_id), self._clock()
        record = _record(self._storage, user_id)
        found = [
            Session(digest[:SESSION_ID_LENGTH], one["created_at"], one["seen_at"], one["agent"])
            for digest, one in record["sessions"].items()
            if self._is_alive(one, user, now)
        ]
        return sorted(found, key=lambda session: session.seen_at, reverse=True)

    def session_id_of(self, token: str) -> str:
        return digest_of(token)[:SESSION_ID_LENGTH]

    def end(self, token: object) -> None:
        """Ends the session of this token; what is none ends nothing."""
        user_id = owner_of(token)
        if user_id is None or not isinstance(token, str):
            return
        digest, now = digest_of(token), self._clock()

        def work(tx: Transaction) -> None:
            if _remove(tx, user_id, [digest]):
                audit.add(tx, "signed_out", now=now, actor=user_id, user_id=user_id)

        self._storage.transaction(work)

    def end_one(self, user_id: str, session_id: str, *, actor: str | None) -> bool:
        """True where there was one."""

        def work(tx: Transaction) -> bool:
            authorize(tx, actor, now=self._clock(), self_id=user_id)
            ended = [one for one in _record(tx, user_id)["sessions"] if one[:SESSION_ID_LENGTH] == session_id]
            if not _remove(tx, user_id, ended):
                return False
            audit.add(tx, "session_ended", now=self._clock(), actor=actor, user_id=user_id)
            return True

        return self._storage.transaction(work)

    def end_all(self, user_id: str, *, actor: str | None) -> int:
        """How many there were."""

        def work(tx: Transaction) -> int:
            authorize(tx, actor, now=self._clock(), self_id=user_id)
            ended = end_all_within(tx, user_id)
            if ended:
                audit.add(tx, "sessions_ended", now=self._clock(), actor=actor, user_id=user_id, sessions=ended)
            return ended

        return self._storage.transaction(work)

    def is_known_device(self, user_id: str, device: str | None) -> bool:
        """True for a browser from which this person signed in before."""
        if device is None:
            return False
        return _device_id(device) in _record(self._storage, user_id)["devices"]

    def remove_ended(self) -> int:
        """Takes out what has ended by time; returns how many."""
        removed, now = 0, self._clock()
        for user_id, record in list(self._storage.scan(SESSIONS)):
            account = self._storage.get(USERS, user_id)
            user = None if account is None else User.from_stored(user_id, account)
            ended = [
                digest
                for digest, one in record["sessions"].items()
                if user is None or not self._is_alive(one, user, now)
            ]
            if ended:
                removed += self._storage.transaction(partial(_remove, user_id=user_id, digests=ended))
        return removed

    def _is_alive(self, session: Record, user: User, now: datetime) -> bool:
        is_admin = user.role is UserRole.ADMIN
        longest, idle = (ADMIN_DAYS, ADMIN_LONGEST_IDLE) if is_admin else (self._longest, LONGEST_IDLE)
        created_at, seen_at = from_iso(session["created_at"]), from_iso(session["seen_at"])
        return now < created_at + min(longest, self._longest) and now < seen_at + idle

    def _try(self, work: Callable[[Transaction], object]) -> None:
        try:
            self._storage.transaction(work)
        except StorageError as error:
            log.warning("the use of a session was not noted: %s", error)


def end_all_within(tx: Transaction, user_id: str, *, keep: str | None = None) -> int:
    """Ends all sessions of a person but the one with the token `keep`; returns how many."""
    kept = None if keep is None else digest_of(keep)
    return _remove(tx, user_id, [digest for digest in _record(tx, user_id)["sessions"] if digest != kept])


def _record(reader: Reader, user_id: str) -> Record:
    """Raises StorageCorrupt where the record has another shape."""
    record = reader.get(SESSIONS, user_id)
    if record is None:
        return {"user_id": user_id, "sessions": {}, "devices": []}
    try:
        for session in record["sessions"].values():
            from_iso(session["created_at"]), from_iso(session["seen_at"]), session["agent"]
        record["devices"].copy()
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        message = f"sessions.json: the record of {user_id} is damaged: {error}"
        raise StorageCorrupt(message, path="sessions.json") from None
    return record


def _remove(tx: Transaction, user_id: str, digests: list[str]) -> int:
    record = _record(tx, user_id)
    left = {digest: one for digest, one in record["sessions"].items() if digest not in digests}
    removed = len(record["sessions"]) - len(left)
    if removed:
        tx.put(SESSIONS, user_id, {**record, "sessions": left})
    return removed


def _touch(tx: Transaction, user_id: str, digest: str, at: str) -> None:
    record = _record(tx, user_id)
    if digest in record["sessions"]:
        record["sessions"][digest] = {**record["sessions"][digest], "seen_at": at}
        tx.put(SESSIONS, user_id, record)


def _device_id(device: str) -> str:
    return digest_of(device)[:SESSION_ID_LENGTH]
