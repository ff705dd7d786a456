"""The one way through which every request to the API goes: method, rate, key, body, then the handler, then errors.

Each path has a door that knows the operations of all its methods, so that any other method is answered with 405 and
`Allow`; nothing falls through to the pages.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from user_stats.api import bodies
from user_stats.api.addresses import household, is_loopback
from user_stats.api.limits import RateLimit
from user_stats.api.operations import Answer, Call, GetServices, Operation
from user_stats.api.replies import NO_STORE, JSONReply, error_reply, failure_reply, with_etag
from user_stats.errors import BadRequest, NotAuthenticated, RateLimited, UserStatsError
from user_stats.http_settings import HttpSettings

LONGEST_KEY = 256
FAILURES_PER_MINUTE = 30
"""Requests with a wrong key that one address may make."""


class Limits:
    """The buckets of one process. Loopback is never limited: behind a proxy that the settings do not name yet, all come
    from there."""

    def __init__(self, settings: HttpSettings) -> None:
        self.addresses = RateLimit(settings.requests_per_minute)
        self.keys = RateLimit(settings.key_requests_per_minute)
        self.failures = RateLimit(FAILURES_PER_MINUTE)

    def take_request(self, address: str) -> None:
        """Raises RateLimited where an address asks too much without a key."""
        if not is_loopback(address):
            _refuse(self.addresses.take(household(address)))

    def take_failure(self, address: str) -> None:
        """To be told of each wrong key. Raises RateLimited."""
        if not is_loopback(address):
            _refuse(self.failures.take(household(address)))

    def check_failures(self, address: str) -> None:
        """Raises RateLimited where an address has shown too many wrong keys."""
        _refuse(self.failures.wait(household(address)))

    def take_keyed(self, key_id: str) -> None:
        """Raises RateLimited where a key is used too much."""
        _refuse(self.keys.take(key_id))


def _refuse(seconds: float) -> None:
    if seconds:
        raise RateLimited(f"too many requests; try again in {seconds:.0f} s", retry_after_seconds=seconds)


class Door:
    """The ASGI application of one path."""

    def __init__(self, operations: Sequence[Operation], get_services: GetServices, limits: Limits) -> None:
        self._operations: Mapping[str, Operation] = {operation.method: operation for operation in operations}
        self._get_services = get_services
        self._limits = limits
        methods = set(self._operations) | ({"HEAD"} if "GET" in self._operations else set())
        self._allow = ", ".join(sorted(methods))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._reply(scope, receive)
        except ClientDisconnect:
            return
        except UserStatsError as error:
            reply = error_reply(error)
        except Exception as error:  # noqa: BLE001 - the one place of this door; it logs
            reply = failure_reply(error)
        if scope["method"] == "HEAD":
            reply = Response(status_code=reply.status_code, headers=dict(reply.headers))
        await reply(scope, receive, send)

    async def _reply(self, scope: Scope, receive: Receive) -> Response:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = self._operations.get(method)
        if operation is None:
            refusal = UserStatsError(f"this address takes {self._allow}", code="method_not_allowed")
            return error_reply(refusal, headers={"allow": self._allow})
        call = Call(self._get_services(), scope)
        query = QueryParams(scope["query_string"])
        call.key = _presented_key(operation, scope, query)
        if call.key is not None:
            self._limits.check_failures(call.address)
            await run_in_threadpool(self._admit, operation, call)
        else:
            self._admit_stranger(operation, call)
        call.query = bodies.parsed_query(operation.query, query)
        if method != "GET":
            largest = bodies.LARGEST_OF_STRANGERS if call.caller is None else bodies.LARGEST_BODY
            call.raw_body = await bodies.read_body(Request(scope, receive), largest)
            call.body = bodies.parsed_body(
                operation.body, Headers(scope=scope), call.raw_body, is_optional=operation.body_is_optional
            )
        if inspect.iscoroutinefunction(operation.handler):
            content = await operation.handler(call)
        else:
            content = await run_in_threadpool(operation.handler, call)
        return _finished(operation, content, call)

    def _admit_stranger(self, operation: Operation, call: Call) -> None:
        self._limits.take_request(call.address)
        if operation.scope is not None and not operation.key_is_optional:
            raise NotAuthenticated("a key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`")

    def _admit(self, operation: Operation, call: Call) -> None:
        try:
            call.caller = call.services.keys.check(call.key or "", operation.scope or "")
        except NotAuthenticated:
            self._limits.take_failure(call.address)
            raise
        self._limits.take_keyed(call.caller.key_id)


def _finished(operation: Operation, content: Any, call: Call) -> Response:
    if isinstance(content, Response):
        reply = content
    else:
        answer = content if isinstance(content, Answer) else Answer(content, operation.status)
        headers = dict(answer.headers)
        if operation.answer is None:
            return Response(status_code=answer.status, headers={"cache-control": NO_STORE, **headers})
        reply = JSONReply(answer.content, answer.status, headers=headers)
    reply.headers.setdefault("cache-control", NO_STORE if call.services.settings.no_cache else operation.cache)
    if operation.method == "GET" and reply.status_code == 200 and hasattr(reply, "body"):
        return with_etag(reply, call.scope)
    return reply


def _presented_key(operation: Operation, scope: Scope, query: QueryParams) -> str | None:
    """The key that decides: the Authorization header, else X-API-Key, else the address where it may stand there. What
    is open to all looks at none."""
    headers = Headers(scope=scope)
    in_query = query.getlist("key")
    if in_query and not operation.is_for_browsers:
        raise BadRequest("key: it may not stand in the address here; send it in a header", field="key")
    if operation.scope is None:
        return None
    given = [one[7:].strip() for one in headers.getlist("authorization") if one[:7].lower() == "bearer "]
    given = given or headers.getlist("x-api-key") or in_query
    if not given:
        return None
    if len(set(given)) > 1 or not given[0].isascii() or len(given[0]) > LONGEST_KEY:
        raise NotAuthenticated("this key is not known here")
    return given[0]


class NoSuchAddress:
    """Answers every method of every address that is not there, as JSON."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = UserStatsError(
            "there is nothing at this address; /api/docs lists what there is", code="unknown_address"
        )
        await error_reply(refusal)(scope, receive, send)
