"""The charts of a watch history: hours over time, the rhythm of the week, favourites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import streamlit as st

from user_stats.models import WatchHistoryEntry
from user_stats.statistics.histories import favourites, hours_over_time, step_for, week_pattern
from user_stats.times import from_iso
from user_stats.ui.charts import draw_favourites, draw_hours_over_time, draw_week_pattern
from user_stats.ui.text import inert

MOST_FAVOURITES = 8
STEPS = {"day": "day by day", "week": "week by week", "month": "month by month"}
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def draw_charts(entries: Sequence[WatchHistoryEntry], zone: tzinfo) -> None:
    """Of the watches that the filters let through."""
    timed = [entry for entry in entries if entry.duration_seconds]
    if not timed:
        st.info("None of these watches has a length, so there are no hours to draw.")
        return
    days = [from_iso(entry.watched_at).astimezone(zone).date() for entry in timed]
    step = step_for((max(days) - min(days)).days + 1)
    with st.container(border=True):
        st.markdown(f"**Hours watched, {STEPS[step]}**")
        draw_hours_over_time(hours_over_time(timed, zone, step), step, key="history_hours")
    rhythm, top = st.columns(2)
    with rhythm.container(border=True, height="stretch"):
        pattern = week_pattern(timed, zone)
        busiest = max(pattern, key=lambda one: one.minutes)
        st.markdown(f"**When you watch: mostly on {WEEKDAYS[busiest.weekday]} around {busiest.hour}:00**")
        draw_week_pattern(pattern, key="history_week")
    with top.container(border=True, height="stretch"):
        best = favourites(timed, MOST_FAVOURITES)
        st.markdown(f"**What you watch most: {inert(best[0].title)}**")
        draw_favourites(best, key="history_favourites")
