"""The page "Activity demo": for oneself, and for admins for the whole site."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from user_stats import UserManager, bootstrap
from user_stats.bootstrap import get_demo
from user_stats.ui.text import on_primary

from .conftest import OpenPage, texts

PAGE = "demo_user_activity"


def test_it_says_plainly_that_its_data_is_made_up(open_page: OpenPage, ada: str) -> None:
    shown = open_page(PAGE)
    assert "made up" in shown.warning[0].value
    assert "A whole demo site" not in texts(shown)


def test_activity_is_made_up_for_oneself_and_taken_out_again(
    open_page: OpenPage, ada: str, manager: UserManager
) -> None:
    shown = open_page(PAGE)
    shown.button(key="demo_own_make").click().run()
    assert manager.get_user_stats(ada).watch_history_entries > 5
    shown.button(key="demo_own_remove").click().run()
    assert manager.get_user_stats(ada).watch_history_entries == 0
    assert manager.verify() == []


def test_an_admin_makes_a_whole_site_up_and_takes_it_out(open_page: OpenPage, manager: UserManager) -> None:
    shown = open_page(PAGE, "grace")
    shown.number_input(key="demo_people").set_value(20)
    shown.number_input(key="demo_days").set_value(30)
    next(one for one in shown.button if one.label == on_primary("Make people up")).click().run()
    assert get_demo().held().people == 20
    assert "20 people are made up" in texts(shown)
    shown.button(key="demo_remove").click().run()
    assert manager.count_users() == 1
    assert manager.verify() == []


def test_a_switched_off_demo_says_so(open_page: OpenPage, ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.config, "ENABLE_DEMO", False)
    assert "switched off" in texts(open_page(PAGE))


def test_a_button_of_an_ended_session_makes_nothing_up(
    open_page: OpenPage, ada: str, manager: UserManager, sign_in: Callable[[str | None], str | None]
) -> None:
    shown = open_page(PAGE)
    sign_in(None)
    shown.button(key="demo_own_make").click().run()
    assert manager.get_user_stats(ada).watch_history_entries == 0
