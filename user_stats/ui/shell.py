"""The frame around the pages: who is it, which pages are theirs, and where they go from here."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from user_stats import ui
from user_stats.bootstrap import page_settings
from user_stats.errors import UserStatsError
from user_stats.models import User, UserRole
from user_stats.ui.exchange import exchange_cookie
from user_stats.ui.security import RESET_PATH, render_reset_page
from user_stats.ui.session import current_user, leave, require_admin, require_user, show_flash
from user_stats.ui.text import refusal

log = logging.getLogger(__name__)

SITE_NAME, SITE_ICON = "user_stats", "📊"


@dataclass(frozen=True)
class Page:
    """A page of the navigation; `draw` takes the person who looks at it. Without it the page is for everybody."""

    title: str
    path: str
    icon: str
    draw: Callable[[User], None] | None = None
    for_admins: bool = False


PAGES = (
    Page("Profile", "profile", ":material/person:", lambda user: ui.render_user_profile(user.user_id)),
    Page("Watch History", "watch-history", ":material/history:", lambda user: ui.render_watch_history(user.user_id)),
    Page("My Statistics", "statistics", ":material/insights:", lambda user: ui.render_my_statistics(user.user_id)),
    Page("Content", "content", ":material/movie:", lambda user: ui.render_content(user.user_id)),
    Page("Features", "features", ":material/star:", lambda user: ui.render_subscriber_features(user.user_id)),
    Page("Users Admin", "users-admin", ":material/group:", lambda user: ui.render_users_list_page(), for_admins=True),
)
WELCOME = Page("Welcome", "welcome", ":material/home:")
RESET = Page("Set a new password", RESET_PATH, ":material/key:")
DEMO = Page("Activity Demo", "activity-demo", ":material/science:", lambda user: ui.demo_user_activity(user.user_id))


def run() -> None:
    """One run of the app: draws the page that the browser is at, for whoever is looking."""
    try:
        _draw_site()
    finally:
        ui.first_run_over.set()


def _draw_site() -> None:
    st.set_page_config(page_title=SITE_NAME, page_icon=SITE_ICON, layout="wide")
    if exchange_cookie():
        return
    user = current_user()
    if user is None:
        st.navigation(_blank_pages(), position="hidden").run()
        return
    page = st.navigation(_pages_of(user), position="sidebar")
    if page.url_path == PAGES[0].path:
        page = st.navigation(_pages_of(user, is_by_address=True), position="sidebar")
    _draw_account(user)
    page.run()


def _all_pages() -> list[Page]:
    return [*PAGES, DEMO] if page_settings().enable_demo else [*PAGES]


def _may_see(page: Page, user: User) -> bool:
    return user.role is UserRole.ADMIN or not page.for_admins


def _page(page: Page, draw: Callable[[], None], *, is_default: bool = False, is_hidden: bool = False) -> StreamlitPage:
    return st.Page(
        draw,
        title=page.title,
        icon=page.icon,
        url_path=page.path,
        default=is_default,
        visibility="hidden" if is_hidden else "visible",
    )


def _blank_pages() -> list[StreamlitPage]:
    """The safe blank page at every address, so that people land where they meant to go once they have signed in."""
    draw = partial(_guarded, ui.render_safe_blank_page)
    home = _page(WELCOME, draw, is_default=True)
    return [home, *(_page(page, draw) for page in _all_pages()), _reset_page(home)]


def _pages_of(user: User, *, is_by_address: bool = False) -> list[StreamlitPage]:
    """The first page is where the site begins, and hidden once more at its own address; the other way round for who
    came by that, so that the menu shows where they are. Pages that are not theirs are hidden and refuse when asked
    for."""
    first, *others = _all_pages()
    draw = partial(_draw, first)
    home = _page(replace(first, path="home"), draw, is_default=True, is_hidden=is_by_address)
    pages = [_page(page, partial(_draw, page), is_hidden=not _may_see(page, user)) for page in others]
    return [home, _page(first, draw, is_hidden=not is_by_address), *pages, _reset_page(home)]


def _reset_page(home: StreamlitPage) -> StreamlitPage:
    return _page(RESET, partial(_guarded, partial(render_reset_page, home)), is_hidden=True)


def _draw(page: Page) -> None:
    show_flash()
    user = require_admin() if page.for_admins else require_user()
    if page.draw is not None:
        _guarded(partial(page.draw, user))


def _guarded(draw: Callable[[], None]) -> None:
    """The one place where a mistake of ours in a page ends: a reference for people, the whole story in the log."""
    try:
        draw()
    except UserStatsError as error:
        st.error(refusal(error))
    except Exception as error:
        reference = secrets.token_hex(4)
        log.error("a page failed (reference %s)", reference, exc_info=error)
        st.error(f"Something went wrong on the server (reference {reference}). The rest of the site goes on working.")


def _draw_account(user: User) -> None:
    """Who is signed in, and the way out."""
    with st.sidebar:
        with st.container(gap=None):
            st.caption("Signed in as")
            st.text(user.username)
        st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=leave, width="stretch")
