"""The key that the environment gives: it may read."""

from __future__ import annotations

import hmac

from user_stats.api.operations import READ, Caller
from user_stats.errors import Forbidden, NotAuthenticated


class EnvironmentKey:
    """`ANALYTICS_KEY`; without it nobody holds a key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def check(self, key: str, scope: str) -> Caller:
        if not self._key or not hmac.compare_digest(key.encode(), self._key.encode()):
            raise NotAuthenticated("this key is not known here")
        if scope != READ:
            raise Forbidden(f"this key may read; needed: {scope}")
        return Caller("ANALYTICS_KEY")
