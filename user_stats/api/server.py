"""What a server of the site needs besides its pages: the routes, the work by the clock, and answers without delay."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Route

from user_stats import bootstrap
from user_stats.api.addresses import Proxies
from user_stats.api.door import NoSuchAddress
from user_stats.api.keys import SiteKeys
from user_stats.api.operations import Services
from user_stats.api.routes import make_routes
from user_stats.api.shield import API_POLICY, Shield, content_policy
from user_stats.api.sign_in import sign_in_routes
from user_stats.api.tracking import TrackVisits
from user_stats.errors import UserStatsError
from user_stats.following import Follower

if TYPE_CHECKING:
    from user_stats.telegram.webhook import Webhook

log = logging.getLogger(__name__)


def make_app() -> Starlette:
    """The API alone, on the configured store; several processes may serve one store.

    Raises InvalidConfiguration."""
    bootstrap.check_configuration()
    shield = Middleware(Shield, settings=bootstrap.http_settings(), policy=API_POLICY)
    routes = [*site_routes(with_sign_in=False), Route("/{rest:path}", NoSuchAddress())]
    return Starlette(routes=routes, middleware=[shield], lifespan=background)


def site_routes(*, with_sign_in: bool = True) -> list[Route]:
    """The routes of the API on the configured store, which is opened at the first request, and those that a browser
    needs to sign in."""
    settings = bootstrap.http_settings()
    proxies = Proxies(settings.trusted_proxies)
    opened: list[Services] = []

    def get_services() -> Services:
        if not opened:
            manager, audience = bootstrap.get_user_manager(), bootstrap.get_audience()
            keys = SiteKeys(bootstrap.get_accounts(), settings.analytics_key)
            opened.append(Services(manager, audience, bootstrap.get_statistics(), keys, settings, proxies))
        return opened[0]

    signing_in = sign_in_routes(settings, get_services, bootstrap.get_accounts) if with_sign_in else []
    return [*signing_in, *(webhook.route for webhook in _webhooks()), *make_routes(settings, get_services)]


def site_middleware(index_page: Path, server_name: str) -> list[Middleware]:
    """What stands around the pages and the API; `index_page` is the file that the server sends for each page, and
    `server_name` how it calls itself."""
    settings = bootstrap.http_settings()
    shield = Middleware(Shield, settings=settings, policy=content_policy(index_page), server_name=server_name)
    return [shield, Middleware(TrackVisits, paths=settings.tracked_paths)]


@asynccontextmanager
async def background(app: object) -> AsyncIterator[None]:
    """For the lifespan of a server: what runs by the clock runs, and what was still to be counted is counted at the
    end."""
    answer_at_once()
    logging.getLogger("uvicorn.access").addFilter(without_query)
    schedules = bootstrap.get_schedules()
    follower = Follower(lambda: bootstrap.get_statistics().follow())
    schedules.start()
    follower.start()
    try:
        async with AsyncExitStack() as running:
            for webhook in _webhooks():
                await running.enter_async_context(webhook.running())
            yield
    finally:
        await run_in_threadpool(schedules.stop)
        await run_in_threadpool(follower.stop)
        await run_in_threadpool(bootstrap.close_audiences)


@asynccontextmanager
async def site_background(app: object) -> AsyncIterator[None]:
    """The same for a server with pages, which take the set-up code. The API alone tells none: each of its workers would
    end the code of the one before."""
    await run_in_threadpool(tell_setup_code)
    async with background(app):
        yield


def without_query(record: logging.LogRecord) -> bool:
    """Takes the query out of a request that the server notes in its log: a key may stand in it."""
    if isinstance(record.args, tuple):
        record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
    return True


def _webhooks() -> list[Webhook]:
    """The bot's, where the settings want it in this process; nothing else here needs aiogram."""
    if not bootstrap.bot_settings().webhook_url:
        return []
    from user_stats.telegram.webhook import configured_webhook

    return [configured_webhook()]


def tell_setup_code() -> None:
    """Prints, while the site has no admin, the code with which whoever reads it becomes one."""
    try:
        accounts = bootstrap.get_accounts()
        if accounts.needs_admin():
            print(f"Nobody is admin yet. The set-up code for the first one: {accounts.make_setup_code()}", flush=True)
    except UserStatsError as error:
        log.warning("no set-up code: %s", error)


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
