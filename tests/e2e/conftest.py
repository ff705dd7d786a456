"""A real site in a folder of its own, and real browsers to look at it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from user_stats import UserManager, get_user_manager
from user_stats.accounts.accounts import Accounts
from user_stats.bootstrap import get_accounts

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
PASSWORD = "correct horse battery staple"
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning'][data-test-connection-state='CONNECTED']"
DESKTOP, PHONE = {"width": 1400, "height": 1000}, {"width": 390, "height": 844}


@dataclass
class Site:
    """A server on a folder. It can be stopped and started again; its port stays."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    server: subprocess.Popen[bytes] | None = None
    script: str = "streamlit_app.py"
    prefix: tuple[str, ...] = ()
    """What starts the server, where it is not started as whoever runs the tests."""

    @property
    def log(self) -> Path:
        return self.folder.parent / "log"

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def manager(self) -> UserManager:
        return get_user_manager(self.folder)

    @property
    def accounts(self) -> Accounts:
        return get_accounts(self.folder)

    @property
    def setup_code(self) -> str:
        found = re.search(r"set-up code for the first one: (\S+)", self.log.read_text())
        assert found, self.log.read_text()
        return found[1]

    def start(self) -> None:
        settings = {
            "USERS_DIR": str(self.folder),
            "HOME": str(self.folder.parent),
            "STREAMLIT_SERVER_PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
            **self.environment,
        }
        with self.log.open("ab") as output:
            self.server = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "streamlit", "run", self.script],
                cwd=ROOT,
                env={**os.environ, **settings},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._await_start(self.server)

    def stop(self) -> None:
        assert self.server is not None
        self.server.terminate()
        self.server.wait(20)

    def _await_start(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            if found := re.findall(r"http://localhost:(\d+)", self.log.read_text()):
                self.port = int(found[-1])
                try:
                    with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5):
                        return
                except urllib.error.HTTPError:
                    return
                except OSError:
                    pass  # it does not listen yet, or is busy starting
            time.sleep(0.05)  # it is another process: there is nothing else to wait for
        raise AssertionError(self.log.read_text())


MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Starts sites; at the end they are stopped, and none may have logged a traceback."""
    sites: list[Site] = []

    def make(script: str = "streamlit_app.py", **environment: str) -> Site:
        site = Site(tmp_path / f"site{len(sites)}" / "users", environment, script=script)
        site.folder.parent.mkdir()
        sites.append(site)
        site.start()
        return site

    yield make
    for site in sites:
        site.stop()
        assert "Traceback" not in site.log.read_text()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """A person at a browser of their own, who notes what should not happen."""

    site: Site
    page: Page
    outside: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        page.on("request", self._note_request)
        page.on("console", self._note_message)
        return page

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.site.address, "data:", "blob:", self.site.address.replace("http", "ws"))):
            self.outside.append(request.url)

    def _note_message(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            self.violations.append(message.text)

    def tab(self) -> Page:
        """Another tab of the same browser."""
        return self.watch(self.page.context.new_page())

    def go(self, path: str = "/", page: Page | None = None) -> None:
        (page or self.page).goto(self.site.address + path)
        self.settle(page)

    def settle(self, page: Page | None = None) -> None:
        (page or self.page).wait_for_selector(SETTLED)

    def fill(self, label: str, text: str) -> None:
        self.settle()
        self.page.get_by_label(label, exact=True).locator("visible=true").fill(text)

    def press(self, name: str) -> None:
        self.settle()
        self.page.get_by_role("button", name=name, exact=True).locator("visible=true").click()

    def open_tab(self, name: str) -> None:
        self.settle()
        self.page.get_by_role("tab", name=name, exact=True).click()

    def sees(self, text: str, page: Page | None = None) -> None:
        """Waits until the text is to be seen."""
        (page or self.page).get_by_text(text).locator("visible=true").first.wait_for()

    def is_signed_in(self, page: Page | None = None) -> None:
        """Waits until somebody is signed in."""
        (page or self.page).get_by_test_id("stSidebarNav").wait_for(state="attached")
        self.settle(page)

    def is_signed_out(self, page: Page | None = None) -> None:
        (page or self.page).get_by_role("heading", name="Welcome").wait_for()
        self.settle(page)

    def sign_up(self, name: str, password: str = PASSWORD) -> None:
        self.open_tab("Create account")
        self.fill("Username", name)
        self.fill("E-mail", f"{name}@example.org")
        self.fill("New password", password)
        self.press("Create account")

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        self.open_tab("Sign in")
        self.fill("Username or e-mail", name)
        self.fill("Password", password)
        self.press("Sign in")

    def sign_out(self) -> None:
        """Signs out and waits until the browser has been told so."""
        with self.page.expect_response("**/auth/leave"):
            self.press("Sign out")
        self.is_signed_out()

    @property
    def cookies(self) -> dict[str, str]:
        return {one["name"]: one["value"] for one in self.page.context.cookies()}


MakeVisitor = Callable[..., Visitor]


VISITORS = pytest.StashKey[list[Visitor]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test tells what each of its visitors was looking at."""
    report = yield
    if call.when == "call" and report.failed:
        for visitor in item.stash.get(VISITORS, []):
            report.sections.append((f"seen at {visitor.page.url}", visitor.page.inner_text("body")))
    return report


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[MakeVisitor]:
    """Opens a browser at a site; at the end nothing may have been asked of other sites or been against the policy."""
    visitors = request.node.stash[VISITORS] = list[Visitor]()

    def make(site: Site, path: str = "/", **options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(60_000)
        visitor = Visitor(site, context.new_page())
        visitor.watch(visitor.page)
        visitor.go(path)
        visitors.append(visitor)
        return visitor

    yield make
    for visitor in visitors:
        visitor.page.context.close()
        assert visitor.outside == []
        assert visitor.violations == []
