"""Backups: when the last one was proven, which there are, and one more at a click."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from user_stats.bootstrap import back_up_to_folder, get_backup_marks, page_settings
from user_stats.errors import UserStatsError
from user_stats.transfer.backup import BackupFile, list_backups
from user_stats.ui.session import require_admin
from user_stats.ui.text import on_primary, refusal, shown_time, to_viewer

MEGABYTE = 10**6


def draw_backups() -> None:
    _draw_state()
    settings = page_settings()
    if settings.backup_folder is None:
        st.info(
            "No folder for backups is set. Name one in BACKUP_DIR, best on another disk, and backups are taken by the "
            "clock; or take one now and then: `python -m user_stats backup PATH`."
        )
        return
    st.caption(
        f"One every {settings.backup_hours:,} hours; the {settings.backups_kept:,} newest good ones are kept. Each is "
        "of one moment, and counts only after it was restored to the side. Bringing one back is done on the server: "
        "`python -m user_stats restore PATH`."
    )
    if st.button(on_primary("Take a backup now"), key="backup_now", type="primary"):
        _take()
    _draw_files(settings.backup_folder)


def _draw_state() -> None:
    marks = get_backup_marks()
    if marks.failed_at is not None and marks.failed_at > (marks.verified_at or ""):
        st.error(f"The newest attempt failed, {shown_time(marks.failed_at)}. The log of the site says why.")
    if marks.verified_at is None:
        st.warning("No backup of this site was ever proven.")
    else:
        st.success(f"The newest backup was proven on {shown_time(marks.verified_at)}.")


def _take() -> None:
    admin = require_admin()
    with st.status("Taking a backup …", expanded=True) as status:
        bar = st.progress(0.0)
        try:
            back_up_to_folder(admin.user_id, progress=lambda done, total: _move(bar, done, total))
        except UserStatsError as error:
            status.update(label="The backup failed", state="error")
            st.error(refusal(error))
            return
        status.update(label="The backup is taken and proven", state="complete", expanded=False)


def _move(bar: DeltaGenerator, done: int, total: int) -> None:
    if total and done % max(1, total // 100) == 0:
        bar.progress(min(1.0, done / total))


def _draw_files(folder: Path) -> None:
    files = list_backups(folder)
    if not files:
        st.caption("No backup is in the folder yet.")
        return
    st.dataframe(
        _rows(files),
        key="backup_files",
        hide_index=True,
        column_config={
            "Taken": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "MB": st.column_config.NumberColumn(format="%.1f"),
        },
        alt="Backups in the folder, the newest first, with their size",
    )


def _rows(files: list[BackupFile]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Taken": [to_viewer(file.made_at).replace(tzinfo=None) for file in files],
            "File": [file.name for file in files],
            "MB": [file.size_bytes / MEGABYTE for file in files],
        }
    )
