"""The newest visits and jobs one by one, as they were recorded."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_audience
from user_stats.ui.actions import act
from user_stats.ui.session import for_admins
from user_stats.ui.text import on_primary, to_viewer

NEWEST = 200
DAYS = "cleanup_days"
WHEN = st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss")


def draw_raw() -> None:
    _draw_visits()
    _draw_jobs()
    if st.button("Take out old ones …", key="cleanup_ask", icon=":material/delete_sweep:"):
        _ask()


def _draw_visits() -> None:
    visits = get_audience().newest_visits(NEWEST)
    st.markdown("**The newest visits**")
    if not visits:
        st.info("No visit is kept. Visits appear here as pages are opened, and go after RETENTION_DAYS.")
        return
    frame = pd.DataFrame(
        {
            "When": [to_viewer(visit["at"]).replace(tzinfo=None) for visit in visits],
            "Path": [visit["path"] for visit in visits],
            "Browser": [visit["agent"] for visit in visits],
        }
    )
    st.dataframe(frame, key="raw_visits", hide_index=True, column_config={"When": WHEN}, alt="The newest visits")
    st.caption("Nothing says who came: addresses are stored nowhere.")


def _draw_jobs() -> None:
    jobs = get_audience().newest_jobs(NEWEST)
    st.markdown("**The newest jobs**")
    if not jobs:
        st.info("No job is kept. Record one with `audience.record_job(kind, succeeded)` or `POST /api/v1/jobs`.")
        return
    frame = pd.DataFrame(
        {
            "When": [to_viewer(job["at"]).replace(tzinfo=None) for job in jobs],
            "Kind": [job["kind"] for job in jobs],
            "Succeeded": [job["succeeded"] for job in jobs],
            "Seconds": [job.get("seconds") for job in jobs],
            "Error": [job.get("error", "") for job in jobs],
            "Labels": [", ".join(f"{name}={text}" for name, text in job.get("labels", {}).items()) for job in jobs],
        }
    )
    st.dataframe(
        frame,
        key="raw_jobs",
        hide_index=True,
        column_config={"When": WHEN, "Seconds": st.column_config.NumberColumn(format="%.2f")},
        alt="The newest jobs with their outcome, time and error",
    )


@st.dialog("Take out old visits and jobs", icon=":material/delete_sweep:")
@for_admins
def _ask() -> None:
    draw_question()


def draw_question() -> None:
    """Says how many would go before they do."""
    days = st.number_input("Days to keep", 1, 3650, 90, key=DAYS, help="Figures of days stay for good.")
    count = get_audience().count_old(days)
    st.warning(f"{count:,} visits and jobs are older. They go for good; the figures of their days stay.")
    label = f"Take out {count:,}"
    if count and st.button(on_primary(label), key="cleanup_confirm", type="primary", on_click=_clean_up):
        st.rerun()


@for_admins
def _clean_up() -> None:
    days = st.session_state[DAYS]
    act(
        lambda actor: get_audience().cleanup(days, actor=actor),
        lambda count: f"{count:,} visits and jobs are taken out.",
    )
