"""The middleware that counts pages, around any application."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from user_stats import bootstrap
from user_stats.api import TrackVisits
from user_stats.api import tracking as tracking_module
from user_stats.audience import Audience
from user_stats.errors import StorageBusy
from user_stats.storage import open_storage

from .conftest import FIREFOX

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def application() -> Starlette:
    def page(request: object) -> Response:
        return HTMLResponse("<p>hello</p>")

    def data(request: object) -> Response:
        return JSONResponse({"name": "site"})

    def missing(request: object) -> Response:
        return PlainTextResponse("no", 404)

    return Starlette(
        routes=[
            Route("/", page, methods=["GET", "POST"]),
            Route("/news/{number}", page),
            Route("/configure", page),
            Route("/manifest.json", data),
            Route("/logo.svg", page),
            Route("/_stcore/x", page),
            Route("/missing", missing),
        ]
    )


@pytest.fixture
def audience(clock: FixedClock) -> Iterator[Audience]:
    made = Audience(open_storage("memory:"))
    yield made
    made.close()


Visit = Callable[..., Response]


def client(app: Any, **headers: str) -> TestClient:
    return TestClient(app, headers={"user-agent": FIREFOX, **headers}, client=("203.0.113.9", 5))


def paths(audience: Audience) -> list[str]:
    assert audience.drain()
    return sorted(visit["path"] for visit in audience.newest_visits())


def test_without_paths_every_page_is_counted(audience: Audience) -> None:
    with client(TrackVisits(application(), audience=audience)) as browser:
        for path in ("/", "/news/1", "/configure", "/manifest.json", "/logo.svg", "/_stcore/x", "/missing"):
            browser.get(path)
        browser.post("/")
        browser.head("/")
    assert paths(audience) == ["/", "/configure", "/news/1"]
    day = audience.day()
    assert (day.visits, day.visitors, day.people, day.new_people) == (3, 1, 1, 1)


def test_with_paths_these_are_counted_whatever_they_answer(audience: Audience) -> None:
    with client(
        TrackVisits(application(), paths=["/configure", "/manifest.json", "/news/*"], audience=audience)
    ) as browser:
        for path in ("/", "/configure", "/manifest.json", "/news/1?secret=2", "/newsletter", "/missing"):
            browser.get(path)
    assert paths(audience) == ["/configure", "/manifest.json", "/news/1"]


def test_a_browser_gets_a_cookie_once(audience: Audience) -> None:
    with client(TrackVisits(application(), audience=audience)) as browser:
        assert browser.get("/").headers["set-cookie"].startswith("client_id=")
        assert "set-cookie" not in browser.get("/").headers
        assert "set-cookie" not in browser.get("/manifest.json").headers
    assert paths(audience) == ["/", "/"]
    assert audience.totals().people == 1


def test_who_asks_not_to_be_tracked_is_a_visit_and_gets_no_cookie(audience: Audience) -> None:
    with client(TrackVisits(application(), audience=audience), **{"sec-gpc": "1"}) as browser:
        assert "set-cookie" not in browser.get("/").headers
    assert paths(audience) == ["/"]
    assert (audience.totals().visitor_days, audience.totals().people) == (0, 0)


def test_crawlers_are_counted_beside(audience: Audience) -> None:
    with client(TrackVisits(application(), audience=audience), **{"user-agent": GOOGLEBOT}) as browser:
        browser.get("/")
    assert paths(audience) == []
    assert audience.day().crawler_visits == 1


def test_a_forwarded_address_is_believed_from_trusted_proxies_alone(audience: Audience) -> None:
    for trusted in ((), ("203.0.113.9",)):
        with client(TrackVisits(application(), audience=audience, trusted_proxies=trusted)) as browser:
            for number in range(3):
                browser.get("/", headers={"x-forwarded-for": f"198.51.100.{number}"})
        assert audience.drain()
    assert audience.totals().visitor_days == 1 + 3


def test_counting_that_fails_is_logged_and_not_felt(
    audience: Audience, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(visit: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(audience, "count_page", wrong)
    with client(TrackVisits(application(), audience=audience)) as browser:
        assert browser.get("/").text == "<p>hello</p>"
    assert "a visit was not counted" in caplog.text


def test_switched_off_it_does_nothing(audience: Audience, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.config, "ENABLE_USER_ANALYTICS", False)
    with client(TrackVisits(application(), audience=audience)) as browser:
        assert "set-cookie" not in browser.get("/").headers
    assert paths(audience) == []


def test_by_default_it_counts_into_the_configured_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.config, "USERS_DIR", tmp_path / "users")
    with client(TrackVisits(application())) as browser:
        for _ in range(3):
            browser.get("/")
    for thread in threading.enumerate():
        if thread.name == "open store":
            thread.join()
    assert paths(bootstrap.get_audience()) == ["/", "/", "/"]


def test_a_store_that_is_slow_to_open_delays_no_page(monkeypatch: pytest.MonkeyPatch, audience: Audience) -> None:
    gate = threading.Event()

    def slow() -> Audience:
        assert gate.wait(20)
        return audience

    monkeypatch.setattr(tracking_module, "get_audience", slow)
    with client(TrackVisits(application())) as browser:
        browser.get("/")
        start = time.perf_counter()
        browser.get("/")
        assert time.perf_counter() - start < 0.2
        gate.set()
        for thread in threading.enumerate():
            if thread.name == "open store":
                thread.join()
    assert paths(audience) == ["/", "/"]


def test_a_store_that_cannot_be_opened_is_tried_again_later_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, audience: Audience, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []

    def broken() -> Audience:
        tried.append(1)
        raise StorageBusy("the lock was not free")

    monkeypatch.setattr(tracking_module, "get_audience", broken)
    with client(TrackVisits(application())) as browser:
        for _ in range(5):
            assert browser.get("/").status_code == 200
            for thread in threading.enumerate():
                if thread.name == "open store":
                    thread.join()
    assert tried == [1]
    assert caplog.text.count("the lock was not free") == 1


def test_websockets_and_the_lifespan_pass_through(audience: Audience) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    wrapped = TrackVisits(app, audience=audience)
    for kind in ("websocket", "lifespan"):
        asyncio.run(wrapped({"type": kind, "path": "/"}, None, None))  # type: ignore[arg-type]
    assert seen == ["websocket", "lifespan"]
