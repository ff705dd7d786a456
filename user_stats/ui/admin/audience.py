"""Who comes, signed in or not: visits, visitors, people, jobs and other instances. Reads the totals of days alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from user_stats.audience import Overview
from user_stats.bootstrap import get_audience
from user_stats.ui.actions import act
from user_stats.ui.admin import charts
from user_stats.ui.admin.metrics import draw_metrics
from user_stats.ui.admin.periods import choose_period, group_starts, grouped, step_days
from user_stats.ui.session import for_admins
from user_stats.ui.text import inert, shown_time

TRUST = {
    "signed": "signed with its key",
    "key": "sent with its key",
    "unverified": "unverified: it came without a key",
}


def draw_audience() -> None:
    count = choose_period("audience_period")
    overview = get_audience().overview(count)
    if not overview.is_enabled:
        st.info("Counting visitors is turned off (ENABLE_USER_ANALYTICS); jobs and what was counted before are shown.")
    _draw_live()
    _draw_three(overview)
    _draw_active(overview)
    if overview.totals.visits:
        _draw_days(overview)
        _draw_sources(overview)
    else:
        st.info("No visit was counted yet. Pages count themselves as soon as somebody opens one.")
    _draw_jobs(overview)
    _draw_instances(overview)


@st.fragment(run_every="10s")
@for_admins
def _draw_live() -> None:
    live = get_audience().live_visits()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("Live", icon=":material/sensors:", color="green")
        st.markdown(f"**{live:,}** {'visit' if live == 1 else 'visits'} in the last 5 minutes", width="content")


def _draw_three(overview: Overview) -> None:
    st.markdown("**Three figures that are not the same**, since counting began")
    with st.grid(3, min_column_width=220):
        for figure in overview.three_figures:
            with st.container(border=True, height="stretch"):
                st.metric(figure.name, f"{figure.value:,}")
                st.caption(figure.counts)


def _draw_active(overview: Overview) -> None:
    people = overview.people
    days = overview.days[::-1]
    stickiness = None if people.stickiness is None else f"{people.stickiness:.0%}"
    st.markdown("**People by cookie**")
    figures: Sequence[tuple[str, str | None, str]] = (
        ("Today (DAU)", f"{people.daily:,}", "Distinct browsers today, UTC"),
        ("7 days (WAU)", f"{people.weekly:,}", "Distinct browsers in the last 7 days, today included"),
        ("30 days (MAU)", f"{people.monthly:,}", "Distinct browsers in the last 30 days, today included"),
        ("Stickiness", stickiness, "Today's people ÷ those of 30 days"),
    )
    draw_metrics(figures)
    if overview.visitors is not None:
        by_address = overview.visitors
        st.caption(
            f"Distinct addresses: {by_address.daily:,} today, {by_address.weekly:,} in 7 days, "
            f"{by_address.monthly:,} in 30 days."
        )
    st.markdown("**In this time**")
    figures = (
        ("Visits", f"{sum(day.visits for day in days):,}", "Pages opened"),
        ("New people", f"{sum(day.new_people for day in days):,}", "Browsers seen for the first time"),
        ("Crawlers", f"{sum(day.crawler_visits for day in days):,}", "Visits of known crawlers"),
        (
            "New bot users",
            f"{sum(day.new_bot_users for day in days):,}",
            "Wrote to the Telegram bot first",
        ),
    )
    draw_metrics(figures)


def _draw_days(overview: Overview) -> None:
    days = overview.days[::-1]
    step = step_days(len(days))
    dates = [date.fromisoformat(day.date) for day in days]
    starts = [dates[start] for start in group_starts(len(days), step)]
    st.markdown("**Visits and unique visitors each day**")
    charts.draw_lines(
        dates,
        {"Visits": [day.visits for day in days], "Unique visitors": [day.visitors for day in days]},
        unit="Count",
        key="audience_days",
        text="Visits and distinct addresses each day",
    )
    st.markdown(f"**New and returning people each {'day' if step == 1 else 'week, added up by day'}**")
    charts.draw_bars(
        starts,
        {
            "Returning": grouped([day.returning_people for day in days], step),
            "New": grouped([day.new_people for day in days], step),
        },
        unit="People",
        key="audience_people",
        text="New and returning people over time",
        step_days=step,
    )


def _draw_sources(overview: Overview) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("**Pages with the most visits**")
        charts.draw_ranks(overview.top_paths, what="Visits", key="audience_paths")
    with right:
        st.markdown("**Browsers and programs**")
        charts.draw_ranks(overview.agents, what="Visits", key="audience_agents")


def _draw_jobs(overview: Overview) -> None:
    jobs = overview.jobs
    st.markdown("**Jobs**")
    if not jobs.kinds:
        st.info(
            "No job was recorded in this time. A program records one with `audience.record_job(kind, succeeded)` or "
            "`POST /api/v1/jobs`."
        )
        return
    st.caption(_all_jobs(overview))
    times = jobs.seconds or {}
    with st.grid(4, min_column_width=150):
        rate = None if jobs.success_rate is None else f"{jobs.success_rate:.1%}"
        help_text = f"{jobs.succeeded:,} succeeded, {jobs.failed:,} failed"
        st.metric("Succeeded", rate, border=True, help=help_text)
        for percent, label in ((50, "Half within"), (95, "95 % within"), (99, "99 % within")):
            value = f"{times[percent]:,.2f} s" if percent in times else None
            st.metric(label, value, border=True, help="Processing time, of the newest 5,000 jobs of this time")
    kinds = sorted(jobs.kinds.items(), key=lambda item: -sum(item[1]))
    frame = pd.DataFrame(
        {
            "Kind": [kind for kind, _ in kinds],
            "Succeeded": [right for _, (right, _) in kinds],
            "Failed": [wrong for _, (_, wrong) in kinds],
            "Success": [100 * right / (right + wrong) for _, (right, wrong) in kinds],
        }
    )
    st.dataframe(
        frame,
        key="audience_jobs",
        hide_index=True,
        column_config={"Success": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100)},
        alt="Jobs by kind: succeeded, failed and the share that succeeded",
    )


def _all_jobs(overview: Overview) -> str:
    """How jobs went today, in the last 7 days and ever."""
    spans = {"Today": overview.days[:1], "last 7 days": overview.days[:7]}
    told = [
        f"{name} {sum(day.jobs_succeeded for day in days):,} succeeded, {sum(day.jobs_failed for day in days):,} failed"
        for name, days in spans.items()
    ]
    totals = overview.totals
    return "; ".join([*told, f"ever {totals.jobs_succeeded:,} succeeded, {totals.jobs_failed:,} failed"]) + "."


def _draw_instances(overview: Overview) -> None:
    st.markdown("**Other instances**")
    if not overview.instances:
        st.caption("None has reported. An instance does when it is given REPORT_TO and a key with the scope report.")
        return
    own = overview.totals.visitor_days
    st.caption(
        f"{overview.instances_count:,} visitor-days reported within 7 days, {own:,} of our own: "
        f"{own + overview.instances_count:,} in sum."
    )
    for instance in overview.instances:
        with st.container(horizontal=True, vertical_alignment="center"):
            old = "" if instance.is_current else ", older than 7 days and not in the sum"
            st.markdown(
                f"**{inert(instance.instance_id)}** {instance.count:,}, {shown_time(instance.reported_at)}, "
                f"{TRUST[instance.trust]}{old}",
                width="stretch",
            )
            st.button("Drop", key=f"drop_{instance.instance_id}", on_click=_drop, args=(instance.instance_id,))


@for_admins
def _drop(instance_id: str) -> None:
    act(lambda actor: get_audience().drop_instance(instance_id, actor=actor), f"{inert(instance_id)} is forgotten.")
