"""The bench runs, and judges what it has measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stats import InvalidInput
from user_stats.bench import figures, measures, report, run


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(measures, "BUDGET_SECONDS", 0.02)
    monkeypatch.setattr(measures, "ROUNDS", 2)
    monkeypatch.chdir(tmp_path)


def test_every_part_of_one_process_is_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["record", "threads", "reads"], users=[100], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    measured = {(row["work"], row["contender"]) for row in document["rows"]}
    assert {
        ("record", name) for name in ("user_stats", "sqlite", "tinydb", "whole file", "append+fdatasync")
    } < measured
    assert ("record, 16 threads", "sqlite") in measured
    assert ("find by name", "user_stats") in measured
    assert {bar["promise"] for bar in document["bars"]} >= {"record / sqlite", "get_user_stats in µs"}
    assert list(tmp_path.iterdir()) == []


def test_a_bar_is_met_or_not() -> None:
    def rows(ours: float) -> list[measures.Row]:
        taken = {"user_stats": ours, "sqlite": 100.0}
        return [measures.Row(100, "record", name, {"median_us": time, "p99_us": time}) for name, time in taken.items()]

    assert report.judged(rows(150))[0]["met"] is True
    assert report.judged(rows(151))[0]["met"] is False
    assert "| 100 | record / sqlite | 1.51 | ≤ 1.5 | NO |" in report.text(rows(151))


@pytest.mark.parametrize(("names", "users"), [(["flying"], None), ([], [1]), ([], [10**9])])
def test_wrong_words_are_refused(names: list[str], users: list[int] | None) -> None:
    with pytest.raises(InvalidInput):
        run(names, users=users, as_json=False)


def test_the_figures_of_the_statistics_are_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "WATCHES", 5)
    monkeypatch.setattr(figures, "CALLS", 2)
    assert run(["figures"], users=[100], as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert {row["work"]: row["figures"]["events"] for row in document["rows"]}[figures.RECOUNT] == 500
    assert {f"{work} in s" for work in (figures.AFTER_A_WRITE, figures.REPEATED, figures.OWN, figures.VERIFY)} <= {
        bar["promise"] for bar in document["bars"]
    }
