"""The commands as a person or a script uses them: real processes, exit codes, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from user_stats import get_user_manager

ROOT = Path(__file__).parents[1]


def run(folder: Path, *words: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "user_stats", "--store", str(folder), *words],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "users"


def test_an_admin_is_made_even_with_a_reserved_name(folder: Path) -> None:
    made = run(
        folder, "create-admin", "admin", "admin@example.org", "--password-stdin", given="correct horse battery\n"
    )
    assert made.returncode == 0, made.stderr
    listed = json.loads(run(folder, "users", "--json").stdout)
    assert listed["total"] == 1
    user = listed["users"][0]
    assert (user["user_id"], user["username"], user["role"]) == (made.stdout.strip(), "admin", "admin")
    assert "argon2id" in (folder / "credentials.json").read_text()
    assert run(folder, "create-admin", "grace", "grace@example.org").returncode == 0
    assert run(folder, "create-admin", "me", "me@example.org").returncode == 0


def test_repair_names_once_what_it_leaves(folder: Path) -> None:
    assert run(folder, "create-admin", "ada", "ada@example.org").returncode == 0
    (folder / "users.json").write_text('{"x"')
    left = run(folder, "repair")
    assert left.returncode == 1
    assert left.stdout.count("users.json") == 1
    assert left.stdout.endswith("0 mended, 1 left\n")
    assert (folder / "users.json").read_text() == '{"x"'


def test_a_refused_command_says_why_and_exits_accordingly(folder: Path) -> None:
    assert run(folder, "create-admin", "ada", "ada@example.org").returncode == 0
    taken = run(folder, "create-admin", "ADA", "other@example.org")
    assert (taken.returncode, taken.stdout) == (3, "")
    assert "username" in taken.stderr
    wrong = run(folder, "create-admin", "x", "other@example.org")
    assert wrong.returncode == 2
    assert "3 to 32" in wrong.stderr
    weak = run(folder, "create-admin", "eve", "eve@example.org", "--password-stdin", given="aaaaaaaaaaaa\n")
    assert weak.returncode == 2
    assert run(folder, "stats", "nobody").returncode == 3
    assert run(folder, "users", "--role", "owner").returncode == 2
    assert run(folder, "frobnicate").returncode == 2
    nobody = run(folder, "export", "person", "--out", str(folder / "ada.zip"))
    assert (nobody.returncode, nobody.stderr.split(";")[0]) == (2, "error: --user: it is missing")
    assert run(folder).returncode == 2


def test_people_are_listed_and_searched(folder: Path) -> None:
    manager = get_user_manager(folder)
    for number in range(3):
        manager.create_user(f"person{number}", f"p{number}@example.org")
    found = run(folder, "users", "--search", "SON1")
    assert found.returncode == 0
    assert "person1" in found.stdout
    assert "person2" not in found.stdout
    assert "1 people" in found.stdout
    assert json.loads(run(folder, "users", "--role", "premium", "--json").stdout) == {"users": [], "total": 0}


def test_statistics_come_as_a_table_and_as_json(folder: Path) -> None:
    manager = get_user_manager(folder)
    ada = manager.create_user("ada", "ada@example.org")
    manager.record_watch_activity(ada, "v", 5400)
    document = json.loads(run(folder, "stats", "ADA", "--json").stdout)
    assert (document["user_id"], document["total_watched_hours"]) == (ada, 1.5)
    assert "1.5" in run(folder, "stats", "ada").stdout
    platform = json.loads(run(folder, "stats", "--platform", "--json").stdout)
    assert (platform["users"], platform["watch_history_entries"]) == (1, 1)
    assert run(folder, "stats", "ada", "--platform").returncode == 2


def test_verify_and_repair_tell_by_their_exit_code(folder: Path) -> None:
    manager = get_user_manager(folder)
    ada = manager.create_user("ada", "ada@example.org")
    manager.record_upload(ada, "video")
    assert run(folder, "verify").returncode == 0
    path = folder / "user_stats.json"
    path.write_text(path.read_text().replace('"videos_uploaded":1', '"videos_uploaded":5'))
    found = run(folder, "verify", "--json")
    assert found.returncode == 1
    differences = json.loads(found.stdout)["differences"]
    assert [(one["field"], one["stored"], one["expected"]) for one in differences] == [("videos_uploaded", "5", "1")]
    assert run(folder, "repair").returncode == 0
    assert run(folder, "verify").returncode == 0


def test_a_damaged_store_is_named_without_a_traceback(folder: Path) -> None:
    folder.mkdir()
    (folder / "users.json").write_text('{"broken": ')
    for words in (["users"], ["stats", "ada"], ["create-admin", "ada", "ada@example.org"]):
        answer = run(folder, *words)
        assert answer.returncode == 3
        assert "users.json is damaged" in answer.stderr
        assert "Traceback" not in answer.stderr
    assert run(folder, "verify").returncode == 1
    assert (folder / "users.json").read_text() == '{"broken": '


def test_names_cannot_command_the_terminal(folder: Path) -> None:
    folder.mkdir()
    account = {"username": "\u001b[2Jada", "email": "a@b.co", "role": "free", "created_at": "2026-01-01T00:00:00"}
    (folder / "users.json").write_text(json.dumps({"0b9ff1a0-6d7e-4c1f-9c53-1f2d3c4b5a69": account}))
    shown = run(folder, "users").stdout
    assert "\u001b" not in shown
    assert "\\u001b[2Jada" in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_WATCH_HISTORY_ENTRIES", "-1"),
        ("MAX_WATCH_HISTORY_ENTRIES", "abc"),
        ("MAX_WATCH_HISTORY_ENTRIES", "1000000000"),
        ("ENABLE_USER_ANALYTICS", "maybe"),
        ("SUBSCRIPTION_PRICES", "{"),
        ("SUBSCRIPTION_PRICES", '{"gold": 3}'),
        ("UPGRADE_MODE", "magic"),
        ("LOCK_TIMEOUT_SECONDS", "nan"),
        ("USERS_DIR", __file__),
        ("ANALYTICS_KEY", "hunter2"),
        ("ANALYTICS_KEY", "change-me-change-me-change-me"),
        ("ANALYTICS_KEY", "a" * 40),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(folder: Path, name: str, value: str) -> None:
    answer = run(folder, "users", **{name: value})
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"error: {name}: ")
    assert len(answer.stderr.strip().splitlines()) == 1
    assert not folder.exists()


def test_secrets_that_others_can_read_stop_the_start(folder: Path) -> None:
    made = run(folder, "create-admin", "ada", "ada@example.org", "--password-stdin", given="correct horse battery\n")
    assert made.returncode == 0
    folder.chmod(0o755)
    (folder / "credentials.json").chmod(0o644)
    answer = run(folder, "users")
    assert answer.returncode == 2
    assert "chmod 600" in answer.stderr


def test_an_empty_setting_counts_as_unset(folder: Path) -> None:
    assert run(folder, "users", MAX_WATCH_HISTORY_ENTRIES="", USERS_DIR="").returncode == 0


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    answer = run(path, "users")
    assert answer.returncode == 3
    assert "Traceback" not in answer.stderr


def test_a_closed_pipe_is_no_crash(folder: Path) -> None:
    manager = get_user_manager(folder)
    for number in range(300):
        manager.create_user(f"person{number}", f"p{number}@example.org")
    words = [sys.executable, "-m", "user_stats", "--store", str(folder), "users", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.wait()


def test_statistics_as_json_have_the_whole_catalogue_of_a_person_and_of_the_site(folder: Path) -> None:
    manager = get_user_manager(folder)
    ada = manager.create_user("ada", "ada@example.org")
    manager.record_watch_activity(ada, "v", 5400)
    person = json.loads(run(folder, "stats", "ada", "--json").stdout)["catalogue"]
    platform = json.loads(run(folder, "stats", "--platform", "--json").stdout)["catalogue"]
    assert person.keys() == platform.keys()
    assert len(person) == 53
    assert (person["average_watch_duration"]["value"], person["average_watch_duration"]["unit"]) == (5400, "s")
    assert platform["most_viewed"]["value"] == ["v"]
    assert person["peak_viewers"]["value"] is None
