"""Tables of the whole site as files: people, statistics, histories, days of the platform and of the audience."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import streamlit as st

from user_stats.audience import DayFigures
from user_stats.bootstrap import get_accounts, get_audience, get_user_manager
from user_stats.errors import TooLarge
from user_stats.models import User, UserStats, WatchHistoryEntry
from user_stats.times import utc_now
from user_stats.transfer.exports import everybody, history_rows, statistics_rows, user_rows
from user_stats.transfer.site_export import write_site
from user_stats.transfer.tables import Format, write_download
from user_stats.ui.actions import made_when_asked

SITE_FILES: dict[Format, tuple[str, str]] = {"csv": ("ZIP", "application/zip"), "json": ("JSON", "application/json")}
MOST_BYTES = 100 << 20
"""Of one file: it is held in memory until the browser has it."""
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
        "Each file is made when you click. Cells that a spreadsheet would run as a formula are made harmless. Files of "
        f"more than {MOST_BYTES >> 20} MB are not made here; python -m user_stats export writes them, of any size."
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

    _draw_site()


def _draw_site() -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        what = "Everything but secrets, as of one moment: a zip of tables, or one JSON document"
        st.markdown(f"**The whole site** — {what}", width="stretch")
        for form, (label, media_type) in SITE_FILES.items():
            st.download_button(
                label,
                made_when_asked(_site_maker(form)),
                file_name=f"site.{label.lower()}",
                mime=media_type,
                key=f"download_site_{form}",
                icon=":material/download:",
                on_click="ignore",
            )


def _site_maker(form: Format) -> Callable[[str], bytes]:
    return lambda actor: make_site(form, actor)


def make_site(form: Format, actor: str) -> bytes:
    """The whole site, and a line in the audit log. Raises Forbidden unless `actor` is an admin."""
    get_accounts().note_as_admin("exported", actor=actor)
    file = _Bounded()
    write_site(file, get_user_manager().storage, form, now=utc_now())
    return file.getvalue()


def _maker(table: Table, form: Format) -> Callable[[str], bytes]:
    return lambda actor: make_table(table, form, actor)


def make_table(table: Table, form: Format, actor: str) -> bytes:
    """The file, and a line in the audit log. Raises Forbidden unless `actor` is an admin."""
    get_accounts().note_as_admin("exported", actor=actor)
    file = _Bounded()
    write_download(file, form, table.columns, table.rows())
    return file.getvalue()


class _Bounded(io.BytesIO):
    """A file in memory that grows no further than MOST_BYTES. Raises TooLarge."""

    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > MOST_BYTES:
            message = f"download: the file has more than {MOST_BYTES >> 20} MB; python -m user_stats export writes it"
            raise TooLarge(message, field="download")
        return super().write(data)
