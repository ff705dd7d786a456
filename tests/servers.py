"""Database servers that the tests start for themselves: on loopback, on a free port, in a folder that goes afterwards.

Where a server's program is not installed, the tests that need it are skipped by name; under CI they fail.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS
from user_stats.storage.postgres import tables

SECONDS_TO_START = 60
LOWEST_PORT, FIRST_PORT_OF_THE_SYSTEM = 20_000, 32_768
PASSWORD = "correct-horse%2Fbattery"
"""As it stands in the URL; the real one has a slash."""


def free_port() -> int:
    """Below the ports that the system gives to outgoing connections, one of which would else take it before the server
    does."""
    while True:
        port = random.SystemRandom().randrange(LOWEST_PORT, FIRST_PORT_OF_THE_SYSTEM)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def program(name: str, *, package: str) -> str:
    """Where the program is; without it the test is skipped, or fails under CI."""
    places = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        message = f"{name} is not installed (apt-get install {package})"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{name} did not start: {process.poll()}")


class PostgresServer:
    """A cluster of its own. It does not run as root, so as root it runs as `postgres`."""

    def __init__(self) -> None:
        self._postgres = program("postgres", package="postgresql")
        initdb = program("initdb", package="postgresql")
        self.folder = Path(tempfile.mkdtemp(prefix="user_stats_postgres_"))
        self._account: dict[str, int] = {}
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            self._account = {"user": owner.pw_uid, "group": owner.pw_gid}
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        secret = self.folder / "password"
        secret.write_text(PASSWORD.replace("%2F", "/"))
        secret.chmod(0o644)
        words = [initdb, "-D", self.data, "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"]
        words += [f"--pwfile={secret}", "--no-sync"]
        subprocess.run(words, check=True, capture_output=True, cwd=self.folder, **self._account)  # type: ignore[call-overload]
        self.port = free_port()
        self.start()
        self.execute("CREATE DATABASE site")

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
        words = [self._postgres, "-D", self.data, "-p", str(self.port)]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as output:
            self.process = subprocess.Popen(words, stdout=output, stderr=output, cwd=self.folder, **self._account)  # type: ignore[call-overload]
        wait_until_it_listens(self.port, self.process, "postgres")
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:  # it listens before it is ready
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise AssertionError("postgres did not become ready")

    def stop(self, *, at_once: bool = True) -> None:
        """At once is as in a crash; else it first ends what is open."""
        self.process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
        self.process.wait(SECONDS_TO_START)

    def url(self, database: str = "site", *, user: str = "owner", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """The URL of an empty store."""
        if self.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'user_stats'", database="site"):
            self._empty()
        return self.url()

    def _empty(self) -> None:
        """Leaves the tables of the program's own as they are made; that of others, and of other layouts, goes."""
        layout = self.execute("SELECT * FROM user_stats.layout", database="site")
        if layout != [(len(tables.STEPS),)]:
            self.execute("DROP SCHEMA user_stats CASCADE", database="site")
            return
        own = [name for one in ALL_COLLECTIONS for name in tables.RecordTable(one).names]
        own += [name for log in ALL_LOGS for name in tables.EntryTable(log).names]
        kept = ["user_stats.layout", *(tables.RecordTable(one).tallies for one in ALL_COLLECTIONS)]
        own += ["user_stats.commits"]
        found = self.execute(
            "SELECT 'user_stats.' || tablename FROM pg_tables WHERE schemaname = 'user_stats'", database="site"
        )
        steps = [
            f"DELETE FROM {name}" if name in own else f"DROP TABLE {name} CASCADE"
            for (name,) in found
            if name not in kept
        ]
        self.execute("; ".join(steps), database="site")

    def execute(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def remove(self) -> None:
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer:
    """A server that writes its append-only file before it answers."""

    def __init__(self) -> None:
        self._program = program("redis-server", package="redis-server")
        self.folder = Path(tempfile.mkdtemp(prefix="user_stats_redis_"))
        self.port = free_port()
        self.start()

    def start(self) -> None:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "always",
            "requirepass": PASSWORD.replace("%2F", "/"),
        }
        words = [self._program]
        for name, value in settings.items():
            words += [f"--{name}", value]
        with (self.folder / "log").open("ab") as output:
            self.process = subprocess.Popen(words, stdout=output, stderr=output, cwd=self.folder)
        wait_until_it_listens(self.port, self.process, "redis-server")
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:  # it listens before it has read its file
            try:
                self.client().ping()
                return
            except redis.exceptions.ConnectionError:
                time.sleep(0.02)
        raise AssertionError("redis-server did not become ready")

    def stop(self, *, at_once: bool = True) -> None:
        """At once is as in a crash."""
        self.process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
        self.process.wait(SECONDS_TO_START)

    def url(self, *, password: str = PASSWORD, database: int = 0) -> str:
        return f"redis://:{password}@127.0.0.1:{self.port}/{database}"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url())

    def fresh(self) -> str:
        """The URL of an empty store."""
        self.client().flushall()
        return self.url()

    def remove(self) -> None:
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
