"""The tab "Analytics": the platform, its audience, and what an admin keeps an eye on; only the open part is drawn."""

from __future__ import annotations

import streamlit as st

from user_stats.ui.admin.audience import draw_audience
from user_stats.ui.admin.audit import draw_audit
from user_stats.ui.admin.backups import draw_backups
from user_stats.ui.admin.bot_users import render_bot_users
from user_stats.ui.admin.downloads import draw_downloads
from user_stats.ui.admin.keys import draw_keys
from user_stats.ui.admin.people_over_time import draw_last_week, draw_retention
from user_stats.ui.admin.platform import draw_platform
from user_stats.ui.admin.raw import draw_raw

PARTS = {
    "Platform": draw_platform,
    "Retention": draw_retention,
    "Last week": draw_last_week,
    "Audience": draw_audience,
    "Telegram bot": render_bot_users,
    "Visits and jobs": draw_raw,
    "Downloads": draw_downloads,
    "Backups": draw_backups,
    "API keys": draw_keys,
    "Audit log": draw_audit,
}


def draw_analytics() -> None:
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default="Platform",
        required=True,
        key="analytics_part",
        bind="query-params",
        label_visibility="collapsed",
    )
    PARTS[part]()
