"""Users Admin in real browsers: many at once, one person, two admins at the same time, and a right that was lost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from user_stats import UserRole

from .conftest import DESKTOP, PASSWORD, PHONE, MakeVisitor, Site, Visitor

HOSTILE = "![x](https://evil.test/x.png)"


@pytest.fixture
def crowd(site: Site) -> list[str]:
    """Three people and two admins, grace and heidi; the ids of the people."""
    for name in ("grace", "heidi"):
        site.manager.create_user(name, f"{name}@example.org", UserRole.ADMIN, password=PASSWORD)
    return [site.manager.create_user(name, f"{name}@example.org") for name in ("ada", "bob", "eve")]


def enter(visit: MakeVisitor, site: Site, name: str = "grace", path: str = "/users-admin", **options: Any) -> Visitor:
    """Somebody who is signed in, at this page."""
    visitor = visit(site, path, **options)
    visitor.sign_in(name)
    visitor.is_signed_in()
    visitor.page.get_by_role("heading", name="Users Admin").wait_for()
    visitor.settle()
    return visitor


def click_cell(visitor: Visitor, row: int, x: int) -> None:
    """The table is a canvas: a place in it is found by its rows of 35 px under a head of the same height."""
    table = visitor.page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": x, "y": 35 * (row + 1) + 17})


def mark(visitor: Visitor, *rows: int) -> None:
    for row in rows:
        click_cell(visitor, row, 20)
        visitor.settle()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_many_are_changed_at_once_after_a_question(
    site: Site, crowd: list[str], visit: MakeVisitor, viewport: dict[str, int]
) -> None:
    grace = enter(visit, site, viewport=viewport)
    mark(grace, 0, 1)
    grace.sees("The 2 marked")
    grace.page.get_by_role("combobox", name="What").click()
    grace.page.get_by_role("option", name="Make premium").click()
    grace.press("Go on …")
    grace.sees("2 people will have the role Premium.")
    grace.press("Make premium: 2 people")
    grace.sees("2 people now have the role Premium.")
    roles = [site.manager.get_user(user_id).role for user_id in crowd]
    assert roles == [UserRole.PREMIUM, UserRole.PREMIUM, UserRole.FREE]


def test_one_person_is_opened_changed_and_deleted(site: Site, crowd: list[str], visit: MakeVisitor) -> None:
    grace = enter(visit, site)
    click_cell(grace, 0, 65)
    grace.sees("ada@example.org")
    grace.settle()
    assert f"person={crowd[0]}" in grace.page.url
    grace.fill("Name", "ada.lovelace")
    grace.press("Save")
    grace.sees("Saved.")
    grace.press("Delete …")
    grace.sees("This cannot be undone.")
    grace.press("Delete 1 person")
    grace.sees("is gone.")
    assert site.manager.find_user("ada.lovelace") is None
    grace.sees("4 people, showing 1 to 4")


def test_the_second_of_two_who_save_is_told(site: Site, crowd: list[str], visit: MakeVisitor) -> None:
    path = f"/users-admin?person={crowd[0]}"
    grace, heidi = enter(visit, site, path=path), enter(visit, site, "heidi", path)
    grace.fill("E-mail", "grace.was@example.org")
    heidi.fill("Name", "heidis-ada")
    grace.press("Save")
    grace.sees("Saved.")
    heidi.press("Save")
    heidi.sees("Somebody else changed this account meanwhile")
    user = site.manager.get_user(crowd[0])
    assert (user.username, user.email) == ("ada", "grace.was@example.org")
    expect(heidi.page.get_by_label("E-mail", exact=True)).to_have_value("grace.was@example.org")
    heidi.fill("Name", "heidis-ada")
    heidi.press("Save")
    heidi.sees("Saved.")
    assert site.manager.get_user(crowd[0]).username == "heidis-ada"


def test_an_open_dialog_of_a_demoted_admin_does_nothing(site: Site, crowd: list[str], visit: MakeVisitor) -> None:
    grace = enter(visit, site, path=f"/users-admin?person={crowd[0]}")
    grace.press("Delete …")
    grace.sees("This cannot be undone.")
    admin = site.manager.find_user("grace")
    assert admin is not None
    site.manager.update_user(admin.user_id, role=UserRole.FREE)
    grace.press("Delete 1 person")
    grace.settle()
    expect(grace.page.get_by_text("is gone.")).to_have_count(0)
    grace.go("/users-admin")
    expect(grace.page.get_by_role("tab", name="All Users")).to_have_count(0)
    assert site.manager.get_user(crowd[0]).username == "ada"


def test_two_windows_cannot_remove_the_last_admin(site: Site, crowd: list[str], visit: MakeVisitor) -> None:
    ids = {name: site.manager.find_user(name) for name in ("grace", "heidi")}
    assert ids["grace"] is not None
    assert ids["heidi"] is not None
    first = enter(visit, site, path=f"/users-admin?person={ids['heidi'].user_id}")
    second = enter(visit, site, "heidi", f"/users-admin?person={ids['grace'].user_id}")
    first.press("Deactivate")
    first.sees("inactive and signed out")
    second.press("Deactivate")
    second.settle()
    user = site.manager.get_user(ids["grace"].user_id)
    assert (user.role, user.is_active) == (UserRole.ADMIN, True)


def test_every_tab_opens_by_its_address_and_asks_nothing_of_others(
    site: Site, crowd: list[str], visit: MakeVisitor
) -> None:
    site.manager.record_watch_activity(crowd[0], "intro", 3600, title=HOSTILE, category=HOSTILE)
    site.manager.upgrade_subscription(crowd[0], UserRole.PREMIUM, 3)
    grace = enter(visit, site)
    for query, text in (
        ("admin_tab=Subscribers", "Running plans"),
        ("admin_tab=Analytics", "How many hours are watched each day"),
        ("admin_tab=Analytics&analytics_part=Audience", "Three figures that are not the same"),
        ("admin_tab=Analytics&analytics_part=Visits+and+jobs", "newest visits"),
        ("admin_tab=Analytics&analytics_part=Downloads", "The whole site"),
        ("admin_tab=Analytics&analytics_part=Backups", "No backup of this site"),
        ("admin_tab=Analytics&analytics_part=API+keys", "No key yet"),
        ("admin_tab=Analytics&analytics_part=Audit+log", "newest entries"),
        ("admin_tab=Possible+Stats", "Peak watch time"),
        (f"person={crowd[0]}&person_tab=History", "newest watches"),
    ):
        grace.go(f"/users-admin?{query}")
        grace.sees(text)
        grace.settle()


def test_a_table_is_downloaded(site: Site, crowd: list[str], visit: MakeVisitor) -> None:
    grace = enter(visit, site, path="/users-admin?admin_tab=Analytics&analytics_part=Downloads")
    with grace.page.expect_download() as download:
        grace.page.get_by_role("button", name="CSV").first.click()
    assert "ada@example.org" in download.value.path().read_text()
