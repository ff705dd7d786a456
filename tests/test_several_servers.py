"""Two processes of the API on one PostgreSQL behind nginx, under load; one is killed, and nothing counted is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nginx import NGINX
from servers import PostgresServer, free_port, program, wait_until_it_listens

from user_stats.audience import Audience
from user_stats.collections import SCHEDULES
from user_stats.schedules import LEASE_KEY
from user_stats.storage import open_storage

ROOT = Path(__file__).parents[1]
STICKY = """
    upstream site {{
        hash $http_x_visitor consistent;
        server 127.0.0.1:{first} max_fails=1 fail_timeout=2s;
        server 127.0.0.1:{second} max_fails=1 fail_timeout=2s;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://site;
            proxy_set_header Host localhost;
            proxy_set_header X-Forwarded-For $http_x_visitor;
        }}
    }}
"""
"""Sticky by a header that stands for the visitor's address, for here all of them come from one machine."""


@contextmanager
def running(words: list[str], port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_it_listens(port, process, words[-1])
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def site(url: str, folder: Path) -> Iterator[tuple[int, list[subprocess.Popen[bytes]], list[int]]]:
    """The port of nginx, and the two processes behind it with theirs."""
    nginx = program("nginx", package="nginx-light")
    ports = [free_port(), free_port()]
    port = free_port()
    within = STICKY.format(first=ports[0], second=ports[1], port=port)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, within=within))
    settings = {"STORE_URL": url, "TRUSTED_PROXIES": "127.0.0.1", "ANALYTICS_KEY": "kT9-mq27xLw-0aPz-r83Gvb-55"}
    words = [sys.executable, "-m", "user_stats", "serve", "--api-only", "--port"]
    with (
        running([*words, str(ports[0])], ports[0], **settings) as first,
        running([*words, str(ports[1])], ports[1], **settings) as second,
        running([nginx, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(folder / "nginx.conf")], port),
    ):
        yield port, [first, second], ports


def ask(port: int, path: str, *, visitor: str = "192.0.2.1", data: bytes | None = None) -> dict[str, object]:
    headers = {"X-Visitor": visitor, "X-Forwarded-For": visitor, "User-Agent": "Firefox"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: dict[str, object] = json.loads(answer.read())
    return body


class Load:
    """Visitors who come one after the other in some threads, and how many were acknowledged."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self.acknowledged: set[str] = set()
        self.failed: set[str] = set()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(4)]
        for thread in self._threads:
            thread.start()

    def _work(self, number: int) -> None:
        for visit in range(100_000):
            if self._stop.is_set():
                return
            visitor = f"10.{number}.{visit >> 8}.{visit & 255}"
            try:
                ask(self._port, "/api/stats/track-user", visitor=visitor, data=b"")
            except OSError:
                self.failed.add(visitor)
            else:
                self.acknowledged.add(visitor)

    def wait_for_more(self, count: int) -> None:
        wanted, end = len(self.acknowledged) + count, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < end, (len(self.acknowledged), len(self.failed))
            time.sleep(0.01)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.timeout(240)
def test_two_processes_behind_nginx_count_as_one_and_one_may_die(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.fresh()
    with site(url, tmp_path) as (port, processes, ports):
        load = Load(port)
        try:
            load.wait_for_more(150)
            assert load.failed == set()
            counts = [ask(one, "/api/stats/users")["count"] for one in ports]
            assert all(isinstance(count, int) and count >= 150 for count in counts)  # each knows of the other's
            processes[0].kill()
            load.wait_for_more(150)
        finally:
            load.stop()
        assert len(load.failed) <= 8  # what was under way when it died, once in each thread, and tried again
        storage = open_storage(url)
        lease = storage.get(SCHEDULES, LEASE_KEY)
        assert lease is not None  # one of them was the runner of the schedules
        counted = Audience(storage).totals().visitor_days
        assert len(load.acknowledged) <= counted <= len(load.acknowledged) + len(load.failed)
        assert ask(ports[1], "/health")["status"] == "healthy"
        with pytest.raises(urllib.error.URLError):
            ask(ports[0], "/health")
        storage.close()
