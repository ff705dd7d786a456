"""The audit log: who signed in, was refused, changed a right or took data out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_accounts, get_user_manager
from user_stats.errors import UserNotFound
from user_stats.ui.admin.directory import ROWS_SHOWN, TABLE_HEIGHT
from user_stats.ui.session import actor_id
from user_stats.ui.text import to_viewer

NEWEST = 500


def draw_audit() -> None:
    entries = get_accounts().audit_entries(NEWEST, actor=actor_id())
    _draw_check()
    if not entries:
        st.info("Nothing is in the audit log yet. Sign-ins, refusals and changes of rights appear here.")
        return
    names: dict[str | None, str] = {None: "–"}
    for entry in entries:
        for user_id in (entry.actor, entry.user_id):
            if user_id not in names:
                names[user_id] = _name(user_id or "")
    frame = pd.DataFrame(
        {
            "When": [to_viewer(entry.at).replace(tzinfo=None) for entry in entries],
            "What": [entry.kind.replace("_", " ") for entry in entries],
            "By": [names[entry.actor] for entry in entries],
            "Whom": [names[entry.user_id] for entry in entries],
            "Facts": [", ".join(f"{name}: {value}" for name, value in entry.facts.items()) for entry in entries],
        }
    )
    st.caption(f"The {len(entries):,} newest entries. “By –” is the site itself or somebody who is not signed in.")
    st.dataframe(
        frame,
        key="audit_table",
        hide_index=True,
        height=TABLE_HEIGHT if len(entries) > ROWS_SHOWN else "content",
        column_config={"When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss")},
        alt="The newest entries of the audit log: when, what, by whom, whom it concerns",
    )


def _draw_check() -> None:
    """Every entry is bound to those before it; whether they still fit is looked at when it is asked for."""
    if not st.button("Check that nobody changed it", key="audit_check", icon=":material/verified_user:"):
        return
    if get_accounts().is_audit_intact(actor=actor_id()):
        st.success("The log is whole: no entry was changed, removed or added by hand.")
    else:
        st.error("Somebody changed the log by hand: entries were changed, removed or added.")


def _name(user_id: str) -> str:
    try:
        return get_user_manager().get_user(user_id).username
    except UserNotFound:
        return f"erased ({user_id[:8]})"
