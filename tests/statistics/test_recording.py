"""What people do besides watching: recorded with what it moves, refused without a trace, erased with the person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from user_stats import AlreadyExists, Conflict, Forbidden, InvalidInput, UserManager, UserNotFound, open_storage
from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS


def test_an_item_belongs_to_who_brought_it(site: Any) -> None:
    content = site.manager.content
    content.describe(
        site.ada, "intro", title="Intro", category="science", tags=["space"], size_bytes=10, length_seconds=90
    )
    item = content.describe(site.ada, "intro", title="Intro, second cut", collaborators=[site.bob])
    assert (item.title, item.category, item.owners) == ("Intro, second cut", "science", (site.ada, site.bob))
    eve = site.manager.create_user("eve", "eve@example.org")
    with pytest.raises(AlreadyExists):
        content.describe(eve, "intro", title="Mine")
    with pytest.raises(AlreadyExists):
        site.manager.record_upload(eve, "video", content_id="intro")
    with pytest.raises(Forbidden):
        content.delete(eve, "intro")
    assert content.find("intro") == item
    assert site.manager.get_user_stats(eve).videos_uploaded == 0
    assert content.delete(site.bob, "intro").deleted_at is not None


def test_a_stream_starts_once_and_ends_once(site: Any) -> None:
    content = site.manager.content
    content.start_stream(site.ada, "live", title="Live")
    with pytest.raises(Conflict):
        content.start_stream(site.ada, "live")
    with pytest.raises(InvalidInput):
        content.end_stream(site.ada, "live", ended_at="2026-03-04T11:00:00Z")
    site.clock.advance(hours=1)
    assert content.end_stream(site.ada, "live").ended_at == "2026-03-04T13:30:00.000000+00:00"
    with pytest.raises(Conflict):
        content.end_stream(site.ada, "live")


def test_a_watch_takes_over_what_is_known_of_its_item(site: Any) -> None:
    site.manager.content.describe(site.ada, "intro", category="science", tags=["space"])
    site.manager.record_watch_activity(site.bob, "intro", 600)
    site.manager.record_watch_activity(site.bob, "intro", 600, category="art")
    assert site.of(site.bob, "favorite_categories")["value"] == ["art", "science"]
    assert site.platform("favorite_categories")["value"] == ["art", "science"]


def test_a_like_is_taken_back_once(site: Any) -> None:
    site.manager.record_interaction(site.bob, "like", content_id="intro")
    site.manager.content.take_back_like(site.bob, "intro")
    with pytest.raises(Conflict):
        site.manager.content.take_back_like(site.bob, "intro")
    assert site.item("intro", "likes")["value"] == 0
    assert site.manager.get_user_stats(site.bob).total_interactions == 1


@pytest.mark.parametrize("stars", [0, 0.5, 5.5, 3.3, True, "5", None, float("nan")])
def test_only_half_stars_from_one_to_five_rate(site: Any, stars: Any) -> None:
    with pytest.raises(InvalidInput):
        site.manager.content.rate(site.ada, "intro", stars)


def test_following_is_mutual_knowledge_and_ends_with_the_person(site: Any) -> None:
    community = site.manager.community
    community.follow(site.ada, site.bob)
    with pytest.raises(AlreadyExists):
        community.follow(site.ada, site.bob)
    with pytest.raises(InvalidInput):
        community.follow(site.ada, site.ada)
    with pytest.raises(UserNotFound):
        community.follow(site.ada, "00000000-0000-4000-8000-000000000000")
    with pytest.raises(Conflict):
        community.unfollow(site.bob, site.ada)
    assert (community.following(site.ada), community.followers(site.bob)) == ([site.bob], [site.ada])
    assert site.of(site.ada, "following")["value"] == 1
    site.manager.delete_user(site.bob)
    assert community.following(site.ada) == []
    assert site.of(site.ada, "following")["value"] == 0


def test_preferences_count_changes_and_not_saves(site: Any) -> None:
    community = site.manager.community
    assert community.set_preference(site.ada, "notifications.email", "off") is True
    assert community.set_preference(site.ada, "notifications.email", "off") is False
    assert community.get_preferences(site.ada) == {"notifications.email": "off"}
    for name in ("volume", "privacy.", "privacy.__class__", "notifications.E-Mail", 7):
        with pytest.raises(InvalidInput):
            community.set_preference(site.ada, name, "on")


def test_playlists_are_kept_and_named_by_an_id(site: Any) -> None:
    community = site.manager.community
    playlist = community.create_playlist(site.ada, "Evening", items=["a", "b"])
    community.change_playlist(site.ada, playlist, items=["a", "b", "c", "d"])
    assert community.get_playlists(site.ada) == {playlist: {"name": "Evening", "items": ["a", "b", "c", "d"]}}
    with pytest.raises(Conflict):
        community.delete_playlist(site.bob, playlist)
    community.delete_playlist(site.ada, playlist)
    assert community.get_playlists(site.ada) == {}


@pytest.mark.parametrize(("amount", "currency"), [(0, "EUR"), (-1, "EUR"), (1, "eur"), (float("nan"), "EUR"), (1, "€")])
def test_payments_have_an_amount_and_a_currency(site: Any, amount: Any, currency: Any) -> None:
    with pytest.raises(InvalidInput):
        site.manager.community.record_payment(site.ada, amount, currency)


def test_a_referrer_is_named_once(site: Any) -> None:
    site.manager.community.set_referrer(site.bob, site.ada)
    with pytest.raises(Conflict):
        site.manager.community.set_referrer(site.bob, site.ada)


def test_who_is_inactive_records_nothing(site: Any) -> None:
    site.manager.update_user(site.bob, is_active=False)
    for call in (
        lambda: site.manager.content.rate(site.bob, "intro", 4),
        lambda: site.manager.content.describe(site.bob, "intro"),
        lambda: site.manager.community.follow(site.bob, site.ada),
        lambda: site.manager.community.create_playlist(site.bob, "x"),
    ):
        with pytest.raises(Forbidden):
            call()


def test_erasure_leaves_no_trace_of_a_person_in_any_file(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "users"))
    manager = UserManager(storage)
    ada, bob = manager.create_user("ada", "ada@example.org"), manager.create_user("bob", "bob@example.org")
    manager.record_upload(bob, "video", content_id="solo")
    manager.content.describe(ada, "shared", collaborators=[bob])
    manager.community.follow(ada, bob)
    manager.community.follow(bob, ada)
    manager.community.set_referrer(bob, ada)
    manager.record_interaction(bob, "comment", content_id="shared")
    manager.community.create_playlist(bob, "Mine")
    manager.record_watch_activity(bob, "live", 60, "stream")
    assert manager.verify() == []
    manager.delete_user(bob)
    assert manager.verify() == []
    kept = [json.dumps(record) for one in ALL_COLLECTIONS for record in storage.scan(one) if one.name != "audit"]
    kept += [
        json.dumps(storage.read_log(log, key))
        for log in ALL_LOGS
        if log.name != "audit"
        for key in storage.log_keys(log)
    ]
    assert bob not in "".join(kept)
    assert manager.content.find("solo") is None
    assert manager.content.find("shared").owners == (ada,)  # type: ignore[union-attr]
    storage.close()
