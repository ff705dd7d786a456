"""`TrackVisits`: counts the page visits of any ASGI application, and never slows or breaks it.

app = TrackVisits(app, paths=["/configure", "/manifest.json"])
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from user_stats.api import client_ids
from user_stats.api.addresses import Proxies
from user_stats.audience import Audience, Visit
from user_stats.bootstrap import get_audience, http_settings
from user_stats.errors import UserStatsError
from user_stats.times import utc_now

LONGEST_PATH, LONGEST_AGENT = 2000, 512
MOST_WAITING = 1000
"""Visits that are kept while the store is being opened; beyond, the oldest go."""
SECONDS_BETWEEN_OPENINGS = 30.0
"""After a store could not be opened."""
NO_PAGES = ("/_stcore/", "/api/", "/auth/")

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
        settings = http_settings()
        self._is_counting = settings.enable_user_analytics
        self._proxies = Proxies(settings.trusted_proxies if trusted_proxies is None else trusted_proxies)
        self._counter = _Counter(audience)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_get = scope["type"] == "http" and scope["method"] == "GET"
        if not self._is_counting or not is_get or not self._may_count(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_page(message):
                try:
                    self._count(scope, message)
                except Exception:
                    log.exception("a visit was not counted")
            await send(message)

        await self._app(scope, receive, send_counted)

    def _may_count(self, path: str) -> bool:
        if self._is_tracked is not None:
            return self._is_tracked(path) is not None
        return "." not in path.rpartition("/")[2] and not path.startswith(NO_PAGES)

    def _is_page(self, start: Message) -> bool:
        if start["status"] == HTTPStatus.NOT_MODIFIED:
            return True
        if start["status"] != HTTPStatus.OK:
            return False
        media_type = Headers(raw=start.get("headers", [])).get("content-type", "")
        return self._is_tracked is not None or media_type.startswith("text/html")

    def _count(self, scope: Scope, start: Message) -> None:
        do_not_track = client_ids.asks_not_to_be_tracked(scope)
        client_id = client_ids.find_client_id(scope)
        if client_id is None and not do_not_track:
            client_id = client_ids.new_client_id()
            cookie = client_ids.client_id_cookie(client_id, is_https=self._proxies.is_https(scope))
            MutableHeaders(scope=start).append("set-cookie", cookie)
        user_agent = Headers(scope=scope).get("user-agent", "")[:LONGEST_AGENT]
        address = self._proxies.client_address(scope)
        path = scope["path"][:LONGEST_PATH]
        self._counter.count(Visit(utc_now(), path, user_agent, address, client_id, do_not_track=do_not_track))


class _Counter:
    """Hands visits to the audience. The store is opened in a thread of its own, for that may take its time or fail."""

    def __init__(self, audience: Audience | None) -> None:
        self._audience = audience
        self._waiting: deque[Visit] = deque(maxlen=MOST_WAITING)
        self._opening = threading.Lock()
        self._next_opening = float("-inf")

    def count(self, visit: Visit) -> None:
        if self._audience is not None:
            self._audience.count_page(visit)
            return
        self._waiting.append(visit)
        if time.monotonic() >= self._next_opening and self._opening.acquire(blocking=False):
            threading.Thread(target=self._open, name="open store", daemon=True).start()

    def _open(self) -> None:
        try:
            self._audience = get_audience()
            while self._waiting:
                self._audience.count_page(self._waiting.popleft())
        except UserStatsError as error:
            self._next_opening = time.monotonic() + SECONDS_BETWEEN_OPENINGS
            log.warning("visits are not counted: %s", error)
        finally:
            self._opening.release()
