"""One person's browser: each click is timed in the page itself, from the press until the page has settled.

Settled is: the run is over, and the last change of the page before a moment of quiet has been made, charts included.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Error, Page, Playwright, ViewportSize, sync_playwright

from user_stats.accounts import cookies
from user_stats.bench.app.site import started_site

WINDOW = ViewportSize(width=1400, height=1000)
WAIT_MS = 60_000
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
QUIET_MS = 250
WATCH = """
quiet => {
  let start = null, last = null
  const press = () => { start ??= performance.now() }
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, press, { capture: true })
  const observer = new MutationObserver(() => { if (start !== null) last = performance.now() })
  observer.observe(document.documentElement, { subtree: true, childList: true, characterData: true })
  window.settled = new Promise(resolve => {
    const look = () => {
      const app = document.querySelector("[data-testid='stApp']")
      const isOver = app.dataset.testScriptState === "notRunning" && !document.querySelector("[data-stale='true']")
      if (last === null || !isOver || performance.now() - last < quiet) return setTimeout(look, 20)
      observer.disconnect()
      resolve((last - start) / 1000)
    }
    look()
  })
}
"""


def _link(title: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()


def _tab(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("tab", name=name, exact=True).click()


def _choice(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).first.click()


def _search(page: Page) -> None:
    page.get_by_label("Search", exact=True).fill("an")
    page.keyboard.press("Enter")


CLICKS: dict[str, Callable[[Page], None]] = {
    "Profile": _link("Profile"),
    "Watch History": _link("Watch History"),
    "Watch History, charts": _tab("Charts"),
    "My Statistics": _link("My Statistics"),
    "Content": _link("Content"),
    "Features": _link("Features"),
    "Activity Demo": _link("Activity Demo"),
    "Users Admin": _link("Users Admin"),
    "Subscribers": _tab("Subscribers"),
    "Analytics": _tab("Analytics"),
    "Analytics, 12 months": _choice("12 months"),
    "Analytics, Audience": _choice("Audience"),
    "Analytics, Audit log": _choice("Audit log"),
    "Analytics, Platform": _choice("Platform"),
    "Possible Stats": _tab("Possible Stats"),
    "All Users": _tab("All Users"),
    "All Users, next page": lambda page: page.get_by_test_id("stPagination").get_by_text("2", exact=True).click(),
    "All Users, search": _search,
}
"""In this order: each begins where the one before it ended, and the last leads to the first."""


class Browser:
    """Chromium, for as long as it is measured with."""

    def __enter__(self) -> Self:
        self._playwright: Playwright = sync_playwright().start()
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        self._chromium: Chromium = self._playwright.chromium.launch(executable_path=path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chromium.close()
        self._playwright.stop()

    def first_page_seconds(self, store: Path) -> float:
        """From the start of the server until a visitor sees the welcome page."""
        page = self._chromium.new_page(viewport=WINDOW)
        start = time.perf_counter()
        with started_site(store) as address:
            while True:
                try:
                    page.goto(address)
                    break
                except Error:  # it does not listen yet
                    continue
            page.get_by_role("heading", name="Welcome", exact=True).wait_for(timeout=WAIT_MS)
            page.wait_for_selector(SETTLED)
            taken = time.perf_counter() - start
            page.close()
        return taken

    def click_through(self, address: str, token: str, rounds: int) -> dict[str, list[float]]:
        """The seconds of each click. A round before them, in which the browser loads what it has not seen yet, is not
        counted."""
        context = self._chromium.new_context(viewport=WINDOW)
        context.set_default_timeout(WAIT_MS)
        context.add_cookies([{"name": cookies.SESSION, "value": token, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/profile")
        page.get_by_test_id("stSidebarNav").wait_for()
        page.wait_for_selector(SETTLED)
        times: dict[str, list[float]] = {name: [] for name in CLICKS}
        for number in range(rounds + 1):
            for name, click in CLICKS.items():
                page.evaluate(WATCH, QUIET_MS)
                click(page)
                taken = page.evaluate("window.settled")
                if number:
                    times[name].append(taken)
        context.close()
        return times
