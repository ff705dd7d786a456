"""Single pages without a server: each is run for a person who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from user_stats import UserManager, UserRole, bootstrap, get_user_manager
from user_stats.bootstrap import get_accounts
from user_stats.ui import session

PASSWORD = "correct horse battery staple"
OpenPage = Callable[..., AppTest]


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UserManager:
    """The manager of the site that the pages show, where grace is the admin."""
    folder = tmp_path / "users"
    monkeypatch.setattr(bootstrap.config, "USERS_DIR", folder)
    made = get_user_manager(folder)
    made.create_user("grace", "grace@example.org", UserRole.ADMIN, password=PASSWORD)
    return made


@pytest.fixture
def ada(manager: UserManager) -> str:
    return manager.create_user("ada", "ada@example.org", password=PASSWORD)


@pytest.fixture
def sign_in(manager: UserManager, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], str | None]:
    """From now on the browser presents a session of this person; None: no session."""

    def present(name: str | None) -> str | None:
        token = None if name is None else get_accounts().sign_in(name, PASSWORD, address=None).token
        monkeypatch.setattr(session, "find_token", lambda: token)
        monkeypatch.setattr("user_stats.ui.actions.find_token", lambda: token)
        return token

    return present


@pytest.fixture
def open_page(sign_in: Callable[[str | None], str | None]) -> OpenPage:
    """Draws a page, `render_user_profile` and so on, for somebody; by default the page of the one who looks."""

    def draw(page: str, viewer: str | None = "ada", user_id: str | None = None) -> AppTest:
        sign_in(viewer)
        if user_id is None:
            found = get_user_manager().find_user(viewer or "")
            user_id = "" if found is None else found.user_id
        script = (
            f"from user_stats.ui import {page}\n"
            "from user_stats.ui.session import show_flash\n"
            "show_flash()\n"
            f"{page}({user_id!r})\n"
        )
        shown = AppTest.from_string(script, default_timeout=30).run()
        assert not shown.exception
        return shown

    return draw


def texts(shown: AppTest) -> str:
    """Everything that people read, in one text."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "info", "warning", "error", "success")
    return "\n".join(str(one.value) for kind in kinds for one in shown.get(kind))
