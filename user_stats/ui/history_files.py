"""Taking a watch history along, and clearing it."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.models import WatchHistoryEntry
from user_stats.transfer.exports import history_rows
from user_stats.transfer.tables import Format, table_file
from user_stats.ui.actions import act, go_on_signed_in, made_when_asked
from user_stats.ui.session import for_people
from user_stats.ui.text import on_primary

COLUMNS = [*WatchHistoryEntry.__dataclass_fields__]


def draw_downloads(user_id: str) -> None:
    """The list as CSV and as JSON."""
    with st.container(border=True):
        st.markdown("**Take it along**")
        st.write("Every watch that is listed: as a table for a spreadsheet, or as JSON, which can be imported again.")
        with st.container(horizontal=True):
            _draw_download(user_id, "csv", "Download CSV", "text/csv")
            _draw_download(user_id, "json", "Download JSON", "application/json")


def _draw_download(user_id: str, form: Format, label: str, mime: str) -> None:
    st.download_button(
        label,
        made_when_asked(lambda actor: made_list(user_id, form)),
        f"watch-history.{form}",
        mime,
        key=f"history_{form}",
        icon=":material/download:",
        on_click="ignore",
    )


def made_list(user_id: str, form: Format) -> bytes:
    """Every listed watch of a person as a file."""
    manager = get_user_manager()
    return table_file(form, COLUMNS, history_rows(manager, [manager.get_user(user_id)]))


def draw_clearing(user_id: str, listed: int) -> None:
    """A button that asks first."""
    with st.container(border=True):
        st.markdown("**Clear the list**")
        st.write("The list and its charts become empty. Your lifetime figures stay as they are.")
        if st.button("Clear the list …", key="history_clear", icon=":material/delete_sweep:", disabled=not listed):
            _ask_clearing(user_id, listed)


@st.dialog("Clear the watch history?", icon=":material/delete_sweep:")
def _ask_clearing(user_id: str, listed: int) -> None:
    go_on_signed_in()
    st.write(f"{listed:,} watches go from the list and cannot be brought back. Your lifetime figures stay.")
    with st.container(horizontal=True):
        if st.button("Keep it", key="history_keep"):
            st.rerun()
        if st.button(
            on_primary("Clear it"), key="history_clear_confirmed", type="primary", on_click=_clear, args=(user_id,)
        ):
            st.rerun()


@for_people
def _clear(user_id: str) -> None:
    tracker = get_user_manager().history_tracker
    act(lambda actor: tracker.clear_watch_history(user_id, actor=actor), "The list is empty. Your figures are kept.")
