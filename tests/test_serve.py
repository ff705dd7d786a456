"""`serve --api-only`, also with several workers on one folder; and who came, told on the command line."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import requests

from user_stats.audience import Audience
from user_stats.storage import open_storage

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
KEY = "bQ7fPzX0mVw2KcT9sLrY4hNd"


def serving(folder: Path, *words: str, **environment: str) -> AbstractContextManager[str]:
    return running(["user_stats", "--store", str(folder), "serve", "--port", "0", *words], folder, **environment)


@contextmanager
def running(words: list[str], folder: Path, **environment: str) -> Iterator[str]:
    """The address of a server that is up; it ends by itself when told to, and its log has no traceback."""
    log = folder.parent / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env={**os.environ, "ANALYTICS_KEY": KEY, "TRUSTED_PROXIES": "127.0.0.1", **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield address(log, server)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    assert "Traceback" not in log.read_text()


def address(log: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"http://(127\.0\.0\.1|localhost):\d+", log.read_text()):
            try:
                requests.get(f"{found[0]}/health", timeout=START_SECONDS)
                return found[0]
            except requests.ConnectionError:
                pass
        time.sleep(0.05)  # it is another process: there is nothing else to wait for
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("workers", ["1", "3"])
def test_all_workers_count_into_one_store(tmp_path: Path, workers: str) -> None:
    folder = tmp_path / "users"
    with serving(folder, "--api-only", WEB_CONCURRENCY=workers) as site:

        def visit(number: int) -> int:
            headers = {"X-Forwarded-For": f"198.51.{number // 200}.{number % 200}", "User-Agent": "Firefox"}
            return requests.post(f"{site}/api/stats/track-user", headers=headers, timeout=20).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(visit, [*range(300), *range(300)])) == {200}
        assert requests.get(f"{site}/api/stats/users", timeout=20).json() == {"count": 300}
        analytics = requests.get(f"{site}/api/analytics", params={"key": KEY}, timeout=20).json()
        assert (analytics["total"]["visits"], analytics["today"]["unique_visitors"]) == (600, 300)
        assert requests.get(f"{site}/api/v1/users", headers={"X-API-Key": KEY}, timeout=20).json()["total"] == 0
        assert requests.get(f"{site}/stats", timeout=20).status_code == 401
        for path in ("/", "/nothing", "//stats", "/api/nothing"):
            nothing = requests.post(site + path, timeout=20)
            assert (nothing.status_code, nothing.json()["error"]["code"]) == (404, "unknown_address")
    with_storage = open_storage(str(folder))
    assert Audience(with_storage).totals().visitor_days == 300
    with_storage.close()


def printed(start: str) -> list[str]:
    """The words of a command as docs/operations.md prints it."""
    lines = (ROOT / "docs/operations.md").read_text().splitlines()
    return shlex.split(next(line for line in lines if line.startswith(f"    {start}")))


@pytest.mark.parametrize(
    ("start", "more"), [("uvicorn", ["--port", "0"]), ("gunicorn", ["-b", "127.0.0.1:0", "--access-logfile", "-"])]
)
def test_other_servers_with_several_workers_count_into_one_store(tmp_path: Path, start: str, more: list[str]) -> None:
    folder = tmp_path / "users"
    with running([*printed(start), *more], folder, STORE_URL=str(folder)) as site:

        def visit(number: int) -> int:
            headers = {"X-Forwarded-For": f"198.51.100.{number}", "User-Agent": "Firefox"}
            return requests.post(f"{site}/api/stats/track-user", headers=headers, timeout=20).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(visit, [*range(200), *range(200)])) == {200}
        total = requests.get(f"{site}/api/analytics", params={"key": KEY}, timeout=20).json()["total"]
        assert (total["visits"], total["unique_visitors"]) == (400, 200)
    log = (tmp_path / "log").read_text()
    assert "/api/analytics" in log
    assert KEY not in log


def test_a_store_that_cannot_be_opened_is_an_answer(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    folder.mkdir()
    (folder / "audience_days.json").write_text("{")
    (folder / "site.json").write_text("{")
    with running(["user_stats", "--store", str(folder), "serve", "--api-only"], folder, PORT="0") as site:
        assert not site.endswith(":8501")
        answer = requests.get(f"{site}/api/stats/users", timeout=20)
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "storage_corrupt")
        assert str(folder) not in answer.text


def test_a_wrong_port_or_setting_stops_the_start(tmp_path: Path) -> None:
    for words, environment, fault in (
        (["--port", "70000"], {}, "--port"),
        ([], {"PORT": "70000"}, "PORT"),
        ([], {"TRUSTED_PROXIES": "nginx"}, "TRUSTED_PROXIES"),
        ([], {"ANALYTICS_KEY": "secret"}, "ANALYTICS_KEY"),
        ([], {"REPORT_TO": "https://main.example.org"}, "REPORT_TO"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "user_stats", "serve", "--api-only", *words],
            cwd=ROOT,
            env={**os.environ, "USERS_DIR": str(tmp_path / "users"), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2
        assert fault in done.stderr
        assert "secret" not in done.stderr


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "user_stats", "--store", str(folder), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_who_came_and_what_is_taken_out_on_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    storage = open_storage(str(folder))
    audience = Audience(storage)
    for moment in ("2020-01-01T10:00:00Z", "2020-01-01T11:00:00Z", "2020-01-02T10:00:00Z"):
        visit = audience.visit(address="192.0.2.1", user_agent="Firefox", visited_at=moment)
        audience.record_visits([visit])
    storage.close()
    document = json.loads(command(folder, "stats", "--audience", "--json").stdout)
    assert [(day["date"], day["visits"], day["unique_visitors"]) for day in document["days"]] == [
        ("2020-01-01", 2, 1),
        ("2020-01-02", 1, 1),
    ]
    assert (document["totals"]["visits"], document["totals"]["visitor_days"]) == (3, 2)
    assert "2 visitor-days" in command(folder, "stats", "--audience").stdout
    assert command(folder, "stats", "ada", "--audience").returncode == 2
    assert command(folder, "cleanup", "--days", "0").returncode == 2
    dry = command(folder, "cleanup", "--days", "90", "--dry-run").stdout
    assert dry == "3 visits and jobs would be taken out\n"
    assert command(folder, "cleanup", "--days", "90").stdout == "3 visits and jobs taken out\n"
    assert json.loads(command(folder, "stats", "--audience", "--json").stdout) == document
