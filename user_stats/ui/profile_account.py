"""The lower part of the profile: change of name and address, download of everything, and deletion."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_accounts, get_user_manager
from user_stats.fields import EMAIL_LENGTH, USERNAME_LENGTHS
from user_stats.models import User
from user_stats.transfer.person_archive import person_archive
from user_stats.ui.actions import act, go_on_signed_in, made_when_asked
from user_stats.ui.session import for_people, leave, viewer_address
from user_stats.ui.text import inert, on_primary

DELETE_NAME = "profile_delete_name"


def draw_account(user: User) -> None:
    """The form for name and e-mail address."""
    with st.form("profile_account", width=560):
        username = st.text_input("Username", user.username, key="profile_username", max_chars=USERNAME_LENGTHS[1])
        email = st.text_input("E-mail", user.email, key="profile_email", max_chars=EMAIL_LENGTH)
        if st.form_submit_button(on_primary("Save"), type="primary"):
            _save(user, username, email)
            st.rerun()


def _save(user: User, username: str, email: str) -> None:
    """Only what was changed is told, so that a name from before a rule was made stays allowed."""
    act(
        lambda actor: get_accounts().rename(
            user.user_id,
            username=username if username != user.username else None,
            email=email if email != user.email else None,
            actor=actor,
            address=viewer_address(),
        ),
        "Your account is saved.",
    )


def draw_data(user: User, viewer: User) -> None:
    """What people may do with what is held on them."""
    download, deletion = st.columns(2)
    with download.container(border=True, height="stretch"):
        st.markdown("**Download everything**")
        st.write("All that this site holds on you in one zip: for people, for spreadsheets and for programs.")
        st.download_button(
            "Download my data",
            made_when_asked(lambda actor: person_archive(get_user_manager(), user.user_id, actor=actor)),
            "my-data.zip",
            "application/zip",
            key="profile_download",
            icon=":material/download:",
            on_click="ignore",
        )
    with deletion.container(border=True, height="stretch"):
        st.markdown("**Delete the account**")
        st.write("Your account, figures and history are erased at once and for good. Download them first if you like.")
        if st.button(
            "Delete my account …",
            key="profile_delete",
            icon=":material/delete_forever:",
            disabled=viewer.user_id != user.user_id,
        ):
            _ask_deletion(user.user_id, user.username)


@st.dialog("Delete your account?", icon=":material/delete_forever:")
def _ask_deletion(user_id: str, username: str) -> None:
    go_on_signed_in()
    st.write(f"Nothing of it can be brought back. Type your username, {inert(username)}, to confirm.")
    st.text_input("Username", key=DELETE_NAME, autocomplete="off")
    if st.button(
        on_primary("Delete my account"),
        key="profile_delete_confirmed",
        type="primary",
        on_click=_delete,
        args=(user_id, username),
    ):
        st.error("That is not your username; nothing was deleted.")


@for_people
def _delete(user_id: str, username: str) -> None:
    """Erases the person who is signed in, and signs them out."""
    if st.session_state.get(DELETE_NAME) != username:
        return
    if act(lambda actor: get_user_manager().delete_user(user_id, actor=actor), "Your account is deleted."):
        leave()
