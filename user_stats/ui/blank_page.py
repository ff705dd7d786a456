"""The safe blank page: for whoever is not signed in. It shows nobody's data and never fails."""

from __future__ import annotations

import logging

import streamlit as st

from user_stats.bootstrap import get_accounts, get_audience, get_user_manager, page_settings
from user_stats.errors import UserStatsError
from user_stats.features import FEATURE_TITLES, PLAN_FEATURES
from user_stats.models import SubscriberFeature
from user_stats.ui.session import show_flash
from user_stats.ui.sign_in_forms import draw_forms

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


def _draw_welcome(people: int, trouble: str | None) -> None:
    st.title("Welcome")
    st.write("See what you watch, what your plan gives you and how it adds up. Your account is yours alone to see.")
    if trouble is not None:
        st.warning(trouble, icon=":material/warning:")
        return
    if page_settings().public_count:
        members, visitors = st.columns(2)
        members.metric("People with an account", f"{people:,}", border=True)
        if page_settings().enable_user_analytics:
            visitors.metric("Visitors, day by day", f"{_visitor_days():,}", border=True)


def _draw_offers() -> None:
    st.subheader("What you find here")
    for place, (icon, title, text) in zip(st.columns(len(OFFERS)), OFFERS, strict=True):
        with place.container(border=True, height="stretch"):
            st.markdown(f"{icon} **{title}**")
            st.caption(text)
    st.subheader("What each plan offers")
    st.table(_feature_matrix())


def _look() -> tuple[int, bool, str | None]:
    """How many accounts there are, whether the site waits for its first admin, and what is wrong with the store, in one
    line."""
    try:
        return get_user_manager().count_users(), get_accounts().needs_admin(), None
    except UserStatsError as error:
        log.warning("the page shows no count: %s", error)
        return 0, False, f"The site's data cannot be read at the moment ({error.code.replace('_', ' ')})."


def _visitor_days() -> int:
    try:
        return get_audience().totals().visitor_days
    except UserStatsError as error:
        log.warning("the page shows no visitors: %s", error)
        return 0


def _feature_matrix() -> dict[str, list[str]]:
    matrix = {"Feature": [FEATURE_TITLES[feature] for feature in SubscriberFeature]}
    for role, features in PLAN_FEATURES.items():
        matrix[role.value.capitalize()] = ["yes" if feature in features else "–" for feature in SubscriberFeature]
    return matrix
