"""Backups: whole, of one moment, proven, for their owner alone; and the last good one is never lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import stat
import threading
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock
from forging import forged, line_of, rewritten
from whole_sites import held, populate

from user_stats import UserManager
from user_stats.__main__ import main
from user_stats.audience import Audience
from user_stats.bench import backups as measured_backups
from user_stats.collections import (
    ALL_COLLECTIONS,
    BACKED_UP_COLLECTIONS,
    IMPORTS,
    SHORT_LIVED_COLLECTIONS,
    VISITOR_KEYS,
)
from user_stats.errors import InvalidInput, StorageFull, UnusableBackup
from user_stats.statistics.service import Statistics
from user_stats.statistics.settings import StatisticsSettings
from user_stats.storage import Storage, open_storage
from user_stats.times import to_iso
from user_stats.transfer import backup as backups
from user_stats.transfer.backup import is_readable, proven, rotate, take_backup, take_scheduled_backup
from user_stats.transfer.restore import restore


def test_a_backup_holds_all_but_what_is_short_lived(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    populate(storage, clock)
    done = take_backup(storage, tmp_path / "b.zip", now=clock())
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name != "users"] == ["b.zip"]
    with zipfile.ZipFile(done.path) as archive:
        assert not any(one.name in name for name in archive.namelist() for one in SHORT_LIVED_COLLECTIONS)
        manifest = json.loads(archive.read("manifest.json"))
        assert (manifest["format"], manifest["version"]) == ("user_stats backup", 2)
        lines = archive.read("collections/users.jsonl").splitlines()
        assert len(lines) == manifest["collections"]["users"]["entries"] == 3
    with proven(done.path) as (side, _, _):
        assert held(side) == held(storage)
    assert done.records == sum(one["entries"] for one in manifest["collections"].values())


def test_nothing_of_an_empty_site_is_a_backup_too(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    done = take_backup(storage, tmp_path / "b.zip", now=clock())
    assert (done.records, done.entries) == (0, 0)
    assert is_readable(done.path)


def test_a_backup_into_a_folder_names_itself(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    done = take_backup(storage, tmp_path, now=clock())
    assert done.path.name == f"user_stats-{clock():%Y%m%dT%H%M%S}Z.zip"


def test_a_backup_while_others_write_is_of_one_moment(tmp_path: Path, clock: FixedClock) -> None:
    storage = open_storage(str(tmp_path / "users"))
    manager = UserManager(storage, clock=clock, max_history=20)
    ids = [manager.create_user(f"user{number}", f"user{number}@example.org") for number in range(4)]
    stop = threading.Event()

    def write(user_id: str) -> None:
        while not stop.is_set():
            manager.record_watch_activity(user_id, "v", 60)
            manager.record_interaction(user_id, "like")

    writers = [threading.Thread(target=write, args=(user_id,)) for user_id in ids]
    for writer in writers:
        writer.start()
    entries = []
    try:
        for number in range(5):
            done = take_backup(storage, tmp_path / f"{number}.zip", now=clock())
            entries.append(done.entries)
            with proven(done.path) as (side, _, _):
                assert UserManager(side, clock=clock, max_history=20).verify() == []
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert entries == sorted(entries)
    assert entries[0] < entries[-1]
    storage.close()


def test_lines_stay_short_and_those_of_the_first_version_are_read(clock: FixedClock, tmp_path: Path) -> None:
    storage = open_storage("memory:")
    chance = random.Random(1)
    empty = {"batch": "b", "at": to_iso(clock()), "watches": 0}
    marks = [{**empty, "number": n, "digests": chance.randbytes(40_000).hex()} for n in range(60)]
    for mark in marks:
        storage.transaction(lambda tx, mark=mark: tx.append(IMPORTS, "a", mark))  # type: ignore[misc]
    path = take_backup(storage, tmp_path / "b.zip", now=clock()).path
    longest = 0

    def of_version_1(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        nonlocal longest
        longest = max(map(len, members["logs/imports.jsonl"].splitlines()))
        line = json.dumps({"key": "a", "entries": marks}, separators=(",", ":")).encode() + b"\n"
        forged("logs/imports.jsonl", line)(members, manifest)
        manifest["logs"]["imports"]["entries"], manifest["version"] = len(marks), 1

    rewritten(path, of_version_1)
    assert longest < 2_000_000
    other = open_storage("memory:")
    assert restore(other, path, now=clock()) is not None
    assert other.read_log(IMPORTS, "a") == marks


def test_a_line_without_an_end_is_not_taken_into_memory(clock: FixedClock, tmp_path: Path) -> None:
    path = take_backup(open_storage("memory:"), tmp_path / "b.zip", now=clock()).path
    letters = "".join(map(chr, random.Random(1).choices(range(97, 123), k=1 << 20)))  # no bomb, by its size
    rewritten(path, forged("collections/playlists.jsonl", line_of("a", {"text": letters * 40})))
    with pytest.raises(UnusableBackup, match="a line"):
        restore(open_storage("memory:"), path, now=clock())


def test_two_backups_at_once_to_one_path_are_both_good(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    populate(storage, clock)
    failures: list[BaseException] = []

    def take() -> None:
        try:
            take_backup(storage, tmp_path / "b.zip", now=clock())
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failures.append(error)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert is_readable(tmp_path / "b.zip")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "users") == ["b.zip"]


def test_progress_is_told_to_the_end(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    populate(storage, clock)
    told: list[tuple[int, int]] = []
    take_backup(storage, tmp_path / "b.zip", now=clock(), progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert len(told) > 5


# -- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most_bytes", [100, 20_000, 1_000_000])
def test_a_full_disk_leaves_the_old_backup_and_nothing_half_done(
    tmp_path: Path, clock: FixedClock, most_bytes: int
) -> None:
    """Full for files of that size: the archive does not fit, or the copy, or the store of the proof."""
    storage = open_storage(str(tmp_path / "users"))
    populate(storage, clock, people=30)
    out = tmp_path / "backups"
    out.mkdir()
    (out / "b.zip").write_bytes(b"old")

    def take() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        try:
            take_backup(storage, out / "b.zip", now=clock())
        except StorageFull:
            os._exit(42)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=take)
    process.start()
    process.join()
    assert process.exitcode == 42
    assert (out / "b.zip").read_bytes() == b"old"
    assert [path.name for path in out.iterdir()] == ["b.zip"]
    assert UserManager(storage, clock=clock).verify() == []
    storage.close()


def test_a_backup_that_does_not_prove_itself_does_not_count(
    storage: Storage, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(storage, clock)
    real = backups.write_archive

    def lossy(file: Any, source: Any, *rest: Any) -> None:
        """Writes what it is told, and then damages it."""
        real(file, source, *rest)
        file.flush()
        os.pwrite(file.fileno(), b"\0" * 64, 200)

    monkeypatch.setattr(backups, "write_archive", lossy)
    (tmp_path / "b.zip").write_bytes(b"old")
    with pytest.raises(UnusableBackup):
        take_backup(storage, tmp_path / "b.zip", now=clock())
    assert (tmp_path / "b.zip").read_bytes() == b"old"


def test_a_killed_backup_leaves_nothing_that_stays(tmp_path: Path, clock: FixedClock) -> None:
    storage = open_storage(str(tmp_path / "users"))
    populate(storage, clock)
    storage.close()
    out = tmp_path / "backups"
    out.mkdir()

    def take(readings: int) -> None:
        def progress(done: int, total: int) -> None:
            if done * 3 // total >= readings:
                os.kill(os.getpid(), signal.SIGKILL)

        take_backup(open_storage(str(tmp_path / "users")), out / "b.zip", now=clock(), progress=progress)

    for readings in (0, 1, 2, 3):
        process = multiprocessing.get_context("fork").Process(target=take, args=(readings,))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert not (out / "b.zip").exists()
        assert len(list(out.iterdir())) >= 1
    take_backup(open_storage(str(tmp_path / "users")), out / "b.zip", now=clock())
    assert [path.name for path in out.iterdir()] == ["b.zip"]
    assert not any(path.name.startswith(".") for path in (tmp_path / "users").iterdir())


@pytest.mark.parametrize("place", ["missing/b.zip", "file/b.zip"])
def test_a_path_that_cannot_be_written_is_named(
    storage: Storage, clock: FixedClock, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="PATH"):
        take_backup(storage, tmp_path / place, now=clock())


# -- by the clock ---------------------------------------------------------------------------------------------------


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_oldest_go_when_there_are_more_than_are_kept(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    taken = []
    for _ in range(5):
        taken.append(take_scheduled_backup(storage, folder, kept=3, now=clock()).path.name)
        clock.advance(hours=24)
    assert names(folder) == taken[-3:]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_damaged_backups_do_not_push_good_ones_out(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    good = take_scheduled_backup(storage, folder, kept=2, now=clock()).path
    for number in range(4):
        clock.advance(hours=24)
        damaged = folder / f"user_stats-{clock():%Y%m%dT%H%M%S}Z.zip"
        shutil.copy(good, damaged)
        damaged.write_bytes(damaged.read_bytes()[: 300 + number])
    assert rotate(folder, kept=2, now=clock()) == []
    assert good in folder.iterdir()
    clock.advance(hours=24)
    newest = take_scheduled_backup(storage, folder, kept=2, now=clock()).path
    assert {good, newest} <= {*folder.iterdir()}
    clock.advance(hours=24)
    take_scheduled_backup(storage, folder, kept=2, now=clock())
    assert good not in folder.iterdir()


def test_backups_of_a_clock_that_ran_ahead_push_no_new_one_out(
    storage: Storage, clock: FixedClock, tmp_path: Path
) -> None:
    for days in (4000, 4001, 0, 1):
        now = clock() + timedelta(days=days)
        made = take_scheduled_backup(storage, tmp_path, kept=2, now=now).path
        assert made.exists()
    assert [path.name[11:19] for path in sorted(tmp_path.glob("*.zip"))] == [
        f"{clock() + timedelta(days=days):%Y%m%d}" for days in (0, 1)
    ]


def test_other_files_in_the_folder_are_left_alone(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("user_stats-old.zip", "notes.txt", "user_stats-20200101T000000Z.zip.txt"):
        (folder / name).write_text("mine")
    for _ in range(3):
        clock.advance(hours=24)
        take_scheduled_backup(storage, folder, kept=1, now=clock())
    assert len(names(folder)) == 4


def test_a_backup_that_fails_removes_none(
    storage: Storage, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    first = take_scheduled_backup(storage, folder, kept=1, now=clock()).path

    def fail(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "write_archive", fail)
    with pytest.raises(StorageFull):
        take_scheduled_backup(storage, folder, kept=1, now=clock() + timedelta(days=1))
    assert names(folder) == [first.name]


# -- the key of the address hash ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_days", [0, 1])
@pytest.mark.parametrize("passphrase", ["", "a long and random passphrase"])
def test_no_key_of_the_address_hash_is_in_a_backup_in_the_open(
    storage: Storage, clock: FixedClock, tmp_path: Path, key_days: int, passphrase: str
) -> None:
    audience = Audience(storage, clock=clock, key_days=key_days)
    audience.track_user(audience.visit(address="192.0.2.7", path="/"))
    audience.close()
    keys = [record["key"] for _, record in storage.scan(VISITOR_KEYS)]
    assert len(keys) == 1
    path = take_backup(storage, tmp_path / "b.zip", now=clock(), passphrase=passphrase).path
    with zipfile.ZipFile(path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    for key in keys:
        assert key.encode() not in content
        assert bytes.fromhex(key) not in content
    assert (manifest["visitor_key"] is not None) == (key_days == 0 and bool(passphrase))


def test_every_collection_is_backed_up_or_short_lived() -> None:
    assert {*BACKED_UP_COLLECTIONS, *SHORT_LIVED_COLLECTIONS} == {*ALL_COLLECTIONS}


def test_the_site_knows_when_a_backup_was_good_last(
    storage: Storage, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statistics = Statistics(storage, settings=StatisticsSettings(), clock=clock)

    def status() -> object:
        return statistics.platform_catalogue()["backup_status"]["value"]

    assert status() == "never"
    take_backup(storage, tmp_path / "b.zip", now=clock())
    assert status() == "ok"
    clock.advance(hours=40)
    assert status() == "late"
    monkeypatch.setattr(backups, "write_archive", lambda *arguments: None)
    with pytest.raises(UnusableBackup):
        take_backup(storage, tmp_path / "b.zip", now=clock())
    assert status() == "failed"


def test_a_part_of_the_bench_measures_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured_backups, "WATCHES", 10)
    rows = measured_backups.backups(tmp_path, 20)
    assert [row.work for row in rows] == ["backup", "restore"]
    assert rows[0].figures["entries"] > 20 * 10
    assert measured_backups.backups(tmp_path, 10_000) == []


@pytest.mark.parametrize("name", ["users.json", "store.lock", "history/{}_history.json"])
def test_no_file_of_the_data_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    store = tmp_path / "users"
    manager = UserManager(open_storage(str(store)))
    ada = manager.create_user("ada", "ada@example.org")
    manager.record_watch_activity(ada, "intro", 60)
    path = store / name.format(ada)
    before = path.read_bytes()
    for words in (["backup"], ["export", "site", "--out"]):
        assert main(["--store", str(store), *words, str(path)]) == 2
        assert "replaces nothing in a data folder" in capsys.readouterr().err
    assert path.read_bytes() == before
