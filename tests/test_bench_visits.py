"""The bench of visits over HTTP runs, and judges what it has measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stats.bench import measures, run


def test_visits_are_measured_beside_a_bare_route(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measures, "BUDGET_SECONDS", 0.3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    assert run(["visits"], users=[100], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    rows = {(row["work"], row["contender"]): row["figures"] for row in document["rows"]}
    for contender in ("bare route", "user_stats"):
        figures = rows["track-user, flat out", contender]
        assert figures["calls_a_second"] > 0
        assert figures["failures"] == 0
    assert "tracked requests a second" in {bar["promise"] for bar in document["bars"]}
    assert list(tmp_path.iterdir()) == []
