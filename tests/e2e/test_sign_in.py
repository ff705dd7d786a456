"""Signing up, in and out in a real browser: what lasts, what ends, what is refused."""

from __future__ import annotations

import subprocess

import pytest

from user_stats.models import UserRole

from .conftest import PASSWORD, PHONE, MakeVisitor, Site


def test_a_fresh_site_gets_its_admin_by_the_code_in_the_terminal(site: Site, visit: MakeVisitor) -> None:
    owner = visit(site)
    owner.fill("Set-up code", site.setup_code)
    owner.fill("Username of the admin", "grace")
    owner.fill("E-mail of the admin", "grace@example.org")
    owner.fill("New password", PASSWORD)
    owner.press("Become the admin")
    owner.is_signed_in()
    owner.page.get_by_role("link", name="Users Admin").wait_for()
    assert site.manager.find_users().users[0].role is UserRole.ADMIN
    other = visit(site)
    assert other.page.get_by_role("tab", name="Set up this site").count() == 0


def test_sign_up_lasts_over_a_reload_a_second_tab_and_a_restart(site: Site, visit: MakeVisitor) -> None:
    ada = visit(site)
    ada.sign_up("ada")
    ada.is_signed_in()
    ada.page.reload()
    ada.is_signed_in()
    ada.go("/features", page=(second := ada.tab()))
    ada.is_signed_in(second)
    site.stop()
    site.start()
    ada.page.reload()
    ada.is_signed_in()
    assert all(cookie["httpOnly"] for cookie in ada.page.context.cookies() if cookie["name"].startswith("app_"))
    assert "app_" not in ada.page.evaluate("document.cookie")


def test_sign_out_ends_both_tabs_and_the_cookie(site: Site, visit: MakeVisitor) -> None:
    ada = visit(site)
    ada.sign_up("ada")
    ada.is_signed_in()
    token = ada.cookies["app_session"]
    ada.go("/features", page=(second := ada.tab()))
    ada.is_signed_in(second)
    ada.sign_out()
    assert "app_session" not in ada.cookies
    assert site.accounts.user_of(token) is None
    second.get_by_role("link", name="Profile").click()
    ada.is_signed_out(second)


def test_a_wrong_password_says_nothing(site: Site, visit: MakeVisitor) -> None:
    site.manager.create_user("ada", "ada@example.org", password=PASSWORD)
    answers = set()
    for name, password in (("ada", "wrong password"), ("nobody", PASSWORD)):
        visitor = visit(site)
        visitor.sign_in(name, password)
        visitor.page.get_by_test_id("stAlert").wait_for()
        answers.add(visitor.page.get_by_test_id("stAlert").inner_text())
        assert "app_session" not in visitor.cookies
    assert answers == {"Name or password is wrong."}


def test_people_land_where_they_meant_to_go(site: Site, visit: MakeVisitor) -> None:
    site.manager.create_user("ada", "ada@example.org", password=PASSWORD)
    ada = visit(site, "/watch-history")
    ada.is_signed_out()
    ada.sign_in("ada")
    ada.is_signed_in()
    assert ada.page.url == site.address + "/watch-history"
    ada.page.get_by_role("heading", name="Watch history").wait_for()


@pytest.mark.parametrize("path", ["/users-admin", "/profile", "/features", "/activity-demo", "/nowhere"])
def test_every_address_is_the_blank_page_to_strangers(site: Site, visit: MakeVisitor, path: str) -> None:
    stranger = visit(site, path)
    stranger.is_signed_out()
    assert stranger.page.get_by_test_id("stSidebarNav").count() == 0


def test_the_admin_page_refuses_others_plainly(site: Site, visit: MakeVisitor) -> None:
    site.manager.create_user("ada", "ada@example.org", password=PASSWORD)
    ada = visit(site, "/users-admin")
    ada.sign_in("ada")
    ada.sees("This is for admins only.")
    assert ada.page.get_by_role("link", name="Users Admin").count() == 0


def test_who_is_demoted_or_deactivated_loses_it_in_the_open_page(site: Site, visit: MakeVisitor) -> None:
    site.manager.create_user("root1", "root@example.org", UserRole.ADMIN)
    grace_id = site.manager.create_user("grace", "grace@example.org", UserRole.ADMIN, password=PASSWORD)
    grace = visit(site, "/users-admin")
    grace.sign_in("grace")
    grace.page.get_by_role("link", name="Users Admin").wait_for()
    site.manager.update_user(grace_id, role=UserRole.FREE)
    grace.page.get_by_role("link", name="Features").click()
    grace.page.get_by_role("link", name="Users Admin").wait_for(state="detached")
    site.manager.update_user(grace_id, is_active=False)
    grace.page.get_by_role("link", name="Profile").click()
    grace.is_signed_out()


def test_a_password_is_changed_and_other_browsers_are_signed_out(site: Site, visit: MakeVisitor) -> None:
    ada_id = site.manager.create_user("ada", "ada@example.org", password=PASSWORD)
    link = site.accounts.make_reset_code(ada_id, actor=None)
    ada = visit(site)
    ada.sign_in("ada")
    ada.is_signed_in()
    other = visit(site, f"/reset-password?code={link}")
    other.fill("New password", "quiet lamp over seven hills")
    other.press("Set password")
    other.sees("Your new password is set")
    ada.page.reload()
    ada.is_signed_out()
    other.sign_in("ada", "quiet lamp over seven hills")
    other.is_signed_in()
    third = visit(site, f"/reset-password?code={link}")
    third.fill("New password", "brown paper under green ice")
    third.press("Set password")
    third.sees("not good any more")


def test_signing_up_works_on_a_phone(site: Site, visit: MakeVisitor) -> None:
    ada = visit(site, viewport=PHONE)
    width = ada.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    ada.sign_up("ada")
    ada.is_signed_in()


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
CAN_MOUNT = (
    subprocess.run(["unshare", "-m", "sh", "-c", READ_ONLY, "/mnt", "true"], capture_output=True).returncode == 0
)


@pytest.mark.skipif(not CAN_MOUNT, reason="nothing can be mounted here")
def test_a_read_only_folder_is_one_plain_line(site: Site, visit: MakeVisitor) -> None:
    site.manager.create_user("ada", "ada@example.org", password=PASSWORD)
    site.stop()
    before = {path: path.read_bytes() for path in site.folder.rglob("*.json")}
    site.prefix = ("unshare", "-m", "sh", "-c", READ_ONLY, str(site.folder))
    site.start()
    visitor = visit(site)
    visitor.is_signed_out()
    visitor.sees("The site's data cannot be changed at the moment (storage read only).")
    assert visitor.page.get_by_test_id("stAlert").count() == 1
    visitor.sign_in("ada")
    visitor.sees("cannot be reached or changed at the moment")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.skipif(not CAN_MOUNT, reason="nothing can be mounted here")
def test_a_full_disk_is_one_plain_line(site: Site, visit: MakeVisitor) -> None:
    site.stop()
    small = 'mount -t tmpfs -o size=1m none "$0" && head -c 900000 /dev/zero > "$0/filling" && exec "$@"'
    site.prefix = ("unshare", "-m", "sh", "-c", small, str(site.folder))
    site.start()
    visitor = visit(site)
    visitor.is_signed_out()
    visitor.sees("(storage full).")
    assert visitor.page.get_by_test_id("stAlert").count() == 1
    visitor.sign_up("ada")
    visitor.sees("cannot be reached or changed at the moment")


@pytest.mark.parametrize("trouble", ["damaged", "cannot be made"])
def test_trouble_with_the_folder_is_one_plain_line(site: Site, visit: MakeVisitor, trouble: str) -> None:
    site.stop()
    if trouble == "damaged":
        (site.folder / "users.json").write_text("{")
    else:
        site.environment["USERS_DIR"] = "/proc/user_stats"
    site.start()
    visitor = visit(site)
    visitor.is_signed_out()
    visitor.sees("The site's data cannot be read")
    visitor.sign_in("ada")
    visitor.sees("cannot be reached or changed at the moment")
