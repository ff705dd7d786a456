"""How one person signs in: where they are signed in now, and a link with which they choose a new password."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_accounts
from user_stats.models import User
from user_stats.ui.actions import act
from user_stats.ui.security import reset_link
from user_stats.ui.session import for_admins
from user_stats.ui.text import inert, shown_time

CODE = "person_reset_code"


def draw_access(user: User) -> None:
    sessions = get_accounts().list_sessions(user.user_id)
    if sessions:
        st.markdown(f"**Signed in at {len(sessions)} {'place' if len(sessions) == 1 else 'places'}**")
    else:
        st.info("Not signed in anywhere at the moment.")
    for session in sessions:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/devices: {inert(session.agent or 'Unknown browser')}, since "
                f"{shown_time(session.created_at)}, last seen {shown_time(session.seen_at)}",
                width="stretch",
            )
            st.button("End", key=f"end_{session.session_id}", on_click=_end, args=(user, session.session_id))
    if len(sessions) > 1:
        st.button("End all", key="person_end_all", icon=":material/logout:", on_click=_end_all, args=(user,))
    st.divider()
    st.markdown("**A new password**")
    has_password = get_accounts().has_password(user.user_id)
    st.caption(
        "Makes a link that works once and for an hour; hand it over yourself. Setting the password ends all sessions."
        if has_password
        else "This account has no password yet. Make a link with which they choose one; it works once and for an hour."
    )
    st.button("Make a link", key="person_reset", icon=":material/link:", on_click=_make_code, args=(user,))
    made = st.session_state.get(CODE)
    if made is not None and made[0] == user.user_id:
        st.warning("Copy it now: it is shown this once.")
        st.code(reset_link(made[1]), language=None)
        del st.session_state[CODE]


@for_admins
def _end(user: User, session_id: str) -> None:
    act(lambda actor: get_accounts().end_session(user.user_id, session_id, actor=actor), "The session has ended.")


@for_admins
def _end_all(user: User) -> None:
    act(
        lambda actor: get_accounts().end_all_sessions(user.user_id, actor=actor),
        f"{inert(user.username)} is signed out everywhere.",
    )


@for_admins
def _make_code(user: User) -> None:
    def verb(actor: str) -> None:
        st.session_state[CODE] = (user.user_id, get_accounts().make_reset_code(user.user_id, actor=actor))

    act(verb, "The link is below.")
