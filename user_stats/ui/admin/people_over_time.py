"""Parts of "Analytics": whether people come back and how far they are, and the last week of the site."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_statistics
from user_stats.statistics.achievements import site_levels
from user_stats.statistics.cohorts import Cohort, cohorts
from user_stats.ui.admin.site_catalogue import has_read_everything
from user_stats.ui.charts import draw
from user_stats.ui.text import inert

ROW_HEIGHT = 32
HEIGHT = 260


def draw_retention() -> None:
    if not has_read_everything():
        return
    records = get_statistics().site_records()
    rows = cohorts(records)
    if not rows:
        st.info("Nobody signed up in the last twelve months. Make a demo site up on “Activity demo” to see one.")
        return
    st.markdown("**How many of a month's newcomers come back in the months after?**")
    _draw_cohorts(rows)
    st.caption("Share of the people who signed up in a month that did something in it and in each month after; in UTC.")
    levels = site_levels(records).detail.get("people")
    if levels:
        st.markdown("**How far are people? Everybody by level**")
        _draw_levels(levels)


def _draw_cohorts(rows: list[Cohort]) -> None:
    cells = [
        (f"{row.month} ({row.people:,})", row.month, months, amount)
        for row in rows
        for months, amount in enumerate(row.shares)
    ]
    base = alt.Chart(pd.DataFrame(cells, columns=["Month", "month", "After", "Active"])).encode(
        x=alt.X("After:O", title="Months after signing up", axis=alt.Axis(labelAngle=0, ticks=False)),
        y=alt.Y("Month:O", title=None, sort=None, axis=alt.Axis(ticks=False)),
        tooltip=[
            alt.Tooltip("month:N", title="Signed up in"),
            alt.Tooltip("After:O", title="Months after"),
            alt.Tooltip("Active:Q", format=".0f", title="Active, %"),
        ],
    )
    scale = alt.Scale(domain=[0, 100])
    chart = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color("Active:Q", scale=scale, legend=alt.Legend(title="Active, %", orient="bottom"))
    )
    after = [row.shares[1] for row in rows if len(row.shares) > 1]
    told = f"; a month later {min(after):.0f} to {max(after):.0f} %" if after else ""
    text = f"Share of each month's newcomers who are active in the months after, {len(rows)} months{told}"
    draw(chart.properties(height=ROW_HEIGHT * len(rows) + 110), key="retention_cohorts", text=text)


def _draw_levels(levels: dict[int, int]) -> None:
    chart = (
        alt.Chart(pd.DataFrame(sorted(levels.items()), columns=["Level", "People"]))
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X("Level:O", axis=alt.Axis(labelAngle=0, ticks=False)),
            y=alt.Y("People:Q", title=None, axis=alt.Axis(format=",~f", tickMinStep=1)),
            tooltip=["Level:O", alt.Tooltip("People:Q", format=",")],
        )
        .properties(height=HEIGHT)
    )
    text = "People by level: " + ", ".join(f"{count:,} at {level}" for level, count in sorted(levels.items()))
    draw(chart, key="retention_levels", text=text)


def draw_last_week() -> None:
    if not has_read_everything():
        return
    digest = get_statistics().weekly_digest()
    st.markdown(f"**What happened in week {digest.week}, {digest.first:%-d %B} to {digest.last:%-d %B}?**")
    with st.grid(3, min_column_width=180):
        for line in digest.lines:
            growth = None if line.growth is None else f"{line.growth:+.0f} %"
            help_text = f"In the week before: {line.before:,.10g}"
            st.metric(line.name, f"{line.value:,.10g}", growth, border=True, height="stretch", help=help_text)
    if digest.leaders:
        st.markdown("**Who watched most?**")
        for name, hours in digest.leaders:
            st.markdown(f"- {inert(name)}: {hours:,.1f} hours")
    st.caption("The last whole week, from Monday to Sunday in UTC, beside the week before it.")
    st.download_button(
        "Save as text",
        digest.to_text(),
        file_name=f"week-{digest.week}.txt",
        key="last_week_text",
        icon=":material/download:",
        on_click="ignore",
    )
