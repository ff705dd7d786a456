"""What the API answers: JSON with the right headers, and one shape for every error.

{"error": {"code": "invalid_input", "message": "count: -1 is not allowed; …", "field": "count"}}
"""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from user_stats.errors import HTTP_STATUS, NotAuthenticated, RateLimited, UserStatsError

NO_STORE = "no-store"
OF_THE_STORE = {
    "storage_busy": "too much is going on at the moment; try again",
    "storage_full": "no space is left on the server; an admin must free some",
    "storage_read_only": "nothing can be written on the server at the moment",
    "storage_corrupt": "some of the data on the server is damaged; an admin must run verify",
    "storage_error": "the data on the server cannot be reached at the moment",
}
"""What strangers are told about the store; the rest is in the log."""

log = logging.getLogger(__name__)
encode = msgspec.json.Encoder().encode


class JSONReply(Response):
    """A value as JSON. Dataclasses and enumerations go as their fields and values."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encode(content)


def error_reply(error: UserStatsError, *, headers: dict[str, str] | None = None) -> Response:
    """The answer to a refused request; the one table gives its status."""
    status = HTTP_STATUS.get(error.code, 500)
    message = error.message
    if error.code in OF_THE_STORE:
        log.error("answered with %d: %s", status, error)
        message = OF_THE_STORE[error.code]
    more = {"cache-control": NO_STORE, **(headers or {})}
    if isinstance(error, NotAuthenticated):
        more["www-authenticate"] = 'Bearer realm="user_stats"'
    if isinstance(error, RateLimited):
        more["retry-after"] = str(max(1, math.ceil(error.retry_after_seconds)))
    elif status == 503:
        more["retry-after"] = "1"
    content = {"error": {"code": error.code, "message": message, "field": error.field}}
    return JSONReply(content, status, headers=more)


def failure_reply(error: Exception) -> Response:
    """The answer to a mistake of ours: a reference, under which the log has the whole story."""
    reference = secrets.token_hex(4)
    log.error("a request failed (reference %s)", reference, exc_info=error)
    message = f"something went wrong on the server (reference {reference})"
    content = {"error": {"code": "internal", "message": message, "field": None}}
    return JSONReply(content, 500, headers={"cache-control": NO_STORE})


def with_etag(reply: Response, scope: Scope) -> Response:
    """The reply with an ETag, or 304 where the caller has it already."""
    tag = f'"{hashlib.blake2b(bytes(reply.body), digest_size=12).hexdigest()}"'
    reply.headers["etag"] = tag
    known = Headers(scope=scope).get("if-none-match", "")
    if known.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in known.split(",")):
        kept = {name: value for name, value in reply.headers.items() if not name.startswith("content-")}
        return Response(status_code=304, headers=kept)
    return reply
