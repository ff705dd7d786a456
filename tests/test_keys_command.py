"""keys and setup-code, as a person uses them in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from test_command_line import run

from user_stats.bootstrap import get_accounts

PASSWORD = "correct horse battery staple"


def test_a_key_is_printed_once_listed_and_revoked(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    made = run(folder, "keys", "add", "dashboard", "--scope", "read")
    key = made.stdout.strip()
    assert get_accounts(folder).check_key(key, "read")
    listed = json.loads(run(folder, "keys", "list", "--json").stdout)
    assert [(one["name"], one["scope"]) for one in listed["keys"]] == [("dashboard", "read")]
    assert key not in run(folder, "keys", "list").stdout
    assert run(folder, "keys", "revoke", "dashboard").returncode == 0
    assert run(folder, "keys", "revoke", "dashboard").returncode == 2
    assert json.loads(run(folder, "keys", "list", "--json").stdout) == {"keys": []}


def test_wrong_use_of_keys_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    assert run(folder, "keys", "add", "dashboard").returncode == 2
    assert run(folder, "keys", "add", "dashboard", "--scope", "owner").returncode == 2
    assert run(folder, "keys", "add", "dashboard", "--scope", "read").returncode == 0
    taken = run(folder, "keys", "add", "Dashboard", "--scope", "read")
    assert (taken.returncode, "Traceback" in taken.stderr) == (3, False)


def test_the_setup_code_makes_the_first_admin_and_no_second(tmp_path: Path) -> None:
    folder = tmp_path / "users"
    code = run(folder, "setup-code").stdout.strip()
    get_accounts(folder).claim_site(code, "grace", "grace@example.org", PASSWORD)
    refused = run(folder, "setup-code")
    assert (refused.returncode, refused.stdout) == (3, "")
