"""The first page: it renders whatever the store is like, and the server starts and shows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from user_stats import bootstrap, get_user_manager

ROOT = Path(__file__).parents[1]
START_SECONDS = 30


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "users"
    monkeypatch.setattr(bootstrap.config, "USERS_DIR", place)
    return place


def page() -> AppTest:
    shown = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20).run()
    assert not shown.exception
    return shown


def test_an_empty_site_says_how_to_begin(folder: Path) -> None:
    assert "Set up this site" in [tab.label for tab in page().tabs]


def test_the_number_of_people_is_shown_and_nobodys_data(folder: Path) -> None:
    get_user_manager(folder).create_user("ada", "ada@example.org")
    shown = page()
    assert shown.metric[0].value == "1"
    assert "ada" not in str(shown.main)


@pytest.mark.parametrize("damage", ["damaged", "a file"])
def test_trouble_with_the_store_is_one_plain_line(folder: Path, damage: str) -> None:
    if damage == "damaged":
        folder.mkdir()
        (folder / "users.json").write_text("{")
    else:
        folder.write_text("x")
    shown = page()
    assert "cannot be read" in shown.warning[0].value
    assert str(folder) not in shown.warning[0].value


def test_the_server_starts_and_answers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = {"USERS_DIR": str(tmp_path / "users"), "HOME": str(tmp_path), "STREAMLIT_SERVER_PORT": "0"}
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        assert answered(log, server) == 200
    finally:
        server.terminate()
        server.wait(timeout=10)
    assert "Traceback" not in log.read_text()


def answered(log: Path, server: subprocess.Popen[bytes]) -> int:
    """The status of the health page, once it answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)", log.read_text()):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/_stcore/health", timeout=5) as answer:
                    return int(answer.status)
            except urllib.error.URLError:
                pass
        time.sleep(0.05)  # it is another process: there is nothing else to wait for
    return 0
