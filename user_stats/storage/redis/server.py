"""How the server is reached: its URL, what is asked of it, and what becomes of its errors.

What passes by itself (a lost connection, a server that starts) is tried again until the time is over; everything else
becomes an error of the package, in one line. The password of the URL is in no message.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import redis
from redis import exceptions

from user_stats.errors import InvalidInput, StorageBusy, StorageError, StorageFull, StorageReadOnly

T = TypeVar("T")
OLDEST_SERVER = (6, 2)
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 60.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.002, 0.25
LONGEST_MESSAGE = 300
PASSES = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.BusyLoadingError, exceptions.TryAgainError)
NEVER_PASSES = (exceptions.AuthenticationError, exceptions.AuthorizationError, exceptions.MaxConnectionsError)
SAFE = {
    "appendonly": ("yes", "everything since its last snapshot may be lost in a crash (allowed: appendonly yes)"),
    "appendfsync": ("always", "the last second may be lost in a crash (allowed: appendfsync always)"),
    "maxmemory-policy": ("noeviction", "records may go when its memory is full (allowed: maxmemory-policy noeviction)"),
}

WANTS_A_PASSWORD = ("NOAUTH", "HELLO must be called", "Authentication required")
OPTIONS = {
    "redis": ["db"],
    "rediss": [
        "db",
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_cert_reqs",
        "ssl_check_hostname",
    ],
}
"""What may stand behind the ? of a URL, by its scheme."""
_is_number = re.compile("/?|/[0-9]{1,5}").fullmatch

log = logging.getLogger(__name__)


class Server:
    """One server. Safe to share between threads, and with children made by fork."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self._client = _client(url, ANSWER_SECONDS)
        self._secret = str(self._client.connection_pool.connection_kwargs.get("password") or "")
        try:
            with closing(_client(url, CONNECT_SECONDS)) as first:  # what is no such server may never answer
                _check(first)
        except exceptions.RedisError as error:
            raise self.named(error) from None

    def run(self, call: Callable[[Any], T]) -> T:
        """What `call` gives with the client; called again after what passes, so it must do no harm twice."""
        end = time.monotonic() + self.timeout_seconds
        attempt = 0
        while True:
            try:
                return call(self._client)
            except exceptions.RedisError as error:
                pause = random.uniform(0.5, 1.0) * min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
                if not passes(error) or time.monotonic() + pause >= end:
                    raise self.named(error) from None
                attempt += 1
                time.sleep(pause)

    def once(self, call: Callable[[Any], T]) -> T:
        """The same once, with the errors as they are."""
        return call(self._client)

    def close(self) -> None:
        self._client.close()

    def named(self, error: exceptions.RedisError) -> StorageError:
        """The error of the package that says the same."""
        line = " ".join(str(error).split())
        line = (line.replace(self._secret, "…") if self._secret else line)[:LONGEST_MESSAGE]
        if line.startswith(("OOM", "MISCONF")) or isinstance(error, exceptions.OutOfMemoryError):
            return StorageFull(f"the server takes nothing more: {line}")
        if isinstance(error, exceptions.ReadOnlyError | exceptions.NoPermissionError):
            return StorageReadOnly(f"the server cannot be written: {line}")
        if passes(error):
            return StorageBusy(f"the server was not ready in time: {line}")
        if line.startswith(WANTS_A_PASSWORD):
            return StorageError("the server refused: it wants a password; allowed: redis://:PASSWORD@HOST:PORT/NUMBER")
        return StorageError(f"the server refused: {line}")


def _client(url: str, answer_seconds: float) -> Any:
    """Nothing is sent yet. A wrong URL is not repeated: a password may stand anywhere in it."""
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query, keep_blank_values=True)
        is_sound = _is_number(parts.path) is not None and asked.keys() <= set(OPTIONS[parts.scheme])
        client = redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=answer_seconds, retry=None
        )
    except (ValueError, exceptions.RedisError):
        is_sound = False
    if not is_sound:
        allowed = "redis://:PASSWORD@HOST:PORT/NUMBER, special characters in the password as %40 and so on"
        raise InvalidInput.of("STORE_URL", "redis://...", allowed)
    return client


def _check(client: Any) -> None:
    """Refuses what cannot serve, and warns of what may lose data."""
    about = client.info("server")
    version = tuple(int(part) for part in str(about["redis_version"]).split(".")[:2])
    if version < OLDEST_SERVER:
        raise StorageError(f"the server is Redis {about['redis_version']}; allowed: 6.2 or newer")
    try:
        settings = client.config_get(*SAFE)
    except exceptions.ResponseError:
        log.warning("the server does not tell its settings: whether it loses data in a crash is not known")
        return
    for name, (safe, what) in SAFE.items():
        if (text := str(settings.get(name, safe))) != safe and not (
            name == "appendfsync" and settings.get("appendonly") != "yes"
        ):
            log.warning("the server has %s %s: %s", name, text, what)


def passes(error: exceptions.RedisError) -> bool:
    return isinstance(error, PASSES) and not isinstance(error, NEVER_PASSES)
