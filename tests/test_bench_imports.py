"""Imports are measured, and what was measured is held against its bars."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stats.bench import run


def test_imports_are_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    assert run(["imports"], users=[500], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    figures = {row["work"]: row["figures"] for row in document["rows"]}
    assert figures.keys() == {"import of a history", "import of a log"}
    assert {one["rows"] for one in figures.values()} == {500}
    assert {bar["promise"] for bar in document["bars"]} == {
        "rows of a history a second of one core",
        "lines of a log a second of one core",
        "memory of a log in MB",
    }
