"""The keys of the site: those that its admins made, and the one that the environment gives, which may read."""

from __future__ import annotations

import hmac

from user_stats.accounts.accounts import Accounts
from user_stats.api.operations import READ, Caller
from user_stats.errors import Forbidden


class SiteKeys:
    """`environment_key` is ANALYTICS_KEY; empty: there is none."""

    def __init__(self, accounts: Accounts, environment_key: str) -> None:
        self._accounts = accounts
        self._environment_key = environment_key

    def check(self, key: str, scope: str) -> Caller:
        if self._environment_key and hmac.compare_digest(key.encode(), self._environment_key.encode()):
            if scope != READ:
                raise Forbidden(f"this key may read; needed: {scope}")
            return Caller("ANALYTICS_KEY")
        return Caller(self._accounts.check_key(key, scope))
