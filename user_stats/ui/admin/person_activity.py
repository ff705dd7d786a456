"""What one person watched: by type, and the newest watches one by one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.models import User
from user_stats.ui.text import TYPE_NAMES, to_viewer

NEWEST = 50


def draw_activity(user: User) -> None:
    tracker = get_user_manager().history_tracker
    by_type = tracker.get_watch_stats_by_type(user.user_id)
    with st.grid(3, min_column_width=150):
        for name, figures in by_type.items():
            st.metric(
                TYPE_NAMES[name],
                f"{figures['hours']:,.1f} h",
                border=True,
                help=f"{figures['count']:,} watches, {figures['completed']:,} of them to the end",
            )
    entries = tracker.get_watch_history(user.user_id, NEWEST)
    if not entries:
        st.info("No watch is listed. Watches appear here as soon as the site records one.")
        return
    frame = pd.DataFrame(
        {
            "When": [to_viewer(entry.watched_at).replace(tzinfo=None) for entry in entries],
            "What": [entry.title or entry.video_id for entry in entries],
            "Type": [entry.content_type for entry in entries],
            "Minutes": [entry.duration_seconds / 60 if entry.length_known else None for entry in entries],
            "Quality": [entry.quality for entry in entries],
            "To the end": [entry.completed for entry in entries],
        }
    )
    st.caption(f"The {len(entries)} newest watches")
    st.dataframe(
        frame,
        key="person_history",
        hide_index=True,
        column_config={
            "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Minutes": st.column_config.NumberColumn(format="%.1f"),
        },
        alt=f"The {len(entries)} newest watches with time, title, type, minutes and quality",
    )
