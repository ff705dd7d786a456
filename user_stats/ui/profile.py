"""The page "Profile": who the person is, their figures, their subscription, their account and their data."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import streamlit as st

from user_stats.bootstrap import get_user_manager, page_settings
from user_stats.models import User, UserStats
from user_stats.statistics.histories import daily_statistics
from user_stats.times import utc_now
from user_stats.ui.actions import page, require_owner
from user_stats.ui.plans import days_left, draw_badge, subscription_line
from user_stats.ui.profile_account import draw_account, draw_data
from user_stats.ui.security import render_password_change, render_sessions
from user_stats.ui.telegram_link import render_telegram_link
from user_stats.ui.text import ago, inert, shown_day, shown_time, viewer_zone

SPARKLINE_DAYS = 30
FIGURES = (
    ("watch_history_entries", "Watches", ":material/play_circle:"),
    ("total_watched_hours", "Watched", ":material/schedule:"),
    ("total_interactions", "Interactions", ":material/favorite:"),
    ("subscriber_features_used", "Features used", ":material/star:"),
    ("videos_uploaded", "Videos uploaded", ":material/movie:"),
    ("streams_created", "Streams created", ":material/sensors:"),
    ("images_uploaded", "Images uploaded", ":material/image:"),
)
"""Seven of the eight statistics with what people read; the eighth is a moment."""


@page
def render_user_profile(user_id: str) -> None:
    """Draws the profile of the person who is signed in; admins may look at anybody's."""
    viewer = require_owner(user_id)
    manager, now = get_user_manager(), utc_now()
    user, stats = manager.get_user(user_id), manager.get_user_stats(user_id)
    st.title("Profile")
    _draw_person(user, now)
    st.header("Your figures" if viewer.user_id == user_id else "Figures", anchor=False)
    _draw_figures(stats, now)
    _draw_tabs(user, viewer)


def _draw_person(user: User, now: datetime) -> None:
    who, plan = st.columns([3, 2])
    with who.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(inert(user.username), anchor=False, width="content")
            draw_badge(user.role)
            if not user.is_active:
                st.badge("Inactive", color="red")
        st.text(user.email)
        st.caption(f"Here since {shown_day(user.created_at)}")
    with plan.container(border=True, height="stretch"):
        st.markdown("**Subscription**")
        st.write(subscription_line(user, now))
        left = days_left(user, now)
        if left is not None:
            st.progress(min(1.0, left / page_settings().subscription_days))


def _draw_figures(stats: UserStats, now: datetime) -> None:
    zone = viewer_zone()
    today = now.astimezone(zone).date()
    series = _daily(stats.user_id, stats.updated_at, today.isoformat(), str(zone), _zone=zone)
    with st.grid(4, min_column_width=150, gap="small"):
        for name, label, icon in FIGURES:
            value = getattr(stats, name)
            recent = sum(series[name])
            is_hours = name == "total_watched_hours"
            st.metric(
                label,
                f"{value:,.1f} h" if is_hours else f"{value:,}",
                delta=(f"+{recent:,.1f} h" if is_hours else f"+{recent:,.0f}") if value else None,
                delta_color="blue" if recent else "off",
                delta_arrow="off",
                delta_description=f"in {SPARKLINE_DAYS} days" if value else None,
                chart_data=series[name] if recent else None,
                chart_type="bar",
                icon=icon,
                border=True,
                height="stretch",
            )
        _draw_last_activity(stats, now)


def _draw_last_activity(stats: UserStats, now: datetime) -> None:
    last = stats.last_activity_timestamp
    st.metric(
        "Last activity",
        ago(last, now),
        delta=shown_time(last) if last else None,
        delta_color="off",
        delta_arrow="off",
        icon=":material/bolt:",
        border=True,
        height="stretch",
    )


@st.cache_data(max_entries=500, ttl=600, show_spinner=False)
def _daily(user_id: str, updated_at: str, today: str, zone_name: str, *, _zone: tzinfo) -> dict[str, list[float]]:
    """What was added to each statistic on each of the last days; kept as long as nothing new was recorded."""
    last = datetime.fromisoformat(today).date()
    days = [last - timedelta(days=SPARKLINE_DAYS - 1 - number) for number in range(SPARKLINE_DAYS)]
    return daily_statistics(get_user_manager().get_activity(user_id), _zone, days)


def _draw_tabs(user: User, viewer: User) -> None:
    account, security, data = st.tabs(["Account", "Security", "Your data"], key="profile_tab", on_change="rerun")
    if account.open:
        with account:
            draw_account(user)
    if security.open:
        with security:
            _draw_security(user, viewer)
    if data.open:
        with data:
            draw_data(user, viewer)


def _draw_security(user: User, viewer: User) -> None:
    """For the person alone: an admin who looks has no part in it."""
    if viewer.user_id != user.user_id:
        st.info("Passwords and sessions are for the person alone. The admin page can make a link to reset a password.")
        return
    password, sessions = st.columns(2)
    with password:
        render_password_change(viewer)
    with sessions:
        render_sessions(viewer)
    render_telegram_link(viewer)
