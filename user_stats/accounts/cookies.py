"""The cookies of a sign-in: their names, and how they are set. Scripts in a browser can read neither.

`app_session` holds the token of the session. `app_device` holds a random value by which a browser is known again: a
ticket is good in that browser alone, and where it signed in before, strangers' guesses do not slow it down. Under HTTPS
both carry the prefix that keeps other hosts of the domain from setting them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

SESSION, DEVICE = "app_session", "app_device"
HOST_PREFIX = "__Host-"
DEVICE_SECONDS = 365 * 86_400

_is_device = re.compile(r"[0-9A-Za-z_-]{43}").fullmatch


def find_session(cookies: Mapping[str, str]) -> str | None:
    """The token that a browser presents, if any."""
    return _find(cookies, SESSION)


def find_device(cookies: Mapping[str, str]) -> str | None:
    """The random value of a browser; anything else is none."""
    found = _find(cookies, DEVICE)
    return found if found is not None and _is_device(found) else None


def new_device() -> str:
    return secrets.token_urlsafe(32)


def set_cookie(name: str, value: str, *, is_https: bool, max_age_seconds: int | None) -> str:
    """The value of a Set-Cookie header. Without an age it lasts until the browser is closed; 0 removes it."""
    prefix, secure = (HOST_PREFIX, "; Secure") if is_https else ("", "")
    age = "" if max_age_seconds is None else f"; Max-Age={max_age_seconds}"
    return f"{prefix}{name}={value}; HttpOnly; Path=/; SameSite=Lax{age}{secure}"


def _find(cookies: Mapping[str, str], name: str) -> str | None:
    for key in (HOST_PREFIX + name, name):
        value = cookies.get(key)
        if isinstance(value, str):
            return value
    return None
