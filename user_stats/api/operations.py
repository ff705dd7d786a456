"""What the API can do, as data: one `Operation` for each method of each path, and what its handler is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.types import Scope

from user_stats.api import client_ids
from user_stats.api.addresses import Proxies
from user_stats.audience import Audience
from user_stats.http_settings import HttpSettings
from user_stats.manager import UserManager
from user_stats.statistics.service import Statistics

READ, RECORD, REPORT, ADMIN = "read", "record", "report", "admin"


@dataclass(frozen=True)
class Caller:
    """Who holds the key that came with a request."""

    key_id: str


class Keys(Protocol):
    """What the API needs of the keys of the site."""

    def check(self, key: str, scope: str) -> Caller:
        """Raises NotAuthenticated for a key that is not ours or was revoked, Forbidden for one of another scope."""
        ...


@dataclass(frozen=True)
class Services:
    """What the API works with."""

    manager: UserManager
    audience: Audience
    statistics: Statistics
    keys: Keys
    settings: HttpSettings
    proxies: Proxies


GetServices = Callable[[], Services]
"""Gives the services at each request: a store that cannot be opened is an answer, and no reason not to start."""


@dataclass
class Call:
    """One request, checked and parsed."""

    services: Services
    scope: Scope
    key: str | None = None
    caller: Caller | None = None
    query: Any = None
    body: Any = None
    raw_body: bytes = b""

    @property
    def path(self) -> Mapping[str, str]:
        """The parts of the path that the operation's path names."""
        parts: Mapping[str, str] = self.scope["path_params"]
        return parts

    @property
    def headers(self) -> Headers:
        return Headers(scope=self.scope)

    @cached_property
    def address(self) -> str:
        return self.services.proxies.client_address(self.scope)

    @property
    def user_agent(self) -> str:
        return self.headers.get("user-agent", "")

    @property
    def do_not_track(self) -> bool:
        return client_ids.asks_not_to_be_tracked(self.scope)


@dataclass(frozen=True)
class Answer:
    """An answer that is more than its content."""

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Any]
"""Gives a content to be sent as JSON, an `Answer`, or a ready response. A coroutine function is awaited on the loop,
any other is run in a thread."""


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    handler: Handler
    summary: str
    answer: Any
    """The type of the content; None: no content. For what is no typed JSON: the media types."""
    scope: str | None = None
    """The scope of the key that it needs; None: none."""
    key_is_optional: bool = False
    """It also works without a key, with less."""
    is_enabled: Callable[[HttpSettings], bool] = lambda settings: True
    """False where the settings leave it out."""
    is_for_browsers: bool = False
    """The key may also stand in the address, as `?key=`."""
    query: Any = None
    body: Any = None
    body_is_optional: bool = False
    status: int = 200
    cache: str = "no-store"
    refusals: tuple[str, ...] = ()
    """Codes of errors of its own, besides those that any operation has."""
    tag: str = ""
