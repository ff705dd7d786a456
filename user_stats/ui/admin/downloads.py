"""Tables of the whole site as files: people, statistics, histories, days of the platform and of the audience."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import streamlit as st

from user_stats.audience import DayFigures
from user_stats.bootstrap import get_accounts, get_audience, get_user_manager
from user_stats.errors import Forbidden
from user_stats.models import User, UserRole, UserStats, WatchHistoryEntry
from user_stats.transfer.exports import everybody, history_rows, statistics_rows, user_rows
from user_stats.transfer.tables import Format, write_rows
from user_stats.ui.actions import made_when_asked

MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv", "json": "application/json"}


@dataclass(frozen=True)
class Table:
    """One table: its name on the page and in the file, its columns and rows."""

    title: str
    name: str
    what: str
    columns: list[str]
    rows: Callable[[], Iterable[dict[str, Any]]]


def _columns(record: type[Any]) -> list[str]:
    return [field.name for field in fields(record)]


def _everybody() -> Iterable[User]:
    return everybody(get_user_manager())


TABLES = (
    Table(
        "People",
        "users",
        "Every account: name, e-mail, role, state, plan",
        _columns(User),
        lambda: user_rows(_everybody()),
    ),
    Table(
        "Statistics",
        "stats",
        "The eight statistics of everybody",
        _columns(UserStats),
        lambda: statistics_rows(get_user_manager(), _everybody()),
    ),
    Table(
        "Watch histories",
        "history",
        "Every watch that is listed; large on a large site",
        ["user_id", *_columns(WatchHistoryEntry)],
        lambda: history_rows(get_user_manager(), _everybody()),
    ),
    Table(
        "Audience",
        "audience",
        "Visits, visitors, people and jobs of each day",
        _columns(DayFigures),
        lambda: map(asdict, get_audience().all_days()),
    ),
)


def draw_downloads() -> None:
    st.caption(
        "Each file is made when you click. Cells that a spreadsheet would run as a formula are made harmless. For "
        "a site with many thousands of people, `python -m user_stats export` writes the same files without the browser."
    )
    for table in TABLES:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f"**{table.title}** — {table.what}", width="stretch")
            for form, media_type in MEDIA_TYPES.items():
                st.download_button(
                    form.upper(),
                    made_when_asked(_maker(table, form)),
                    file_name=f"{table.name}.{form}",
                    mime=media_type,
                    key=f"download_{table.name}_{form}",
                    icon=":material/download:",
                    on_click="ignore",
                )


def _maker(table: Table, form: Format) -> Callable[[str], bytes]:
    return lambda actor: make_table(table, form, actor)


def make_table(table: Table, form: Format, actor: str) -> bytes:
    """The file, and a line in the audit log. Raises Forbidden where `actor` is no admin any more."""
    if get_user_manager().get_user(actor).role is not UserRole.ADMIN:
        raise Forbidden("tables of the whole site are for admins")
    get_accounts().note("exported", actor=actor)
    file = io.StringIO(newline="")
    write_rows(file, form, table.columns, table.rows())
    return file.getvalue().encode()
