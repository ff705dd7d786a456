"""What a server of the site needs besides its pages: the routes, the work by the clock, and answers without delay."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from user_stats import bootstrap
from user_stats.api.addresses import Proxies
from user_stats.api.keys import EnvironmentKey
from user_stats.api.operations import Services
from user_stats.api.routes import make_routes


def make_app() -> Starlette:
    """The API alone, on the configured store; several processes may serve one store.

    Raises InvalidConfiguration."""
    bootstrap.check_configuration()
    return Starlette(routes=site_routes(), lifespan=background)


def site_routes() -> list[Route]:
    """The routes of the API on the configured store, which is opened at the first request."""
    settings = bootstrap.http_settings()
    keys, proxies = EnvironmentKey(settings.analytics_key), Proxies(settings.trusted_proxies)
    opened: list[Services] = []

    def get_services() -> Services:
        if not opened:
            opened.append(Services(bootstrap.get_user_manager(), bootstrap.get_audience(), keys, settings, proxies))
        return opened[0]

    return make_routes(settings, get_services)


@asynccontextmanager
async def background(app: object) -> AsyncIterator[None]:
    """For the lifespan of a server: what runs by the clock runs, and what was still to be counted is counted at the
    end."""
    answer_at_once()
    schedules = bootstrap.get_schedules()
    schedules.start()
    try:
        yield
    finally:
        await run_in_threadpool(schedules.stop)
        await run_in_threadpool(bootstrap.close_audiences)


def answer_at_once() -> None:
    """Sets TCP_NODELAY on the sockets that this process listens on; connections inherit it. A server that is handed a
    socket leaves it as it is, and each answer, written in two parts, then waits some 40 ms for the client to
    acknowledge the first."""
    descriptors = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    for descriptor in descriptors:
        try:
            with socket.socket(fileno=os.dup(int(descriptor))) as one:
                if one.type == socket.SOCK_STREAM and one.family in (socket.AF_INET, socket.AF_INET6):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            continue  # no socket, or closed by now
