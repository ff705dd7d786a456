from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from clocks import FixedClock
from starlette.applications import Starlette
from starlette.testclient import TestClient

from user_stats.accounts.passwords import PasswordPolicy
from user_stats.api.addresses import Proxies
from user_stats.api.operations import Caller, Services
from user_stats.api.routes import make_routes
from user_stats.audience import Audience
from user_stats.errors import Forbidden, NotAuthenticated
from user_stats.http_settings import HttpSettings
from user_stats.manager import UserManager
from user_stats.statistics.service import Statistics
from user_stats.storage import Storage, open_storage

READ, RECORD, REPORT, ADMIN = "key-read", "key-record", "key-report", "key-admin"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class FakeKeys:
    """Keys that are called by their scope."""

    def check(self, key: str, scope: str) -> Caller:
        held = {READ: "read", RECORD: "record", REPORT: "report", "key-report-2": "report", ADMIN: "admin"}.get(key)
        if held is None:
            raise NotAuthenticated("this key is not known here")
        if held not in (scope, "admin"):
            raise Forbidden(f"this key may {held}; needed: {scope}")
        return Caller(key)


def key(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"}


@dataclass
class Site:
    """A site of one's own with its API."""

    client: TestClient
    manager: UserManager
    audience: Audience
    storage: Storage
    clock: FixedClock


def make_services(
    storage: Storage, clock: FixedClock, *, key_days: int = 1, is_enabled: bool = True, **settings: Any
) -> Services:
    told = replace(HttpSettings(), **settings)
    manager = UserManager(storage, clock=clock, passwords=PasswordPolicy())
    audience = Audience(storage, clock=clock, key_days=key_days, is_enabled=is_enabled)
    statistics = Statistics(storage, clock=clock)
    return Services(manager, audience, statistics, FakeKeys(), told, Proxies(told.trusted_proxies))


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(clock: FixedClock) -> Iterator[MakeSite]:
    with ExitStack() as stack:

        def make(
            *, storage: Storage | None = None, client: tuple[str, int] = ("127.0.0.1", 50_000), **settings: Any
        ) -> Site:
            store = storage or open_storage("memory:")
            services = make_services(store, clock, **settings)
            http = stack.enter_context(
                TestClient(
                    Starlette(routes=make_routes(services.settings, lambda: services)),
                    "http://localhost:8501",
                    raise_server_exceptions=False,
                    client=client,
                    headers={"user-agent": FIREFOX},
                    follow_redirects=False,
                )
            )
            stack.callback(services.audience.close)
            return Site(http, services.manager, services.audience, store, clock)

        yield make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()
