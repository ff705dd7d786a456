"""The pages of the app, each a function; `shell.py` puts them together, `session.py` knows who is looking.

A page is imported when it is first asked for: the welcome page does not wait for the charts of the others.
"""

import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from user_stats.ui.activity_demo import demo_user_activity
    from user_stats.ui.blank_page import render_safe_blank_page
    from user_stats.ui.content_page import render_content
    from user_stats.ui.features import render_subscriber_features
    from user_stats.ui.my_statistics import render_my_statistics
    from user_stats.ui.profile import render_user_profile
    from user_stats.ui.users_admin import render_users_list_page
    from user_stats.ui.watch_history import render_watch_history

__all__ = [
    "demo_user_activity",
    "render_content",
    "render_my_statistics",
    "render_safe_blank_page",
    "render_subscriber_features",
    "render_user_profile",
    "render_users_list_page",
    "render_watch_history",
]
MODULES = {
    "demo_user_activity": "activity_demo",
    "render_content": "content_page",
    "render_my_statistics": "my_statistics",
    "render_safe_blank_page": "blank_page",
    "render_subscriber_features": "features",
    "render_user_profile": "profile",
    "render_users_list_page": "users_admin",
    "render_watch_history": "watch_history",
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)


first_run_over = threading.Event()
"""Somebody has been shown a page."""


def import_pages() -> None:
    """Imports every page, so that none is imported while somebody waits for it."""
    for module in MODULES.values():
        import_module(f"{__name__}.{module}")
