"""Nothing on any page that people who see, hear or move otherwise would stumble over, as far as axe can tell."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest
from axe_playwright_python.sync_playwright import Axe

from user_stats import UserRole
from user_stats.bootstrap import get_demo
from user_stats.ui.admin.analytics import PARTS

from .conftest import DESKTOP, PASSWORD, PHONE, MakeVisitor, Site, Visitor

SERIOUS = {"serious", "critical"}
NOT_OURS = {"svg-img-alt": "[data-testid='stMetricChart']"}
"""Rules that the server of the pages itself breaks, and the part of it that does: the line in a metric has no place for
a text."""
PAGES = (
    *("/watch-history", "/statistics", "/content", "/features"),
    *("/activity-demo", "/users-admin", "/users-admin?admin_tab=Subscribers", "/users-admin?admin_tab=Possible+Stats"),
)
OF_ANALYTICS = tuple(f"/users-admin?admin_tab=Analytics&analytics_part={quote_plus(part)}" for part in PARTS)


def findings(visitor: Visitor) -> list[str]:
    """What axe finds serious on the open page, but for what is not ours."""
    results: dict[str, Any] = Axe().run(visitor.page).response
    return [
        f"{visitor.page.url} {found['id']}: {node['html'][:200]} {node['any'][0]['message'] if node['any'] else ''}"
        for found in results["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
        if not is_within(visitor, node["target"], NOT_OURS.get(found["id"]))
    ]


def is_within(visitor: Visitor, target: list[str], part: str | None) -> bool:
    return part is not None and visitor.page.locator(target[0]).first.evaluate(
        "(element, part) => element.closest(part) !== null", part
    )


@pytest.mark.timeout(280)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_no_page_has_a_serious_finding(site: Site, visit: MakeVisitor, theme: str, size: dict[str, int]) -> None:
    get_demo(site.folder).create_people(20, 40, 3)
    ada = site.manager.create_user("ada", "ada@example.org", UserRole.ADMIN, password=PASSWORD)
    get_demo(site.folder).add_activity(ada, 40, 3)
    visitor = visit(site, viewport=size, color_scheme=theme, reduced_motion="reduce")
    found = findings(visitor)
    visitor.sign_in("ada")
    visitor.is_signed_in()
    for tab in ("Account", "Security", "Your data"):
        visitor.open_tab(tab)
        visitor.settle()
        found += findings(visitor)
    for path in (*PAGES, f"/users-admin?person={ada}", *OF_ANALYTICS):
        visitor.go(path)
        visitor.page.get_by_role("heading", level=1).wait_for()
        found += findings(visitor)
    assert found == []
