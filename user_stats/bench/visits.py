"""Visits over HTTP: how many a second are counted durably, how long one takes, and how long the figures take to show.

The server is a process of its own (`python -m user_stats.bench.visits FOLDER`), the load comes from this one over the
loopback: on a machine with few cores they share them, so the bare route of the same server stands beside.
"""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from user_stats.api.addresses import Proxies
from user_stats.api.operations import Caller, Services
from user_stats.api.routes import make_routes
from user_stats.audience import Audience, LogIdentity, Visit
from user_stats.bench import measures
from user_stats.errors import NotAuthenticated
from user_stats.http_settings import HttpSettings
from user_stats.manager import UserManager
from user_stats.statistics.service import Statistics
from user_stats.storage import open_storage

CONNECTIONS = 32
CALM_RATE = 200.0
"""Requests a second at which the time of one is measured."""
YEAR_DAYS = 365
VISITORS = 50_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
BARE, TRACKED = "bare route", "user_stats"


class Load(NamedTuple):
    """What came of a load: the seconds of each answer, and how many were not 200."""

    times: list[float]
    failures: int


def visits(folder: Path, size: int) -> list[measures.Row]:
    """Requests against a store whose day has `size` visits already, and a year of days before it."""
    store = folder / "users"
    shown = _filled(store, size)
    rows = [measures.Row(size, "audience of a year", TRACKED, shown)]
    server = subprocess.Popen(
        [sys.executable, "-m", "user_stats.bench.visits", str(store)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        for work, rate in (("track-user, flat out", 0.0), (f"track-user, {CALM_RATE:.0f} a second", CALM_RATE)):
            for name, path in ((BARE, "/bare"), (TRACKED, "/api/stats/track-user")):
                rows.append(measures.Row(size, work, name, _figures(asyncio.run(load(port, path, rate)))))
    finally:
        server.terminate()
        server.wait()
    return rows


def _figures(result: Load) -> dict[str, float]:
    times = sorted(result.times)
    return {
        "calls_a_second": len(times) / measures.BUDGET_SECONDS,
        "median_us": median(times) * 1e6,
        "p99_us": times[len(times) * 99 // 100] * 1e6,
        "failures": result.failures,
    }


def _filled(store: Path, size: int) -> dict[str, float]:
    """Makes the visits and the year; returns how long the page of figures takes to be made."""
    storage = open_storage(str(store))
    with closing(storage), closing(Audience(storage)) as audience:
        now = datetime.now(UTC)
        for back in range(1, YEAR_DAYS + 1):
            audience.record_visits([Visit(now - timedelta(days=back), "/", FIREFOX, "192.0.2.1")])
        audience.import_visits((_visit(now, number) for number in range(size)), log=LogIdentity("bench"))
        taken = []
        for _ in range(10):
            start = time.perf_counter()
            audience.overview(YEAR_DAYS)
            taken.append(time.perf_counter() - start)
    return {"median_us": median(taken) * 1e6, "p99_us": max(taken) * 1e6}


def _visit(now: datetime, number: int) -> Visit:
    host = number % VISITORS
    return Visit(now, f"/{number % 20}", FIREFOX, f"10.{host >> 16}.{host >> 8 & 255}.{host & 255}")


# -- the load ---------------------------------------------------------------------------------------------------------


class _Caller(asyncio.Protocol):
    """One connection that sends a request when it is told to, and knows when the whole answer is there."""

    def __init__(self) -> None:
        self._answer = b""
        self._transport: asyncio.WriteTransport
        self._done: asyncio.Future[bool]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        if len(body) >= length:
            self._answer = b""
            self._done.set_result(head.startswith(b"HTTP/1.1 200"))

    def call(self, request: bytes) -> asyncio.Future[bool]:
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._done


async def load(port: int, path: str, rate: float) -> Load:
    """Requests from many addresses over some connections, as fast as they are answered or at a rate, in random gaps."""
    result = Load([], 0)
    failures = 0
    end = time.perf_counter() + measures.BUDGET_SECONDS

    async def worker(number: int) -> None:
        nonlocal failures
        _, caller = await asyncio.get_running_loop().create_connection(_Caller, "127.0.0.1", port)
        source = random.Random(number)
        while time.perf_counter() < end:
            if rate:
                await asyncio.sleep(source.expovariate(rate / CONNECTIONS))
            address = ".".join(str(source.randrange(1, 223)) for _ in range(4))
            request = (
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\n"
                f"User-Agent: {FIREFOX}\r\nContent-Length: 0\r\n\r\n"
            )
            start = time.perf_counter()
            failures += not await caller.call(request.encode())
            result.times.append(time.perf_counter() - start)

    await asyncio.gather(*(worker(number) for number in range(CONNECTIONS)))
    return result._replace(failures=failures)


# -- the server -------------------------------------------------------------------------------------------------------


class _NoKeys:
    """Nobody holds a key of a store that is measured."""

    def check(self, key: str, scope: str) -> Caller:
        raise NotAuthenticated("no keys here")


async def bare(request: object) -> Response:
    return JSONResponse({"success": True, "count": 1})


def serve(store: str) -> None:
    """Serves the API on a free port, and prints its number."""
    with closing(open_storage(store)) as storage, socket.create_server(("127.0.0.1", 0)) as listening:
        settings = HttpSettings(trusted_proxies=("127.0.0.1",))
        audience = Audience(storage)
        proxies = Proxies(settings.trusted_proxies)
        services = Services(UserManager(storage), audience, Statistics(storage), _NoKeys(), settings, proxies)
        routes = [*make_routes(settings, lambda: services), Route("/bare", bare, methods=["POST"])]
        config = uvicorn.Config(Starlette(routes=routes), log_level="error", access_log=False, proxy_headers=False)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(config).run([listening])
        audience.close()


if __name__ == "__main__":
    serve(sys.argv[1])
