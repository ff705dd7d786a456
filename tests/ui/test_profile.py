"""The page "Profile", drawn for each kind of person."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from user_stats import UserManager, UserNotFound, UserRole
from user_stats.bootstrap import get_accounts, get_demo
from user_stats.errors import NotAuthenticated
from user_stats.transfer.person_archive import person_archive
from user_stats.ui.actions import made_when_asked

from .conftest import PASSWORD, OpenPage, texts

PAGE = "render_user_profile"


def metrics(shown: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in shown.metric}


def test_a_new_person_sees_who_they_are_and_zeros(open_page: OpenPage, ada: str) -> None:
    shown = open_page(PAGE)
    assert "ada" in texts(shown)
    assert "ada@example.org" in texts(shown)
    assert "No subscription" in texts(shown)
    figures = metrics(shown)
    assert len(figures) == 8
    assert figures["Watches"] == "0"
    assert figures["Watched"] == "0.0 h"


def test_the_eight_statistics_are_those_of_the_person(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    manager.upgrade_subscription(ada, UserRole.SUBSCRIBER, 10)
    manager.record_watch_activity(ada, "intro", 5400)
    for content_type in ("video", "stream", "image"):
        manager.record_upload(ada, content_type)
    manager.record_interaction(ada, "like")
    manager.use_subscriber_feature(ada, "hd_streaming")
    shown = open_page(PAGE)
    assert metrics(shown) == {
        "Watches": "1",
        "Watched": "1.5 h",
        "Interactions": "1",
        "Features used": "1",
        "Videos uploaded": "1",
        "Streams created": "1",
        "Images uploaded": "1",
        "Last activity": "Just now",
    }
    assert "10 days left" in texts(shown)


def test_a_whole_year_of_activity_is_drawn(open_page: OpenPage, ada: str) -> None:
    get_demo().add_activity(ada, 365, 2)
    shown = open_page(PAGE)
    assert int(metrics(shown)["Watches"].replace(",", "")) > 50


@pytest.mark.parametrize(
    ("name", "email", "says"),
    [
        ("Ada.Byron", "ada@example.org", "saved"),
        ("ada", "byron@example.org", "saved"),
        ("grace", "ada@example.org", "cannot be used"),
        ("a", "ada@example.org", "allowed"),
        ("ada", "nobody", "allowed"),
    ],
)
def test_name_and_address_are_changed_or_it_says_why_not(
    open_page: OpenPage, ada: str, manager: UserManager, name: str, email: str, says: str
) -> None:
    shown = open_page(PAGE)
    shown.text_input(key="profile_username").set_value(name)
    shown.text_input(key="profile_email").set_value(email)
    shown.button[0].click().run()
    assert says in texts(shown)
    user = manager.get_user(ada)
    assert (user.username == name and user.email == email) == (says == "saved")


def test_a_reserved_name_stays_while_the_address_changes(open_page: OpenPage, manager: UserManager) -> None:
    root = manager.create_user("root", "root@example.org", password=PASSWORD, allow_reserved=True)
    shown = open_page(PAGE, "root")
    shown.text_input(key="profile_email").set_value("new@example.org")
    shown.button[0].click().run()
    assert manager.get_user(root).email == "new@example.org"


def test_an_account_is_deleted_only_by_its_name(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    shown = open_page(PAGE)
    shown.session_state["profile_tab"] = "Your data"
    shown.run()
    for typed in ("", "Ada", "ada"):
        assert manager.get_user(ada)
        shown.button(key="profile_delete").click().run()
        shown.text_input(key="profile_delete_name").set_value(typed)
        shown.button(key="profile_delete_confirmed").click().run()
    with pytest.raises(UserNotFound):
        manager.get_user(ada)
    assert manager.verify() == []


def test_everything_that_is_held_can_be_downloaded(
    sign_in: Callable[[str | None], str | None], ada: str, manager: UserManager
) -> None:
    sign_in("ada")
    make = made_when_asked(lambda actor: person_archive(manager, ada, actor=actor))
    assert "person.json" in zipfile.ZipFile(io.BytesIO(make())).namelist()


def test_a_download_button_of_an_ended_session_gives_nothing(
    sign_in: Callable[[str | None], str | None], ada: str, manager: UserManager
) -> None:
    token = sign_in("ada")
    make = made_when_asked(lambda actor: person_archive(manager, ada, actor=actor))
    get_accounts().sign_out(token)
    with pytest.raises(NotAuthenticated):
        make()


def test_nobody_sees_the_profile_of_somebody_else_but_admins(
    open_page: OpenPage, ada: str, manager: UserManager
) -> None:
    manager.create_user("bob", "bob@example.org", password=PASSWORD)
    assert "ada" not in texts(open_page(PAGE, "bob", ada))
    assert "ada@example.org" not in texts(open_page(PAGE, None, ada))
    assert "ada@example.org" in texts(open_page(PAGE, "grace", ada))


def test_names_are_shown_as_they_are_written(open_page: OpenPage, manager: UserManager) -> None:
    manager.create_user("a_b_c.-_x", "x@example.org", password=PASSWORD)
    shown = open_page(PAGE, "a_b_c.-_x")
    assert r"a\_b\_c" in texts(shown)
