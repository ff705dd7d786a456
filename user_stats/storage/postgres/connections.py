"""How the database is reached: its URL, what is asked of a server, and who tries again what passes by itself.

That is a lost connection, a server that restarts or has no connection left, a deadlock, two who made the same record at
once. The password of the URL is in no message.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import conninfo

from user_stats.errors import InvalidInput, StorageBusy, StorageError
from user_stats.storage.postgres.failures import is_lost, line, named, passes
from user_stats.storage.postgres.pool import Pool
from user_stats.storage.postgres.tables import Connection

T = TypeVar("T")
OLDEST_SERVER = 130000
DEFAULTS = {"connect_timeout": 5, "application_name": "user_stats", "keepalives_idle": 30}
"""What a URL need not say; times in seconds."""
IDLE_SECONDS_IN_TRANSACTION = 60
"""After which the server ends a program that has stopped in the middle, so that others need not wait for it."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.005, 0.25
SETTINGS_OF_SAFETY = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}

_is_host, _is_port = re.compile(r"[0-9A-Za-z_.:,/-]*").fullmatch, re.compile("[0-9,]*").fullmatch

log = logging.getLogger(__name__)
logging.getLogger("psycopg").setLevel(logging.ERROR)  # what it warns of is a lost connection, which is told by us


class Connections:
    """Connections to one database. Safe to share between threads."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._url = _checked(url)
        self._secret = str(conninfo.conninfo_to_dict(self._url).get("password") or "")
        self._pool = Pool(self._connected)
        self.apart(_check_server)

    def run(self, call: Callable[[Connection], T]) -> T:
        """What `call` gives on a connection; it is called again after what passes. Raises StorageError."""
        end = time.monotonic() + self._timeout
        attempt = 0
        while True:
            try:
                return self._once(call, end)
            except psycopg.Error as error:
                if not passes(error):
                    raise named(error, secret=self._secret) from None
                if is_lost(error):
                    self._pool.drop_idle()
                pause = random.uniform(0.5, 1.0) * min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
                if time.monotonic() + pause >= end:
                    said = line(error, secret=self._secret)
                    raise StorageBusy(f"the database was not ready in time: {said}") from None
                attempt += 1
                time.sleep(pause)

    def apart(self, call: Callable[[Connection], T]) -> T:
        """The same, once, on a connection of its own: also for threads that hold one of the pool."""
        with self.own() as connection:
            return call(connection)

    @contextmanager
    def own(self) -> Iterator[Connection]:
        """A connection that is closed with the block, which rolls back what it has not committed."""
        try:
            connection = self._connected()
            try:
                yield connection
            finally:
                connection.close()
        except psycopg.Error as error:
            raise named(error, secret=self._secret) from None

    def close(self) -> None:
        self._pool.drop_idle()

    def _once(self, call: Callable[[Connection], T], end: float) -> T:
        connection = self._pool.take(end - time.monotonic())
        try:
            return call(connection)
        finally:
            self._pool.give_back(connection)

    def _connected(self) -> Connection:
        connection = Connection.connect(self._url, autocommit=True)
        connection.opened_at = time.monotonic()
        settings = {
            "lock_timeout": f"{self._timeout * 1000:.0f}ms",
            "idle_in_transaction_session_timeout": f"{IDLE_SECONDS_IN_TRANSACTION * 1000}ms",
            "jit": "off",  # it takes longer than what it is to speed up
        }
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        return connection


def _checked(url: str) -> str:
    """The URL with what it does not say itself. A wrong one is not repeated: a password may stand anywhere in it."""
    allowed = "postgresql://NAME:PASSWORD@HOST:PORT/DATABASE, special characters in the password as %40 and so on"
    try:
        given: dict[str, Any] = dict(conninfo.conninfo_to_dict(url))
        if not _is_host(str(given.get("host", ""))) or not _is_port(str(given.get("port", ""))):
            raise InvalidInput.of("STORE_URL", "postgresql://...", allowed)
        return conninfo.make_conninfo("", **{**DEFAULTS, **given, "client_encoding": "UTF8"})
    except psycopg.Error:
        raise InvalidInput.of("STORE_URL", "postgresql://...", allowed) from None


def _check_server(connection: Connection) -> None:
    """Refuses what cannot serve, and warns of what may lose data."""
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise StorageError(f"the database is PostgreSQL {version // 10000}; allowed: {OLDEST_SERVER // 10000} or newer")
    row = connection.execute("SELECT current_setting('server_encoding')").fetchone()
    if row is not None and row[0] != "UTF8":
        raise StorageError(f"the database keeps texts as {row[0]}; allowed: UTF8")
    for name, safe in SETTINGS_OF_SAFETY.items():
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
        if row is not None and row[0] not in safe:
            log.warning("the database has %s = %s: what was recorded last may be lost in a crash", name, row[0])
