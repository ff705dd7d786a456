"""A person's archive: complete, in plain words, and nothing of it secret or dangerous."""

from __future__ import annotations

import csv
import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from user_stats import Forbidden, SubscriberFeature, UserManager, UserNotFound, UserRole, get_user_manager
from user_stats.__main__ import main
from user_stats.collections import (
    BOT_LINKS,
    BOT_USERS,
    HISTORY,
    PERSONAL_COLLECTIONS,
    PERSONAL_LOGS,
    SECRET_COLLECTIONS,
)
from user_stats.storage import Storage, Transaction
from user_stats.transfer.person_archive import person_archive, write_person_archive
from user_stats.transfer.person_readme import FIELDS, FILES, TITLES

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(manager: UserManager) -> str:
    """A person who has done everything."""
    user_id = manager.create_user("ada", "ada@example.org", UserRole.PREMIUM, password=PASSWORD)
    manager.record_watch_activity(user_id, "=cmd+'c calc'!A0", 90, title="=1+1", category="music", tags=["a", "b"])
    manager.record_watch_activity(user_id, "live-1", 60, "stream", completed=True)
    for number in range(2):
        manager.record_watch_activity(user_id, f"more-{number}", 0, "image")
    manager.record_upload(user_id, "video", content_id="upload-1", title="Ünïcode ✓", size_bytes=5)
    manager.record_interaction(user_id, "like", content_id="liked-1")
    manager.use_subscriber_feature(user_id, SubscriberFeature.HD_STREAMING)
    manager.revoke_feature(user_id, SubscriberFeature.AD_FREE)
    manager.update_user(user_id, email="ada@example.com")
    manager.upgrade_subscription(user_id, UserRole.PREMIUM, 30)
    return user_id


def opened(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
    return {
        name: json.loads(text)
        if name.endswith(".json")
        else list(csv.DictReader(io.StringIO(text, newline="")))
        if name.endswith(".csv")
        else text
        for name, text in files.items()
    }


def test_the_archive_holds_every_record_and_every_entry(manager: UserManager, storage: Storage, ada: str) -> None:
    files = opened(person_archive(manager, ada))
    assert files.keys() == {*FILES, "readme.txt"}
    document = files["person.json"]
    for collection in set(PERSONAL_COLLECTIONS) - set(SECRET_COLLECTIONS):
        assert document["collections"].get(collection.name) == storage.get(collection, ada)
    assert document["logs"] == {log.name: storage.read_log(log, ada) for log in PERSONAL_LOGS}
    assert (document["format"], document["version"], document["user_id"]) == ("user_stats person", 1, ada)
    assert len(files["activity.csv"]) == len(document["logs"]["activity"]) > 10


def test_the_history_is_a_list_of_watches_as_the_store_keeps_it(
    manager: UserManager, storage: Storage, ada: str
) -> None:
    files = opened(person_archive(manager, ada))
    assert files["history.json"] == storage.read_log(HISTORY, ada)
    assert [row["video_id"] for row in files["history.csv"]][:1] == ["'=cmd+'c calc'!A0"]


def test_no_secret_is_in_it(manager: UserManager, storage: Storage, ada: str) -> None:
    held = [storage.get(collection, ada) for collection in SECRET_COLLECTIONS]
    secret = [value for record in held if record for value in record.values() if isinstance(value, str)]
    assert any(value.startswith("$argon2id$") for value in secret)
    text = json.dumps(opened(person_archive(manager, ada)), ensure_ascii=False)
    assert not any(value in text for value in [*secret, "$argon2id$", PASSWORD])


def test_another_person_is_not_in_it(manager: UserManager, ada: str) -> None:
    other = manager.create_user("berta", "berta@example.org")
    manager.record_watch_activity(other, "secret-film", 60)
    text = json.dumps(opened(person_archive(manager, ada)))
    assert not any(word in text for word in (other, "berta", "secret-film"))


def test_a_person_who_has_done_nothing_has_an_archive_too(manager: UserManager) -> None:
    files = opened(person_archive(manager, manager.create_user("quiet", "quiet@example.org")))
    assert files["history.json"] == []
    assert files["features.csv"] == []
    assert files["account.csv"][0]["username"] == "quiet"


def test_the_items_of_a_person_are_in_it_and_no_other_owner(manager: UserManager, ada: str) -> None:
    other = manager.create_user("berta", "berta@example.org")
    manager.content.describe(ada, "shared", title="Together", collaborators=[other])
    manager.content.describe(other, "theirs", title="Not mine")
    document = opened(person_archive(manager, ada))["person.json"]
    items = document["collections"]["content"]
    assert items.keys() == {"upload-1", "shared"}
    assert items["shared"]["title"] == "Together"
    assert other not in json.dumps(document)


def test_what_the_bot_knows_of_a_linked_account_is_in_it(manager: UserManager, storage: Storage, ada: str) -> None:
    seen = {"user_id": 4711, "first_name": "Ada", "username": "ada_l", "first_seen": "2026-03-04", "referral": ""}

    def work(tx: Transaction) -> None:
        tx.put(BOT_USERS, "4711", seen)
        tx.put(BOT_LINKS, ada, {"telegram_id": "4711", "linked_at": "2026-03-04"})

    assert "bot_users" not in opened(person_archive(manager, ada))["person.json"]["collections"]
    storage.transaction(work)
    assert opened(person_archive(manager, ada))["person.json"]["collections"]["bot_users"] == seen


def test_the_readme_explains_every_file_and_field(manager: UserManager, ada: str) -> None:
    files = opened(person_archive(manager, ada))
    for name in FILES:
        assert f"  {name} " in files["readme.txt"]
    document = files["person.json"]
    for name, record in document["collections"].items():
        assert name in TITLES, f"the readme does not say what {name} is"
        told = ",".join(FIELDS.get(name, record)).replace(" ", "").split(",")
        assert record.keys() - {"user_id"} <= set(told)


def test_only_the_person_or_an_admin_may_have_it(manager: UserManager, ada: str) -> None:
    other = manager.create_user("berta", "berta@example.org")
    admin = manager.create_user("carol", "carol@example.org", UserRole.ADMIN)
    with pytest.raises(Forbidden):
        person_archive(manager, ada, actor=other)
    assert person_archive(manager, ada, actor=ada)
    assert person_archive(manager, ada, actor=admin)
    with pytest.raises(UserNotFound):
        person_archive(manager, "4ae26be3-7b41-4fb2-9d6d-5a14ef84bd20")


def test_it_can_be_written_to_a_pipe(manager: UserManager, ada: str) -> None:
    class Pipe(io.RawIOBase):
        """Takes bytes, and can do nothing else."""

        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.content += bytes(data)
            return len(data)

    pipe = Pipe()
    write_person_archive(pipe, manager, ada)
    assert opened(pipe.content)["account.csv"][0]["user_id"] == ada


def test_the_command_writes_it_for_its_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "users")
    get_user_manager(store).create_user("anna", "anna@example.org")
    out = tmp_path / "anna.zip"
    words = ["--store", store, "export", "person", "--out", str(out)]
    assert main([*words, "--user", "anna"]) == 0
    assert opened(out.read_bytes())["account.csv"][0]["username"] == "anna"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    for wrong in ([], ["--user", "nobody"], ["--user", "anna", "--format", "csv"]):
        assert main([*words, *wrong]) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name != "users"] == ["anna.zip"]
