"""The safe blank page: for whoever is not signed in. It shows nobody's data and never fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import streamlit as st

from user_stats.bootstrap import get_accounts, get_audience, get_user_manager, page_settings
from user_stats.errors import UserStatsError
from user_stats.features import FEATURE_TITLES, PLAN_FEATURES
from user_stats.models import SubscriberFeature, UserRole
from user_stats.ui.session import show_flash
from user_stats.ui.sign_in_forms import SIGN_IN, SIGN_UP, draw_forms, show_form
from user_stats.ui.text import on_primary

OFFERS = (
    (":material/person:", "Your profile", "Who you are here, your plan, and eight figures on what you did."),
    (":material/history:", "Your history", "What you watched, when and for how long, also from elsewhere."),
    (":material/star:", "Your features", "What your plan includes, and what the next one would add."),
    (":material/shield:", "Your data", "Everything that is held on you to download, or to erase for good."),
)

log = logging.getLogger(__name__)


def render_safe_blank_page() -> None:
    """Welcome, sign-up and sign-in, what the platform offers, how many are here, and one plain line where the store is
    in trouble."""
    show_flash()
    people, needs_admin, trouble = _look()
    welcome, forms = st.columns([3, 2], gap="large")
    with welcome:
        _draw_welcome(people, trouble)
    with forms:
        draw_forms(needs_admin=needs_admin)
    _draw_offers()
    _draw_plans()


def _draw_welcome(people: int, trouble: str | None) -> None:
    st.title("Welcome")
    st.markdown("**What you watch, what your plan gives you, and how it all adds up.**")
    st.write(
        "Make an account and see your own figures. They are yours: nobody but you and the site's admins sees them."
    )
    with st.container(horizontal=True):
        st.button(
            on_primary("Create your account"), key="call_sign_up", type="primary", on_click=show_form, args=(SIGN_UP,)
        )
        st.button("I have an account", key="call_sign_in", on_click=show_form, args=(SIGN_IN,))
    if trouble is not None:
        st.warning(trouble, icon=":material/warning:")
    elif page_settings().public_count:
        _draw_counts(people)


def _draw_counts(people: int) -> None:
    with st.grid(2, min_column_width=140):
        st.metric("People with an account", f"{people:,}", border=True)
        if page_settings().enable_user_analytics:
            st.metric("Visitors so far", f"{_visitor_days():,}", border=True, help="Each address counts once a day.")


def _draw_offers() -> None:
    st.header("What you find here")
    with st.grid(4, min_column_width=220):
        for icon, title, text in OFFERS:
            with st.container(border=True, height="stretch", gap=None):
                st.markdown(f"{icon} **{title}**")
                st.markdown(text)


def _draw_plans() -> None:
    st.header("What each plan offers")
    st.markdown(_feature_matrix())
    st.caption("The site's admins have everything that Premium has.")
    st.button("Start for free", key="call_start", on_click=show_form, args=(SIGN_UP,))


def _look() -> tuple[int, bool, str | None]:
    """How many accounts there are, whether the site waits for its first admin, and what is wrong with the store, in one
    line."""
    verb = "read"
    try:
        people, needs_admin = get_user_manager().count_users(), get_accounts().needs_admin()
        verb = "changed"
        get_accounts().check_writable()
    except UserStatsError as error:
        log.warning("the page shows no count: %s", error)
        return 0, False, f"The site's data cannot be {verb} at the moment ({error.code.replace('_', ' ')})."
    return people, needs_admin, None


def _visitor_days() -> int:
    try:
        return get_audience().totals().visitor_days
    except UserStatsError as error:
        log.warning("the page shows no visitors: %s", error)
        return 0


def _feature_matrix() -> str:
    """A table in Markdown, which needs nothing that is slow to import. One column more would not fit a phone: what
    admins have stands below it."""
    prices = page_settings().subscription_prices
    roles = [role for role in PLAN_FEATURES if role is not UserRole.ADMIN]
    rows = [["Feature", *(role.value.capitalize() for role in roles)]]
    for feature in SubscriberFeature:
        marks = ("✓" if feature in PLAN_FEATURES[role] else "–" for role in roles)
        rows.append([FEATURE_TITLES[feature], *marks])
    rows.append([f"Price of a month, {page_settings().currency}", *(_price(role, prices) for role in roles)])
    lines = [" | ".join(f":small[{cell}]" for cell in row) for row in rows]
    lines.insert(1, " | ".join(["---", *(":-:" for _ in roles)]))
    return "\n".join(f"| {line} |" for line in lines)


def _price(role: UserRole, prices: Mapping[str, float]) -> str:
    if role is UserRole.FREE:
        return "free"
    return f"{prices[role.value]:,.2f}" if role.value in prices else "–"
