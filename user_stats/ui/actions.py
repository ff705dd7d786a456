"""How pages act: one verb for who is signed in at that moment, and a plain word about how it went.

A dialog only asks; its button acts in a callback, which asks again who is there, and then the whole page runs anew.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st

from user_stats.bootstrap import get_accounts
from user_stats.errors import Forbidden, NotAuthenticated, UserStatsError
from user_stats.models import User, UserRole
from user_stats.ui.session import SIGN_IN_FIRST, current_user, find_token, flash, note_refusal, require_user
from user_stats.ui.text import refusal

P = ParamSpec("P")
T = TypeVar("T")
NOT_YOURS = "This page belongs to somebody else."


def page(draw: Callable[P, None]) -> Callable[P, None]:
    """For the function of a page: where the store or the library refuses, one plain line stands in its place."""

    @functools.wraps(draw)
    def drawn(*arguments: P.args, **named: P.kwargs) -> None:
        try:
            draw(*arguments, **named)
        except UserStatsError as error:
            st.error(refusal(error))

    return drawn


def require_owner(user_id: str) -> User:
    """Who is looking: the person themselves or an admin. For others the page ends here with a plain refusal."""
    viewer = require_user()
    if viewer.user_id != user_id and viewer.role is not UserRole.ADMIN:
        st.error(NOT_YOURS)
        st.stop()
    return viewer


def go_on_signed_in() -> None:
    """At the beginning of a dialog: where nobody is signed in any more, the whole page is drawn anew."""
    if current_user() is None:
        st.rerun()


def act(verb: Callable[[str], T], done: str | Callable[[T], str]) -> bool:
    """Calls the verb with the id of who is signed in now, which it must pass on as `actor`; the next run says how it
    went: `done`, or what `done` makes of the answer. True where it went well."""
    user = current_user()
    if user is None:
        flash(SIGN_IN_FIRST, "error")
        return False
    try:
        answer = verb(user.user_id)
    except UserStatsError as error:
        if isinstance(error, Forbidden):
            note_refusal()
        flash(refusal(error), "error")
        return False
    flash(done if isinstance(done, str) else done(answer))
    return True


def made_when_asked(make: Callable[[str], bytes]) -> Callable[[], bytes]:
    """What a download button gets: makes the file on the click, for who is signed in then. It runs beside the page,
    where no cookie can be read, so the session is kept from now and looked up again."""
    token = find_token()

    def made() -> bytes:
        user = get_accounts().user_of(token)
        if user is None:
            raise NotAuthenticated(SIGN_IN_FIRST)
        return make(user.user_id)

    return made
