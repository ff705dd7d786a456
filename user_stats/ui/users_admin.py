"""The page "Users Admin": four tabs, of which only the open one is drawn; each has a file in `admin/`."""

from __future__ import annotations

import streamlit as st

from user_stats.ui.actions import page
from user_stats.ui.admin.analytics import draw_analytics
from user_stats.ui.admin.directory import draw_directory
from user_stats.ui.admin.possible_stats import draw_possible_stats
from user_stats.ui.admin.subscribers import draw_subscribers
from user_stats.ui.session import require_admin

TABS = {
    "All Users": draw_directory,
    "Subscribers": draw_subscribers,
    "Analytics": draw_analytics,
    "Possible Stats": draw_possible_stats,
}


@page
def render_users_list_page() -> None:
    require_admin()
    st.title("Users Admin")
    tabs = st.tabs(list(TABS), key="admin_tab", on_change="rerun", bind="query-params")
    for tab, draw in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab:
                page(draw)()
