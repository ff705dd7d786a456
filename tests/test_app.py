"""The app as a script: the safe blank page renders whatever the store is like, and pages open by role."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from user_stats import bootstrap, get_user_manager
from user_stats.errors import Forbidden
from user_stats.models import UserRole
from user_stats.ui import session, shell
from user_stats.ui.text import on_primary

ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "users"
    monkeypatch.setattr(bootstrap.config, "USERS_DIR", place)
    monkeypatch.setattr(session, "find_token", lambda: None)
    monkeypatch.setattr(session, "find_device", lambda: "d" * 43)
    return place


def page() -> AppTest:
    return ran(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20).run())


def ran(shown: AppTest) -> AppTest:
    assert not shown.exception
    return shown


def sign_in(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    token = bootstrap.get_accounts().sign_in(name, PASSWORD).token
    monkeypatch.setattr(session, "find_token", lambda: token)


def labels(shown: AppTest) -> list[str]:
    return [field.label for field in shown.text_input]


def buttons(shown: AppTest) -> list[str]:
    return [button.label for button in shown.button]


# -- the safe blank page --------------------------------------------------------------------------------------------


def test_strangers_find_both_forms_the_matrix_and_what_to_do(folder: Path) -> None:
    get_user_manager(folder).create_user("root1", "root@example.org", UserRole.ADMIN)
    shown = page()
    assert [tab.label for tab in shown.tabs] == ["Create account", "Sign in"]
    assert labels(shown) == ["Username", "E-mail", "New password", "Username or e-mail", "Password"]
    assert {on_primary("Create your account"), "I have an account", "Start for free"} <= set(buttons(shown))
    (matrix,) = [text.value for text in shown.markdown if "Feature" in text.value]
    columns = list(zip(*(line.strip("| ").split(" | ") for line in matrix.splitlines()), strict=True))
    assert [column[0] for column in columns] == [
        f":small[{name}]" for name in ("Feature", "Free", "Subscriber", "Premium")
    ]
    assert [column.count(":small[✓]") for column in columns[1:]] == [0, 4, 8]


def test_a_call_to_action_brings_its_form_to_the_front(folder: Path) -> None:
    get_user_manager(folder).create_user("root1", "root@example.org", UserRole.ADMIN)
    shown = ran(page().button(key="call_sign_in").click().run())
    assert shown.session_state["welcome_form"] == "Sign in"
    ran(shown.button(key="call_sign_up").click().run())
    assert shown.session_state["welcome_form"] == "Create account"


def test_an_empty_site_says_how_to_begin(folder: Path) -> None:
    shown = page()
    assert shown.tabs[0].label == "Set up this site"
    assert "Set-up code" in labels(shown)


def test_the_number_of_people_is_shown_and_nobodys_data(folder: Path) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org")
    shown = page()
    assert shown.metric[0].value == "1"
    assert "quentin" not in str(shown.main)


def test_the_count_can_be_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.config, "PUBLIC_COUNT", False)
    assert not page().metric


@pytest.mark.parametrize("damage", ["damaged", "a file"])
def test_trouble_with_the_store_is_one_plain_line(folder: Path, damage: str) -> None:
    if damage == "damaged":
        folder.mkdir()
        (folder / "users.json").write_text("{")
    else:
        folder.write_text("x")
    shown = page()
    assert "cannot be read" in shown.warning[0].value
    assert str(folder) not in shown.warning[0].value


@pytest.mark.parametrize(
    ("name", "email", "password", "told"),
    [
        ("", "", "", "Username"),
        ("ad", "ada@example.org", PASSWORD, "3 to 32"),
        ("ada", "ada", PASSWORD, "name@⁠example"),
        ("ada", "ada@example.org", "short", "12 to 128"),
        ("admin", "ada@example.org", PASSWORD, "reserved"),
        ("![x](http://evil.test/x.png)", "ada@example.org", PASSWORD, "not allowed"),
        ("taken", "ada@example.org", PASSWORD, "cannot be used"),
    ],
)
def test_a_refused_sign_up_says_why_and_makes_nobody(
    folder: Path, name: str, email: str, password: str, told: str
) -> None:
    get_user_manager(folder).create_user("taken", "taken@example.org")
    shown = page()
    shown.text_input(key="sign_up_username").input(name)
    shown.text_input(key="sign_up_email").input(email)
    shown.text_input(key="sign_up_password").input(password)
    ran(next(button for button in shown.button if button.label == on_primary("Create account")).click().run())
    text = shown.error[0].value.replace("\\", "")
    assert told in text
    assert "http://" not in text
    assert get_user_manager(folder).count_users() == 1


def test_guessing_in_the_form_is_slowed_down(folder: Path) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org", password=PASSWORD)
    shown, told = page(), []
    for _ in range(6):
        shown.text_input(key="sign_in_login").input("quentin")
        shown.text_input(key="sign_in_password").input("wrong")
        ran(next(button for button in shown.button if button.label == on_primary("Sign in")).click().run())
        told.append(shown.error[0].value)
    assert told[:5] == [r"Name or password is wrong\."] * 5
    assert told[5].startswith("Too many attempts. Try again in ")


def test_who_signed_up_gets_a_ticket_for_this_browser_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    get_user_manager(folder).create_user("root1", "root@example.org", UserRole.ADMIN)
    tickets = bootstrap.get_accounts().tickets
    made: list[tuple[str, str]] = []
    monkeypatch.setattr(tickets, "make", lambda token, device: made.append((token, device)) or "ticket")
    shown = page()
    for key, text in (("username", "quentin"), ("email", "quentin@example.org"), ("password", PASSWORD)):
        shown.text_input(key=f"sign_up_{key}").input(text)
    ran(next(button for button in shown.button if button.label == on_primary("Create account")).click().run())
    (token, device) = made[0]
    user = bootstrap.get_accounts().user_of(token)
    assert user is not None
    assert (user.username, user.role, device) == ("quentin", UserRole.FREE, "d" * 43)
    assert not shown.text_input, "the page waits to be loaded anew"


def test_a_browser_without_cookies_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org", UserRole.ADMIN, password=PASSWORD)
    monkeypatch.setattr(session, "find_device", lambda: None)
    shown = page()
    shown.text_input(key="sign_in_login").input("quentin")
    shown.text_input(key="sign_in_password").input(PASSWORD)
    ran(next(button for button in shown.button if button.label == on_primary("Sign in")).click().run())
    assert "cookie" in shown.error[0].value


# -- pages by role --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(UserRole))
def test_each_role_sees_who_is_signed_in(folder: Path, monkeypatch: pytest.MonkeyPatch, role: UserRole) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org", role, password=PASSWORD)
    sign_in(monkeypatch, "quentin")
    shown = page()
    assert "quentin" in [text.value for text in shown.sidebar.text]
    assert "Sign out" in buttons(shown)
    assert not shown.tabs or "Create account" not in [tab.label for tab in shown.tabs]


def test_sign_out_ends_the_session_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org", password=PASSWORD)
    sign_in(monkeypatch, "quentin")
    token = session.find_token()
    shown = ran(page().button(key="sign_out").click().run())
    assert bootstrap.get_accounts().user_of(token) is None
    assert "Sign out" not in buttons(shown)


def test_a_mistake_in_a_page_is_a_reference_and_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org", password=PASSWORD)
    sign_in(monkeypatch, "quentin")
    failing = [replace(shell.PAGES[0], draw=lambda user: 1 / 0), *shell.PAGES[1:]]
    monkeypatch.setattr(shell, "PAGES", failing)
    shown = page()
    assert "reference" in shown.error[0].value
    assert "division" not in shown.error[0].value
    assert "ZeroDivisionError" in caplog.text


REFUSING = """
from user_stats.ui import session
import streamlit as st

@session.for_admins
def act():
    st.text("acted as admin")

@session.for_people
def see():
    st.text("seen by somebody")

act(), see()
st.button("act", key="act", on_click=act)
session.require_admin()
st.text("an admin's page")
"""


@pytest.mark.parametrize(
    ("role", "texts", "refusals"),
    [
        (None, [], ["for admins only", "sign in", "sign in"]),
        (UserRole.PREMIUM, ["seen by somebody"], ["for admins only", "for admins only"]),
        (UserRole.ADMIN, ["acted as admin", "seen by somebody", "an admin's page"], []),
    ],
)
def test_rights_are_asked_for_in_every_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch, role: UserRole | None, texts: list[str], refusals: list[str]
) -> None:
    if role is not None:
        get_user_manager(folder).create_user("quentin", "quentin@example.org", role, password=PASSWORD)
        sign_in(monkeypatch, "quentin")
    shown = ran(AppTest.from_string(REFUSING, default_timeout=20).run())
    assert [text.value for text in shown.text] == texts
    assert len(shown.error) == len(refusals)
    assert all(word in error.value for word, error in zip(refusals, shown.error, strict=True))


def test_a_refusal_is_noted_once_and_nobody_is_never_the_site_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = get_user_manager(folder).create_user("quentin", "quentin@example.org", password=PASSWORD)
    assert session.actor_id() == session.NOBODY
    with pytest.raises(Forbidden):
        bootstrap.get_accounts().list_keys(actor=session.actor_id())
    sign_in(monkeypatch, "quentin")
    AppTest.from_string(REFUSING, default_timeout=20).run().run()
    entries = bootstrap.get_accounts().audit_entries(actor=None)
    assert [(entry.kind, entry.actor) for entry in entries] == [("refused", user_id), ("signed_in", user_id)]


def test_a_stale_button_of_a_demoted_admin_does_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = get_user_manager(folder)
    manager.create_user("root1", "root@example.org", UserRole.ADMIN)
    user_id = manager.create_user("quentin", "quentin@example.org", UserRole.ADMIN, password=PASSWORD)
    sign_in(monkeypatch, "quentin")
    shown = AppTest.from_string(REFUSING, default_timeout=20).run()
    manager.update_user(user_id, role=UserRole.FREE)
    ran(shown.button(key="act").click().run())
    assert [text.value for text in shown.text] == ["seen by somebody"]


def test_what_is_left_to_say_is_said_once(folder: Path) -> None:
    script = """
from user_stats.ui.session import flash, show_flash
import streamlit as st
if st.button("go", key="go"):
    flash("done")
    flash("careful", "warning")
    st.rerun()
show_flash()
"""
    shown = AppTest.from_string(script, default_timeout=20).run()
    shown.button(key="go").click().run()
    assert ([one.value for one in shown.success], [one.value for one in shown.warning]) == (["done"], ["careful"])
    shown.run()
    assert not shown.success


# -- passwords and sessions -----------------------------------------------------------------------------------------

SECURITY = """
from user_stats.ui import security, session
import streamlit as st
session.show_flash()
user = session.require_user()
security.render_sessions(user)
security.render_password_change(user)
"""


def test_people_end_their_other_sessions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org", password=PASSWORD)
    other = bootstrap.get_accounts().sign_in("quentin", PASSWORD, agent="Firefox").token
    third = bootstrap.get_accounts().sign_in("quentin", PASSWORD, agent="Safari").token
    sign_in(monkeypatch, "quentin")
    shown = ran(AppTest.from_string(SECURITY, default_timeout=20).run())
    assert buttons(shown).count("End") == 2
    ended = bootstrap.get_accounts().session_id_of(other)
    ran(shown.button(key=f"session_end_{ended}").click().run())
    assert shown.success
    assert bootstrap.get_accounts().user_of(other) is None
    assert bootstrap.get_accounts().user_of(third) is not None
    ran(shown.button(key="sessions_end_others").click().run())
    assert bootstrap.get_accounts().user_of(third) is None
    assert session.current_user() is not None


def test_the_password_is_changed_in_the_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    get_user_manager(folder).create_user("quentin", "quentin@example.org", password=PASSWORD)
    sign_in(monkeypatch, "quentin")
    shown = AppTest.from_string(SECURITY, default_timeout=20).run()
    for current, new in (("wrong", "quiet lamp over seven hills"), (PASSWORD, "short")):
        shown.text_input(key="password_current").input(current)
        shown.text_input(key="password_new").input(new)
        ran(next(button for button in shown.button if button.label == "Change password").click().run())
        assert shown.error
    shown.text_input(key="password_current").input(PASSWORD)
    shown.text_input(key="password_new").input("quiet lamp over seven hills")
    ran(next(button for button in shown.button if button.label == "Change password").click().run())
    assert shown.success[0].value == "Your password is changed."
    assert bootstrap.get_accounts().sign_in("quentin", "quiet lamp over seven hills")
    assert session.current_user() is not None


# -- the start --------------------------------------------------------------------------------------------------------

SERVER = """
import asyncio, sys
import streamlit_app
from user_stats.ui import first_run_over

async def serve():
    streamlit_app.DRAWING_SECONDS = 0.0
    async with streamlit_app.lifespan(None):
        await asyncio.sleep(0)
        assert "altair" not in sys.modules
        first_run_over.set()
        while "user_stats.ui.users_admin" not in sys.modules:
            await asyncio.sleep(0.01)

asyncio.run(serve())
"""


def test_the_other_pages_are_imported_once_the_first_was_drawn(tmp_path: Path) -> None:
    environment = {**os.environ, "USERS_DIR": str(tmp_path / "users")}
    done = subprocess.run(
        [sys.executable, "-c", SERVER], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
