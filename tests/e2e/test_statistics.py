"""One's own statistics in a real browser."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from user_stats.bootstrap import get_demo

from .conftest import PASSWORD, MakeVisitor, Site


@pytest.fixture
def ada(site: Site) -> str:
    return site.manager.create_user("ada", "ada@example.org", password=PASSWORD)


def test_badges_the_year_as_a_picture_and_what_comes_next(site: Site, visit: MakeVisitor, ada: str) -> None:
    get_demo(site.folder).add_activity(ada, 60, 7)
    bob = site.manager.create_user("bob", "bob@example.org")
    for watch in {entry.video_id for entry in site.manager.history_tracker.get_watch_history(ada, 5)} | {"sequel"}:
        site.manager.record_watch_activity(bob, watch, 60)
    person = visit(site)
    person.sign_in("ada")
    person.is_signed_in()
    person.go("/statistics")
    person.sees("First watch")
    for part in ("Leaderboard", "For you", "All figures", "Year in review"):
        person.page.locator("[data-testid='stButtonGroup']").get_by_text(part, exact=True).click()
        person.settle()
    with person.page.expect_download() as waiting:
        person.press("Save the picture")
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")
    with person.page.expect_download() as waiting:
        person.press("As SVG")
    picture = ElementTree.fromstring(Path(waiting.value.path()).read_text())
    assert picture.tag.endswith("svg")
    kinds = [event["kind"] for event in site.manager.get_activity(ada)]
    assert kinds.count("recommendations_shown") >= 1
