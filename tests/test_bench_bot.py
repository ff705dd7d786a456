"""The bench of the Telegram bot runs, and judges what it has measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stats.bench import run


def test_updates_and_memory_are_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    assert run(["bot"], users=[100], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    (row,) = document["rows"]
    assert row["figures"]["calls_a_second"] > 0
    assert row["figures"]["memory_mb"] > row["figures"]["memory_growth_mb"]
    assert [bar["promise"] for bar in document["bars"]] == ["updates of the bot a second"]
    assert list(tmp_path.iterdir()) == []
