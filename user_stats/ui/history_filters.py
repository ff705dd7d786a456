"""Which watches of a history are meant: the row of filters, and what they let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from user_stats.fields import QUALITIES
from user_stats.models import CONTENT_TYPES, WatchHistoryEntry
from user_stats.times import to_iso
from user_stats.ui.text import TYPE_NAMES

PERIODS = {"All time": None, "Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Last year": 365}
"""What people read, and how many days it means."""
ALL, FINISHED, UNFINISHED = "All", "Finished", "Not finished"


@dataclass(frozen=True)
class Filters:
    """What was chosen; empty lets everything through."""

    text: str
    types: Sequence[str]
    days: int | None
    qualities: Sequence[str]
    finished: str

    def passing(self, entries: Sequence[WatchHistoryEntry], now: datetime) -> list[WatchHistoryEntry]:
        """The entries that all filters let through, in their order."""
        since = "" if self.days is None else to_iso(now - timedelta(days=self.days))
        text = self.text.strip().casefold()
        return [
            entry
            for entry in entries
            if (not self.types or entry.content_type in self.types)
            and entry.watched_at >= since
            and (not self.qualities or entry.quality in self.qualities)
            and (self.finished == ALL or entry.completed == (self.finished == FINISHED))
            and text in (entry.title or entry.video_id).casefold()
        ]


def draw_filters(entries: Sequence[WatchHistoryEntry]) -> Filters:
    """A row of widgets; types and qualities only where there is a choice."""
    types = [one for one in CONTENT_TYPES if any(entry.content_type == one for entry in entries)]
    qualities = [one for one in QUALITIES if any(entry.quality == one for entry in entries)]
    with st.grid(4, min_column_width=150, gap="small"):
        text = st.text_input("Title contains", key="history_text", type="search", icon=":material/search:")
        period = st.selectbox("Period", list(PERIODS), key="history_period")
        quality = st.multiselect("Quality", qualities, key="history_quality", placeholder="All")
        finished = st.selectbox("Watched to the end", [ALL, FINISHED, UNFINISHED], key="history_finished")
    chosen = st.pills(
        "Type",
        types,
        selection_mode="multi",
        key="history_types",
        format_func=lambda one: TYPE_NAMES[one],
        label_visibility="collapsed",
    )
    return Filters(text, chosen, PERIODS[period], quality, finished)
