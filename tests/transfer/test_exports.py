"""Tables that go out: complete, for their owner alone, and inert in a spreadsheet."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from user_stats import get_user_manager
from user_stats.__main__ import main
from user_stats.collections import AUDIT
from user_stats.errors import InvalidInput
from user_stats.transfer.exports import everybody, statistics_rows
from user_stats.transfer.tables import inert_cell, text_of_cell, write_table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "\0=1"])
@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u202e", "\x1f", "\v", "\u2028"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str, before: str) -> None:
    assert str(inert_cell(before + text)).startswith("'")


@pytest.mark.parametrize("sign", "\ufe66\u207c\u208c\ufe62\uff0b\u207a\u2795\ufe63\uff0d\u2212\u2796\ufe6b\uff20\ufb29")
def test_signs_that_look_like_those_of_a_formula_get_one_too(sign: str) -> None:
    assert str(inert_cell(f"{sign}1+1")).startswith("'")


def test_names_of_columns_are_inert_too(tmp_path: Path) -> None:
    write_table(tmp_path / "out.csv", "csv", ["=1+1"], [{"=1+1": "@x"}])
    assert (tmp_path / "out.csv").read_text().split() == ["'=1+1", "'@x"]


def test_numbers_stay_numbers_and_plain_text_stays_as_it_is() -> None:
    assert [inert_cell(value) for value in (-1, 2.5, True, None, "a=b", "")] == [-1, 2.5, "true", "", "a=b", ""]


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "'Tis", "'", "''", "it's", "' =1", "plain", "", "-", "'-'"])
def test_a_cell_tells_what_the_text_was(text: str) -> None:
    assert text_of_cell(str(inert_cell(text))) == text


def test_a_table_that_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def rows() -> Iterator[dict[str, object]]:
        yield {"a": 1}
        raise InvalidInput("stopped")

    with pytest.raises(InvalidInput, match="stopped"):
        write_table(path, "csv", ["a"], rows())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_exports_people_and_what_they_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "users")
    manager = get_user_manager(store)
    ids = [manager.create_user(name, f"{name}@example.org") for name in ("anna", "berta")]
    manager.record_watch_activity(ids[0], "v1", 60, title="=cmd()")
    out = tmp_path / "out"
    words = ["--store", store, "export"]

    assert main([*words, "history", "--out", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["user_id"], row["video_id"], row["title"]) for row in rows] == [(ids[0], "v1", "'=cmd()")]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600

    assert main([*words, "users", "--format", "json", "--out", str(out)]) == 0
    assert [row["username"] for row in json.loads(out.read_text())] == ["anna", "berta"]
    assert main([*words, "stats", "--user", "berta", "--format", "json", "--out", str(out)]) == 0
    assert json.loads(out.read_text()) == [manager.get_user_stats(ids[1]).to_stored()]
    assert main([*words, "audience", "--format", "json", "--out", str(out)]) == 0
    assert json.loads(out.read_text()) == []
    noted = [entry for month in manager.storage.log_keys(AUDIT) for entry in manager.storage.read_log(AUDIT, month)]
    tables = [entry["what"] for entry in noted if entry["kind"] == "exported"]
    assert tables == ["history", "users", "stats", "audience"]


def test_somebody_who_is_erased_while_statistics_go_out_ends_nothing(tmp_path: Path) -> None:
    manager = get_user_manager(tmp_path)
    ada, bob, eve = (manager.create_user(name, f"{name}@example.org") for name in ("ada", "bob", "eve"))
    rows = statistics_rows(manager, everybody(manager))
    first = next(rows)["user_id"]
    manager.delete_user(bob)
    assert [first, *(row["user_id"] for row in rows)] == [ada, eve]


@pytest.mark.parametrize("words", [["stats", "--user", "nobody"], ["audience", "--user", "anna"]])
def test_the_command_refuses_what_it_cannot_export(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["--store", str(tmp_path / "users"), "export", *words, "--out", str(out)]) == 2
    assert "--user" in capsys.readouterr().err
    assert not out.exists()
