"""Imports from end to end: preview, repeats, resuming, undoing, the command, and files that nobody should trust."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from importing import Importer, written

from user_stats import Forbidden, InvalidInput, UserManager, UserNotFound, batches
from user_stats.__main__ import main
from user_stats.errors import TooLarge
from user_stats.storage import Storage, open_storage
from user_stats.transfer import imports
from user_stats.transfer.imports import Imports, Options

ROOT = Path(__file__).parents[2]
CHILD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from user_stats.bootstrap import get_imports\n"
    "report = lambda done, total: print(done, flush=True)\n"
    "get_imports(sys.argv[1]).import_file(Path(sys.argv[2]), sys.argv[3], progress=report)\n"
)
"""Imports a file, and says so after each chunk."""


def plays(count: int, *, start: int = 0) -> list[dict[str, Any]]:
    """A made-up Spotify history."""
    return [
        {
            "endTime": f"{2010 + n // 8000 % 10}-{n // 700 % 12 + 1:02d}-{n // 25 % 28 + 1:02d} 0{n % 10}:{n % 60:02d}",
            "artistName": f"Artist {n % 40}",
            "trackName": f"Track {n}",
            "msPlayed": n % 300_000,
        }
        for n in range(start, start + count)
    ]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK", 1000)


@pytest.fixture
def importer(storage: Storage) -> Importer:
    return Importer(storage)


def figures(importer: Importer) -> Any:
    manager = importer.manager
    stats = manager.get_user_stats(importer.person)
    totals = manager.history_tracker.get_watch_stats_by_type(importer.person)
    history = manager.history_tracker.get_watch_history(importer.person, 1000)
    return stats.watch_history_entries, stats.total_watched_hours, totals, sorted(map(str, history))


def test_importing_twice_changes_nothing(importer: Importer, tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", plays(2300))
    assert importer.run(path).imported == 2300
    before = figures(importer)
    again = importer.run(path)
    assert (again.imported, again.duplicates) == (0, 2300)
    assert figures(importer) == before
    assert importer.manager.verify() == []


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    files = [written(tmp_path, f"{n}.json", plays(900, start=700 * n)) for n in range(3)]
    found = []
    for order in (files, files[::-1], [files[1], files[2], files[0]]):
        importer = Importer()
        assert sum(importer.run(path).imported for path in order) == 2300
        found.append(figures(importer))
    assert found[0] == found[1] == found[2]


def test_an_import_is_undone_as_a_whole(importer: Importer, tmp_path: Path) -> None:
    importer.manager.record_watch_activity(importer.person, "own", 60)
    before = figures(importer)
    report = importer.run(written(tmp_path, "a.json", plays(1500)))
    batches = importer.imports.batches(importer.person)
    assert [(one.name, one.watches) for one in batches] == [(report.batch, 1500)]
    assert importer.imports.undo(importer.person, report.batch) == 1500
    assert figures(importer) == before
    assert importer.imports.batches(importer.person) == []
    assert importer.manager.verify() == []


def test_a_preview_changes_nothing(importer: Importer, tmp_path: Path) -> None:
    before = figures(importer)
    report = importer.imports.preview(written(tmp_path, "a.json", plays(30)), importer.person)
    assert (report.imported, report.is_preview) == (30, True)
    assert figures(importer) == before


def test_all_or_nothing(importer: Importer, tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", [*plays(1200), {**plays(1)[0], "msPlayed": None}])
    report = importer.run(path, Options(all_or_nothing=True))
    assert (report.was_refused, report.imported, report.rejected_rows) == (True, 0, 1)
    assert importer.events() == []
    assert importer.run(path).imported == 1200


def test_progress_reaches_the_end(importer: Importer, tmp_path: Path) -> None:
    path, seen = written(tmp_path, "a.json", plays(5000)), list[tuple[int, int]]()
    importer.imports.import_file(path, importer.person, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert len(seen) > 3
    assert seen[-1] == (path.stat().st_size,) * 2


def test_who_may_not_is_told_nothing(importer: Importer, tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", plays(3))
    other = importer.manager.create_user("bob", "bob@example.org")
    for call in (importer.imports.preview, importer.imports.import_file):
        with pytest.raises(Forbidden):
            call(path, importer.person, actor=other)
        with pytest.raises(UserNotFound):
            call(path, "00000000-0000-4000-8000-000000000000")
    importer.manager.update_user(importer.person, is_active=False)
    with pytest.raises(Forbidden):
        importer.imports.import_file(path, importer.person)


def test_an_import_that_was_killed_goes_on(tmp_path: Path) -> None:
    folder, path = tmp_path / "users", written(tmp_path, "a.json", plays(20_000))
    manager = UserManager(open_storage(str(folder)))
    person = manager.create_user("ada", "ada@example.org")
    words = [sys.executable, "-c", CHILD, str(folder), str(path), person]
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(5):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    done = manager.get_user_stats(person).watch_history_entries
    assert 5000 <= done < 20_000
    assert done % batches.CHUNK == 0
    assert manager.verify() == []
    report = Imports(manager).import_file(path, person)
    assert (report.imported, report.duplicates) == (20_000 - done, done)
    assert manager.verify() == []
    assert [one.watches for one in manager.batches.all_of(person)] == [20_000]
    assert manager.batches.remove(person, report.batch) == 20_000
    assert manager.get_user_stats(person).watch_history_entries == 0
    manager.storage.close()


def test_two_processes_that_import_one_file_at_once_record_each_row_once(url: str, tmp_path: Path) -> None:
    manager = UserManager(open_storage(url))
    person = manager.create_user("ada", "ada@example.org")
    paths = [written(tmp_path, f"{n}.json", rows) for n, rows in enumerate((plays(3000), plays(3000)[::-1]))]
    children = [subprocess.Popen([sys.executable, "-c", CHILD, url, str(path), person], cwd=ROOT) for path in paths]
    assert [child.wait(timeout=120) for child in children] == [0, 0]
    assert manager.get_user_stats(person).watch_history_entries == 3000
    assert sum(batch.watches for batch in manager.batches.all_of(person)) == 3000
    assert manager.verify() == []
    manager.storage.close()


# -- zips -------------------------------------------------------------------------------------------------------------


def packed(path: Path, files: dict[str, bytes], **more: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **more) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_zip_is_read_as_the_service_sends_it(importer: Importer, tmp_path: Path) -> None:
    podcast = [{"endTime": "2024-03-01 10:00", "podcastName": "P", "episodeName": "E", "msPlayed": 1000}]
    files = {
        "Spotify Account Data/StreamingHistory_music_0.json": json.dumps(plays(30)).encode(),
        "Spotify Account Data/StreamingHistory_music_1.json": json.dumps([*plays(30, start=25), {}]).encode(),
        "Spotify Account Data/StreamingHistory_podcast_0.json": json.dumps(podcast).encode(),
        "Spotify Account Data/Userdata.json": b'{"username": "ann"}',
        "Spotify Account Data/readme.pdf": b"%PDF-1.7 \xff\xfe\x00",
        "../../outside.json": b"[]",
    }
    report = importer.run(packed(tmp_path / "my_spotify_data.zip", files))
    assert (report.format, report.rows, report.imported, report.duplicates) == ("spotify", 62, 56, 5)
    assert [(one.row, one.file) for one in report.rejected] == [(31, "StreamingHistory_music_1.json")]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "users") == ["my_spotify_data.zip"]


def test_what_a_zip_says_twice_or_has_as_deleted_is_left_out(importer: Importer, tmp_path: Path) -> None:
    names = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    row = "2024-03-05,{0},1999,https://boxd.it/1,4.5,,,2024-03-04\n"
    files = {
        "diary.csv": (names + row.format("Film")).encode(),
        "reviews.csv": names.replace("Tags", "Review,Tags").encode()
        + b"2024-03-05,Film,1999,x,4.5,,Good,,2024-03-04\n",
        "watched.csv": b"Date,Name,Year,Letterboxd URI\n2024-03-05,Film,1999,https://boxd.it/1\n",
        "deleted/diary.csv": (names + row.format("Gone")).encode(),
    }
    report = importer.run(packed(tmp_path / "letterboxd.zip", files))
    assert (report.format, report.rows, report.imported) == ("letterboxd", 1, 1)
    assert importer.events()[0]["title"] == "Film (1999)"


def test_a_bomb_is_not_opened(importer: Importer, tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"a.json": b"[" + b" " * (64 << 20)})
    with pytest.raises(TooLarge, match=r"bomb\.zip unpacks to 67,108,865 bytes"):
        importer.imports.preview(bomb, importer.person)
    small = packed(tmp_path / "small.zip", {f"{n}.json": b"[" + b" " * (1 << 20) for n in range(20)})
    with pytest.raises(TooLarge, match=r"small\.zip unpacks to 20,971,540 bytes"):
        importer.imports.preview(small, importer.person)
    many = packed(tmp_path / "many.zip", {f"{n}.json": b"" for n in range(2001)})
    with pytest.raises(TooLarge, match="2,001 files"):
        importer.imports.preview(many, importer.person)


def test_a_damaged_zip_brings_nothing_in(importer: Importer, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.json": json.dumps(plays(5000)).encode()})
    whole = path.read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:middle], whole[:middle] + bytes(64) + whole[middle + 64 :]):
        path.write_bytes(damaged)
        with pytest.raises(InvalidInput, match="a whole zip"):
            importer.imports.import_file(path, importer.person)
    assert importer.events() == []


def test_a_zip_of_two_services_asks_which(importer: Importer, tmp_path: Path) -> None:
    files = {"a.json": json.dumps(plays(3)).encode(), "diary.csv": b"Title,Date\nFilm,3/1/24\n"}
    path = packed(tmp_path / "a.zip", files)
    with pytest.raises(InvalidInput, match="one of them"):
        importer.imports.import_file(path, importer.person)
    assert importer.run(path, Options(service="netflix")).imported == 1


# -- files that are not what they should be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"\n", "in no known format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "in no known format"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "in no known format"),
        (b"[]", "in no known format"),
        (b"{}", "in no known format"),
        (b"[" * 100_000, "in no known format"),
        (b'[{"a": ' + b"9" * 5000 + b"}]", "in no known format"),
        (b"PK\x03\x04 and no zip", "a whole zip"),
        (b"Name,Year\nFilm,1999\n", "in no known format"),
        (",".join(f"c{n}" for n in range(1001)).encode(), "in no known format"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(
    importer: Importer, tmp_path: Path, content: bytes, problem: str
) -> None:
    path = written(tmp_path, "history.json", content)
    with pytest.raises(InvalidInput, match=problem):
        importer.imports.import_file(path, importer.person)
    assert importer.events() == []


def test_what_is_no_plain_file_is_refused(importer: Importer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "none"):
        with pytest.raises(InvalidInput, match="that can be read"):
            importer.imports.preview(tmp_path / name, importer.person)


def test_a_file_that_is_cut_short_gives_what_it_has_and_says_so(importer: Importer, tmp_path: Path) -> None:
    whole = json.dumps(plays(1500))
    report = importer.run(written(tmp_path, "a.json", whole[: len(whole) // 2]))
    assert 700 < report.imported < 800
    assert [(one.row, one.reason) for one in report.rejected] == [
        (report.imported + 1, "the file is damaged from here on: it ends in the middle")
    ]
    assert importer.run(written(tmp_path, "b.json", whole)).imported == 1500 - report.imported


def test_a_fault_in_the_middle_is_named(importer: Importer, tmp_path: Path) -> None:
    rows = [json.dumps(play) for play in plays(6)]
    rows[3] = rows[3].replace(":", ";", 1)
    report = importer.run(written(tmp_path, "a.json", "[" + ",".join(rows) + "]"))
    assert (report.imported, report.rejected[0].row) == (3, 4)
    assert report.rejected[0].reason.startswith("the file is damaged from here on")


@pytest.mark.parametrize("rest", [json.dumps([]), "]", "\0" * 10, "\n\n" + "[" * 200_000])
def test_what_follows_the_end_is_named(importer: Importer, tmp_path: Path, rest: str) -> None:
    whole = json.dumps(plays(3))
    report = importer.run(written(tmp_path, "a.json", whole + rest))
    assert (report.imported, [one.row for one in report.rejected]) == (3, [4])
    assert report.rejected[0].reason == f"the file is damaged from here on: {rest.strip()[:1]!r} after its end"
    assert importer.run(written(tmp_path, "b.json", whole + "\n" * 200_000)).rejected == []


TAUTULLI_PLAY = {
    "row_id": 7,
    "started": 1700000000,
    "stopped": 1700000600,
    "play_duration": 600,
    "user": "ann",
    "media_type": "movie",
    "title": "Okja",
    "full_title": "Okja",
    "rating_key": 4,
    "percent_complete": 98,
}


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("}}}}", "'}' after its end"),
        ("}}", "it ends in the middle"),
        ("]}}}", "']' where } should be"),
        (',"more":[1,{"a":2}],"draw":1},"result":"success"}}x', "'x' after its end"),
    ],
)
def test_what_is_wrong_behind_the_rows_is_named(importer: Importer, tmp_path: Path, rest: str, reason: str) -> None:
    start = '{"response":{"data":{"recordsTotal":1,"data":[' + json.dumps(TAUTULLI_PLAY) + "]"
    report = importer.run(written(tmp_path, "a.json", start + rest))
    assert (report.imported, [one.row for one in report.rejected]) == (1, [2])
    assert report.rejected[0].reason == f"the file is damaged from here on: {reason}"
    whole = importer.run(written(tmp_path, "b.json", start + ',"draw":1},"result":"success"}}'))
    assert (whole.duplicates, whole.rejected) == (1, [])


@pytest.mark.parametrize("reason", ["trailers", "TRAILER", "", "other profile"])
def test_a_reason_that_no_row_is_skipped_for_is_refused_and_the_right_ones_are_named(
    importer: Importer, tmp_path: Path, reason: str
) -> None:
    names = "Profile Name,Start Time,Duration,Title,Supplemental Video Type\n"
    rows = "Ann,2024-03-01 20:00:00,00:44:10,Waves,\nAnn,2024-03-01 19:58:00,00:01:00,Land,TRAILER\n"
    path = written(tmp_path, "ViewingActivity.csv", names + rows)
    options = Options(include=("trailer", reason))
    for call in (importer.imports.preview, importer.imports.import_file):
        with pytest.raises(InvalidInput, match=r"include: .*allowed: .*: all, trailer"):
            call(path, importer.person, options)
    assert importer.events() == []
    assert importer.run(path).includable == {"trailer"}
    assert importer.run(path, Options(include=("trailer", "all"))).imported == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_texts_come_in_whole_in_each_encoding_that_says_what_it_is(
    importer: Importer, tmp_path: Path, encoding: str
) -> None:
    play = {**plays(1)[0], "trackName": "Blåbær – 漢字 👩‍👩‍👧"}
    text = json.dumps([play], ensure_ascii=False)
    importer.run(written(tmp_path, "a.json", text.encode(encoding)))
    assert importer.events()[0]["title"] == "Blåbær – 漢字 👩‍👩‍👧"


def test_hostile_texts_are_made_plain_or_rejected_row_by_row(importer: Importer, tmp_path: Path) -> None:
    names = [
        b"Bl\xe5b\xe6r",
        b"a\x00b",
        b"\xe2\x80\xaeevil",
        b"\xe2\x80\x8b",
        b"=cmd()",
        b"x" * 700,
        b"![p](http://s/x)",
    ]
    rows = b"".join(b'"%s",3/1/24\n' % name for name in names)
    report = importer.run(written(tmp_path, "a.csv", b"Title,Date\n" + rows))
    assert [(one.row, one.reason) for one in report.rejected] == [(1, "not valid UTF-8 text"), (4, "Title is empty")]
    assert sorted(event["title"] for event in importer.events()) == sorted(
        ["ab", "evil", "=cmd()", "x" * 500, "![p](http://s/x)"]
    )


def test_an_endless_quote_or_line_does_not_fill_the_memory(importer: Importer, tmp_path: Path) -> None:
    quote = b'Title,Date\n"' + b"never closed\n" * 20_000 + b"Film,3/1/24\n"
    assert importer.run(written(tmp_path, "a.csv", quote)).rejected_rows > 0
    line = b"Title,Date\nOther,3/1/24\n" + b"x" * (2 << 20)
    report = importer.run(written(tmp_path, "b.csv", line + b"\nMore,3/1/24\n"))
    assert (report.imported, [one.row for one in report.rejected]) == (1, [2])
    assert report.rejected[0].reason.startswith("the file is damaged from here on: a line is longer")


def test_names_that_stand_twice_are_refused(importer: Importer, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"Title,Date,Title\nFilm,3/1/24,Other\n")
    with pytest.raises(InvalidInput, match="columns stand twice: Title"):
        importer.imports.preview(path, importer.person, Options(service="netflix"))


def test_an_upload_is_read_as_it_is_and_its_name_is_only_shown(importer: Importer) -> None:
    upload = io.BytesIO(json.dumps(plays(40)).encode())
    upload.read(7)
    report = importer.imports.import_file(upload, importer.person, name="../..\\evil\u202egpj.json")
    assert (report.imported, report.file) == (40, "evil?gpj.json")
    assert importer.imports.preview(upload, importer.person, name="b").duplicates == 40


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_imports_lists_and_undoes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "users")]
    main([*store, "create-admin", "ada", "ada@example.org"])
    path = written(tmp_path, "a.json", [*plays(5), *plays(1), {}])
    words = [*store, "import", str(path), "--user", "ada", "--json"]
    capsys.readouterr()
    assert main([*words, "--dry-run"]) == 1
    assert json.loads(capsys.readouterr().out)["imported"] == 5
    assert main([*words, "--all-or-nothing"]) == 3
    assert json.loads(capsys.readouterr().out)["imported"] == 0
    assert main(words) == 1
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert captured.err == "", "no bar in a pipe"
    assert {name: report[name] for name in ("format", "rows", "imported", "duplicates", "skipped", "rejected")} == {
        "format": "spotify",
        "rows": 7,
        "imported": 5,
        "duplicates": 1,
        "skipped": {},
        "rejected": [{"row": 7, "reason": "artistName is missing"}],
    }
    listing = [*store, "imports", "--user", "ada"]
    assert main([*listing, "--json"]) == 0
    assert [one["watches"] for one in json.loads(capsys.readouterr().out)["imports"]] == [5]
    assert main([*listing, "--undo", report["batch"]]) == 0
    assert main([*listing, "--undo", report["batch"]]) == 2
    assert main([*store, "verify"]) == 0


@pytest.mark.parametrize(
    "words", [["--user", "nobody"], ["--user", "ada", "--format", "vhs"], ["--user", "ada", "--format", "netflix"]]
)
def test_the_command_refuses_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    store = ["--store", str(tmp_path / "users")]
    main([*store, "create-admin", "ada", "ada@example.org"])
    assert main([*store, "import", str(written(tmp_path, "a.json", plays(3))), *words]) == 2
    assert capsys.readouterr().err.startswith("error: ")
