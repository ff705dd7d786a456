"""The same for many people at once: a role, active or inactive, or gone; all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.directory import UserPage
from user_stats.models import User, UserRole
from user_stats.people import MOST_AT_ONCE
from user_stats.ui.actions import act
from user_stats.ui.plans import PLAN_NAMES
from user_stats.ui.session import for_admins
from user_stats.ui.text import inert, on_primary

Verb = Callable[[list[str], str], object]
NAMES_SHOWN = 5


@dataclass(frozen=True)
class Change:
    """What can be done to many: the word on the button, what is asked, what is said afterwards, and the verb."""

    label: str
    question: str
    done: str
    verb: Verb
    is_final: bool = False


def _to_role(role: UserRole) -> Change:
    return Change(
        f"Make {PLAN_NAMES[role].lower()}",
        f"{{people}} will have the role {PLAN_NAMES[role]}.",
        f"{{people}} now have the role {PLAN_NAMES[role]}.",
        lambda user_ids, actor: get_user_manager().update_users(user_ids, role=role, actor=actor),
    )


def _to_state(is_active: bool, label: str, question: str, done: str) -> Change:
    return Change(
        label,
        question,
        done,
        lambda user_ids, actor: get_user_manager().update_users(user_ids, is_active=is_active, actor=actor),
    )


CHANGES = (
    *(_to_role(role) for role in UserRole),
    _to_state(True, "Activate", "{people} can sign in again.", "{people} are active."),
    _to_state(
        False,
        "Deactivate",
        "{people} will be signed out, and nothing is recorded of them until they are activated again.",
        "{people} are inactive.",
    ),
    Change(
        "Delete",
        "{people} will be erased from every file: account, statistics, history. This cannot be undone.",
        "{people} were erased.",
        lambda user_ids, actor: get_user_manager().delete_users(user_ids, actor=actor),
        is_final=True,
    ),
)


def draw_bulk(chosen: list[User], shown: UserPage, find_ids: Callable[[int], list[str]]) -> None:
    """What can be done with the people who are marked in the list, or with all who match."""
    if not chosen:
        st.caption("Mark people in the list to change many at once, or open one with the arrows in front.")
        return
    with st.container(border=True):
        marked = f"The {len(chosen):,} marked" if len(chosen) > 1 else "The one marked"
        everybody = f"All {shown.total:,} that match" if shown.is_total_exact else "All that match"
        scopes = [marked, everybody] if shown.total > len(chosen) else [marked]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            scope = st.segmented_control("Whom", scopes, default=marked, required=True, key="bulk_scope")
            change = st.selectbox("What", CHANGES, key="bulk_change", format_func=lambda one: one.label, width=240)
            if st.button(on_primary("Go on …"), key="bulk_go", type="primary"):
                if scope == marked:
                    _confirm(change, [user.user_id for user in chosen], [user.username for user in chosen])
                elif shown.total > MOST_AT_ONCE:
                    st.warning(f"At most {MOST_AT_ONCE:,} at once. Narrow the list down first.")
                else:
                    _confirm(change, find_ids(MOST_AT_ONCE), [])


@st.dialog("Change many people")
@for_admins
def _confirm(change: Change, user_ids: list[str], names: list[str]) -> None:
    draw_confirmation(change, user_ids, names)


def draw_confirmation(change: Change, user_ids: list[str], names: list[str]) -> None:
    """Says how many and what, and does it on a click."""
    people = _people(len(user_ids))
    (st.error if change.is_final else st.info)(change.question.format(people=people))
    if names:
        more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
        st.caption(", ".join(inert(name) for name in names[:NAMES_SHOWN]) + more)
    with st.container(horizontal=True):
        label = f"{change.label}: {people}"
        if st.button(on_primary(label), key="bulk_confirm", type="primary", on_click=_do, args=(change, user_ids)):
            st.rerun()
        if st.button("Cancel", key="bulk_cancel"):
            st.rerun()


@for_admins
def _do(change: Change, user_ids: list[str]) -> None:
    act(lambda actor: change.verb(user_ids, actor), change.done.format(people=_people(len(user_ids))))


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
