"""Restoring: the site as it was, or the site as it is, and nothing between."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clocks import FixedClock
from forging import Change, entry_of, forged, line_of, rewritten
from whole_sites import held, populate

from user_stats import UserManager, UserRole, audit
from user_stats.__main__ import main
from user_stats.audience import Audience
from user_stats.collections import USERS as USERS_COLLECTION
from user_stats.collections import VISITOR_KEYS, VISITOR_MARKS
from user_stats.errors import UnusableBackup
from user_stats.storage import Storage, open_storage
from user_stats.transfer.backup import take_backup
from user_stats.transfer.person_archive import person_archive
from user_stats.transfer.restore import Contents, restore
from user_stats.transfer.site_export import save_site

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(storage: Storage, clock: FixedClock, tmp_path: Path) -> Path:
    """A backup of a site that has changed since."""
    ids = populate(storage, clock)
    done = take_backup(storage, tmp_path / "b.zip", now=clock())
    manager = UserManager(storage, clock=clock)
    manager.create_user("later", "later@example.org")
    manager.record_watch_activity(ids[0], "later", 60)
    return done.path


def test_a_site_is_as_it_was_when_the_backup_was_made(
    storage: Storage, clock: FixedClock, tmp_path: Path, path: Path
) -> None:
    done = restore(storage, path, now=clock())
    assert done is not None
    assert (done.contents.users, done.contents.erased) == (3, 0)
    other = open_storage(str(tmp_path / "other"))
    restore(other, path, now=clock())
    assert held(storage) == held(other)
    manager = UserManager(storage, clock=clock)
    assert manager.verify() == []
    assert manager.find_user("later") is None
    user_id = manager.create_user("later", "later@example.org")
    manager.record_watch_activity(user_id, "v", 60)
    assert manager.verify() == []
    other.close()


def test_what_takes_data_out_or_replaces_it_stands_in_the_audit_log(
    storage: Storage, clock: FixedClock, tmp_path: Path, path: Path
) -> None:
    restore(storage, path, now=clock())
    manager = UserManager(storage, clock=clock)
    user = manager.find_users().users[0]
    person_archive(manager, user.user_id, actor=user.user_id)
    save_site(tmp_path / "site.json", storage, "json", now=clock())
    take_backup(storage, path, now=clock())
    found = [(entry.kind, entry.actor, entry.user_id) for entry in audit.newest_entries(storage, 4)]
    assert found == [
        ("backed_up", None, None),
        ("exported", None, None),
        ("exported", user.user_id, user.user_id),
        ("restored", None, None),
    ]
    assert audit.is_intact(storage)


def test_the_old_data_are_kept_aside(tmp_path: Path, clock: FixedClock) -> None:
    storage = open_storage(str(tmp_path / "users"))
    populate(storage, clock)
    path = take_backup(storage, tmp_path / "b.zip", now=clock()).path
    UserManager(storage, clock=clock).create_user("later", "later@example.org")
    before = held(storage)
    done = restore(storage, path, now=clock())
    assert done is not None
    assert done.aside is not None
    aside = open_storage(done.aside)
    assert held(aside) == before
    assert not (Path(done.aside) / "visitor_keys.json").exists()
    for one in (aside, storage):
        one.close()


def test_where_the_engine_keeps_nothing_a_backup_is_made_first(storage: Storage, clock: FixedClock, path: Path) -> None:
    before = held(storage)
    done = restore(storage, path, now=clock())
    assert done is not None
    assert done.aside is not None
    if not storage.keeps_replaced:
        clock.advance(hours=1)
        restore(storage, Path(done.aside), now=clock())
        assert held(storage) == before


def test_who_was_erased_since_stays_erased(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    ids = populate(storage, clock)
    manager = UserManager(storage, clock=clock)
    admins = [manager.create_user(name, f"{name}@example.org", UserRole.ADMIN) for name in ("admin-one", "admin-two")]
    path = take_backup(storage, tmp_path / "b.zip", now=clock()).path
    manager.delete_users([ids[1], admins[0]])
    done = restore(storage, path, now=clock())
    assert done is not None
    assert done.contents.erased == 2
    assert manager.count_users() == 3
    assert manager.verify() == []
    assert ids[1] not in json.dumps(held(storage))
    again = take_backup(storage, tmp_path / "again.zip", now=clock()).path
    fresh = open_storage("memory:")
    restore(fresh, again, now=clock())
    done = restore(fresh, path, now=clock())
    assert done is not None
    assert done.contents.erased == 2


def test_visitors_of_today_are_counted_once_more(storage: Storage, clock: FixedClock, path: Path) -> None:
    audience = Audience(storage, clock=clock)
    before = audience.totals().visitor_days
    restore(storage, path, now=clock())
    assert list(storage.scan(VISITOR_KEYS)) == list(storage.scan(VISITOR_MARKS)) == []
    audience.track_user(audience.visit(address="192.0.2.7", path="/"))
    assert audience.totals().visitor_days == before + 1
    audience.close()


def test_a_key_for_good_comes_back_under_its_passphrase_alone(
    storage: Storage, clock: FixedClock, tmp_path: Path
) -> None:
    audience = Audience(storage, clock=clock, key_days=0)
    audience.track_user(audience.visit(address="192.0.2.7", path="/"))
    audience.close()
    key = dict(storage.scan(VISITOR_KEYS))["site"]["key"]
    path = take_backup(storage, tmp_path / "b.zip", now=clock(), passphrase="a long passphrase").path
    fresh = open_storage("memory:")
    with pytest.raises(UnusableBackup, match="BACKUP_PASSPHRASE"):
        restore(fresh, path, now=clock(), passphrase="another passphrase")
    assert list(fresh.scan(VISITOR_KEYS)) == []
    restore(fresh, path, now=clock())
    assert list(fresh.scan(VISITOR_KEYS)) == []
    restore(fresh, path, now=clock(), passphrase="a long passphrase")
    assert dict(fresh.scan(VISITOR_KEYS))["site"]["key"] == key
    back = Audience(fresh, clock=clock, key_days=0)
    assert back.track_user(back.visit(address="192.0.2.7", path="/")) == 1
    back.close()


def test_no_is_an_answer(storage: Storage, clock: FixedClock, path: Path) -> None:
    before = held(storage)
    asked: list[Contents] = []

    def refuse(contents: Contents) -> bool:
        asked.append(contents)
        return False

    assert restore(storage, path, now=clock(), confirm=refuse) is None
    assert asked[0].users == 3
    assert held(storage) == before


def test_a_backup_in_a_folder_that_cannot_be_written_is_restored(
    storage: Storage, clock: FixedClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != path.parent)
    assert restore(storage, path, now=clock()) is not None
    assert not any(one.name.startswith(".") for one in path.parent.iterdir())


# -- what is refused ------------------------------------------------------------------------------------------------


def change_manifest(field: str, value: Any) -> Change:
    return lambda members, manifest: manifest.update({field: value})


def wrong_count(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["collections"]["users"]["entries"] += 1


def wrong_lists(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["logs"]["history"]["lists"] -= 1


def wrong_checksum(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["logs"]["activity"]["sha256"] = "0" * 64


def wrong_size(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["logs"]["activity"]["bytes"] += 1


def missing(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del members["collections/users.jsonl"]


def without_people(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del members["collections/users.jsonl"], manifest["collections"]["users"]


def missing_log(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del manifest["logs"]["history"]


def extra(name: str) -> Change:
    return lambda members, manifest: members.update({name: b"{}"})


def newer(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["collections/holograms.jsonl"] = b""
    manifest["collections"]["holograms"] = {"entries": 0, "bytes": 0, "sha256": "", "lists": 0}


HISTORY, USERS = "logs/history.jsonl", "collections/users.jsonl"
SOMEBODY, OTHER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "3f2504e0-4f89-41d3-9a0c-0305e82c3302"
ACCOUNT = {
    "user_id": SOMEBODY,
    "username": "mallory",
    "email": "mallory@example.org",
    "role": "free",
    "created_at": "2026-03-04T12:00:00.000000+00:00",
}


def with_account(name: str, record: dict[str, Any]) -> Change:
    """One account that can be read, and a record of theirs."""
    line = entry_of(SOMEBODY, record) if name.startswith("logs/") else line_of(SOMEBODY, record)

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        forged(USERS, line_of(SOMEBODY, ACCOUNT))(members, manifest)
        forged(name, line)(members, manifest)

    return change


REFUSED = {
    "another format": change_manifest("format", "something else"),
    "newer": change_manifest("version", 3),
    "of no version there was": change_manifest("version", 0),
    "made at no time": change_manifest("made_at", "yesterday"),
    "no version": change_manifest("version", None),
    "no parts": change_manifest("collections", None),
    "a wrong count": wrong_count,
    "a wrong number of lists": wrong_lists,
    "a wrong checksum": wrong_checksum,
    "a wrong size": wrong_size,
    "a missing member": missing,
    "no people, as if there were none": without_people,
    "a member that is not listed": missing_log,
    "a path outside": extra("../../users.json"),
    "an absolute path": extra("/etc/passwd"),
    "an unknown file": extra("readme.txt"),
    "an unknown collection": newer,
    "no manifest": lambda members, manifest: members.update({"manifest.json": b""}),
    "a manifest that is no JSON": lambda members, manifest: members.update({"manifest.json": b"{"}),
    "a manifest that is a list": lambda members, manifest: members.update({"manifest.json": b"[]"}),
    "a list's key outside": forged(HISTORY, b'{"key":"../../x","entries":[{"n":1}]}\n'),
    "a list's key with NUL": forged(HISTORY, b'{"key":"a\\u0000","entries":[{"n":1}]}\n'),
    "a record's key with a quote": forged(USERS, b'{"key":"a\\"","record":{}}\n'),
    "a record that is no object": forged(USERS, b'{"key":"a","record":[]}\n'),
    "an entry that is no object": forged(HISTORY, b'{"key":"a","entries":[1]}\n'),
    "a line that is no JSON": forged(USERS, b'{"key":"a","record":{}\n'),
    "a line that is cut": forged(USERS, b'{"key":"a","record":{}}'),
    "a line with more in it": forged(USERS, b'{"key":"a","record":{},"x":1}\n'),
    "no UTF-8": forged(USERS, b'{"key":"a","record":{"b":"\xff"}}\n'),
    "a record of endless depth": forged(USERS, b'{"key":"a","record":' + b'{"a":' * 5000 + b"1" + b"}" * 5001 + b"\n"),
    "a key twice": forged(USERS, b'{"key":"a","record":{}}\n{"key":"a","record":{}}\n'),
    "a list twice": forged(
        HISTORY,
        b'{"key":"a","entries":[{}]}\n{"key":"b","entries":[{}]}\n{"key":"a","entries":[{}]}\n',
    ),
    "a bomb": forged(USERS, b'{"key":"a","record":{"a":"' + b"a" * 50_000_000 + b'"}}\n'),
}


UNREADABLE = {
    "accounts that are none": forged(USERS, line_of(SOMEBODY, {"user_id": SOMEBODY, "colour": "blue"})),
    "an account under an odd key": forged(USERS, line_of("Not A User", {**ACCOUNT, "user_id": "Not A User"})),
    "an account under a key that is no UUID": forged(USERS, line_of("ada", {**ACCOUNT, "user_id": "ada"})),
    "an account of somebody else": forged(USERS, line_of(SOMEBODY, {**ACCOUNT, "user_id": OTHER})),
    "a role that nobody has": forged(USERS, line_of(SOMEBODY, {**ACCOUNT, "role": "owner"})),
    "a name that two have": forged(USERS, line_of(SOMEBODY, ACCOUNT) + line_of(OTHER, {**ACCOUNT, "user_id": OTHER})),
    "statistics below zero": with_account("collections/user_stats.jsonl", {"videos_uploaded": -1}),
    "totals that are none": with_account("collections/user_totals.jsonl", {"video": 7}),
    "a version that is none": with_account("collections/user_versions.jsonl", {"version": "new"}),
    "uses that are none": with_account("collections/subscriber_features.jsonl", {"uses": [1]}),
    "a watch that is none": with_account(HISTORY, {"n": 1}),
    "an event that is none": with_account("logs/activity.jsonl", {"kind": "watch", "subject": "v", "at": "now"}),
    "a day that is none": forged("collections/day_totals.jsonl", line_of("2026-03-04", {"likes": "many"})),
    "admins that are none": forged("collections/site.jsonl", line_of("admins", {"user_ids": "all"})),
    "a link that is none": forged("collections/bot_links.jsonl", line_of(SOMEBODY, {"telegram_id": 7})),
    "an import that is none": forged("logs/imports.jsonl", entry_of(SOMEBODY, {"watches": "many"})),
}
"""Whole archives with the right checksums, of what the library cannot use."""


@pytest.mark.parametrize("fault", [*REFUSED, *UNREADABLE])
def test_what_is_not_a_good_backup_is_refused_before_anything_changes(
    fault: str, tmp_path: Path, clock: FixedClock
) -> None:
    storage = open_storage(str(tmp_path / "users"))
    populate(storage, clock)
    path = take_backup(storage, tmp_path / "b.zip", now=clock()).path
    rewritten(path, (REFUSED | UNREADABLE)[fault])
    before = held(storage)
    files = {one: one.stat().st_ino for one in tmp_path.rglob("*")}
    with pytest.raises(UnusableBackup, match="cannot be read" if fault in UNREADABLE else None):
        restore(storage, path, now=clock())
    assert held(storage) == before
    assert {one: one.stat().st_ino for one in tmp_path.rglob("*")} == files
    storage.close()


def test_a_rewritten_backup_that_is_right_is_taken(storage: Storage, clock: FixedClock, path: Path) -> None:
    """Else the faults above would prove nothing."""
    rewritten(path, with_account("collections/user_stats.jsonl", {"videos_uploaded": 1}))
    assert restore(storage, path, now=clock()) is not None
    assert UserManager(storage, clock=clock).get_user_stats(SOMEBODY).videos_uploaded == 1


def as_symlink(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        about = zipfile.ZipInfo("collections/link.jsonl")
        about.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(about, "/etc/passwd")


def a_member_twice(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("collections/users.jsonl", b"")


def as_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        as_symlink,
        a_member_twice,
        as_a_pipe,
        as_a_folder,
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK"),
        lambda path: path.write_text("no zip at all"),
    ],
)
def test_what_is_no_backup_at_all_is_refused(
    storage: Storage, clock: FixedClock, path: Path, spoil: Callable[[Path], None]
) -> None:
    before = held(storage)
    spoil(path)
    with pytest.raises(UnusableBackup):
        restore(storage, path, now=clock())
    assert held(storage) == before


def test_a_backup_with_a_changed_or_missing_byte_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    storage = open_storage("memory:")
    populate(storage, clock)
    path = take_backup(storage, tmp_path / "b.zip", now=clock()).path
    whole = path.read_bytes()
    before = held(storage)
    chance = random.Random(4)
    refused = 0
    for number in range(300):
        at = chance.randrange(len(whole))
        is_cut = number % 3 == 0
        flipped = whole[:at] + bytes([whole[at] ^ 1 << number % 8]) + whole[at + 1 :]
        path.write_bytes(whole[:at] if is_cut else flipped)
        try:
            restore(storage, path, now=clock())
            assert not is_cut
        except UnusableBackup:
            refused += 1
        assert held(storage) == before  # a byte that means nothing, such as a date of the zip, may be another
    assert refused > 200


def test_a_site_with_something_unreadable_makes_no_backup_and_can_be_restored_over(
    storage: Storage, clock: FixedClock, path: Path
) -> None:
    """Else the good backups of before would go, one by one."""
    good = path.read_bytes()
    storage.transaction(lambda tx: tx.put(USERS_COLLECTION, SOMEBODY, {"username": "nobody", "email": "n@example.org"}))
    with pytest.raises(UnusableBackup, match=f"users.json {SOMEBODY} record"):
        take_backup(storage, path, now=clock())
    assert path.read_bytes() == good
    assert restore(storage, path, now=clock()) is not None
    assert UserManager(storage, clock=clock).verify() == []


# -- kills and other processes --------------------------------------------------------------------------------------


def test_a_process_that_has_the_site_open_goes_on_with_what_was_restored(tmp_path: Path, clock: FixedClock) -> None:
    store = str(tmp_path / "users")
    storage = open_storage(store)
    ids = populate(storage, clock)
    path = take_backup(storage, tmp_path / "b.zip", now=clock()).path
    manager = UserManager(storage, clock=clock)
    later = manager.create_user("later", "later@example.org")
    words = [sys.executable, "-m", "user_stats", "--store", store, "restore", str(path), "--yes"]
    subprocess.run(words, check=True, cwd=ROOT, capture_output=True)
    assert manager.find_user("later") is None
    assert manager.find_user("user1") is not None
    assert later not in manager.get_all_users_stats()
    assert [user.username for user in manager.find_users().users] == ["user0", "user1", "user2"]
    manager.record_watch_activity(ids[1], "after", 60)
    assert [entry.video_id for entry in manager.history_tracker.get_watch_history(ids[1])] == ["after", "ünï-1"]
    assert manager.verify() == []
    storage.close()


# -- the commands ---------------------------------------------------------------------------------------------------


def test_the_commands_back_up_and_restore(
    tmp_path: Path, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    store, path = str(tmp_path / "users"), str(tmp_path / "b.zip")
    storage = open_storage(store)
    populate(storage, clock)
    assert main(["--store", store, "backup", path]) == 0
    said = capsys.readouterr()
    assert "proven" in said.out
    assert said.err == ""
    UserManager(storage, clock=clock).create_user("later", "later@example.org")
    assert main(["--store", store, "restore", path, "--yes"]) == 0
    assert "3 people" in capsys.readouterr().out
    assert UserManager(storage, clock=clock).count_users() == 3
    assert main(["--store", store, "restore", str(tmp_path / "nothing.zip"), "--yes"]) == 3
    storage.close()


def test_nobody_is_restored_over_without_being_asked(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store, path = str(tmp_path / "users"), str(tmp_path / "b.zip")
    assert main(["--store", store, "backup", path]) == 0
    assert main(["--store", store, "restore", path]) == 2
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    for answer, code in (("no", 3), ("", 3), ("yes", 0)):
        monkeypatch.setattr("builtins.input", lambda prompt, answer=answer: answer)
        assert main(["--store", store, "restore", path]) == code
