"""The Telegram bot in the pages: linking in the profile, its people for admins."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from user_stats import UserManager
from user_stats.bootstrap import get_bot_links, get_bot_users

from .conftest import OpenPage, texts

SignIn = Callable[[str | None], str | None]
HOSTILE = "![x](http://evil.test/x.png)"


def security_of(open_page: OpenPage) -> AppTest:
    """The profile with its tab "Security" open."""
    shown = open_page("render_user_profile")
    shown.session_state["profile_tab"] = "Security"
    return shown.run()


def test_a_site_without_a_bot_says_nothing_of_it(open_page: OpenPage, ada: str) -> None:
    assert "Telegram" not in texts(security_of(open_page))


def test_a_code_is_made_links_and_the_link_can_be_undone(open_page: OpenPage, ada: str) -> None:
    get_bot_users().add(77, "Ada")
    shown = security_of(open_page)
    shown.button(key="telegram_code").click().run()
    command = shown.code[0].value
    assert command.startswith("/link ")
    assert get_bot_links().redeem(command.removeprefix("/link "), 77) == ada
    linked = security_of(open_page)
    assert "Linked to the Telegram account 77" in texts(linked)
    linked.button(key="telegram_unlink").click().run()
    assert get_bot_links().find_link(ada) is None
    assert "not linked any more" in texts(linked)


def test_an_admin_who_looks_at_somebody_makes_no_code_for_them(open_page: OpenPage, ada: str) -> None:
    get_bot_users().add(77, "Ada")
    shown = open_page("render_user_profile", "grace", ada)
    shown.session_state["profile_tab"] = "Security"
    shown.run()
    assert "Telegram" not in texts(shown)


def admin_part(sign_in: SignIn) -> AppTest:
    sign_in("grace")
    shown = AppTest.from_string(
        "from user_stats.ui import render_users_list_page\nrender_users_list_page()\n", default_timeout=30
    )
    shown.session_state["admin_tab"], shown.session_state["analytics_part"] = "Analytics", "Telegram bot"
    shown.session_state["bot_people"] = True
    shown.run()
    assert not shown.exception
    return shown


def test_admins_see_how_to_start_a_bot_that_nobody_uses(sign_in: SignIn, manager: UserManager) -> None:
    assert "Nobody has started the Telegram bot yet" in texts(admin_part(sign_in))


def test_admins_see_the_people_of_the_bot(sign_in: SignIn, manager: UserManager, ada: str) -> None:
    people = get_bot_users()
    people.add(77, HOSTILE, "mario", "poster")
    people.add(2**52 - 1, "Bea")
    get_bot_links().redeem(get_bot_links().make_code(ada).code, 77)
    shown = admin_part(sign_in)
    figures = {one.label: one.value for one in shown.metric}
    assert (figures["People"], figures["New today"], figures["Active today"], figures["Linked"]) == ("2", "2", "2", "1")
    table = shown.dataframe[0].value
    assert set(table["Telegram id"]) == {"77", str(2**52 - 1)}
    assert HOSTILE not in texts(shown)
