"""The platform as a whole: watched hours, people, sign-ups, and when people watch. Reads the totals of days alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.day_totals import DayTotals, watched_hours
from user_stats.models import CONTENT_TYPES, SECONDS_PER_HOUR
from user_stats.times import utc_now
from user_stats.ui.admin import charts
from user_stats.ui.admin.periods import choose_period, group_starts, grouped, step_days
from user_stats.ui.text import TYPE_NAMES, viewer_zone


def draw_platform() -> None:
    count = choose_period("platform_period")
    today = utc_now().date()
    days = get_user_manager().get_day_totals(today - timedelta(days=2 * count - 1), today)
    before, now = days[:count], days[count:]
    _draw_figures(before, now)
    if not any(day.watches or day.sign_ups or day.active_people for day in now):
        st.info("Nothing was recorded in this time. Choose a longer one, or make some activity up on “Activity demo”.")
        return
    starts = [date.fromisoformat(now[start].date) for start in group_starts(count, step_days(count))]
    _draw_hours(now, starts)
    left, right = st.columns(2)
    with left:
        _draw_people(now)
    with right:
        _draw_sign_ups(now, starts)
    _draw_week(now)
    st.caption("Days are UTC days. A watch counts for the day on which it began, and for the hours that it covered.")


def _draw_figures(before: list[DayTotals], now: list[DayTotals]) -> None:
    manager = get_user_manager()
    active = manager.get_active_people()
    stickiness = "–" if active.stickiness is None else f"{active.stickiness:.0%}"
    with st.grid(4, min_column_width=170):
        _draw_change("Watched", before, now, lambda day: day.watched_seconds / SECONDS_PER_HOUR, " h", has_line=True)
        _draw_change("Watches", before, now, lambda day: day.watches, has_line=True)
        st.metric(
            "People",
            f"{manager.count_users():,}",
            f"{sum(day.sign_ups for day in now):+,} in this time",
            border=True,
            height="stretch",
        )
        st.metric(
            "Active in 30 days",
            f"{active.monthly:,}",
            f"{active.daily:,} today",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help=f"People who did something or signed up; {active.weekly:,} in 7 days. Stickiness, today's share of "
            f"those of 30 days: {stickiness}.",
        )
        _draw_change("Uploads", before, now, lambda day: day.uploads)
        _draw_change("Interactions", before, now, lambda day: day.interactions)
        _draw_change("Features used", before, now, lambda day: day.feature_uses)
        watches = sum(day.watches for day in now)
        share = f"{sum(day.completed for day in now) / watches:.0%}" if watches else "–"
        st.metric("Watched to the end", share, border=True, height="stretch", help="Completed watches ÷ watches")


def _draw_change(
    label: str,
    before: list[DayTotals],
    now: list[DayTotals],
    figure: Callable[[DayTotals], float],
    unit: str = "",
    *,
    has_line: bool = False,
) -> None:
    """How much it was, and how much more than in the time before. A browser takes some 30 ms to draw a line: only the
    first two figures have one."""
    was, total = sum(map(figure, before)), sum(map(figure, now))
    st.metric(
        label,
        f"{total:,.0f}{unit}",
        f"{total / was - 1:+.0%}" if was else None,
        border=True,
        height="stretch",
        chart_data=grouped([figure(day) for day in now], step_days(len(now))) if has_line else None,
        chart_type="area",
        help=f"In the time before: {was:,.0f}{unit}",
    )


def _draw_hours(now: list[DayTotals], starts: list[date]) -> None:
    step = step_days(len(now))
    st.markdown(f"**How many hours are watched each {'day' if step == 1 else 'week'}, by type?**")
    series = {
        TYPE_NAMES[name]: grouped([day.seconds_of(name) / SECONDS_PER_HOUR for day in now], step)
        for name in CONTENT_TYPES
    }
    total = sum(sum(values) for values in series.values())
    text = f"Hours watched over time by type; {total:,.0f} hours in all"
    charts.draw_bars(starts, series, unit="Hours", key="platform_hours", text=text, step_days=step)


def _draw_people(now: list[DayTotals]) -> None:
    st.markdown("**How many people are active each day?**")
    days = [date.fromisoformat(day.date) for day in now]
    values = [day.active_people for day in now]
    text = f"Active people each day, at most {max(values):,}"
    charts.draw_bars(days, {"Active people": values}, unit="People", key="platform_people", text=text)


def _draw_sign_ups(now: list[DayTotals], starts: list[date]) -> None:
    step = step_days(len(now))
    st.markdown(f"**How many people sign up each {'day' if step == 1 else 'week'}?**")
    values = grouped([day.sign_ups for day in now], step)
    text = f"Sign-ups over time, {sum(values):,.0f} in all"
    series = {"Sign-ups": values}
    charts.draw_bars(starts, series, unit="People", key="platform_sign_ups", text=text, step_days=step)


def _draw_week(now: list[DayTotals]) -> None:
    zone = viewer_zone()
    st.markdown(f"**When do people watch? Hours by weekday and hour, {zone}**")
    cells: dict[tuple[int, int], float] = {}
    for start, seconds in watched_hours(now):
        local = start.astimezone(zone)
        cell = (local.weekday(), local.hour)
        cells[cell] = cells.get(cell, 0.0) + seconds / SECONDS_PER_HOUR
    charts.draw_week(cells, key="platform_week")
