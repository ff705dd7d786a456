"""The page "Features": what is theirs and why, and the plans, as the site has upgrades set."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from user_stats import UserManager, UserRole, bootstrap

from .conftest import OpenPage, texts

PAGE = "render_subscriber_features"


def test_a_free_person_sees_all_eight_as_not_theirs_and_the_plans(open_page: OpenPage, ada: str) -> None:
    shown = open_page(PAGE)
    assert "0 of 8 features are yours" in texts(shown)
    assert texts(shown).count("Not part of your plan") == 8
    assert "4.99 USD a month" in texts(shown)
    assert shown.button(key="features_premium").label == "Upgrade to Premium"


def test_each_feature_says_why_it_is_theirs_or_not_and_how_often_it_was_used(
    open_page: OpenPage, ada: str, manager: UserManager
) -> None:
    manager.upgrade_subscription(ada, UserRole.SUBSCRIBER, 30)
    manager.use_subscriber_feature(ada, "hd_streaming")
    manager.grant_feature(ada, "early_access")
    manager.revoke_feature(ada, "ad_free")
    found = texts(open_page(PAGE))
    assert "4 of 8 features are yours" in found
    assert "Given by an admin" in found
    assert "Taken by an admin" in found
    assert "Used 1 time\n" in found
    assert "30 days left" in found


def test_an_upgrade_begins_at_once_where_the_site_lets_it(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    shown = open_page(PAGE)
    shown.button(key="features_premium").click().run()
    assert manager.get_user(ada).role is UserRole.FREE
    shown.button(key="features_confirmed").click().run()
    assert manager.get_user(ada).role is UserRole.PREMIUM
    assert "You have Premium now" in texts(shown)
    assert "8 of 8" in texts(open_page(PAGE))


def test_a_subscription_is_cancelled_only_when_confirmed(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    manager.upgrade_subscription(ada, UserRole.PREMIUM)
    shown = open_page(PAGE)
    shown.button(key="features_cancel").click().run()
    assert manager.get_user(ada).role is UserRole.PREMIUM
    shown.button(key="features_cancel_confirmed").click().run()
    assert manager.get_user(ada).role is UserRole.FREE


def settings(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name, value in changed.items():
        monkeypatch.setattr(bootstrap.config, name, value)


def test_where_an_admin_decides_the_button_asks(
    open_page: OpenPage, ada: str, manager: UserManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, UPGRADE_MODE="request")
    shown = open_page(PAGE)
    shown.button(key="features_subscriber").click().run()
    shown.button(key="features_confirmed").click().run()
    assert manager.get_user(ada).role is UserRole.FREE
    assert manager.find_upgrade_request(ada) is not None
    shown = open_page(PAGE)
    assert "You have asked for Subscriber" in texts(shown)
    shown.button(key="features_withdraw").click().run()
    assert manager.find_upgrade_request(ada) is None


def test_where_money_is_taken_the_button_leads_there(
    open_page: OpenPage, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, UPGRADE_MODE="payment", PAYMENT_URL="https://pay.example.org/{plan}")
    links = [one.proto.url for one in open_page(PAGE).get("link_button")]
    assert links == ["https://pay.example.org/subscriber", "https://pay.example.org/premium"]


def test_an_admin_has_everything_and_nothing_to_buy(open_page: OpenPage) -> None:
    found = texts(open_page(PAGE, "grace"))
    assert "8 of 8" in found
    assert "Plans" not in found


def test_an_ended_plan_says_so(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    import json

    manager.upgrade_subscription(ada, UserRole.PREMIUM)
    path = bootstrap.config.USERS_DIR / "users.json"
    users = json.loads(path.read_text())
    users[ada]["subscription_expires"] = "2026-01-02T00:00:00+00:00"
    path.write_text(json.dumps(users))
    found = texts(open_page(PAGE))
    assert "ended on 2 Jan 2026" in found
    assert "Your plan has ended" in found


def test_an_open_dialog_of_an_ended_session_changes_nothing(
    open_page: OpenPage, ada: str, manager: UserManager, sign_in: Callable[[str | None], str | None]
) -> None:
    shown: AppTest = open_page(PAGE)
    shown.button(key="features_premium").click().run()
    sign_in(None)
    shown.button(key="features_confirmed").click().run()
    assert manager.get_user(ada).role is UserRole.FREE
