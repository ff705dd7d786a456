"""The tab "Subscribers": who has which plan, whose ends soon, how plans and revenue grew, and who asks for one."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_user_manager, page_settings
from user_stats.directory import UserPage
from user_stats.features import SUBSCRIPTION_ROLES
from user_stats.models import User, UserRole
from user_stats.plan_growth import MonthOfPlans, RunningPlans
from user_stats.times import utc_now
from user_stats.ui.actions import act
from user_stats.ui.admin import charts
from user_stats.ui.admin.directory import ROWS_SHOWN, TABLE_HEIGHT
from user_stats.ui.admin.periods import PAGE_LENGTH, draw_pagination, find_shown_page
from user_stats.ui.admin.person import PERSON
from user_stats.ui.plans import PLAN_NAMES, days_left
from user_stats.ui.session import for_admins
from user_stats.ui.text import inert, on_primary, shown_time, to_viewer

PAGE = "subscribers_page"
LONGEST_PLAN_DAYS = 36_500
"""Later than any plan ends, however often it was renewed."""
ENDING = {"In 7 days": 7, "In 30 days": 30}
MONTHS = 12
HOW_REVENUE = (
    "An estimate: for each month, the plans that ran at its end times the price of a month (SUBSCRIPTION_PRICES: "
    "{prices}). Payments, discounts and plans that ended within the month are not in it."
)


def draw_subscribers() -> None:
    manager = get_user_manager()
    running = manager.count_running_plans()
    months = manager.get_plan_growth(MONTHS)
    _draw_figures(running, months)
    _draw_requests()
    if not running.total and not any(month.started for month in months):
        st.info("Nobody has a plan yet. Start one on a person's page, or let people upgrade on their Features page.")
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**Running plans at the end of each month**")
        charts.draw_plans(months, key="subscribers_plans")
    with right:
        st.markdown(f"**Revenue of each month, estimated, {page_settings().currency}**")
        charts.draw_revenue([(month.month, *_revenue(month)) for month in months], key="subscribers_revenue")
    prices = ", ".join(f"{PLAN_NAMES[UserRole(plan)]} {price:,.2f}" for plan, price in _prices().items())
    st.caption(HOW_REVENUE.format(prices=prices))
    _draw_months(months)
    _draw_list(running)


def _prices() -> dict[str, float]:
    return dict(page_settings().subscription_prices)


def _revenue(month: MonthOfPlans | RunningPlans) -> tuple[float, float]:
    prices = _prices()
    return month.subscriber * prices.get("subscriber", 0.0), month.premium * prices.get("premium", 0.0)


def _draw_figures(running: RunningPlans, months: list[MonthOfPlans]) -> None:
    soon = {label: _ending(days).total for label, days in ENDING.items()}
    net = months[-1].closing - months[-1].opening
    now = sum(_revenue(running))
    with st.grid(4, min_column_width=170):
        st.metric(
            "Running plans",
            f"{running.total:,}",
            f"{net:+,} this month",
            border=True,
            height="stretch",
            chart_data=[month.closing for month in months],
            chart_type="area",
        )
        split = f"{running.subscriber:,} / {running.premium:,}"
        st.metric("Subscriber / Premium", split, border=True, height="stretch")
        st.metric(
            "Monthly revenue",
            f"{now:,.2f}",
            f"{page_settings().currency}, estimated",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help="An estimate: the plans that run now times the price of a month.",
            chart_data=[sum(_revenue(month)) for month in months],
            chart_type="area",
        )
        st.metric(
            "Ending soon",
            f"{soon['In 7 days']:,}",
            f"{soon['In 30 days']:,} in 30 days",
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help="Plans that end within 7 days",
        )


def _ending(days: int, role: UserRole | None = None, offset: int = 0) -> UserPage:
    """Whose plan ends within so many days, the soonest first."""
    now = utc_now()
    return get_user_manager().find_users(
        role=role,
        sort="subscription_expires",
        expires_from=now,
        expires_to=now + timedelta(days=days),
        offset=offset,
        limit=PAGE_LENGTH,
    )


# -- who asks for a plan ----------------------------------------------------------------------------------------------


def _draw_requests() -> None:
    requests = get_user_manager().get_upgrade_requests()
    if not requests and page_settings().upgrade_mode != "request":
        return
    st.markdown(f"**Requests for a plan** ({len(requests):,})")
    if not requests:
        st.caption("Nobody waits for an answer.")
    for request in requests[:PAGE_LENGTH]:
        user = get_user_manager().get_user(request.user_id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{inert(user.username)}** asks for {PLAN_NAMES[request.plan]}, {shown_time(request.requested_at)}",
                width="stretch",
            )
            arguments = (user, request.plan)
            st.button(
                on_primary("Accept"), key=f"accept_{user.user_id}", type="primary", on_click=_accept, args=arguments
            )
            st.button("Decline", key=f"decline_{user.user_id}", on_click=_decline, args=(user,))


@for_admins
def _accept(user: User, plan: UserRole) -> None:
    act(
        lambda actor: get_user_manager().upgrade_subscription(user.user_id, plan, actor=actor),
        f"{inert(user.username)} has {PLAN_NAMES[plan]} now.",
    )


@for_admins
def _decline(user: User) -> None:
    act(
        lambda actor: get_user_manager().drop_upgrade_request(user.user_id, actor=actor),
        f"The request of {inert(user.username)} was declined.",
    )


# -- tables -----------------------------------------------------------------------------------------------------------


def _draw_months(months: list[MonthOfPlans]) -> None:
    with st.expander("The months in figures", icon=":material/table:"):
        frame = pd.DataFrame(
            {
                "Month": [date.fromisoformat(f"{month.month}-01") for month in reversed(months)],
                "At the start": [month.opening for month in reversed(months)],
                "New or back": [month.started for month in reversed(months)],
                "Ran out": [month.expired for month in reversed(months)],
                "Cancelled": [month.cancelled for month in reversed(months)],
                "At the end": [month.closing for month in reversed(months)],
                "Revenue, estimated": [sum(_revenue(month)) for month in reversed(months)],
            }
        )
        st.dataframe(
            frame,
            key="subscribers_months",
            hide_index=True,
            column_config={
                "Month": st.column_config.DateColumn(format="MMM YYYY"),
                "Revenue, estimated": st.column_config.NumberColumn(format="%.2f"),
            },
            alt="Plans of each month: at the start, new, run out, cancelled, at the end, and the estimated revenue",
        )


def _draw_list(running: RunningPlans) -> None:
    st.markdown("**Who has a plan**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        plan = st.pills(
            "Plan",
            SUBSCRIPTION_ROLES,
            key="subscribers_plan",
            format_func=PLAN_NAMES.__getitem__,
            on_change=_first_page,
        )
        ending = st.pills("Ending", list(ENDING), key="subscribers_ending", on_change=_first_page)
    days = LONGEST_PLAN_DAYS if ending is None else ENDING[ending]
    found = find_shown_page(lambda offset: _ending(days, plan, offset), PAGE)
    if not found.total:
        st.info("Nobody's plan ends in this time.")
    else:
        people = "person" if found.total == 1 else "people"
        st.caption(f"{found.total:,} {people}, whose plan ends soonest first")
        _draw_people(found.users)
    draw_pagination(found, PAGE)
    endless = running.total - found.total
    if plan is None and ending is None and endless > 0:
        st.caption(f"{endless:,} more have a plan without an end; “All Users” lists them.")


def _draw_people(users: list[User]) -> None:
    now = utc_now()
    ends = [to_viewer(user.subscription_expires or "") for user in users]
    frame = pd.DataFrame(
        {
            "open": [":material/open_in_full:"] * len(users),
            "Name": [user.username for user in users],
            "E-mail": [user.email for user in users],
            "Plan": [PLAN_NAMES[user.role] for user in users],
            "Ends": [end.replace(tzinfo=None) for end in ends],
            "Days left": [days_left(user, now) for user in users],
            "State": ["Active" if user.is_active else "Inactive" for user in users],
        }
    )
    opened = "subscribers_open"
    ids = [user.user_id for user in users]
    st.dataframe(
        frame,
        key="subscribers_table",
        hide_index=True,
        height=TABLE_HEIGHT if len(users) > ROWS_SHOWN else "content",
        column_config={
            "open": st.column_config.ButtonColumn(
                "Open", width=60, key=opened, type="tertiary", on_click=_open, args=(opened, ids)
            ),
            "Ends": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
        },
        alt="People with a plan, its end and the days that are left",
    )


def _open(key: str, user_ids: list[str]) -> None:
    st.query_params[PERSON] = user_ids[st.session_state[key].row]
    st.session_state["admin_tab"] = "All Users"


def _first_page() -> None:
    st.session_state[PAGE] = 1
