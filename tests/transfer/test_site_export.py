"""The whole site goes out: complete, of one moment, without a secret, and inert in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import stat
import zipfile
from pathlib import Path

import pytest
from clocks import FixedClock
from whole_sites import held, populate

from user_stats import UserManager, get_user_manager
from user_stats.__main__ import main
from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.collections import ALL_LOGS, SECRET_COLLECTIONS, USERS
from user_stats.storage import Storage
from user_stats.transfer.site_export import EXPORTED_COLLECTIONS, save_site

PASSWORD = "a long enough password"
HOSTILE = ("=1+1", "+1", "-1", "@a", "＝1", " =1", "\u2212" + "1", "=HYPERLINK(1)")


@pytest.fixture
def secrets(storage: Storage, clock: FixedClock) -> list[str]:
    """A site with secrets in it."""
    populate(storage, clock)
    policy = PasswordPolicy()
    UserManager(storage, clock=clock, passwords=policy).create_user("berta", "berta@example.org", password=PASSWORD)
    accounts = Accounts(storage, passwords=policy, clock=clock)
    token, key = accounts.sign_in("berta", PASSWORD).token, accounts.add_key("mine", "read", actor=None)
    stored = [json.dumps(record) for one in SECRET_COLLECTIONS for _, record in storage.scan(one)]
    people = {user_id for user_id, _ in storage.scan(USERS)}
    parts = [part for text in stored for part in text.split('"') if len(part) > 32 and part not in people]
    assert len(parts) > 3
    return [token, key, PASSWORD, *parts]


def test_json_has_every_record_and_entry_but_no_secret(
    storage: Storage, clock: FixedClock, secrets: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "site.json"
    save_site(path, storage, "json", now=clock())
    text = path.read_text()
    document = json.loads(text)
    records, lists = held(storage)
    assert document["format"] == "user_stats site"
    document["collections"]["site"].pop("audit")
    document["logs"]["audit"] = {}
    assert document["collections"] == {one.name: records[one.name] for one in EXPORTED_COLLECTIONS}
    assert document["logs"] == lists
    assert not [secret for secret in secrets if secret in text]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_tables_have_a_row_for_each(storage: Storage, clock: FixedClock, secrets: list[str], tmp_path: Path) -> None:
    path = tmp_path / "site.zip"
    save_site(path, storage, "csv", now=clock())
    records, lists = held(storage)
    with zipfile.ZipFile(path) as archive:
        tables = {name: archive.read(name).decode() for name in archive.namelist()}
    assert tables.keys() == {f"{place.name}.csv" for place in (*EXPORTED_COLLECTIONS, *ALL_LOGS)}
    for place in EXPORTED_COLLECTIONS:
        rows = list(csv.DictReader(io.StringIO(tables[f"{place.name}.csv"], newline="")))
        assert [row["key"] for row in rows if row["key"] != "audit"] == [*records[place.name]]
    for log in [log for log in ALL_LOGS if log.name != "audit"]:
        rows = list(csv.DictReader(io.StringIO(tables[f"{log.name}.csv"], newline="")))
        assert len(rows) == sum(map(len, lists[log.name].values()))
    assert not [secret for secret in secrets if any(secret in text for text in tables.values())]


def test_no_cell_of_any_table_runs(storage: Storage, clock: FixedClock, tmp_path: Path) -> None:
    """Also where a program has written the files by hand: hostile names of fields and texts inside of lists."""
    users = next(one for one in EXPORTED_COLLECTIONS if one.name == "users")
    log = next(log for log in ALL_LOGS if log.name == "activity")
    record = {text: text for text in HOSTILE} | {"\t=1": "\r=1", "list": ["=1"]}

    def work(tx: object) -> None:
        tx.put(users, "a", record)  # type: ignore[attr-defined]
        tx.append(log, "a", record)  # type: ignore[attr-defined]

    storage.transaction(work)
    save_site(tmp_path / "site.zip", storage, "csv", now=clock())
    cells = []
    with zipfile.ZipFile(tmp_path / "site.zip") as archive:
        for name in ("users.csv", "activity.csv"):
            cells += [cell for row in csv.reader(io.StringIO(archive.read(name).decode(), newline="")) for cell in row]
    assert len(cells) > 4 * len(HOSTILE)
    assert not [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "-", "@", "＝", "\u2212")]
    assert sum(cell.startswith("'") for cell in cells) == 4 * (len(HOSTILE) + 1)


def test_the_command_writes_the_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, out = str(tmp_path / "users"), tmp_path / "out"
    get_user_manager(store).create_user("anna", "anna@example.org")
    words = ["--store", store, "export", "site", "--out", str(out)]
    assert main(words) == 0
    assert [user["username"] for user in json.loads(out.read_text())["collections"]["users"].values()] == ["anna"]
    assert capsys.readouterr().err == ""
    assert main([*words, "--format", "csv"]) == 0
    assert zipfile.is_zipfile(out)
    assert main([*words, "--user", "anna"]) == 2
