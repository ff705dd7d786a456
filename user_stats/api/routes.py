"""All routes of the API, for the server of the pages or for one of their own."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from user_stats.api import activity, counting, docs_page, exports, figures, items, openapi, people, plans
from user_stats.api.door import Door, Limits, NoSuchAddress
from user_stats.api.operations import Call, GetServices, Operation
from user_stats.api.replies import JSONReply
from user_stats.http_settings import HttpSettings

PREFLIGHT_SECONDS = 600
_FAMILIES = (counting, people, plans, activity, items, figures, exports)
_LISTED = tuple(operation for family in _FAMILIES for operation in family.OPERATIONS)


def make_routes(settings: HttpSettings, get_services: GetServices) -> list[Route]:
    """A route for each path, each answering all methods, and one for every other address under `/api/`."""
    listed = [operation for operation in _LISTED if operation.is_enabled(settings)]
    limits = Limits(settings)
    by_path = groupby(sorted((*listed, *_descriptions(listed)), key=_path), key=_path)
    routes = [
        Route(path, _shared(Door(list(group), get_services, limits), settings.cors_origins)) for path, group in by_path
    ]
    routes.sort(key=lambda route: "{" in route.path)  # a fixed path before one with parts
    return [*routes, Route("/api/{rest:path}", NoSuchAddress()), Route("/api", NoSuchAddress())]


def _path(operation: Operation) -> str:
    return operation.path


def _shared(door: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """The door for pages of other sites too, where the settings name them."""
    if not origins:
        return door
    return CORSMiddleware(
        door,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "X-API-Key", "Content-Type", "If-None-Match"],
        expose_headers=["ETag", "Retry-After", "Location"],
        max_age=PREFLIGHT_SECONDS,
    )


def _descriptions(listed: list[Operation]) -> list[Operation]:
    """The operations that describe the others; what they say is put together when somebody first asks."""

    @cache
    def document() -> dict[str, Any]:
        return openapi.document(listed)

    @cache
    def page() -> str:
        return docs_page.render(document())

    def give_document(call: Call) -> Response:
        return JSONReply(document())

    def give_page(call: Call) -> Response:
        return HTMLResponse(page())

    cached = "public, max-age=300"
    return [
        Operation("GET", "/api/openapi.json", give_document, "This document", dict, cache=cached),
        Operation("GET", "/api/docs", give_page, "The same for people", ("text/html",), cache=cached),
    ]
