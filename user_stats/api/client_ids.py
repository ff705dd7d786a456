"""The cookie by which a browser is known again: a random UUID4 that says nothing about anybody."""

from __future__ import annotations

import uuid

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from user_stats.audience import is_client_id

COOKIE = "client_id"
COOKIE_SECONDS = 365 * 86_400
LONGEST_COOKIES = 8192
"""Characters of a Cookie header that is looked at; a longer one is as good as none."""


def find_client_id(scope: Scope) -> str | None:
    """The valid cookie of a request; anything else is nobody's."""
    text = "; ".join(Headers(scope=scope).getlist("cookie"))
    if COOKIE not in text or len(text) > LONGEST_COOKIES:
        return None
    found = cookie_parser(text).get(COOKIE)
    return found if is_client_id(found) else None


def new_client_id() -> str:
    return str(uuid.uuid4())


def client_id_cookie(client_id: str, *, is_https: bool) -> str:
    """The value of the Set-Cookie header."""
    secure = "; Secure" if is_https else ""
    return f"{COOKIE}={client_id}; HttpOnly; Max-Age={COOKIE_SECONDS}; Path=/; SameSite=Lax{secure}"


def asks_not_to_be_tracked(scope: Scope) -> bool:
    """Do Not Track or Global Privacy Control."""
    headers = Headers(scope=scope)
    return headers.get("dnt") == "1" or headers.get("sec-gpc") == "1"
