"""Who is looking at the page, and the only owner of what a page remembers.

Streamlit's session state is no identity: whoever presents its id takes it over. So who somebody is, is asked again from
their cookie whenever it matters: in each run, and by the decorators `for_people` and `for_admins` in each fragment,
dialog and callback, which all run without the script around them.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Literal, NoReturn, ParamSpec, TypeVar

import streamlit as st

from user_stats.accounts import cookies
from user_stats.accounts.sign_in import SignedIn
from user_stats.audience.agents import CRAWLER, OTHER, agent_family
from user_stats.bootstrap import get_accounts
from user_stats.errors import UserStatsError
from user_stats.models import User, UserRole

P = ParamSpec("P")
T = TypeVar("T")
FlashKind = Literal["success", "info", "warning", "error"]

SIGN_IN_FIRST = "Please sign in to see this page."
ADMINS_ONLY = "This is for admins only."
CLIENT_ID = "client_id"
NOBODY = "nobody"
REFUSAL_NOTED = "_refusal_noted"
FLASHES, EXCHANGE = "_flashes", "_exchange"

log = logging.getLogger(__name__)


# -- who is it --------------------------------------------------------------------------------------------------------


def find_token() -> str | None:
    """What the browser presents as its session. The one place that reads this cookie; tests put another there."""
    return cookies.find_session(st.context.cookies)


def session_id() -> str | None:
    """How the session of this browser is called in the list of the person's sessions."""
    token = find_token()
    return None if token is None else get_accounts().session_id_of(token)


def find_device() -> str | None:
    """The random value by which the browser is known again."""
    return cookies.find_device(st.context.cookies)


def current_user() -> User | None:
    """Who is signed in at this moment, or None; also where the store cannot be read."""
    token = find_token()
    if token is None:
        return None
    try:
        return get_accounts().user_of(token)
    except UserStatsError as error:
        log.warning("nobody counts as signed in: %s", error)
        return None


def actor_id() -> str:
    """The id of who is signed in, to be passed as `actor`. Where nobody is, an id that nobody has and that may do
    nothing; never None, which stands for the site itself."""
    user = current_user()
    return NOBODY if user is None else user.user_id


def require_user() -> User:
    """Who is signed in. For others the page ends here with a plain refusal."""
    user = current_user()
    if user is None:
        _refuse(SIGN_IN_FIRST)
    return user


def require_admin() -> User:
    """The admin who is signed in. For others the page ends here with a plain refusal."""
    user = require_user()
    if user.role is not UserRole.ADMIN:
        note_refusal()
        _refuse(ADMINS_ONLY)
    return user


def note_refusal() -> None:
    """Puts into the audit log that who is signed in was refused something; once in a while, not at each rerun."""
    if REFUSAL_NOTED in st.session_state:
        return
    st.session_state[REFUSAL_NOTED] = True
    try:
        get_accounts().note("refused", actor=actor_id())
    except UserStatsError as error:
        log.warning("a refusal was not noted: %s", error)


def for_people(work: Callable[P, T]) -> Callable[P, T | None]:
    """For fragments, dialogs and callbacks: does nothing but say so where nobody is signed in any more."""
    return _checked(work, lambda user: user is not None, SIGN_IN_FIRST)


def for_admins(work: Callable[P, T]) -> Callable[P, T | None]:
    """For fragments, dialogs and callbacks: does nothing but say so where no admin is signed in any more."""
    return _checked(work, lambda user: user is not None and user.role is UserRole.ADMIN, ADMINS_ONLY)


def _checked(work: Callable[P, T], may: Callable[[User | None], bool], refusal: str) -> Callable[P, T | None]:
    @functools.wraps(work)
    def checked(*arguments: P.args, **named: P.kwargs) -> T | None:
        if not may(user := current_user()):
            if user is not None:
                note_refusal()
            st.error(refusal)
            return None
        return work(*arguments, **named)

    return checked


def _refuse(text: str) -> NoReturn:
    st.error(text)
    st.stop()


# -- where it comes from ----------------------------------------------------------------------------------------------


def viewer_address() -> str | None:
    """The network address of the browser; None for this machine itself."""
    address = st.context.ip_address
    return address if isinstance(address, str) else None


def viewer_client_id() -> str | None:
    """The cookie by which the audience knows the browser."""
    found = st.context.cookies.get(CLIENT_ID)
    return found if isinstance(found, str) else None


def viewer_agent() -> str:
    """The family of the browser; empty where it is none that is known."""
    header = st.context.headers.get("User-Agent")
    family = agent_family(header) if isinstance(header, str) else ""
    return "" if family in (CRAWLER, OTHER) else family


# -- what a page remembers --------------------------------------------------------------------------------------------


def flash(text: str, kind: FlashKind = "success") -> None:
    """Says it on the next run, which `show_flash` begins: what is drawn before a rerun is lost."""
    st.session_state.setdefault(FLASHES, []).append((text, kind))


def show_flash() -> None:
    """Draws what was left to be said, once; in a place of its own, so that what is below stays where it is, with what
    somebody is typing there, when a later run has nothing to say."""
    draw = {"success": st.success, "info": st.info, "warning": st.warning, "error": st.error}
    with st.container():
        for text, kind in st.session_state.pop(FLASHES, []):
            draw[kind](text)


def remembered(name: str, mark: object, make: Callable[[], T]) -> T:
    """What was made for this mark the last time, so that a rerun need not make it again."""
    kept: tuple[object, T] | None = st.session_state.get(name)
    if kept is None or kept[0] != mark:
        kept = st.session_state[name] = (mark, make())
    return kept[1]


def choose(widget_key: str, value: object) -> None:
    """Sets a widget, as if the viewer had; for callbacks, which run before it is drawn."""
    st.session_state[widget_key] = value


def begin(signed_in: SignedIn) -> None:
    """The next run hands the browser a ticket, for which it gets its cookie. Another browser can do nothing with it."""
    device = find_device()
    ticket = "" if device is None else get_accounts().tickets.make(signed_in.token, device)
    st.session_state[EXCHANGE] = ("begin", ticket)


def leave() -> None:
    """Ends the session of this browser at once; the next run takes its cookie away."""
    try:
        get_accounts().sign_out(find_token())
    except UserStatsError as error:
        log.error("a session could not be ended, only its cookie taken away: %s", error)
    st.session_state.clear()
    st.session_state[EXCHANGE] = ("leave", "")


def pending_exchange() -> tuple[str, str] | None:
    """What the browser is to be told: ("begin", ticket) or ("leave", ""), until `exchange_told`."""
    exchange: tuple[str, str] | None = st.session_state.get(EXCHANGE)
    return exchange


def exchange_told() -> None:
    """The browser was told; a run that another one cut short before this leaves it to that one."""
    st.session_state.pop(EXCHANGE, None)
