"""The bench of visits over HTTP, and of pages meanwhile, runs and judges what it has measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stats.bench import measures, run


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(measures, "BUDGET_SECONDS", 0.3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


@pytest.mark.usefixtures("small")
def test_visits_are_measured_beside_a_bare_route(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["visits"], users=[100], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    rows = {(row["work"], row["contender"]): row["figures"] for row in document["rows"]}
    for contender in ("bare route", "user_stats", "user_stats, with pages"):
        figures = rows["track-user, flat out", contender]
        assert figures["calls_a_second"] > 0
        assert figures["failures"] == 0
    promises = {bar["promise"] for bar in document["bars"]}
    assert {"tracked requests a second", "the share of the bare route", "audience of a year in ms"} <= promises
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_a_page_is_measured_with_and_without_counting(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pages"], users=[100], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert {(row["work"], row["contender"]) for row in document["rows"]} == {
        (work, name) for work in ("page sent", "page run again") for name in ("counting", "not counting")
    }
    assert {bar["promise"] for bar in document["bars"]} == {"a page run again, counting / not"}
