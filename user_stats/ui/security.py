"""Where a person is signed in and with which password: two parts of the profile, and the page behind a reset link."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from user_stats.accounts.sessions import Session
from user_stats.bootstrap import get_accounts, page_settings
from user_stats.errors import UserStatsError
from user_stats.models import User
from user_stats.ui import session as viewer
from user_stats.ui.session import flash, for_people, require_user
from user_stats.ui.text import on_primary, refusal, shown_time

RESET_PATH = "reset-password"
UNKNOWN_BROWSER = "Unknown browser"


def render_sessions(user: User) -> None:
    """Every place where the person is signed in, each with a button to end it."""
    st.header("Where you are signed in")
    here = viewer.session_id()
    sessions = get_accounts().list_sessions(user.user_id)
    for session in sessions:
        _draw_session(session, is_here=session.session_id == here)
    if len(sessions) > 1:
        st.button("Sign out everywhere else", key="sessions_end_others", on_click=_end_others)


def _draw_session(session: Session, *, is_here: bool) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.markdown(f"**{session.agent or UNKNOWN_BROWSER}**" + (" :green-badge[this one]" if is_here else ""))
            st.caption(f"Signed in {shown_time(session.created_at)}, last used {shown_time(session.seen_at)}")
        if not is_here:
            st.button("End", key=f"session_end_{session.session_id}", on_click=_end, args=(session.session_id,))


@for_people
def _end(session_id: str) -> None:
    user_id = require_user().user_id
    try:
        ended = get_accounts().end_session(user_id, session_id, actor=user_id)
    except UserStatsError as error:
        flash(refusal(error), "error")
        return
    flash("That session has ended." if ended else "That session had ended already.")


@for_people
def _end_others() -> None:
    user_id, here = require_user().user_id, viewer.session_id()
    try:
        others = [one.session_id for one in get_accounts().list_sessions(user_id) if one.session_id != here]
        for session_id in others:
            get_accounts().end_session(user_id, session_id, actor=user_id)
    except UserStatsError as error:
        flash(refusal(error), "error")
        return
    flash("You are signed in here alone.")


def render_password_change(user: User) -> None:
    """The form for a new password; every other session ends with the old one."""
    st.header("Password")
    if not get_accounts().has_password(user.user_id):
        st.info("You sign in without a password. An admin can give you a link with which you set one.")
        return
    with st.form("password_form"):
        current = st.text_input(
            "Current password", type="password", key="password_current", autocomplete="current-password"
        )
        new = st.text_input("New password", type="password", key="password_new", autocomplete="new-password")
        st.caption(f"{password_advice()} You stay signed in here and are signed out everywhere else.")
        if not st.form_submit_button("Change password"):
            return
    try:
        get_accounts().change_password(require_user().user_id, current, new, keep_token=viewer.find_token())
    except UserStatsError as error:
        st.error(refusal(error))
        return
    flash("Your password is changed.")
    st.rerun()


def password_advice() -> str:
    """What a new password must be, in a sentence."""
    return f"At least {page_settings().password_min_length} characters; a few unrelated words are best."


def reset_link(code: str) -> str:
    """The address at which the holder of this code sets a new password."""
    here = st.context.url
    parts = urlsplit(here if isinstance(here, str) else "")
    return f"{parts.scheme}://{parts.netloc}/{RESET_PATH}?{urlencode({'code': code})}"


def render_reset_page(home: StreamlitPage) -> None:
    """The page behind a reset link; it leads home when it is done."""
    st.title("Set a new password")
    st.write("An admin made this link for you. It is good once, and for an hour.")
    with st.form("reset_form", width=480):
        new = st.text_input("New password", type="password", key="reset_password", autocomplete="new-password")
        st.caption(password_advice())
        if not st.form_submit_button(on_primary("Set password"), type="primary"):
            return
    try:
        get_accounts().reset_password(st.query_params.get("code", ""), new)
    except UserStatsError as error:
        st.error(refusal(error))
        return
    flash("Your new password is set. You can sign in with it now.")
    st.switch_page(home)
