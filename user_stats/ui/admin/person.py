"""One person as an admin sees them: what they are and did, and everything that an admin may do with the account."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.errors import Conflict, UserNotFound
from user_stats.features import SUBSCRIPTION_ROLES, is_subscription_running
from user_stats.models import User, UserRole, UserStats
from user_stats.times import utc_now
from user_stats.ui.actions import act
from user_stats.ui.admin.metrics import draw_metrics
from user_stats.ui.admin.person_access import draw_access
from user_stats.ui.admin.person_activity import draw_activity
from user_stats.ui.admin.person_plan import draw_plan
from user_stats.ui.plans import PLAN_NAMES, days_left, draw_badge
from user_stats.ui.session import for_admins
from user_stats.ui.text import inert, on_primary, shown_day, shown_time

PERSON = "person"
"""The parameter of the address that says who is open."""
CHANGED_MEANWHILE = (
    "Somebody else changed this account meanwhile, so nothing was saved; the form has the newest values."
)


def draw_person(user_id: str) -> None:
    st.button("All users", key="person_back", icon=":material/arrow_back:", on_click=_close, type="tertiary")
    manager = get_user_manager()
    try:
        user = manager.get_user(user_id)
    except UserNotFound:
        st.warning("There is no such person any more.")
        return
    _draw_head(user)
    _draw_figures(manager.get_user_stats(user_id))
    parts = {
        "Account": _draw_account,
        "Plan and features": draw_plan,
        "History": draw_activity,
        "Sign-in": draw_access,
    }
    tabs = st.tabs(list(parts), key="person_tab", on_change="rerun", bind="query-params")
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw(user)


def _close() -> None:
    st.query_params.pop(PERSON, None)


def _draw_head(user: User) -> None:
    st.header(inert(user.username), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_badge(user.role)
        if not user.is_active:
            st.badge("Inactive", icon=":material/block:", color="red")
        st.text(user.email, width="content")
    st.caption(f"{_plan_line(user, utc_now())} Joined on {shown_day(user.created_at)}.")


def _plan_line(user: User, now: datetime) -> str:
    name, end = PLAN_NAMES[user.role], shown_day(user.subscription_expires)
    if user.role not in SUBSCRIPTION_ROLES:
        return "No subscription."
    if not is_subscription_running(user, now):
        return f"{name} ended on {end}."
    left = days_left(user, now)
    return f"{name} without an end." if left is None else f"{name} until {end}, {left:,} days left."


def _draw_figures(stats: UserStats) -> None:
    uploads = (
        f"{stats.videos_uploaded:,} videos, {stats.streams_created:,} streams and {stats.images_uploaded:,} images"
    )
    figures = (
        ("Watched", f"{stats.total_watched_hours:,.1f} h", "Hours ever watched"),
        ("Watches", f"{stats.watch_history_entries:,}", "Watches ever recorded"),
        ("Videos", f"{stats.videos_uploaded:,}", uploads),
        ("Streams", f"{stats.streams_created:,}", "Live streams created"),
        ("Images", f"{stats.images_uploaded:,}", "Images uploaded"),
        ("Interactions", f"{stats.total_interactions:,}", "Likes, comments and shares"),
        ("Features used", f"{stats.subscriber_features_used:,}", "Uses of subscriber features"),
        (
            "Last active",
            shown_day(stats.last_activity_timestamp),
            shown_time(stats.last_activity_timestamp),
        ),
    )
    draw_metrics(figures)


# -- the account ------------------------------------------------------------------------------------------------------


def _draw_account(user: User) -> None:
    version = get_user_manager().get_user_version(user.user_id)
    _draw_form(user, version)
    st.caption(
        f"Changed {version:,} {'time' if version == 1 else 'times'}, last on {shown_time(user.updated_at)}. "
        "The id, for programs:"
    )
    st.code(user.user_id, language=None)
    with st.container(horizontal=True):
        if user.is_active:
            st.button(
                "Deactivate",
                key="person_deactivate",
                icon=":material/block:",
                help="Signs the person out; nothing is recorded of them until the account is active again.",
                on_click=_set_active,
                args=(user, False),
            )
        else:
            st.button(
                "Reactivate",
                key="person_reactivate",
                icon=":material/check_circle:",
                on_click=_set_active,
                args=(user, True),
            )
        if st.button("Delete …", key="person_delete", icon=":material/delete:"):
            _confirm_deletion(user)


def _draw_form(user: User, version: int) -> None:
    """The fields carry the version in their keys: when it moves on, the form begins anew with what is stored."""
    keys = [f"person_{name}_{user.user_id}_{version}" for name in ("username", "email", "role")]
    with st.form(f"person_form_{user.user_id}", border=True):
        left, right = st.columns(2)
        left.text_input("Name", user.username, key=keys[0], max_chars=32)
        right.text_input("E-mail", user.email, key=keys[1], max_chars=254)
        roles = list(UserRole)
        left.selectbox(
            "Role",
            roles,
            roles.index(user.role),
            key=keys[2],
            format_func=PLAN_NAMES.__getitem__,
            help="A plan that is given here runs for the usual time; choose another under “Plan and features”.",
        )
        st.form_submit_button(
            on_primary("Save"), key="person_save", type="primary", on_click=_save, args=(user, version, keys)
        )


@for_admins
def _save(user: User, version: int, keys: list[str]) -> None:
    username, email, role = (st.session_state[key] for key in keys)
    changes = {
        name: value
        for name, value, before in (
            ("username", username, user.username),
            ("email", email, user.email),
            ("role", role, user.role),
        )
        if value != before
    }

    def verb(actor: str) -> None:
        try:
            get_user_manager().update_user(user.user_id, **changes, expected_version=version, actor=actor)
        except Conflict:
            raise Conflict(CHANGED_MEANWHILE) from None

    act(verb, "Saved." if changes else "Nothing was changed.")


@for_admins
def _set_active(user: User, is_active: bool) -> None:
    done = f"{inert(user.username)} is {'active again' if is_active else 'inactive and signed out'}."
    act(lambda actor: get_user_manager().update_user(user.user_id, is_active=is_active, actor=actor), done)


@st.dialog("Delete this person?", icon=":material/delete:")
@for_admins
def _confirm_deletion(user: User) -> None:
    draw_deletion(user)


def draw_deletion(user: User) -> None:
    st.error(
        f"**{inert(user.username)}** (1 person) will be erased from every file: account, statistics, history, "
        "sign-ins. This cannot be undone."
    )
    with st.container(horizontal=True):
        if st.button(
            on_primary("Delete 1 person"), key="person_delete_confirm", type="primary", on_click=_delete, args=(user,)
        ):
            st.rerun()
        if st.button("Cancel", key="person_delete_cancel"):
            st.rerun()


@for_admins
def _delete(user: User) -> None:
    if act(lambda actor: get_user_manager().delete_user(user.user_id, actor=actor), f"{inert(user.username)} is gone."):
        _close()
