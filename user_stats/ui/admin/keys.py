"""Keys of the HTTP API: make one, which is shown once, see which there are, revoke one."""

from __future__ import annotations

import streamlit as st

from user_stats.accounts.keys import LONGEST_NAME, SCOPES
from user_stats.bootstrap import get_accounts
from user_stats.ui.actions import act
from user_stats.ui.session import actor_id, for_admins
from user_stats.ui.text import inert, on_primary, shown_time

MADE = "keys_made"
MEANS = {
    "read": "read: figures and people",
    "record": "record: watches, visits, jobs",
    "report": "report: counts of an instance",
    "admin": "admin: everything",
}


def draw_keys() -> None:
    _draw_form()
    made = st.session_state.pop(MADE, None)
    if made is not None:
        st.warning("Copy the key now: it is shown this once, and only a hash of it is kept.")
        st.code(made, language=None)
    keys = get_accounts().list_keys(actor=actor_id())
    if not keys:
        st.info("No key yet. A program needs one to read figures or to record what happens; see /api/docs.")
    for key in keys:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(
                f"**{inert(key.name)}** — {MEANS[key.scope]}, made on {shown_time(key.made_at)}", width="stretch"
            )
            if st.button("Revoke …", key=f"revoke_{key.key_id}", icon=":material/key_off:"):
                _confirm(key.name)


def _draw_form() -> None:
    with st.form("keys_form", clear_on_submit=True), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the key", key="keys_name", max_chars=LONGEST_NAME, placeholder="For what it is used")
        st.selectbox("It may", SCOPES, key="keys_scope", format_func=MEANS.__getitem__, width=260)
        st.form_submit_button(on_primary("Make a key"), key="keys_make", type="primary", on_click=_make)


@for_admins
def _make() -> None:
    name, scope = st.session_state["keys_name"], st.session_state["keys_scope"]

    def verb(actor: str) -> None:
        st.session_state[MADE] = get_accounts().add_key(name, scope, actor=actor)

    act(verb, "The key is made.")


@st.dialog("Revoke this key?", icon=":material/key_off:")
@for_admins
def _confirm(name: str) -> None:
    st.warning(f"Programs that use **{inert(name)}** (1 key) are refused from now on.")
    if st.button(on_primary("Revoke 1 key"), key="keys_revoke", type="primary", on_click=_revoke, args=(name,)):
        st.rerun()


@for_admins
def _revoke(name: str) -> None:
    act(lambda actor: get_accounts().revoke_key(name, actor=actor), f"{inert(name)} is revoked.")
