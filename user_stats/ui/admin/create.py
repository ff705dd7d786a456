"""An admin makes an account for somebody."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.models import UserRole
from user_stats.ui.actions import act
from user_stats.ui.admin.person import PERSON
from user_stats.ui.plans import PLAN_NAMES
from user_stats.ui.session import for_admins, show_flash
from user_stats.ui.text import inert, on_primary

FIELDS = ("create_username", "create_email", "create_role")


@st.dialog("New person", icon=":material/person_add:")
@for_admins
def create_person() -> None:
    draw_form()


def draw_form() -> None:
    st.caption("They choose a password with the link that you make on their page afterwards.")
    with st.form("create_person", border=False):
        st.text_input("Name", key=FIELDS[0], max_chars=32, help="3 to 32 letters, digits and . _ -")
        st.text_input("E-mail", key=FIELDS[1], max_chars=254)
        st.selectbox("Role", list(UserRole), key=FIELDS[2], format_func=PLAN_NAMES.__getitem__)
        is_sent = st.form_submit_button(
            on_primary("Make the account"), type="primary", key="create_submit", on_click=_create
        )
    if is_sent and PERSON in st.query_params:
        st.rerun()
    elif is_sent:
        show_flash()


@for_admins
def _create() -> None:
    name, email, role = (st.session_state[key] for key in FIELDS)
    made: list[str] = []

    def verb(actor: str) -> None:
        made.append(get_user_manager().create_user(name, email, role, actor=actor))

    if act(verb, f"{inert(name)} has an account now."):
        st.query_params[PERSON] = made[0]
