"""The people of the Telegram bot: how many, how many new on each day, how many come, where from, and who."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_bot_users
from user_stats.bot_users import BotFigures
from user_stats.bot_users.bot_users import CSV_COLUMNS
from user_stats.ui.actions import made_when_asked
from user_stats.ui.admin import charts
from user_stats.ui.admin.downloads import Table, make_table
from user_stats.ui.admin.metrics import draw_metrics
from user_stats.ui.admin.periods import choose_period
from user_stats.ui.text import shown_day, shown_time

NEWEST_SHOWN = 20
TABLE = Table(
    "Bot users", "bot_users", "Everybody who started the bot", list(CSV_COLUMNS), lambda: get_bot_users().rows()
)


def render_bot_users() -> None:
    """Draws the part; for admins, which whoever calls it has checked."""
    people = get_bot_users()
    if people.count() == 0:
        st.info("Nobody has started the Telegram bot yet. `python -m user_stats bot` runs it; the README says how.")
        return
    days = choose_period("bot_period")
    figures = people.figures(days)
    _draw_figures(figures, days)
    _draw_days(figures)
    with st.expander("Who came last, and what brought people", key="bot_people", on_change="rerun") as more:
        if more.open:
            _draw_people()
    st.download_button(
        "Everybody as CSV",
        made_when_asked(lambda actor: make_table(TABLE, "csv", actor)),
        file_name=f"{TABLE.name}.csv",
        mime="text/csv",
        key="bot_users_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _draw_figures(figures: BotFigures, days: int) -> None:
    growth = None if figures.growth is None else f"{figures.growth:+.0%}"
    rows = (
        ("People", f"{figures.total:,}", f"Who started the bot; the first on {shown_day(figures.first_seen)}"),
        ("New today", f"{figures.new_today:,}", "Started the bot for the first time today, UTC"),
        ("New in this time", f"{sum(day.new for day in figures.days):,}", "Started the bot for the first time"),
        ("Growth", growth, f"New people of these {days:,} days against those of the {days:,} days before"),
        ("Active today", f"{figures.active_today:,}", "Sent or pressed something today, UTC"),
        ("7 days", f"{figures.active_week:,}", "Distinct people in the last 7 days, today included"),
        ("30 days", f"{figures.active_month:,}", "Distinct people in the last 30 days, today included"),
        ("Linked", f"{figures.linked:,}", "Have linked their account here"),
    )
    draw_metrics(rows)


def _draw_days(figures: BotFigures) -> None:
    days = figures.days[::-1]
    st.markdown("**New and active people each day**")
    charts.draw_lines(
        [date.fromisoformat(day.date) for day in days],
        {"New": [day.new for day in days], "Active": [day.active for day in days]},
        unit="People",
        key="bot_days",
        text="New and active users of the bot each day",
    )


def _draw_people() -> None:
    people = get_bot_users()
    newest = people.newest(NEWEST_SHOWN)
    frame = pd.DataFrame(
        {
            "Telegram id": [str(person.user_id) for person in newest],
            "Name": [person.first_name for person in newest],
            "Username": [person.username or "" for person in newest],
            "First seen": [shown_time(person.first_seen) for person in newest],
            "Came by": [person.referral for person in newest],
        }
    )
    st.dataframe(frame, key="bot_newest", hide_index=True, alt="The newest users of the bot")
    referrals = people.referrals()
    if referrals:
        st.markdown("**What brought people**")
        charts.draw_ranks(referrals, what="People", key="bot_referrals")
