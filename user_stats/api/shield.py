"""What stands before every page and answer: the names of the site, security headers, the origin of websockets, and the
cookie by which a browser is known again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from user_stats.accounts import cookies
from user_stats.api.addresses import Proxies, parsed_url
from user_stats.api.client_ids import LONGEST_COOKIES
from user_stats.api.replies import NO_STORE, JSONReply
from user_stats.http_settings import HttpSettings

LOCAL_NAMES = ("localhost", "127.0.0.1")
LOCAL_ORIGIN = b"http://localhost"
"""Stands for an origin that was found to be this site's own, where the server of the pages does not know the name: it
would ask an outside host for its own address."""
NO_PAGES = ("/_stcore/", "/static/", "/media/", "/component/", "/api/", "/auth/")
CLOSED = "/_stcore/metrics"
"""What the server of the pages would tell anybody about itself."""
DOWNLOADS = "/media/"
"""Files that a page has made for whoever looks at it."""
OTHER_HOST = "This site has another name. Its owner sets the names that it answers to as ALLOWED_HOSTS.\n"
YEAR_SECONDS = 365 * 86_400
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


API_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""Where there are no pages but the description of the API."""


def content_policy(index_page: Path) -> str:
    """The Content-Security-Policy: nothing from other sites, and no script in a page but the one that the server's own
    index page has, known by its hash. `blob:` is for the script that exchanges the cookie."""
    scripts = re.findall(r"<script>(.*?)</script>", index_page.read_text(), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'self'; script-src 'self' blob: {allowed}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


class Shield:
    """A middleware around the pages and the API. Refuses what asks for another host, and websockets from pages of
    other sites; tells the server the real address of a client behind a trusted proxy; and gives each browser a random
    value of its own."""

    def __init__(self, app: ASGIApp, *, settings: HttpSettings, policy: str, server_name: str = "") -> None:
        """`server_name` is the one name besides local ones by which the server of the pages knows itself."""
        self._app = app
        self._proxies = Proxies(settings.trusted_proxies)
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._policy = policy
        self._known_names = (*LOCAL_NAMES, server_name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _answering(self, scope: Scope) -> ASGIApp:
        """Who answers a request: the site, or a refusal."""
        if not self._is_our_host(scope):
            return _wrong_host(scope)
        if scope["path"].startswith(CLOSED):
            return PlainTextResponse("Nothing is here.\n", 404)
        return self._app

    def _is_our_host(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").lower()
        name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
        return "*" in self._hosts or name in self._hosts

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_https = self._proxies.is_https(scope)
        scope = _with_cookies_of_this_host(scope) if is_https else scope
        device = None if _has_device(scope) or not _may_be_page(scope) else cookies.new_device()

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", self._policy)
                if scope["path"].startswith(DOWNLOADS):
                    headers["cache-control"] = "private, no-store"
                if is_https:
                    headers["strict-transport-security"] = f"max-age={YEAR_SECONDS}"
                if device is not None and _is_page(message):
                    cookie = cookies.set_cookie(cookies.DEVICE, device, is_https=is_https, max_age_seconds=None)
                    headers.append("set-cookie", cookie)
            await send(message)

        await self._answering(scope)(scope, receive, send_shielded)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        is_ours = origin is None or parsed_url(origin).netloc == headers.get("host")
        if not is_ours or not self._is_our_host(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "a page of another site"})
            return
        scope = _with_cookies_of_this_host(scope) if self._proxies.is_https(scope) else scope
        told = scope["headers"]
        if origin is not None and parsed_url(origin).hostname not in self._known_names:
            told = [(name, LOCAL_ORIGIN if name == b"origin" else value) for name, value in told]
        address = self._proxies.client_address(scope)
        await self._app(
            {**scope, "headers": told, "client": (address, (scope.get("client") or ("", 0))[1])}, receive, send
        )


def _wrong_host(scope: Scope) -> Response:
    """A refusal as the callers of the API expect all of them, and in words for a browser."""
    if not scope["path"].startswith("/api/"):
        return PlainTextResponse(OTHER_HOST, 400)
    content = {"error": {"code": "invalid_input", "message": OTHER_HOST.strip(), "field": "host"}}
    return JSONReply(content, 400, headers={"cache-control": NO_STORE})


def _with_cookies_of_this_host(scope: Scope) -> Scope:
    """The request without cookies of ours that lack the prefix: under HTTPS we set none such, other hosts of the domain
    might."""
    plain = (cookies.SESSION.encode(), cookies.DEVICE.encode())

    def kept(header: bytes) -> bytes:
        return b";".join(pair for pair in header.split(b";") if pair.partition(b"=")[0].strip() not in plain)

    return {
        **scope,
        "headers": [(name, kept(value) if name == b"cookie" else value) for name, value in scope["headers"]],
    }


def _may_be_page(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "GET" and not path.startswith(NO_PAGES) and "." not in path.rpartition("/")[2]


def _is_page(start: Message) -> bool:
    """True for the start of an answer that is a page, or says that the browser has it already."""
    media_type = Headers(raw=start.get("headers", [])).get("content-type", "")
    return start["status"] == HTTPStatus.NOT_MODIFIED or media_type.startswith("text/html")


def _has_device(scope: Scope) -> bool:
    text = "; ".join(Headers(scope=scope).getlist("cookie"))
    return len(text) <= LONGEST_COOKIES and cookies.find_device(cookie_parser(text)) is not None
