"""The pages of a person in a real browser: a life with the site, at a desk and on a phone."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from user_stats import UserRole
from user_stats.bootstrap import get_demo

from .conftest import DESKTOP, PASSWORD, PHONE, MakeVisitor, Site, Visitor

TITLES = {
    "/profile": "Profile",
    "/watch-history": "Watch History",
    "/features": "Features",
    "/activity-demo": "Activity Demo",
}


@pytest.fixture
def ada(site: Site) -> str:
    return site.manager.create_user("ada", "ada@example.org", password=PASSWORD)


def signed_in(site: Site, visit: MakeVisitor, **options: object) -> Visitor:
    person = visit(site, **options)
    person.sign_in("ada")
    person.is_signed_in()
    return person


def saved(person: Visitor, button: str) -> bytes:
    """What a download button gives."""
    with person.page.expect_download() as waiting:
        person.press(button)
    return Path(waiting.value.path()).read_bytes()


def test_a_life_with_the_site(site: Site, visit: MakeVisitor, ada: str) -> None:
    person = signed_in(site, visit)
    person.go("/activity-demo")
    person.press("Make activity up")
    person.sees("Your activity is made up")
    person.go("/watch-history")
    person.sees("on average")
    person.open_tab("Charts")
    person.sees("What you watch most")
    person.page.locator("[data-testid='stVegaLiteChart'] svg, [data-testid='stVegaLiteChart'] canvas").nth(2).wait_for()
    person.open_tab("Download and clear")
    rows = list(csv.DictReader(io.StringIO(saved(person, "Download CSV").decode())))
    assert len(rows) == site.manager.get_user_stats(ada).watch_history_entries
    person.press("Clear the list …")
    person.press("Clear it")
    person.sees("The list is empty")
    assert site.manager.history_tracker.get_watch_history(ada) == []
    person.go("/features")
    person.press("Upgrade to Premium")
    person.press("Take Premium")
    person.sees("8 of 8 features are yours")
    assert site.manager.get_user(ada).role is UserRole.PREMIUM
    person.go("/activity-demo")
    person.page.get_by_role("button", name="made-up events out").click()
    person.sees("Your made-up activity is gone")
    assert site.manager.verify() == []


def test_everything_is_taken_along_before_the_account_is_deleted(site: Site, visit: MakeVisitor, ada: str) -> None:
    person = signed_in(site, visit)
    person.open_tab("Your data")
    archive = zipfile.ZipFile(io.BytesIO(saved(person, "Download my data")))
    assert "readme.txt" in archive.namelist()
    person.press("Delete my account …")
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Username").fill("Ada")
    dialog.get_by_role("button", name="Delete my account").click()
    person.sees("That is not your username")
    dialog.get_by_label("Username").fill("ada")
    dialog.get_by_role("button", name="Delete my account").click()
    person.is_signed_out()
    assert site.manager.count_users() == 0
    assert site.manager.verify() == []


def test_a_history_is_brought_in_by_file(site: Site, visit: MakeVisitor, ada: str) -> None:
    person = signed_in(site, visit)
    person.go("/watch-history")
    file = {"name": "ViewingHistory.csv", "mimeType": "text/csv", "buffer": b'Title,Date\n"Okja","1/6/24"\n'}
    person.page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    person.press("Import 1 watches")
    person.sees("1 watches are imported")
    person.open_tab("Import")
    person.press("Take out")
    person.sees("as if they had never been imported")
    assert site.manager.get_user_stats(ada).watch_history_entries == 0


DROP = """(place, text) => {
    const files = new DataTransfer()
    files.items.add(new File([text], "ViewingActivity.csv", {type: "text/csv"}))
    for (const type of ["dragenter", "dragover", "drop"])
        place.dispatchEvent(new DragEvent(type, {dataTransfer: files, bubbles: true, cancelable: true}))
}"""


def test_a_dropped_file_is_looked_at_brought_in_and_taken_out_again(site: Site, visit: MakeVisitor, ada: str) -> None:
    site.manager.record_watch_activity(ada, "of-before", 60)
    rows = [f"Ann,2024-03-{day:02d} {at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d},00:10:00,Film {day}-{at},"
            for day in range(1, 29) for at in range(0, 85_000, 100)]  # fmt: skip
    rows += ["Ann,2024-03-01 19:58:00,00:01:00,Land,TRAILER", "Ann,yesterday,00:01:00,Sea,"]
    names = "Profile Name,Start Time,Duration,Title,Supplemental Video Type"
    person = signed_in(site, visit)
    person.go("/watch-history")
    person.open_tab("Import")
    place = person.page.get_by_test_id("stFileUploaderDropzone")
    place.evaluate(DROP, "\n".join([names, *rows]))
    for told in ("Netflix viewing activity", "1 Mar 2024 to 28 Mar 2024", "23,802 rows", "Left out: 1 trailer"):
        person.sees(told)
    assert site.manager.get_user_stats(ada).watch_history_entries == 1, "a look changes nothing"
    person.press("Import 23,800 watches")
    person.sees("Importing …")
    person.sees("23,800 watches are imported; 1 bad rows were left out")
    assert site.manager.get_user_stats(ada).watch_history_entries == 23_801
    person.open_tab("Import")
    person.press("Take out")
    person.sees("23,800 watches are taken out, as if they had never been imported")
    after = site.manager.get_user_stats(ada)
    assert (after.watch_history_entries, after.total_watched_hours) == (1, 60 / 3600)
    assert site.manager.verify() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_every_page_fits_its_window_at_its_own_address(
    site: Site, visit: MakeVisitor, ada: str, theme: str, size: dict[str, int]
) -> None:
    get_demo(site.folder).add_activity(ada, 120, 3)
    person = signed_in(site, visit, viewport=size, color_scheme=theme)
    for path, title in TITLES.items():
        person.go(path)
        person.page.get_by_role("heading", name=title, exact=True).wait_for()
        assert person.page.get_by_text("Page not found").count() == 0, path
        assert person.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_titles_call_nobody_and_format_nothing(site: Site, visit: MakeVisitor, ada: str) -> None:
    for title in ("![x](https://evil.example/a.png)", "<img src=https://evil.example/b.png>", "=HYPERLINK(1)"):
        site.manager.record_watch_activity(ada, "x", 600, title=title)
    person = signed_in(site, visit)
    person.go("/watch-history")
    person.sees("on average")
    person.open_tab("Charts")
    person.sees("What you watch most")
    person.sees("evil")
    assert person.page.locator("img[src*=evil]").count() == 0


def test_what_somebody_wrote_calls_nobody_on_any_page_of_a_person(site: Site, visit: MakeVisitor, ada: str) -> None:
    bob = site.manager.create_user("bob", "bob@example.org")
    for number in range(4):
        bait = f"![x](https://evil.example/{number}.png) [y](https://evil.example/{number})"
        site.manager.content.upload(bob, "video", f"item{number}", title=bait, category=bait[:64], tags=["evil"])
        site.manager.record_watch_activity(bob, f"item{number}", 600, title=bait, category=bait[:64])
        if number < 3:
            site.manager.record_watch_activity(ada, f"item{number}", 600, title=bait, category=bait[:64])
    person = signed_in(site, visit)
    pages = {
        "/statistics": ("For you", "Year in review", "All figures"),
        "/content": (),
        "/profile": (),
        "/features": (),
    }
    for path, parts in pages.items():
        person.go(path)
        calls_nobody(person)
        for part in parts:
            person.page.get_by_test_id("stButtonGroup").get_by_text(part, exact=True).first.click()
            person.settle()
            calls_nobody(person)
    person.go("/content")
    person.page.get_by_role("button", name="evil").first.click()
    person.sees("Average watch duration")
    calls_nobody(person)


def calls_nobody(person: Visitor) -> None:
    """What was asked for elsewhere, and what the policy stopped, is looked at when the visitor leaves."""
    made = person.page.get_by_test_id("stMain").locator("img[src*='evil'], a[href*='evil']")
    assert [one.evaluate("one => one.outerHTML") for one in made.all()] == []


def test_an_open_page_of_an_ended_session_refuses(site: Site, visit: MakeVisitor, ada: str) -> None:
    person = signed_in(site, visit)
    person.go("/features")
    person.press("Upgrade to Premium")
    person.sees("It begins at once")
    site.accounts.end_all_sessions(ada, actor=None)
    person.press("Take Premium")
    person.is_signed_out()
    assert site.manager.get_user(ada).role is UserRole.FREE


@pytest.mark.parametrize("path", ["/", "/profile"])
def test_the_menu_shows_where_one_is(site: Site, visit: MakeVisitor, ada: str, path: str) -> None:
    person = signed_in(site, visit)
    person.go(path)
    link = person.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Profile", exact=True)
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("aria-current", "page")
    link.click()
    person.settle()
    expect(link).to_have_attribute("aria-current", "page")
