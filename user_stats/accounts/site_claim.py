"""The first admin of an empty site: whoever has the set-up code that the start prints in the terminal."""

from __future__ import annotations

import secrets

from user_stats.accounts import gates
from user_stats.accounts.tokens import digest_of, is_same
from user_stats.collections import ACCESS, SITE
from user_stats.errors import Conflict, Forbidden, NotAuthenticated
from user_stats.models import UserRole
from user_stats.people import People
from user_stats.permissions import ADMINS, known_admins
from user_stats.storage import Storage, Transaction
from user_stats.times import Clock, to_iso

CODE = "setup_code"
HAS_ADMIN = "the site has an admin already"
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that are taken for one another."""
GROUPS, GROUP_LENGTH = 5, 4
"""100 random bits."""


class SiteClaim:
    """Whether a site still waits for its first admin, and how it gets one."""

    def __init__(self, storage: Storage, people: People, *, clock: Clock) -> None:
        self._storage = storage
        self._people = people
        self._clock = clock

    def is_open(self) -> bool:
        """True while the site has no admin."""
        listed = self._storage.get(SITE, ADMINS)
        return not (known_admins(self._storage) if listed is None else listed["user_ids"])

    def make_code(self) -> str:
        """A new set-up code; earlier ones end. Raises Forbidden where there is an admin already."""
        if not self.is_open():
            raise Forbidden(f"{HAS_ADMIN}; a set-up code is for one that has none")
        code = "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
        record = {"digest": digest_of(code), "made_at": to_iso(self._clock())}
        self._storage.transaction(lambda tx: tx.put(ACCESS, CODE, record))
        return code

    def claim(self, code: str, username: str, email: str, password: str, address: str | None) -> str:
        """The user_id of the new admin. Raises NotAuthenticated for a wrong code, Conflict where there is an admin, and
        what making an account raises; the code then stays good."""
        if not self.is_open():
            raise Conflict(HAS_ADMIN)
        gates.make_secret(self._storage)
        guarded = [gates.set_up(address or "")]
        self._storage.transaction(lambda tx: gates.pass_all(tx, guarded, self._clock()))
        self._check(self._storage.get(ACCESS, CODE), code)

        def also(tx: Transaction, user_id: str) -> None:
            if (tx.get(SITE, ADMINS) or {"user_ids": []})["user_ids"] != [user_id]:
                raise Conflict(HAS_ADMIN)
            self._check(tx.get(ACCESS, CODE), code)
            tx.delete(ACCESS, CODE)
            gates.open_again(tx, guarded)

        return self._people.create(
            username, email, UserRole.ADMIN, password=password, allow_reserved=False, actor=None, also=also
        )

    def _check(self, record: dict[str, str] | None, code: str) -> None:
        if record is None or not isinstance(code, str) or not is_same(code.strip().upper(), record["digest"]):
            raise NotAuthenticated("this set-up code is not the one in the terminal")
