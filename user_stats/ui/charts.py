"""Charts of the pages: functions of rows, in the theme's colours, each with a text for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils.schemapi import disable_debug_mode

from user_stats.models import CONTENT_TYPES
from user_stats.statistics.histories import Favourite, Measure, PeriodAmount, Step, WeekHour
from user_stats.ui.text import TYPE_NAMES

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
disable_debug_mode()  # checking each part of a chart against its schema takes most of the time that drawing one does

HEIGHT = 280
ROW_HEIGHT = 30
BAR_SHARE = 0.86
"""Of the time that a bar stands for; the rest is the gap to the next one."""
STEP_FORMATS = {"day": "%-d %b %Y", "week": "week of %-d %b %Y", "month": "%B %Y"}
AXIS_FORMATS = {"day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
TOOLTIPS = {Measure.HOURS: ",.1f", Measure.WATCHES: ",.0f"}
AMOUNTS = alt.Axis(format=",.3~r", title=None)
"""Hours or watches on an axis; the title of the chart names the unit."""


def draw_over_time(rows: Sequence[PeriodAmount], step: Step, measure: Measure, *, key: str) -> None:
    """Hours or watches by day, week or month, stacked by type."""
    tops: dict[date, float] = {}
    bars = []
    for row in rows:
        bottom = tops.get(row.starts_on, 0.0)
        tops[row.starts_on] = bottom + row.amount
        begins = pd.Timestamp(row.starts_on)
        ends = begins + (_next(begins, step) - begins) * BAR_SHARE
        bars.append((begins, ends, TYPE_NAMES[row.content_type], row.amount, bottom, bottom + row.amount))
    chart = (
        alt.Chart(pd.DataFrame(bars, columns=["begins", "ends", "Type", measure, "bottom", "top"]))
        .mark_rect()
        .encode(
            x=alt.X("begins:T", title=None, axis=_time_axis(step)),
            x2="ends:T",
            y=alt.Y("bottom:Q", axis=AMOUNTS),
            y2="top:Q",
            color=alt.Color("Type:N", scale=_types(), legend=_legend(rows)),
            tooltip=[
                alt.Tooltip("begins:T", format=STEP_FORMATS[step], title="When"),
                alt.Tooltip("Type:N"),
                alt.Tooltip(f"{measure}:Q", format=TOOLTIPS[measure]),
            ],
        )
        .properties(height=HEIGHT)
    )
    total = format(sum(row.amount for row in rows), TOOLTIPS[measure])
    draw(chart, key=key, text=f"{measure} by {step}, by type: {total} {measure.lower()} in all")


def draw_week_pattern(hours: Sequence[WeekHour], measure: Measure, *, key: str) -> None:
    """Hours or watches at each hour of the week, darker for more."""
    frame = pd.DataFrame(
        {
            "Day": [WEEKDAYS[one.weekday] for one in hours],
            "Hour": [one.hour for one in hours],
            "Amount": [one.amount for one in hours],
            "at": [f"{WEEKDAYS[one.weekday]}, {one.hour:02}:00–{one.hour + 1:02}:00" for one in hours],
        }
    )
    chart = (
        alt.Chart(frame)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("Hour:O", title=None, axis=alt.Axis(labelAngle=0, labelExpr=_every_third_hour(), ticks=False)),
            y=alt.Y("Day:O", sort=list(WEEKDAYS), title=None, axis=alt.Axis(ticks=False)),
            color=alt.Color("Amount:Q", legend=None),
            tooltip=[
                alt.Tooltip("at:N", title="When"),
                alt.Tooltip("Amount:Q", format=TOOLTIPS[measure], title=measure),
            ],
        )
        .properties(height=7 * ROW_HEIGHT + 30)
    )
    busiest = max(hours, key=lambda one: one.amount)
    text = f"{measure} by weekday and hour; the most on {WEEKDAYS[busiest.weekday]} at {busiest.hour:02}:00"
    draw(chart, key=key, text=text)


def draw_favourites(titles: Sequence[Favourite], measure: Measure, *, key: str) -> None:
    """Hours or watches by title, the longest bar first."""
    frame = pd.DataFrame(
        {
            "Title": [one.title for one in titles],
            "Hours": [one.hours for one in titles],
            "Watches": [one.watches for one in titles],
        }
    )
    chart = (
        alt.Chart(frame)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X(f"{measure}:Q", axis=AMOUNTS),
            y=alt.Y("Title:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, ticks=False)),
            tooltip=["Title:N", alt.Tooltip("Hours:Q", format=",.1f"), "Watches:Q"],
        )
        .properties(height=len(titles) * ROW_HEIGHT + 40)
    )
    draw(chart, key=key, text=f"Titles with the most {measure.lower()}: " + ", ".join(one.title for one in titles))


def draw(chart: alt.Chart | alt.LayerChart, *, key: str, text: str) -> None:
    """The chart as wide as there is room; `text` says what is seen."""
    st.altair_chart(chart, key=key, alt=text, width="stretch")


def _next(begins: pd.Timestamp, step: Step) -> pd.Timestamp:
    return begins + (pd.DateOffset(months=1) if step == "month" else pd.Timedelta(days=7 if step == "week" else 1))


def _time_axis(step: Step) -> alt.Axis:
    return alt.Axis(format=AXIS_FORMATS[step], grid=False, labelOverlap=True, tickCount=8)


def _types() -> alt.Scale:
    """Each type keeps its colour, also where others are missing."""
    return alt.Scale(domain=[TYPE_NAMES[one] for one in CONTENT_TYPES])


def _legend(rows: Sequence[PeriodAmount]) -> alt.Legend | None:
    """Of the types that are there, where there are several."""
    present = [TYPE_NAMES[one] for one in CONTENT_TYPES if any(row.content_type == one for row in rows)]
    return alt.Legend(orient="top", title=None, values=present, offset=6, padding=0) if len(present) > 1 else None


def _every_third_hour() -> str:
    return "datum.value % 3 == 0 ? datum.value + ':00' : ''"
