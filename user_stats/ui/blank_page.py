"""The safe blank page: for whoever is not signed in. It shows nobody's data and never fails."""

from __future__ import annotations

import logging

import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.errors import UserStatsError
from user_stats.features import FEATURE_TITLES, PLAN_FEATURES
from user_stats.models import SubscriberFeature

log = logging.getLogger(__name__)


def render_safe_blank_page() -> None:
    """Welcome, how many people are here, what the plans offer, and one plain line where the store is in trouble."""
    st.set_page_config(page_title="user_stats", page_icon="📊", layout="centered")
    st.title("Welcome")
    st.write("Who your people are, what they may do, what they watch and how many come.")
    people, trouble = _count_people()
    if trouble is not None:
        st.warning(trouble)
    elif people == 0:
        st.info("Nobody has an account yet. An admin is made on the command line: `python -m user_stats create-admin`.")
    else:
        st.metric("People with an account", f"{people:,}")
    st.subheader("What each plan offers")
    st.table(_feature_matrix())


def _count_people() -> tuple[int, str | None]:
    """How many accounts there are, and what is wrong with the store, in one line."""
    try:
        return get_user_manager().count_users(), None
    except UserStatsError as error:
        log.warning("the page shows no count: %s", error)
        return 0, f"The site's data cannot be read at the moment ({error.code.replace('_', ' ')})."


def _feature_matrix() -> dict[str, list[str]]:
    matrix = {"Feature": [FEATURE_TITLES[feature] for feature in SubscriberFeature]}
    for role, features in PLAN_FEATURES.items():
        matrix[role.value.capitalize()] = ["yes" if feature in features else "–" for feature in SubscriberFeature]
    return matrix
