"""Linking with the Telegram bot in a real browser: the person and the browser become one in the audience."""

from __future__ import annotations

from user_stats import UserRole
from user_stats.bootstrap import get_audience, get_bot_links, get_bot_users

from .conftest import PASSWORD, MakeVisitor, Site

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
"""Not the name of a browser without a screen, which counts as a crawler."""


def test_a_person_links_in_the_profile_and_the_admin_sees_the_bot_s_people(site: Site, visit: MakeVisitor) -> None:
    manager = site.manager
    ada = manager.create_user("ada", "ada@example.org", UserRole.ADMIN, password=PASSWORD)
    people, links = get_bot_users(site.folder), get_bot_links(site.folder)
    for number in range(1, 30):
        people.add(number, f"Person {number}", None, "poster" if number % 3 else "mail")
    visitor = visit(site, user_agent=FIREFOX)
    visitor.sign_in("ada")
    visitor.is_signed_in()
    visitor.go("/profile")
    visitor.open_tab("Security")
    visitor.press("Make a code")
    visitor.sees("/link ")
    command = visitor.page.locator("[data-testid='stCode']").inner_text()
    before = get_audience(site.folder).active_everybody().daily
    assert links.redeem(command.strip().removeprefix("/link "), 7) == ada
    assert get_audience(site.folder).active_everybody().daily == before - 1
    visitor.go("/profile")
    visitor.open_tab("Security")
    visitor.sees("Linked to the Telegram account 7")
    visitor.go("/users-admin?admin_tab=Analytics&analytics_part=Telegram+bot")
    visitor.sees("Active today")
    visitor.page.get_by_text("Who came last").click()
    visitor.sees("What brought people")
    visitor.settle()
