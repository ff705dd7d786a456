"""The bench of the pages runs in a real browser, and judges what it has measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from user_stats.bench import app, run
from user_stats.bench.app import crowd

PROMISES = {
    "first page after the start in s",
    "click to settled page in ms",
    "click on All Users in ms",
    "click on Analytics in ms",
    "50 people click, p95 of the server in ms",
    "50 people click, p95 in a browser in ms",
}


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.timeout(180)
def test_the_first_page_clicks_and_a_crowd_are_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "STARTS", 1)
    monkeypatch.setattr(app, "ROUNDS", 1)
    monkeypatch.setattr(crowd, "SECONDS_BETWEEN", 3.0)
    monkeypatch.setattr(crowd, "FEWEST_CLICKS", 1)
    assert run(["app"], users=[100], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert {bar["promise"] for bar in document["bars"]} == PROMISES
    assert all(row["figures"]["median_us"] > 0 for row in document["rows"])
    assert {"Analytics", "All Users", "Possible Stats", "all"} <= {row["contender"] for row in document["rows"]}
    assert list(tmp_path.iterdir()) == []


def test_without_playwright_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "user_stats.bench.app.browser", None)
    assert run(["app"], users=[100], as_json=True) == 0
    shown = capsys.readouterr()
    assert "playwright is missing" in shown.err
    assert json.loads(shown.out)["rows"] == []
