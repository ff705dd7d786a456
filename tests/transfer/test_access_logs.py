"""Access logs line by line, and the command that counts them."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from real_data import real_file

from user_stats.__main__ import main
from user_stats.errors import InvalidInput
from user_stats.transfer.access_logs import LONGEST_LINE, MOST_NAMED, LogCounts, LogLine, fingerprint_of, read_log

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COMBINED = (
    '203.0.113.7 - - [20/Nov/2026:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://example.org/" "Browser/1"'
)
COMMON = '2001:db8::1 - ann [20/Nov/2026:23:30:00 -0130] "GET /b HTTP/1.1" 304 -'


def read(path: Path) -> tuple[list[LogLine], LogCounts]:
    counts = LogCounts()
    return list(read_log(path, counts, now=NOW)), counts


def written(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "access.log"
    path.write_bytes(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    return path


def test_both_formats_are_read_in_one_file(tmp_path: Path) -> None:
    lines, counts = read(written(tmp_path, COMBINED, "", COMMON))
    assert lines == [
        LogLine(
            datetime(2026, 11, 20, 10, 5, 3, tzinfo=UTC),
            "203.0.113.7",
            "/a?b=1",
            200,
            512,
            "Browser/1",
            "https://example.org/",
        ),
        LogLine(datetime(2026, 11, 21, 1, 0, tzinfo=UTC), "2001:db8::1", "/b", 304, 0, "", ""),
    ]
    assert (counts.lines, counts.broken) == (2, 0)


def test_escaped_quotes_and_requests_of_no_form_are_read(tmp_path: Path) -> None:
    quoted = COMBINED.replace("Browser/1", r"say \"hi\"")
    lines, counts = read(written(tmp_path, quoted, COMMON.replace("GET /b HTTP/1.1", r"\x16\x03")))
    assert [line.user_agent for line in lines] == [r"say \"hi\"", ""]
    assert lines[1].path == r"\x16\x03"
    assert counts.broken == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (COMBINED[:60], "not in the Common or Combined format"),
        (COMBINED.replace("10:05:03", "25:05:03"), "not in the Common or Combined format"),
        (COMBINED.replace("20/Nov", "31/Nov"), "no such day: 31/Nov/2026 +0000"),
        (COMBINED.replace("20/Nov", "20/Foo"), "no such day: 20/Foo/2026 +0000"),
        (COMBINED.replace("/2026", "/0000"), "no such day: 20/Nov/0000 +0000"),
        (COMBINED.replace("20/Nov", "22/Nov"), "the time 22/Nov/2026:10:05:03 lies in the future"),
        ("x" * (LONGEST_LINE + 5), f"longer than {LONGEST_LINE:,} bytes"),
        (b"\x00\xff\xfe", "not in the Common or Combined format"),
    ],
)
def test_a_broken_line_is_named_and_the_others_are_read(tmp_path: Path, line: str | bytes, reason: str) -> None:
    lines, counts = read(written(tmp_path, COMBINED, line, COMMON))
    assert len(lines) == 2
    assert [(one.row, one.reason) for one in counts.named] == [(2, reason)]


def test_of_many_broken_lines_all_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    _, counts = read(written(tmp_path, *["broken"] * (MOST_NAMED + 5)))
    assert (counts.broken, len(counts.named)) == (MOST_NAMED + 5, MOST_NAMED)


def test_a_packed_log_is_the_same_log(tmp_path: Path) -> None:
    plain = written(tmp_path, COMBINED, COMMON)
    packed = tmp_path / "renamed.txt"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed) == read(plain)
    assert fingerprint_of(packed) == fingerprint_of(plain)


@pytest.mark.parametrize("damage", [lambda data: data[:-12], lambda data: data[:20] + b"\x00\xff\x00" + data[23:]])
def test_a_damaged_gzip_file_is_refused_by_name(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "access.log.gz"
    assert callable(damage)
    path.write_bytes(damage(gzip.compress("\n".join([COMBINED] * 50).encode())))
    with pytest.raises(InvalidInput, match=r"access\.log\.gz"):
        fingerprint_of(path)


def test_a_real_log_gives_the_known_days() -> None:
    expected = json.loads(real_file("expected/weblog_elastic.json").read_text())
    lines, counts = read(real_file("raw/weblog_elastic/apache_logs"))
    assert (counts.lines, counts.broken) == (expected["lines"], expected["unparsed_lines"])
    assert Counter(line.at.date().isoformat() for line in lines) == expected["hits_per_day"]
    pairs = {(line.at.date().isoformat(), line.address) for line in lines}
    assert Counter(day for day, _ in pairs) == expected["unique_ip_per_day_utc"]
    assert Counter(str(line.status) for line in lines) == expected["status"]
    agents = Counter(line.user_agent for line in lines)
    assert all(agents[name] == count for name, count in expected["top5_user_agents"])


def test_the_command_counts_a_log_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = COMBINED.replace("2026", "2025")
    words = ["--store", str(tmp_path / "users"), "import-logs", str(written(tmp_path, old, "broken")), "--json"]
    assert main(words) == 1
    first = json.loads(capsys.readouterr().out)["files"][0]
    assert (first["lines"], first["visits"], first["days"]) == (2, 1, {"2025-11-20": 1})
    assert first["rejected"] == [{"row": 2, "reason": "not in the Common or Combined format"}]
    assert main(words) == 0
    again = json.loads(capsys.readouterr().out)["files"][0]
    assert (again["visits"], again["was_known"]) == (0, True)


def test_a_missing_file_stops_the_command_before_anything_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, log = str(tmp_path / "users"), written(tmp_path, COMBINED.replace("2026", "2025"))
    assert main(["--store", store, "import-logs", str(log), str(tmp_path / "none.log")]) == 2
    assert "none.log" in capsys.readouterr().err
    assert main(["--store", store, "import-logs", str(log), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["visits"] == 1


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_log_that_has_grown_counts_its_new_lines_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_packed: bool
) -> None:
    lines = [COMBINED.replace("2026:10", f"2025:{hour:02d}") for hour in range(24)]

    def imported(content: str) -> dict[str, object]:
        path = tmp_path / "access.log"
        path.write_bytes(gzip.compress(content.encode()) if is_packed else content.encode())
        main(["--store", str(tmp_path / "users"), "import-logs", str(path), "--json"])
        report: dict[str, object] = json.loads(capsys.readouterr().out)["files"][0]
        return report

    whole = "\n".join(lines) + "\n"
    cut = whole[: len(whole) // 2]
    assert imported(cut)["visits"] == 12 - (not cut.endswith("\n"))
    grown = imported(whole)
    assert (grown["visits"], grown["known_visits"]) == (24 - int(str(grown["known_visits"])), cut.count("\n"))
    assert imported(whole)["was_known"] is True
    assert imported(cut)["was_known"] is True
    backwards = imported("\n".join(reversed(lines)) + "\n")
    assert (backwards["visits"], backwards["known_visits"], backwards["was_known"]) == (0, 24, False)


def test_a_real_log_in_parts_and_as_a_whole_gives_the_known_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = json.loads(real_file("expected/weblog_elastic.json").read_text())
    lines = real_file("raw/weblog_elastic/apache_logs").read_bytes().splitlines(keepends=True)
    ends = {"newest": (6_000, 10_000), "oldest": (0, 4_000), "between": (3_000, 7_500), "whole": (0, 10_000)}
    for name, (start, end) in ends.items():
        (tmp_path / name).write_bytes(b"".join(lines[start:end]))
    store = ["--store", str(tmp_path / "users")]
    main([*store, "import-logs", *(str(tmp_path / name) for name in ends), "--json"])
    reports = json.loads(capsys.readouterr().out)["files"]
    assert [report["visits"] for report in reports] == [4_000, 4_000, 2_000, 0]
    main([*store, "stats", "--audience", "--json"])
    days = {day["date"]: day for day in json.loads(capsys.readouterr().out)["days"]}
    assert {name: day["visits"] for name, day in days.items()} == expected["hits_per_day"]
    assert {name: day["unique_visitors"] for name, day in days.items()} == expected["unique_ip_per_day_utc"]


def test_progress_reaches_the_end_of_a_log(tmp_path: Path) -> None:
    path, seen = written(tmp_path, *[COMBINED] * 11_000), list[tuple[int, int]]()
    lines = read_log(path, LogCounts(), now=NOW, progress=lambda done, total: seen.append((done, total)))
    assert sum(1 for _ in lines) == 11_000
    assert len(seen) == 3
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "zero.log").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe.log", tmp_path / "zero.log", tmp_path):
        with pytest.raises(InvalidInput, match="no plain file"):
            fingerprint_of(path)
    with pytest.raises(InvalidInput, match="No such file"):
        fingerprint_of(tmp_path / "missing.log")
