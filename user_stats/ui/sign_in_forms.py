"""The forms of who is not signed in: sign in, make an account, claim an empty site."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from user_stats.accounts.sign_in import SignedIn
from user_stats.bootstrap import get_accounts
from user_stats.errors import UserStatsError
from user_stats.ui.security import password_advice
from user_stats.ui.session import begin, choose, find_device, viewer_address, viewer_agent
from user_stats.ui.text import on_primary, refusal

SIGN_IN, SIGN_UP, SET_UP = "Sign in", "Create account", "Set up this site"
OPEN_FORM = "welcome_form"


def draw_forms(*, needs_admin: bool) -> None:
    """Sign-in and sign-up beside each other; first of all the form for the owner of a site that has no admin."""
    drawing = {SIGN_UP: _draw_sign_up, SIGN_IN: _draw_sign_in}
    if needs_admin:
        drawing = {SET_UP: _draw_claim, **drawing}
    for tab, draw in zip(st.tabs(list(drawing), key=OPEN_FORM, on_change="rerun"), drawing.values(), strict=True):
        with tab:
            draw()
    _draw_provider()


def _draw_provider() -> None:
    """The way in by an OpenID Connect provider, where the secrets name one. Who comes back from it confirms with one
    more press, so that an open tab signs nobody in again who has signed out."""
    if "is_logged_in" not in st.user:
        return
    if not st.user.get("is_logged_in"):
        st.button("Continue with single sign-on", key="provider_login", on_click=st.login, width="stretch")
        return
    with st.container(border=True):
        st.text(f"Your provider says that you are {st.user.get('email', 'somebody')}.")
        if st.button(on_primary("Continue"), key="provider_continue", type="primary", width="stretch"):
            _try(lambda: get_accounts().sign_in_by_provider(st.user.to_dict(), **_origin()))
        st.button("Somebody else", key="provider_logout", on_click=st.logout, width="stretch")


def show_form(name: str) -> None:
    """Brings one of the forms to the front; for the buttons that call to it."""
    choose(OPEN_FORM, name)


def _draw_sign_in() -> None:
    with st.form("sign_in_form"):
        login = st.text_input("Username or e-mail", key="sign_in_login", autocomplete="username")
        password = st.text_input("Password", type="password", key="sign_in_password", autocomplete="current-password")
        if st.form_submit_button(on_primary("Sign in"), type="primary", width="stretch"):
            _try(lambda: get_accounts().sign_in(login, password, **_origin()))


def _draw_sign_up() -> None:
    with st.form("sign_up_form"):
        username = st.text_input("Username", key="sign_up_username", autocomplete="username")
        email = st.text_input("E-mail", key="sign_up_email", autocomplete="email")
        password = _draw_new_password("sign_up_password")
        if st.form_submit_button(on_primary("Create account"), type="primary", width="stretch"):
            _try(lambda: get_accounts().sign_up(username, email, password, **_origin()))


def _draw_claim() -> None:
    with st.form("claim_form"):
        st.markdown("Nobody is admin here yet. The terminal in which the site was started shows a set-up code.")
        code = st.text_input("Set-up code", key="claim_code", autocomplete="off")
        username = st.text_input("Username of the admin", key="claim_username", autocomplete="username")
        email = st.text_input("E-mail of the admin", key="claim_email", autocomplete="email")
        password = _draw_new_password("claim_password")
        if st.form_submit_button(on_primary("Become the admin"), type="primary", width="stretch"):
            _try(lambda: _claim(code, username, email, password))


def _draw_new_password(key: str) -> str:
    password = st.text_input("New password", type="password", key=key, autocomplete="new-password")
    st.caption(password_advice())
    return password


def _claim(code: str, username: str, email: str, password: str) -> SignedIn:
    get_accounts().claim_site(code, username, email, password, address=viewer_address())
    return get_accounts().sign_in(username, password, **_origin())


def _origin() -> dict[str, str | None]:
    return {"address": viewer_address(), "agent": viewer_agent(), "device": find_device()}


def _try(attempt: Callable[[], SignedIn]) -> None:
    """Signs in, or says in plain words why not."""
    try:
        signed_in = attempt()
    except UserStatsError as error:
        st.error(refusal(error))
        return
    begin(signed_in)
    st.rerun()
