"""The charts of a watch history: hours or watches over time, the rhythm of the week, favourites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import streamlit as st

from user_stats.models import WatchHistoryEntry
from user_stats.statistics.histories import Measure, favourites, over_time, step_for, week_pattern
from user_stats.times import from_iso
from user_stats.ui.charts import draw_favourites, draw_over_time, draw_week_pattern
from user_stats.ui.text import inert

MOST_FAVOURITES = 8
TITLES = {Measure.HOURS: "Hours watched", Measure.WATCHES: "Watches"}
STEPS = {"day": "day by day", "week": "week by week", "month": "month by month"}
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def draw_charts(entries: Sequence[WatchHistoryEntry], zone: tzinfo) -> None:
    """Of the watches that the filters let through: hours, or watches where none has a length."""
    timed = [entry for entry in entries if entry.duration_seconds]
    measure, shown = (Measure.HOURS, timed) if timed else (Measure.WATCHES, entries)
    if not timed:
        st.caption("None of these watches has a length, so the charts count watches and no hours.")
    days = [from_iso(entry.watched_at).astimezone(zone).date() for entry in shown]
    step = step_for((max(days) - min(days)).days + 1)
    with st.container(border=True):
        st.markdown(f"**{TITLES[measure]}, {STEPS[step]}**")
        draw_over_time(over_time(shown, zone, step, measure), step, measure, key="history_hours")
    rhythm, top = st.columns(2)
    with rhythm.container(border=True, height="stretch"):
        pattern = week_pattern(shown, zone, measure)
        busiest = max(pattern, key=lambda one: one.amount)
        st.markdown(f"**When you watch: mostly on {WEEKDAYS[busiest.weekday]} around {busiest.hour}:00**")
        draw_week_pattern(pattern, measure, key="history_week")
    with top.container(border=True, height="stretch"):
        best = favourites(shown, MOST_FAVOURITES)
        st.markdown(f"**What you watch most: {inert(best[0].title)}**")
        draw_favourites(best, measure, key="history_favourites")
