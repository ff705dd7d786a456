"""The page "Watch history": what was watched, how long and when, with filters; bringing in, taking along, clearing."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from user_stats.bootstrap import get_user_manager, page_settings
from user_stats.models import CONTENT_TYPES, WatchHistoryEntry
from user_stats.statistics.histories import duration_figures
from user_stats.times import from_iso, utc_now
from user_stats.ui.actions import page, require_owner
from user_stats.ui.history_charts import draw_charts
from user_stats.ui.history_files import draw_clearing, draw_downloads
from user_stats.ui.history_filters import draw_filters
from user_stats.ui.import_section import draw_import
from user_stats.ui.text import TYPE_NAMES, viewer_zone

ROWS = 50
TYPE_ICONS = {"video": ":material/movie:", "stream": ":material/sensors:", "image": ":material/image:"}
MOST_LISTED = 1000


@page
def render_watch_history(user_id: str) -> None:
    """Draws the history of the person who is signed in; admins may look at anybody's."""
    require_owner(user_id)
    manager = get_user_manager()
    entries = manager.history_tracker.get_watch_history(user_id, limit=MOST_LISTED)
    st.title("Watch History")
    if not entries and not manager.get_user_stats(user_id).watch_history_entries:
        demo = " The Activity Demo makes some up, to see what it looks like." if page_settings().enable_demo else ""
        st.info(f"Nothing watched yet. What you watch shows up here; or bring in a history from elsewhere.{demo}")
        draw_import(user_id)
        return
    _draw_totals(manager.history_tracker.get_watch_stats_by_type(user_id))
    _draw_tabs(user_id, entries)


def _draw_totals(by_type: dict[str, dict[str, float]]) -> None:
    """The breakdown by type, over the whole time here."""
    with st.grid(4, min_column_width=150, gap="small"):
        everything = {name: sum(one[name] for one in by_type.values()) for name in ("count", "hours", "completed")}
        _draw_total("All watches", ":material/play_circle:", everything)
        for content_type in CONTENT_TYPES:
            _draw_total(TYPE_NAMES[content_type], TYPE_ICONS[content_type], by_type[content_type])


def _draw_total(label: str, icon: str, figures: dict[str, float]) -> None:
    count = figures["count"]
    finished = f"{figures['completed'] / count:.0%} done" if count else None
    hours = f"{figures['hours']:,.1f} h" if figures["hours"] else None
    st.metric(
        label,
        f"{count:,.0f}",
        delta=hours or finished,
        delta_color="blue",
        delta_arrow="off",
        delta_description=finished if hours else None,
        icon=icon,
        border=True,
        height="stretch",
    )


def _draw_tabs(user_id: str, entries: Sequence[WatchHistoryEntry]) -> None:
    names = ["Watches", "Charts", "Import", "Download and clear"]
    watches, charts, imports, files = st.tabs(names, key="history_tab", on_change="rerun")
    if watches.open or charts.open:
        with watches if watches.open else charts:
            _draw_filtered(entries, as_charts=bool(charts.open))
    if imports.open:
        with imports:
            draw_import(user_id)
    if files.open:
        with files:
            draw_downloads(user_id)
            draw_clearing(user_id, len(entries))


def _draw_filtered(entries: Sequence[WatchHistoryEntry], *, as_charts: bool) -> None:
    if not entries:
        st.info("The list is empty: it was cleared. Your figures above stay; new watches will show up here.")
        return
    now = utc_now()
    chosen = draw_filters(entries).passing(entries, now)
    if not chosen:
        st.info("No watch fits these filters. Take one away to see more.")
    elif as_charts:
        draw_charts(chosen, viewer_zone())
    else:
        _draw_durations(chosen, len(entries))
        _draw_list(chosen)


def _draw_durations(chosen: Sequence[WatchHistoryEntry], total: int) -> None:
    figures = duration_figures(chosen)
    of_all = f" of {total:,}" if len(chosen) < total else ""
    parts = [f"**{len(chosen):,}**{of_all} watches"]
    if figures.watches:
        parts += [
            f"**{figures.total_seconds / 3600:,.1f} h** in all",
            f"**{shown_duration(figures.mean_seconds)}** on average",
            f"**{shown_duration(figures.median_seconds)}** median",
            f"**{shown_duration(figures.longest_seconds)}** the longest",
        ]
    st.markdown(" · ".join(parts))


def shown_duration(seconds: float) -> str:
    """For instance `1 h 05 min` or `45 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _draw_list(chosen: Sequence[WatchHistoryEntry]) -> None:
    pages = -(-len(chosen) // ROWS)
    number = min(st.session_state.get("history_page", 1), pages)
    shown = chosen[(number - 1) * ROWS : number * ROWS]
    zone = viewer_zone()
    columns = st.column_config
    st.dataframe(
        {
            "When": [from_iso(entry.watched_at).astimezone(zone).replace(tzinfo=None) for entry in shown],
            "Title": [entry.title or entry.video_id for entry in shown],
            "Type": [TYPE_NAMES[entry.content_type].removesuffix("s") for entry in shown],
            "Watched": [_length(entry) for entry in shown],
            "To the end": [entry.completed for entry in shown],
            "Quality": [entry.quality for entry in shown],
        },
        height="content",
        hide_index=True,
        column_config={
            "When": columns.DatetimeColumn(format="D MMM YYYY, HH:mm", width=150),
            "Title": columns.TextColumn(width=260),
            "Type": columns.TextColumn(width=75),
            "Watched": columns.TextColumn(width=95),
            "To the end": columns.CheckboxColumn(width=85),
            "Quality": columns.TextColumn(width=75),
        },
        key="history_list",
        alt=f"Watches {(number - 1) * ROWS + 1} to {(number - 1) * ROWS + len(shown)} of {len(chosen)}, newest first",
    )
    if pages > 1:
        st.pagination(pages, key="history_page")


def _length(entry: WatchHistoryEntry) -> str:
    if not entry.length_known:
        return "not known"
    return shown_duration(entry.duration_seconds) if entry.duration_seconds else "–"
