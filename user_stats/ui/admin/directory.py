"""The tab "All Users": find people, open one, choose many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from user_stats.bootstrap import get_user_manager
from user_stats.directory import UserPage
from user_stats.features import effective_role
from user_stats.models import User, UserRole
from user_stats.times import utc_now
from user_stats.ui.admin.bulk import draw_bulk
from user_stats.ui.admin.create import create_person
from user_stats.ui.admin.periods import PAGE_LENGTH, draw_pagination, find_shown_page
from user_stats.ui.admin.person import PERSON, draw_person
from user_stats.ui.plans import PLAN_NAMES
from user_stats.ui.text import to_viewer, viewer_zone

ROWS_SHOWN, TABLE_HEIGHT = 15, 580
"""Longer lists scroll by themselves, so that what can be done with the marked people stays in sight."""
SORTS = {
    "Name": "username",
    "Newest first": "-created_at",
    "Oldest first": "created_at",
    "E-mail": "email",
    "Plan ends soonest": "subscription_expires",
}
STATES = {"Active": True, "Inactive": False}
COUNTED_TO = 10_000
"""How many of those that a search finds are counted, where that takes long: nobody looks at more pages."""
TABLE, PAGE = "directory_table", "directory_page"
OPEN = ":material/open_in_full:"


@dataclass(frozen=True)
class Filters:
    """What the directory is narrowed to, and its order."""

    text: str | None
    role: UserRole | None
    is_active: bool | None
    created_from: datetime | None
    created_to: datetime | None
    sort: str

    def find(self, offset: int, limit: int) -> UserPage:
        return get_user_manager().find_users(
            self.text,
            self.role,
            self.is_active,
            self.created_from,
            self.created_to,
            sort=self.sort,
            offset=offset,
            limit=limit,
            count_to=COUNTED_TO,
        )

    def find_ids(self, most: int) -> list[str]:
        """Everybody who matches, up to `most`."""
        found: list[str] = []
        while len(found) < most:
            users = self.find(len(found), min(1000, most - len(found))).users
            if not users:
                break
            found += [user.user_id for user in users]
        return found


def draw_directory() -> None:
    """One person where one is open (`?person=`), else the list of all."""
    person = st.query_params.get(PERSON)
    if person:
        draw_person(person)
        return
    filters = _draw_filters()
    _draw_list(filters)


def _draw_filters() -> Filters:
    text = st.text_input(
        "Search",
        key="directory_text",
        placeholder="Part of a name or e-mail",
        icon=":material/search:",
        max_chars=254,
        on_change=_to_first_page,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        role = st.pills(
            "Role", list(UserRole), key="directory_role", format_func=PLAN_NAMES.__getitem__, on_change=_to_first_page
        )
        state = st.pills("State", list(STATES), key="directory_state", on_change=_to_first_page)
        start = st.date_input("Joined from", None, key="directory_from", width=150, on_change=_to_first_page)
        end = st.date_input("Joined up to", None, key="directory_to", width=150, on_change=_to_first_page)
        sort = st.selectbox("Order", list(SORTS), key="directory_sort", width=190, on_change=_to_first_page)
        if st.button("New person", key="directory_create", icon=":material/person_add:"):
            create_person()
    return Filters(
        text.strip() or None,
        role,
        None if state is None else STATES[state],
        None if start is None else _midnight(start),
        None if end is None else _midnight(end + timedelta(days=1)),
        SORTS[sort],
    )


def _draw_list(filters: Filters) -> None:
    if filters.created_from and filters.created_to and filters.created_from >= filters.created_to:
        st.warning("“Joined from” is after “Joined up to”. Choose an earlier first day.")
        return
    shown = find_shown_page(lambda offset: filters.find(offset, PAGE_LENGTH), PAGE)
    if not shown.total:
        _draw_nobody(filters)
        return
    first = shown.offset + 1
    people = _count_text(shown)
    st.caption(f"{people}, showing {first:,} to {shown.offset + len(shown.users):,}")
    bar = st.container()
    table = st.dataframe(
        _rows(shown.users),
        key=f"{TABLE}_{hash((filters, shown.offset))}",
        hide_index=True,
        height=TABLE_HEIGHT if len(shown.users) > ROWS_SHOWN else "content",
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(shown.users),
        alt=f"People {first} to {shown.offset + len(shown.users)} of {people}, with role, state and figures",
    )
    draw_pagination(shown, PAGE)
    chosen = [shown.users[row] for row in table.selection.rows if row < len(shown.users)]
    with bar:
        draw_bulk(chosen, shown, filters.find_ids)


def _count_text(shown: UserPage) -> str:
    if not shown.is_total_exact:
        return f"More than {shown.total - 1:,} people"
    return "1 person" if shown.total == 1 else f"{shown.total:,} people"


def _draw_nobody(filters: Filters) -> None:
    if filters.text or filters.role or filters.is_active is not None or filters.created_from or filters.created_to:
        st.info("Nobody matches. Take a filter away, or search for a shorter part of the name.")
    else:
        st.info("Nobody has an account yet. Make one with “New person”.")


def _rows(users: list[User]) -> pd.DataFrame:
    manager, now = get_user_manager(), utc_now()
    rows: list[dict[str, Any]] = []
    for user in users:
        stats = manager.get_user_stats(user.user_id)
        rows.append(
            {
                "open": OPEN,
                "Name": user.username,
                "E-mail": user.email,
                "Role": _role_text(user, now),
                "State": "Active" if user.is_active else "Inactive",
                "Joined": _local(user.created_at),
                "Plan ends": None if user.subscription_expires is None else _local(user.subscription_expires),
                "Watched": stats.total_watched_hours,
                "Last active": _local(stats.last_activity_timestamp) if stats.last_activity_timestamp else None,
            }
        )
    return pd.DataFrame(rows)


def _role_text(user: User, now: datetime) -> str:
    name = PLAN_NAMES[user.role]
    return name if effective_role(user, now) is user.role else f"{name}, ended"


def _columns(users: list[User]) -> dict[str, Any]:
    day = "D MMM YYYY"
    opened, ids = "directory_open", [user.user_id for user in users]
    return {
        "open": st.column_config.ButtonColumn(
            "Open",
            width=50,
            pinned=True,
            key=opened,
            type="tertiary",
            on_click=_open,
            args=(opened, ids),
        ),
        "Name": st.column_config.TextColumn(pinned=True),
        "Role": st.column_config.TextColumn(width=120),
        "State": st.column_config.TextColumn(width=65),
        "Joined": st.column_config.DateColumn(format=day, width=105),
        "Plan ends": st.column_config.DateColumn(format=day, width=105),
        "Watched": st.column_config.NumberColumn("Hours", format="%.1f", width=65, help="Hours watched"),
        "Last active": st.column_config.DateColumn(format=day, width=105),
    }


def _open(key: str, user_ids: list[str]) -> None:
    st.query_params[PERSON] = user_ids[st.session_state[key].row]


def _to_first_page() -> None:
    st.session_state[PAGE] = 1


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), viewer_zone())


def _local(moment: str) -> datetime:
    """In the viewer's zone, without saying so: a table shows it as it is."""
    return to_viewer(moment).replace(tzinfo=None)
