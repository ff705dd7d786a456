"""What the library promises about people, subscriptions, features and statistics, on every engine."""

from __future__ import annotations

import threading
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from clocks import FixedClock

from user_stats import (
    AlreadyExists,
    Conflict,
    FeatureNotAvailable,
    Forbidden,
    InvalidInput,
    LastAdmin,
    SubscriberFeature,
    TooLarge,
    UserManager,
    UserNotFound,
    UserRole,
)
from user_stats.collections import ACTIVITY, USER_STATS, USERS
from user_stats.models import COUNTERS
from user_stats.storage import Storage

UNKNOWN = "5f0c8f4e-1b7a-4f6e-9a3d-2f1f0d3c4b5a"


@pytest.fixture
def ada(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org")


@pytest.fixture
def admin(manager: UserManager) -> str:
    return manager.create_user("grace", "grace@example.org", UserRole.ADMIN)


def everything(storage: Storage) -> Any:
    """All that is stored, to show that a refused call changed nothing."""
    from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS

    records = {one.name: dict(storage.scan(one)) for one in ALL_COLLECTIONS}
    lists = {one.name: {key: storage.read_log(one, key) for key in storage.log_keys(one)} for one in ALL_LOGS}
    return records, lists


# -- accounts -------------------------------------------------------------------------------------------------------


def test_a_new_person_has_an_account_and_zeroed_statistics(manager: UserManager, clock: FixedClock) -> None:
    user_id = manager.create_user("Ada", "Ada@Example.org")
    assert uuid.UUID(user_id).version == 4
    user = manager.get_user(user_id)
    assert (user.username, user.email, user.role) == ("Ada", "Ada@Example.org", UserRole.FREE)
    assert user.is_active
    assert user.subscription_expires is None
    assert user.created_at == user.updated_at == "2026-03-04T12:30:00.000000+00:00"
    stats = manager.get_user_stats(user_id)
    assert all(getattr(stats, name) == 0 for name in COUNTERS)
    assert stats.total_watched_hours == 0.0
    assert stats.last_activity_timestamp == stats.created_at == user.created_at


@pytest.mark.parametrize("name", ["ADA", "Ada", "ａｄａ"])
def test_a_taken_name_is_refused_in_any_case_and_width(manager: UserManager, ada: str, name: str) -> None:
    with pytest.raises(AlreadyExists) as refused:
        manager.create_user(name, "other@example.org")
    assert refused.value.field == "username"
    assert isinstance(refused.value, ValueError)


def test_a_taken_address_is_refused_in_any_case(manager: UserManager, ada: str, storage: Storage) -> None:
    before = everything(storage)
    with pytest.raises(AlreadyExists) as refused:
        manager.create_user("other", "ADA@EXAMPLE.ORG")
    assert refused.value.field == "email"
    assert everything(storage) == before


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "   ",
            "\t",
            "ab",
            "a" * 33,
            "аdmin",
            "a\u200bda",
            "a\u202eda",
            "a\x00da",
            "a\r\nda",
            "👩‍🚀👩‍🚀",
            "\ud800ada",
        ),
        *("![x](http://e/x.png)", "[a](javascript:1)", "<script>", "$$x$$", ":red[x]", "a b c", "a/b/c", "../ada"),
        *("admin", "Root", "SYSTEM", "anonymous", "null", "ａｄｍｉｎ"),
        *(None, 7, b"ada", ["ada"]),
    ],
)
def test_a_bad_name_is_refused_and_nothing_is_stored(manager: UserManager, storage: Storage, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.create_user(name, "ada@example.org")
    assert refused.value.field == "username"
    assert "username" in str(refused.value)
    assert manager.count_users() == 0


@pytest.mark.parametrize(
    "name", ["abc", "a" * 32, "Zoë", "李小龙", "たなか", "Владимир", "o.k-2_x", "٣٤٥abc"[3:] + "1"]
)
def test_good_names_pass(manager: UserManager, name: str) -> None:
    assert manager.get_user(manager.create_user(name, "a@example.org")).username == name


@pytest.mark.parametrize(
    "email",
    [
        *("", "a", "a@", "@b", "a@b", "a@b@c", "a\n@b.co", '"a b"@c.de', "a@b.co.", "a..b@c.de", ".a@b.co", "a@-b.co"),
        *("a" * 65 + "@example.org", "a@" + "b" * 250 + ".org", "a@b.co\n", "a b@c.de", None, 7, "\ud800@b.co"),
    ],
)
def test_a_bad_address_is_refused(manager: UserManager, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.create_user("ada", email)
    assert refused.value.field == "email"


@pytest.mark.parametrize("role", ["owner", "ADMIN ", "Admin", 3, None, [], True])
def test_a_bad_role_is_refused_with_the_list(manager: UserManager, role: Any) -> None:
    with pytest.raises(InvalidInput, match="free, subscriber, premium, admin"):
        manager.create_user("ada", "ada@example.org", role)


def test_a_role_by_its_value_is_the_same(manager: UserManager) -> None:
    assert manager.get_user(manager.create_user("ada", "a@example.org", "premium")).role is UserRole.PREMIUM


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "x" * 129,
        "password12345",
        "aaaaaaaaaaaa",
        "hunter2hunter2",
        "ada@example.org",
        7,
        "\ud800" * 12,
    ],
)
def test_a_weak_password_is_refused_unrepeated(manager: UserManager, password: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.create_user("ada", "ada@example.org", password=password)
    assert refused.value.field == "password"
    assert str(password) not in str(refused.value) or password in ("", 7)
    assert manager.count_users() == 0


def test_a_huge_password_is_refused_before_any_work(manager: UserManager) -> None:
    with pytest.raises(TooLarge):
        manager.create_user("ada", "ada@example.org", password="x" * (1 << 20))


def test_a_password_is_kept_as_a_hash_alone(manager: UserManager, storage: Storage) -> None:
    manager.create_user("ada", "ada@example.org", password="correct horse battery")
    assert "$argon2id$" in str(everything(storage))
    assert "correct horse" not in str(everything(storage))


def test_of_fifty_sign_ups_at_once_with_one_name_one_wins(manager: UserManager) -> None:
    outcomes: list[str] = []

    def sign_up(number: int) -> None:
        try:
            manager.create_user("Ada", f"a{number}@example.org")
            outcomes.append("won")
        except AlreadyExists:
            outcomes.append("lost")

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 49 + ["won"]
    assert manager.count_users() == 1


@pytest.mark.parametrize(
    "user_id", ["../x", "a/b", "..%2f", "\0", "x" * 300, "", None, 7, b"x", f"{{{UNKNOWN}}}", UNKNOWN.upper(), UNKNOWN]
)
def test_nobody_has_a_strange_id(manager: UserManager, ada: str, user_id: Any) -> None:
    tracker = manager.history_tracker
    for call in (
        lambda: manager.get_user(user_id),
        lambda: manager.get_user_stats(user_id),
        lambda: manager.record_watch_activity(user_id, "v", 60),
        lambda: manager.record_upload(user_id, "video"),
        lambda: manager.use_subscriber_feature(user_id, "ad_free"),
        lambda: manager.upgrade_subscription(user_id, "premium"),
        lambda: manager.update_user(user_id, username="other"),
        lambda: manager.delete_user(user_id),
        lambda: tracker.get_watch_history(user_id),
        lambda: tracker.get_watch_stats_by_type(user_id),
        lambda: tracker.clear_watch_history(user_id),
    ):
        with pytest.raises(UserNotFound) as refused:
            call()
        assert isinstance(refused.value, KeyError)
        is_a_uuid = isinstance(user_id, str) and user_id.lower() == UNKNOWN
        assert refused.value.code == ("not_found" if is_a_uuid else "invalid_id")


def test_people_are_found_by_part_of_name_or_address(manager: UserManager, clock: FixedClock) -> None:
    for number in range(12):
        role = UserRole.PREMIUM if number % 3 == 0 else UserRole.FREE
        manager.create_user(f"Person{number:02}", f"p{number}@{'one' if number % 2 else 'two'}.org", role)
        clock.advance(days=1)
    assert manager.find_users().total == 12
    assert [user.username for user in manager.find_users("PERSON0", limit=2).users] == ["Person00", "Person01"]
    assert manager.find_users("@two").total == 6
    assert manager.find_users("%").total == manager.find_users(".*").total == manager.find_users("_").total == 0
    assert manager.find_users(role="premium", sort="-username").users[0].username == "Person09"
    assert manager.find_users(created_from=date(2026, 3, 6), created_to="2026-03-08").total == 2
    assert manager.find_users(is_active=False).total == 0
    page = manager.find_users(sort="-created_at", offset=10, limit=5)
    assert ([user.username for user in page.users], page.total) == (["Person01", "Person00"], 12)
    page = manager.find_users("person", count_to=12)
    assert (page.total, page.is_total_exact) == (12, True)
    page = manager.find_users("person", count_to=11)
    assert (page.total, page.is_total_exact) == (12, False)  # "more than 11"
    assert manager.find_users(count_to=11).is_total_exact
    found = manager.find_user("person05")
    assert found is not None
    assert found == manager.find_user("P5@ONE.org")
    assert manager.find_user("nobody") is None


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "all"},
        {"limit": True},
        {"offset": -1},
        {"count_to": 0},
        {"sort": "password"},
        {"role": "owner"},
        {"is_active": "yes"},
        {"created_from": "yesterday"},
        {"created_from": "2026-03-02", "created_to": "2026-03-01"},
        {"text": "x" * 10_000},
    ],
)
def test_a_bad_query_is_refused(manager: UserManager, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.find_users(**query)
    assert refused.value.field in query


def test_people_change_their_name_and_free_the_old_one(manager: UserManager, ada: str) -> None:
    changed = manager.update_user(ada, username="Countess", actor=ada)
    assert manager.get_user(ada) == changed
    assert manager.create_user("ada", "new@example.org")


def test_a_stale_version_is_a_conflict(manager: UserManager, ada: str) -> None:
    version = manager.get_user_version(ada)
    manager.update_user(ada, email="one@example.org", expected_version=version)
    with pytest.raises(Conflict, match="changed by the site at"):
        manager.update_user(ada, email="two@example.org", expected_version=version)
    assert manager.get_user(ada).email == "one@example.org"


def test_only_admins_may_change_others_or_roles(manager: UserManager, ada: str, admin: str) -> None:
    bob = manager.create_user("bob", "bob@example.org")
    for change in ({"role": "admin"}, {"is_active": False}, {"role": "premium", "username": "x1x"}):
        with pytest.raises(Forbidden):
            manager.update_user(ada, **change, actor=ada)  # type: ignore[arg-type]
    for call in (
        lambda: manager.update_user(bob, username="other", actor=ada),
        lambda: manager.delete_user(bob, actor=ada),
        lambda: manager.upgrade_subscription(ada, "premium", actor=ada),
        lambda: manager.grant_feature(ada, "ad_free", actor=ada),
        lambda: manager.create_user("eve", "eve@example.org", "admin", actor=ada),
        lambda: manager.history_tracker.clear_watch_history(bob, actor=ada),
        lambda: manager.update_users([bob], role="premium", actor=ada),
        lambda: manager.update_user(bob, username="other", actor=UNKNOWN),
    ):
        with pytest.raises(Forbidden):
            call()
    manager.update_user(bob, role="premium", actor=admin)
    manager.update_user(admin, role="admin", actor=admin)
    assert manager.get_user(bob).role is UserRole.PREMIUM


def test_the_last_active_admin_stays(manager: UserManager, admin: str, storage: Storage) -> None:
    other = manager.create_user("linus", "linus@example.org", "admin")
    manager.update_user(other, is_active=False)
    before = everything(storage)
    for call in (
        lambda: manager.update_user(admin, role="free"),
        lambda: manager.update_user(admin, is_active=False),
        lambda: manager.delete_user(admin),
        lambda: manager.update_users([admin, other], is_active=False),
        lambda: manager.delete_users([other, admin]),
    ):
        with pytest.raises(LastAdmin):
            call()
    assert everything(storage) == before
    manager.update_user(other, is_active=True)
    manager.update_user(admin, role="free")
    with pytest.raises(LastAdmin):
        manager.delete_user(other)


def test_two_admins_who_demote_each_other_at_once_leave_one(manager: UserManager, admin: str) -> None:
    for _ in range(20):
        other = manager.create_user(f"other{uuid.uuid4().hex[:8]}", f"{uuid.uuid4().hex}@example.org", "admin")
        refused = []
        pair = (admin, other)

        def demote(number: int, pair: tuple[str, str] = pair, refused: list[int] = refused) -> None:
            try:
                manager.update_user(pair[1 - number], role="free", actor=pair[number])
            except (LastAdmin, Forbidden):
                refused.append(number)

        threads = [threading.Thread(target=demote, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = [user.user_id for user in manager.find_users(role="admin").users]
        assert len(left) == 1
        assert len(refused) == 1
        admin = left[0]


def test_many_accounts_change_together_or_not_at_all(manager: UserManager, storage: Storage) -> None:
    people = [manager.create_user(f"person{number}", f"p{number}@example.org") for number in range(5)]
    assert manager.update_users([*people, people[0]], role="premium") == 5
    before = everything(storage)
    with pytest.raises(UserNotFound, match=UNKNOWN):
        manager.update_users([*people, UNKNOWN], is_active=False)
    with pytest.raises(UserNotFound, match=r"\.\./x"):
        manager.delete_users([people[0], "../x"])
    with pytest.raises(TooLarge):
        manager.update_users([people[0]] * 10_001, is_active=False)
    with pytest.raises(InvalidInput):
        manager.update_users(people[0], is_active=False)
    assert everything(storage) == before
    assert manager.delete_users(people[:3]) == 3
    assert manager.count_users() == 2


def test_an_erased_person_is_in_no_file(manager: UserManager, ada: str, storage: Storage, clock: FixedClock) -> None:
    manager.upgrade_subscription(ada, "premium")
    manager.record_watch_activity(ada, "secret-video", 60)
    manager.use_subscriber_feature(ada, "ad_free")
    manager.delete_user(ada, actor=ada)
    left = str(everything(storage))
    assert ada not in left
    assert "secret-video" not in left
    assert "ada@" not in left
    assert manager.verify() == []
    with pytest.raises(UserNotFound):
        manager.delete_user(ada)


# -- subscriptions and features -------------------------------------------------------------------------------------


def test_a_subscription_runs_for_its_days_and_is_renewed_at_its_end(
    manager: UserManager, ada: str, clock: FixedClock
) -> None:
    until = datetime.fromisoformat(manager.upgrade_subscription(ada, "premium", 30).subscription_expires or "")
    assert until == clock.now + timedelta(days=30)
    clock.advance(days=10)
    renewed = manager.upgrade_subscription(ada, "premium", 30)
    assert datetime.fromisoformat(renewed.subscription_expires or "") == until + timedelta(days=30)
    other = manager.upgrade_subscription(ada, "subscriber", 30)
    assert datetime.fromisoformat(other.subscription_expires or "") == clock.now + timedelta(days=30)
    clock.advance(days=60)
    again = manager.upgrade_subscription(ada, "subscriber")
    assert datetime.fromisoformat(again.subscription_expires or "") == clock.now + timedelta(days=365)


def test_past_its_end_a_subscription_gives_what_free_gives(manager: UserManager, ada: str, clock: FixedClock) -> None:
    manager.upgrade_subscription(ada, "subscriber", 1)
    assert [user.user_id for user in manager.get_subscribers()] == [ada]
    assert manager.use_subscriber_feature(ada, SubscriberFeature.AD_FREE) == 1
    clock.advance(days=1)
    assert manager.get_subscribers() == []
    with pytest.raises(FeatureNotAvailable, match="expired"):
        manager.use_subscriber_feature(ada, SubscriberFeature.AD_FREE)
    user = manager.get_user(ada)
    assert user.role is UserRole.SUBSCRIBER
    assert user.subscription_expires is not None
    manager.record_watch_activity(ada, "v", 60)  # never locked out
    assert manager.get_user_stats(ada).subscriber_features_used == 1


def test_an_account_made_with_a_plan_runs_the_usual_time(manager: UserManager, clock: FixedClock) -> None:
    user = manager.get_user(manager.create_user("ada", "a@example.org", UserRole.SUBSCRIBER))
    assert datetime.fromisoformat(user.subscription_expires or "") == clock.now + timedelta(days=365)
    assert manager.get_user(manager.create_user("bob", "b@example.org", "admin")).subscription_expires is None


@pytest.mark.parametrize("days", [0, -1, 3651, 10**9, 1.5, True, "30"])
def test_a_bad_number_of_days_is_refused(manager: UserManager, ada: str, days: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.upgrade_subscription(ada, "premium", days)
    assert refused.value.field == "days"
    assert manager.get_user(ada).role is UserRole.FREE


@pytest.mark.parametrize("role", ["free", "admin", "owner"])
def test_only_plans_can_be_subscribed_to(manager: UserManager, ada: str, role: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        manager.upgrade_subscription(ada, role)
    assert refused.value.field == "role"


def test_an_admin_is_not_turned_into_a_subscriber(manager: UserManager, admin: str) -> None:
    with pytest.raises(InvalidInput):
        manager.upgrade_subscription(admin, "premium")
    assert manager.get_user(admin).role is UserRole.ADMIN


def test_a_cancelled_subscription_ends_at_once(manager: UserManager, ada: str) -> None:
    manager.upgrade_subscription(ada, "premium")
    assert manager.cancel_subscription(ada, actor=ada).role is UserRole.FREE
    assert manager.get_subscribers() == []
    with pytest.raises(InvalidInput):
        manager.cancel_subscription(ada)


MATRIX = {
    "free": set(),
    "subscriber": {"priority_upload", "hd_streaming", "ad_free", "custom_playlists"},
    "premium": {feature.value for feature in SubscriberFeature},
    "admin": {feature.value for feature in SubscriberFeature},
}


@pytest.mark.parametrize("role", MATRIX)
def test_each_role_has_its_features(manager: UserManager, role: str) -> None:
    person = manager.create_user("ada", "ada@example.org", role)
    access = manager.get_features(person)
    assert {feature.value for feature, one in access.items() if one.is_available} == MATRIX[role]
    for feature in SubscriberFeature:
        if feature.value in MATRIX[role]:
            assert manager.use_subscriber_feature(person, feature) == 1
        else:
            with pytest.raises(FeatureNotAvailable):
                manager.use_subscriber_feature(person, feature)
    assert manager.get_user_stats(person).subscriber_features_used == len(MATRIX[role])


def test_a_feature_can_be_granted_and_taken_away(manager: UserManager, ada: str, admin: str) -> None:
    manager.grant_feature(ada, "ad_free", actor=admin)
    assert manager.use_subscriber_feature(ada, "ad_free") == 1
    assert manager.get_features(ada)[SubscriberFeature.AD_FREE].reason == "granted"
    manager.upgrade_subscription(ada, "premium")
    manager.revoke_feature(ada, "ad_free", actor=admin)
    assert not manager.has_feature(ada, "ad_free")
    with pytest.raises(FeatureNotAvailable, match="revoked") as refused:
        manager.use_subscriber_feature(ada, "ad_free")
    assert isinstance(refused.value, PermissionError)
    manager.reset_feature(ada, "ad_free", actor=admin)
    assert manager.use_subscriber_feature(ada, "ad_free") == 2


def test_an_unknown_feature_is_refused(manager: UserManager, ada: str) -> None:
    for feature in ("flying", "AD_FREE", None, 3):
        with pytest.raises(InvalidInput):
            manager.use_subscriber_feature(ada, feature)  # type: ignore[arg-type]


# -- what people do -------------------------------------------------------------------------------------------------


def test_uploads_and_interactions_are_counted_by_kind(manager: UserManager, ada: str) -> None:
    for content_type in ("video", "video", "stream", "image"):
        manager.record_upload(ada, content_type, size_bytes=10**9, title="Mine")
    for interaction in ("like", "comment", "share", "like"):
        stats = manager.record_interaction(ada, interaction, content_id="v1")
    assert (stats.videos_uploaded, stats.streams_created, stats.images_uploaded) == (2, 1, 1)
    assert stats.total_interactions == 4
    assert stats == manager.get_user_stats(ada)


@pytest.mark.parametrize("word", ["Video", "audio", None, "", 3, ["video"]])
def test_unknown_words_are_refused(manager: UserManager, ada: str, storage: Storage, word: Any) -> None:
    before = everything(storage)
    for call in (
        lambda: manager.record_upload(ada, word),
        lambda: manager.record_interaction(ada, word),
        lambda: manager.record_watch_activity(ada, "v", 60, word),
    ):
        with pytest.raises(InvalidInput, match="one of"):
            call()
    assert everything(storage) == before


def test_an_inactive_person_records_nothing(manager: UserManager, ada: str, storage: Storage) -> None:
    manager.update_user(ada, is_active=False)
    before = everything(storage)
    for call in (
        lambda: manager.record_watch_activity(ada, "v", 60),
        lambda: manager.record_upload(ada, "video"),
        lambda: manager.record_interaction(ada, "like"),
        lambda: manager.use_subscriber_feature(ada, "ad_free"),
    ):
        with pytest.raises(Forbidden):
            call()
    assert everything(storage) == before
    manager.update_user(ada, is_active=True)
    manager.record_upload(ada, "video")


def test_last_activity_never_goes_back(manager: UserManager, ada: str, clock: FixedClock) -> None:
    manager.record_upload(ada, "video")
    last = manager.get_user_stats(ada).last_activity_timestamp
    clock.advance(days=-400)
    manager.record_upload(ada, "video")
    assert manager.get_user_stats(ada).last_activity_timestamp == last
    assert manager.verify() == []


def test_everybodys_statistics_come_by_id(manager: UserManager, ada: str, admin: str) -> None:
    manager.record_upload(ada, "image")
    everybody = manager.get_all_users_stats()
    assert everybody.keys() == {ada, admin}
    assert everybody[ada] == manager.get_user_stats(ada)


@pytest.mark.parametrize("name", ["...", "-rf", "_ada", "ada.", "\u0301ada", "a--"])
def test_a_name_begins_and_ends_with_a_letter_or_a_digit(manager: UserManager, name: str) -> None:
    with pytest.raises(InvalidInput, match="username"):
        manager.create_user(name, "ada@example.org")


@pytest.mark.parametrize(
    "video_id", ["../../etc/passwd", "a/b", "..", "c:\\x", "![x](http://x)", "<b>", "**bold**", "`x`"]
)
def test_an_id_of_content_is_neither_path_nor_markup(manager: UserManager, video_id: str) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    for call in (
        lambda: manager.record_watch_activity(ada, video_id, 60),
        lambda: manager.record_watch_activity(ada, "v", 60, "stream", stream_id=video_id),
        lambda: manager.record_upload(ada, "video", content_id=video_id),
        lambda: manager.record_interaction(ada, "like", content_id=video_id),
    ):
        with pytest.raises(InvalidInput, match="_id"):
            call()
    assert manager.get_user_stats(ada).watch_history_entries == 0


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("it cannot say what it is")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-1, "duration_seconds: -1 is"),
        ("60", "duration_seconds: '60' is"),
        (None, "duration_seconds: None is"),
        ("süß\u202e\n", r"duration_seconds: 'süß\u202e\n' is"),
        (10**5000, "duration_seconds: a value of the type int is"),
        (Unspeakable(), "duration_seconds: a value of the type Unspeakable is"),
    ],
    ids=["number", "text", "nothing", "unicode", "thousands of digits", "unspeakable"],
)
def test_a_refusal_shows_the_value_as_it_was_given(manager: UserManager, value: Any, shown: str) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    with pytest.raises(InvalidInput) as refused:
        manager.record_watch_activity(ada, "intro", value)
    assert refused.value.message.startswith(shown)
    assert manager.get_user_stats(ada).watch_history_entries == 0


def test_a_number_of_thousands_of_digits_is_nobodys_id(manager: UserManager) -> None:
    with pytest.raises(UserNotFound, match="type int"):
        manager.get_user(10**5000)  # type: ignore[arg-type]


def test_who_has_a_reserved_name_keeps_it_and_nobody_else_gets_one(manager: UserManager) -> None:
    admin = manager.create_user("admin", "admin@example.org", UserRole.ADMIN, allow_reserved=True)
    assert manager.update_user(admin, username="Admin", actor=admin).username == "Admin"
    ada = manager.create_user("ada", "ada@example.org")
    with pytest.raises(InvalidInput, match="reserved"):
        manager.update_user(ada, username="root", actor=ada)
    assert manager.get_user(ada).username == "ada"


def test_a_conflict_says_who_changed_the_account(manager: UserManager) -> None:
    grace = manager.create_user("grace", "grace@example.org", UserRole.ADMIN)
    ada = manager.create_user("ada", "ada@example.org")
    for actor, who in ((grace, "grace"), (ada, "ada"), (None, "the site")):
        manager.update_user(ada, email=f"{who.split()[-1]}@example.com", actor=actor)
        with pytest.raises(Conflict, match=f"changed by {who} at"):
            manager.update_user(ada, email="other@example.com", expected_version=1)


def test_what_an_admin_did_is_in_the_log_with_who_did_it(manager: UserManager) -> None:
    grace = manager.create_user("grace", "grace@example.org", UserRole.ADMIN)
    ada = manager.create_user("ada", "ada@example.org")
    manager.update_user(ada, role=UserRole.PREMIUM, actor=grace)
    manager.upgrade_subscription(ada, UserRole.PREMIUM, 30, actor=grace)
    manager.grant_feature(ada, "ad_free", actor=grace)
    manager.update_user(ada, is_active=False, actor=grace)
    events = manager.storage.read_log(ACTIVITY, ada)
    assert [event["kind"] for event in events if "by" in event] == [
        "role_change",
        "subscription",
        "feature_assignment",
        "deactivated",
    ]
    assert len({event["by"] for event in events if "by" in event}) == 1
    assert grace not in str(events)  # erasing her leaves nothing of her


def test_renewing_again_and_again_ends_at_a_hundred_years(manager: UserManager) -> None:
    ada = manager.create_user("ada", "ada@example.org", UserRole.PREMIUM)
    for _ in range(9):
        manager.upgrade_subscription(ada, "premium", 3650)
    before = manager.get_user(ada)
    with pytest.raises(InvalidInput, match="days"):
        manager.upgrade_subscription(ada, "premium", 3650)
    assert manager.get_user(ada) == before


def test_a_range_of_a_century_is_refused(manager: UserManager) -> None:
    with pytest.raises(InvalidInput, match="created_from"):
        manager.find_users(created_from="1970-01-01", created_to="2070-01-01")


def test_what_is_no_list_of_ids_is_refused(manager: UserManager) -> None:
    for wrong in (None, 5, "abc", {"a": 1}):
        with pytest.raises(InvalidInput, match="user_ids"):
            manager.delete_users(wrong)  # type: ignore[arg-type]


def test_people_without_a_record_of_statistics_have_zeros(manager: UserManager) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    manager.storage.transaction(lambda tx: tx.delete(USER_STATS, ada))
    assert manager.get_all_users_stats() == {ada: manager.get_user_stats(ada)}


@pytest.mark.parametrize("text", ["2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05Z"])
def test_people_of_a_hand_written_file_are_found_by_date_and_state(manager: UserManager, text: str) -> None:
    ada = "11111111-1111-4111-8111-111111111111"
    record = {"user_id": ada, "username": "ada", "email": "ada@example.org", "role": "free", "created_at": text}
    manager.storage.transaction(lambda tx: tx.put(USERS, ada, record))
    manager.create_user("bob", "bob@example.org")
    found = manager.find_users(created_from="2026-01-02", created_to="2026-01-03", is_active=True)
    assert [user.username for user in found.users] == ["ada"]
    assert [user.username for user in manager.find_users(sort="created_at").users] == ["ada", "bob"]
