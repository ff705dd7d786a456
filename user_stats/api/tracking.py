"""`TrackVisits`: counts the page visits of any ASGI application, and never slows or breaks it.

app = TrackVisits(app, paths=["/configure", "/manifest.json"])
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from user_stats.api import client_ids
from user_stats.api.addresses import Proxies
from user_stats.audience import Audience
from user_stats.bootstrap import get_audience, http_settings

log = logging.getLogger(__name__)


class TrackVisits:
    """Counts what is answered without an error: a GET of one of `paths`, where * stands for anything; without `paths`
    every HTML page whose path does not look like a file. A browser that has no cookie gets one, unless it asks not to
    be tracked. By default it counts into the configured store."""

    def __init__(
        self,
        app: ASGIApp,
        paths: Iterable[str] | None = None,
        *,
        audience: Audience | None = None,
        trusted_proxies: Iterable[str] | None = None,
    ) -> None:
        self._app = app
        patterns = list(paths or ())
        alternatives = "|".join(".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
        self._is_tracked = re.compile(alternatives, re.DOTALL).fullmatch if patterns else None
        self._audience = audience
        self._proxies = None if trusted_proxies is None else Proxies(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not self._may_count(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message)
            await send(message)

        await self._app(scope, receive, send_counted)

    def _may_count(self, path: str) -> bool:
        if self._is_tracked is not None:
            return self._is_tracked(path) is not None
        return "." not in path.rpartition("/")[2] and not path.startswith(("/_stcore/", "/api/"))

    def _count(self, scope: Scope, start: Message) -> None:
        try:
            if self._is_page(start):
                self._count_page(scope, start)
        except Exception:
            log.exception("a visit was not counted")

    def _is_page(self, start: Message) -> bool:
        if start["status"] == HTTPStatus.NOT_MODIFIED:
            return True
        if start["status"] != HTTPStatus.OK:
            return False
        media_type = Headers(raw=start.get("headers", [])).get("content-type", "")
        return self._is_tracked is not None or media_type.startswith("text/html")

    def _count_page(self, scope: Scope, start: Message) -> None:
        if self._audience is None:
            self._audience = get_audience()
        if self._proxies is None:
            self._proxies = Proxies(http_settings().trusted_proxies)
        audience, proxies = self._audience, self._proxies
        if not audience.is_enabled:
            return
        do_not_track = client_ids.asks_not_to_be_tracked(scope)
        client_id = client_ids.find_client_id(scope)
        if client_id is None and not do_not_track:
            client_id = client_ids.new_client_id()
            cookie = client_ids.client_id_cookie(client_id, is_https=proxies.is_https(scope))
            MutableHeaders(scope=start).append("set-cookie", cookie)
        audience.count_page(
            audience.visit(
                address=proxies.client_address(scope),
                path=scope["path"][:2000],
                user_agent=Headers(scope=scope).get("user-agent", "")[:512],
                client_id=client_id,
                do_not_track=do_not_track,
            )
        )
