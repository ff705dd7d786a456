"""Servers that are measured: each a process of its own on a free port, ended when it is no longer needed.

The bare route, which does nothing, is served from here too: what the server itself takes of the time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

BARE_WORDS = ("uvicorn", "--factory", "user_stats.bench.served:make_bare_app", "--port", "0")
PLENTY = "10000000"
"""Requests a minute: what is measured is not the limit."""


def make_bare_app() -> Starlette:
    async def answer(request: object) -> Response:
        return JSONResponse({"success": True, "count": 1})

    return Starlette(routes=[Route("/api/stats/track-user", answer, methods=["POST"])])


@contextmanager
def bare() -> Iterator[int]:
    """The port of the bare route."""
    with _served([*BARE_WORDS, "--no-access-log", "--no-proxy-headers"], {}) as port:
        yield port


@contextmanager
def site(store: Path, *words: str, **settings: str) -> Iterator[int]:
    """The port of a site as `serve` starts it."""
    settings = {"TRUSTED_PROXIES": "127.0.0.1", "REQUESTS_PER_MINUTE": PLENTY, **settings}
    with _served(["user_stats", "--store", str(store), "serve", "--port", "0", *words], settings) as port:
        yield port


@contextmanager
def _served(words: list[str], settings: dict[str, str]) -> Iterator[int]:
    server = subprocess.Popen(
        [sys.executable, "-m", *words],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _port(server)
    finally:
        server.terminate()
        server.communicate()


def _port(server: subprocess.Popen[str]) -> int:
    assert server.stdout is not None
    said = ""
    for line in server.stdout:
        said += line
        if found := re.search(r"http://(?:127\.0\.0\.1|localhost):(\d+)", line):
            return int(found[1])
    raise RuntimeError(f"the server did not start: {said}")
