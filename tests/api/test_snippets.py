"""The snippets of docs/api.md do what they say, as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from clocks import FixedClock
from playwright.sync_api import sync_playwright
from serving import served
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from user_stats.api.operations import Services
from user_stats.api.routes import make_routes
from user_stats.storage import open_storage

from .conftest import ADMIN, make_services

TEXT = (Path(__file__).parents[2] / "docs/api.md").read_text()


def snippet(kind: str, word: str) -> str:
    """The one snippet of this kind with this word in it."""
    found = [text for text in re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL) if word in text]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def services() -> Services:
    return make_services(open_storage("memory:"), FixedClock(), embed_counter=True)


def test_the_snippet_for_requests(services: Services) -> None:
    with served(Starlette(routes=make_routes(services.settings, lambda: services))) as address:
        exec(snippet("python", "requests.Session"), {"SITE": address, "KEY": ADMIN})
    assert services.audience.totals().jobs_failed == 1


def test_the_fixed_requests_with_a_session(services: Services) -> None:
    with (
        served(Starlette(routes=make_routes(services.settings, lambda: services))) as address,
        requests.Session() as site,
    ):
        assert site.post(f"{address}/health").json()["new_client"] is True
        assert site.post(f"{address}/health").json()["new_client"] is False
        assert site.post(f"{address}/keepalive").json()["daily_active_users"] == 1
        assert site.post(f"{address}/api/stats/track-user").json() == {"success": True, "count": 1}


def test_the_middleware_snippet(services: Services) -> None:
    space = {"app": Starlette()}
    exec(snippet("python", "TrackVisits"), space)
    assert type(space["app"]).__name__ == "TrackVisits"


def test_the_snippet_for_browsers(services: Services) -> None:
    html = "<!doctype html><title>a page</title>" + snippet("html", "track-user") + snippet("html", "counter.svg")

    def home(request: object) -> HTMLResponse:
        return HTMLResponse(html.replace("https://stats.example.org", ""))

    routes = [Route("/", home), *make_routes(services.settings, lambda: services)]
    with served(Starlette(routes=routes)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page()
        page.goto(address)
        page.get_by_text("1 visitor-days").wait_for()
        image = page.locator("img")
        image.wait_for()
        assert image.evaluate("image => image.naturalWidth") > 50
        browser.close()
    assert services.audience.newest_visits()[0]["path"] == "/"
