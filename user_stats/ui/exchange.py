"""How the browser gets and loses its cookie: a few lines of script in the page show a one-time ticket to the server, or
ask it to take the cookie away, and then load the page anew.
"""

from __future__ import annotations

import streamlit as st

from user_stats.ui.session import exchange_told, pending_exchange

BEGIN, LEAVE = "/auth/session", "/auth/leave"
NO_COOKIES = "Signing in needs a cookie, and this browser keeps none for this site. Allow it and load the page anew."

_exchange = st.components.v2.component(
    "session_exchange",
    js="""
const begun = new WeakSet()
export default function ({ data, parentElement, setTriggerValue }) {
  if (!data?.address || begun.has(parentElement)) return
  begun.add(parentElement)
  fetch(data.address, {
    method: "POST", credentials: "same-origin",
    headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ticket: data.ticket }),
  })
    .then(answer => {
      if (!answer.ok) setTriggerValue("failed", answer.status)
      else if (data.address === "/auth/leave") window.location.assign("/")
      else window.location.reload()
    })
    .catch(() => setTriggerValue("failed", 0))
}
""",
)


def exchange_cookie() -> bool:
    """Does what is left to do with the cookie; True where the page is about to be loaded anew and needs no content."""
    pending = pending_exchange()
    if pending is None:
        return False
    step, ticket = pending
    if step == "begin" and not ticket:
        exchange_told()
        st.error(NO_COOKIES)
        return False
    address = BEGIN if step == "begin" else LEAVE
    _exchange(data={"address": address, "ticket": ticket}, key="session_exchange", on_failed_change=_failed)
    exchange_told()
    return step == "begin"


def _failed() -> None:
    st.error("The sign-in could not be finished. Load the page anew and try again.")
