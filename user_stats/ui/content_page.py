"""The page "Content": one item with its figures; of a stream who was there when."""

from __future__ import annotations

from datetime import datetime, tzinfo

import altair as alt
import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_statistics, get_user_manager
from user_stats.items import Item
from user_stats.statistics.content_records import ContentRecords
from user_stats.statistics.service import Catalogue
from user_stats.statistics.streaming import viewers_over_time
from user_stats.ui.actions import page, require_owner
from user_stats.ui.admin.figure_cards import draw_catalogue
from user_stats.ui.charts import draw
from user_stats.ui.session import choose
from user_stats.ui.text import inert, shown_time, viewer_zone

HEIGHT = 240
LOOKED_THROUGH, MOST_OFFERED = 100, 12
"""Of the newest watches, and the items among them that are offered."""


@page
def render_content(user_id: str) -> None:
    """Draws the item that is asked for, for any person who is signed in: totals alone, nobody's name."""
    require_owner(user_id)
    st.title("Content")
    content_id = st.text_input(
        "Id of the video, stream or picture", key="content_id", bind="query-params", max_chars=256
    ).strip()
    if not content_id:
        _offer_watched(user_id)
        return
    statistics = get_statistics()
    if not statistics.is_known(content_id):
        st.warning("Nobody did anything with an item of this id.")
        return
    item = get_user_manager().content.find(content_id)
    if item is not None:
        _draw_item(item)
    catalogue = statistics.content_catalogue(content_id, tz=str(viewer_zone()))
    records = statistics.content_records(content_id)
    if records.stream_views:
        _draw_viewers(records, viewer_zone())
        _draw_retention(catalogue)
    draw_catalogue(catalogue, key="content")


def _offer_watched(user_id: str) -> None:
    """Buttons for what the person watched last: nobody knows ids by heart."""
    watched = get_user_manager().history_tracker.get_watch_history(user_id, LOOKED_THROUGH)
    titles = {entry.video_id: entry.title or entry.video_id for entry in watched}
    if not titles:
        st.info("Figures of which item? Its id is what the site calls it; what you watch will be offered here.")
        return
    st.markdown("**Figures of which item?** You watched these last:")
    with st.container(horizontal=True):
        for number, (content_id, title) in enumerate(list(titles.items())[:MOST_OFFERED]):
            st.button(inert(title), key=f"content_offer_{number}", on_click=choose, args=("content_id", content_id))


def _draw_item(item: Item) -> None:
    st.header(inert(item.title or item.content_id), anchor=False)
    facts = [item.category, ", ".join(item.tags), f"since {shown_time(item.created_at)}"]
    if item.deleted_at:
        facts.append(f"deleted {shown_time(item.deleted_at)}")
    st.caption(inert(" · ".join(fact for fact in facts if fact)))


def _draw_viewers(records: ContentRecords, zone: tzinfo) -> None:
    line = viewers_over_time(records.stream_views)
    rows = [(datetime.fromtimestamp(moment, zone).replace(tzinfo=None), count) for moment, count in line]
    chart = (
        alt.Chart(pd.DataFrame(rows, columns=["When", "People"]))
        .mark_area(interpolate="step-after", opacity=0.6)
        .encode(
            x=alt.X("When:T", title=None, axis=alt.Axis(format="%H:%M", tickCount=8)),
            y=alt.Y("People:Q", axis=alt.Axis(tickMinStep=1)),
        )
        .properties(height=HEIGHT)
    )
    st.markdown("**How many people watched at the same time?**")
    draw(chart, key="content_viewers", text=f"People over time: at most {max(count for _, count in line)} at once")


def _draw_retention(catalogue: Catalogue) -> None:
    curve = catalogue["viewer_retention"]["detail"].get("curve")
    if not curve:
        return
    rows = [(10 * number, amount) for number, amount in enumerate(curve, 1)]
    chart = (
        alt.Chart(pd.DataFrame(rows, columns=["Part of the stream, %", "Viewers there, %"]))
        .mark_line(point=True)
        .encode(
            x=alt.X("Part of the stream, %:Q", axis=alt.Axis(values=[part for part, _ in rows])),
            y=alt.Y("Viewers there, %:Q", scale=alt.Scale(domain=[0, 100])),
        )
        .properties(height=HEIGHT)
    )
    st.markdown("**How many of the viewers stay?**")
    draw(chart, key="content_retention", text=f"Viewers still there at each tenth; {curve[-1]:.0f} % at the end")
