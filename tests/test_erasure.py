"""Whoever is erased is in no byte of any file, whatever they did here, and nobody brings them back."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from clocks import FixedClock

from user_stats import SubscriberFeature, UserManager, UserRole
from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.errors import FeatureNotAvailable, InvalidInput, NotAuthenticated
from user_stats.storage import Storage, open_storage
from user_stats.storage.json_files import engine
from user_stats.transfer.imports import Imports
from user_stats.transfer.person_archive import person_archive
from user_stats.upgrade_requests import UpgradeRequests

NAME, EMAIL, PASSWORD = "zaphod-b", "zaphod@heart-of-gold.example", "forty-two mice on a ship"
LATER = ("zaphod-later", "later@heart-of-gold.example")
TRACES = ("zaphod", "heart-of-gold", "mine-", "my own title", "my-category", "my-tag", "my-session")
"""What stands in everything that is theirs."""


@pytest.fixture(params=["json", "json, whole files"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "json, whole files":
        monkeypatch.setattr(engine, "can_write_in_place", lambda folder: False)
    return str(tmp_path / "users")


def watches(manager: UserManager, user_id: str, count: int = 30) -> None:
    for number in range(count):
        kind = ("video", "stream", "image")[number % 3]
        manager.record_watch_activity(
            user_id,
            f"mine-{number}",
            number,
            kind,
            session_id=f"my-session-{number}",
            completed=number % 2 == 0,
            title="my own title",
            category="my-category",
            tags=["my-tag"],
            length_seconds=100,
        )


def belong_and_bring(manager: UserManager, user_id: str, other: str) -> None:
    """Items, streams, playlists, follows and choices."""
    content, community = manager.content, manager.community
    content.describe(user_id, "mine-item", title="my own title", category="my-category", tags=["my-tag"])
    content.describe(user_id, "shared-item", title="theirs too", collaborators=[other])
    content.describe(other, "other-item", title="Other", collaborators=[user_id])
    content.start_stream(user_id, "mine-stream", title="my own title")
    content.end_stream(user_id, "mine-stream")
    for content_id in ("mine-item", "other-item"):
        content.rate(user_id, content_id, 4)
        content.download(user_id, content_id, size_bytes=5)
        manager.record_interaction(user_id, "like", content_id=content_id)
    content.take_back_like(user_id, "other-item")
    community.follow(user_id, other)
    community.follow(other, user_id)
    community.set_referrer(other, user_id)
    community.set_preference(user_id, "notifications.news", "my own title")
    community.show_recommendations(user_id, ["mine-shown", "other-item"])
    community.click_recommendation(user_id, "mine-shown")
    community.record_payment(user_id, 9.99, "EUR")
    playlist = community.create_playlist(user_id, "my own title", items=["mine-item"])
    community.change_playlist(user_id, playlist, items=["mine-item", "mine-other"])
    community.unfollow(user_id, other)


def do_everything(storage: Storage, clock: FixedClock) -> str:
    """A person who has done all that there is; returns their id."""
    manager = UserManager(storage, clock=clock, max_history=20, passwords=PasswordPolicy())
    accounts = Accounts(storage, passwords=PasswordPolicy(), clock=clock)
    user_id = accounts.sign_up(
        NAME, EMAIL, PASSWORD, address="192.0.2.42", agent="Firefox", device="d" * 32
    ).user.user_id
    other = manager.create_user("other", "other@example.org")
    with pytest.raises(NotAuthenticated):
        accounts.sign_in(NAME, "wrong password, again", address="192.0.2.42")
    token = accounts.sign_in(EMAIL, PASSWORD, address="192.0.2.42", agent="Firefox").token
    accounts.change_password(user_id, PASSWORD, PASSWORD + " or two", keep_token=token)
    accounts.make_reset_code(user_id, actor=None)
    UpgradeRequests(storage, clock=clock).ask(user_id, UserRole.PREMIUM, actor=user_id)
    manager.upgrade_subscription(user_id, UserRole.SUBSCRIBER, 30)
    manager.upgrade_subscription(user_id, UserRole.PREMIUM, 30)
    for feature in SubscriberFeature:
        manager.use_subscriber_feature(user_id, feature)
    manager.grant_feature(user_id, SubscriberFeature.AD_FREE)
    manager.revoke_feature(user_id, SubscriberFeature.EARLY_ACCESS)
    with pytest.raises(FeatureNotAvailable):
        manager.use_subscriber_feature(user_id, SubscriberFeature.EARLY_ACCESS)
    manager.reset_feature(user_id, SubscriberFeature.AD_FREE)
    watches(manager, user_id)
    for kind in ("video", "stream", "image"):
        manager.record_upload(user_id, kind, content_id=f"mine-upload-{kind}", title="my own title", size_bytes=7)
    for interaction in ("like", "comment", "share"):
        manager.record_interaction(user_id, interaction, content_id="mine-liked")
    with pytest.raises(InvalidInput):
        manager.record_interaction(user_id, "mine-unknown")
    belong_and_bring(manager, user_id, other)
    imports = Imports(manager, clock=clock)
    rows = [{"video_id": f"mine-import-{n}", "watched_at": f"2026-01-0{n}", "duration_seconds": 5} for n in (1, 2, 3)]
    for row in rows:
        row |= {"content_type": "video", "session_id": f"my-session-import-{row['video_id']}", "title": "my own title"}
    for part in (rows[:1], rows[1:]):
        report = imports.import_file(io.BytesIO(json.dumps(part).encode()), user_id, name="mine-file.json")
        assert report.imported == len(part)
    imports.undo(user_id, imports.batches(user_id)[0].name)
    manager.update_user(user_id, username=LATER[0], email=LATER[1])
    manager.update_user(user_id, is_active=False)
    manager.update_user(user_id, is_active=True)
    clock.advance(hours=1)
    manager.history_tracker.clear_watch_history(user_id)
    watches(manager, user_id)
    manager.cancel_subscription(user_id)
    assert person_archive(manager, user_id, actor=user_id)
    manager.record_watch_activity(other, "theirs", 60)
    return user_id


def traces(folder: Path, user_id: str) -> list[str]:
    """Every file that has something of theirs, and what."""
    words = [user_id, user_id.replace("-", ""), *TRACES]
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            found += [f"{path.name}: {word}" for word in words if word.encode() in content or word in path.name]
    return found


def test_nothing_of_a_person_is_left_in_any_byte_of_any_file(store: str, clock: FixedClock) -> None:
    storage = open_storage(store)
    user_id = do_everything(storage, clock)
    assert len(traces(Path(store), user_id)) > 10
    UserManager(storage, clock=clock).delete_user(user_id, actor=user_id)
    assert traces(Path(store), user_id) == []
    storage.close()
    assert traces(Path(store), user_id) == []
    again = open_storage(store)
    manager = UserManager(again, clock=clock)
    assert manager.verify() == []
    assert [user.username for user in manager.find_users().users] == ["other"]
    again.close()


def test_many_who_are_erased_at_once_leave_nothing_either(store: str, clock: FixedClock) -> None:
    storage = open_storage(store)
    manager = UserManager(storage, clock=clock)
    ids = [manager.create_user(f"zaphod-{n}", f"{n}@heart-of-gold.example") for n in range(40)]
    for user_id in ids:
        watches(manager, user_id, 3)
    manager.delete_users(ids)
    storage.close()
    assert [trace for user_id in ids for trace in traces(Path(store), user_id)] == []


def test_the_name_and_the_address_are_free_again(store: str, clock: FixedClock) -> None:
    storage = open_storage(store)
    manager = UserManager(storage, clock=clock)
    manager.delete_user(do_everything(storage, clock))
    assert manager.create_user(LATER[0], LATER[1])
    storage.close()


def test_a_history_that_went_out_with_the_archive_comes_in_again(store: str, clock: FixedClock) -> None:
    storage = open_storage(store)
    manager = UserManager(storage, clock=clock)
    user_id, heir = (manager.create_user(name, f"{name}@example.org") for name in ("zaphod-b", "heir"))
    watches(manager, user_id)
    archive = person_archive(manager, user_id)
    report = Imports(manager, clock=clock).import_file(io.BytesIO(archive), heir, name="archive.zip")
    assert report.imported == 30
    tracker = manager.history_tracker
    assert tracker.get_watch_history(heir, 100) == tracker.get_watch_history(user_id, 100)
    storage.close()
