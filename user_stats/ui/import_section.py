"""A history from elsewhere: a file is looked at first, then brought in, and can be taken out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

import streamlit as st

from user_stats.batches import Batch
from user_stats.bootstrap import get_imports
from user_stats.errors import UserStatsError
from user_stats.models import SECONDS_PER_HOUR
from user_stats.transfer.import_report import Report
from user_stats.transfer.imports import Options
from user_stats.ui.actions import act
from user_stats.ui.session import for_people, remembered, require_user
from user_stats.ui.text import inert, on_primary, refusal, shown_date, shown_day

ENDINGS = ["json", "csv", "html", "tsv", "txt", "zip"]
SERVICES = (
    "YouTube (Google Takeout), Netflix, Spotify, Trakt, Last.fm, Letterboxd, Tautulli, Jellyfin, "
    "and what you downloaded here"
)
MOST_LISTED = 200


def draw_import(user_id: str) -> None:
    """The uploader, what the file holds, and what was imported so far."""
    imports = get_imports().batches(user_id)
    st.write(f"Bring in what you watched elsewhere: {SERVICES}. The file is recognised by itself.")
    file = st.file_uploader(
        "The file as the service gave it to you, also as a zip",
        ENDINGS,
        key=f"history_file_{len(imports)}",  # a new one after each import, so that it is empty again
    )
    if file is not None:
        with st.container(border=True):
            _draw_file(user_id, file, file.file_id)
    if imports:
        _draw_imports(user_id, imports)


def _draw_file(user_id: str, file: IO[bytes], file_id: str) -> None:
    name = file.name
    try:
        report = _preview("history_preview", user_id, file, file_id, Options())
        options = _draw_options(report)
        if options != Options():
            report = _preview("history_choice", user_id, file, file_id, options)
    except UserStatsError as error:
        st.warning(refusal(error))
        return
    _draw_report(report)
    if not report.imported:
        st.info("Everything in this file is here already, or there is nothing in it to bring in.")
    elif st.button(on_primary(f"Import {report.imported:,} watches"), key="history_import", type="primary"):
        _import(user_id, file, name, options)
        st.rerun()


def _preview(slot: str, user_id: str, file: IO[bytes], file_id: str, options: Options) -> Report:
    """What would happen; worked out once for each file and choice."""

    def look() -> Report:
        with st.spinner("Reading the file …"):
            return get_imports().preview(file, user_id, options, name=file.name, actor=require_user().user_id)

    return remembered(slot, (user_id, file_id, options), look)


def _draw_options(report: Report) -> Options:
    """Whose rows, where the file has those of several people, and which rows besides."""
    profile = None
    if len(report.profiles) > 1:
        profile = st.selectbox("Whose history is it?", list(report.profiles), key="history_profile")
    reasons = [reason for reason in report.skipped if reason in report.includable]
    include: Sequence[str] = ()
    if reasons:
        include = st.multiselect("Rows that are left out; bring in these too", reasons, key="history_include")
    strict = bool(report.rejected_rows) and st.checkbox("Import nothing where a row is bad", key="history_strict")
    return Options(None, profile, tuple(include), strict)


def _draw_report(report: Report) -> None:
    period = f", {shown_day(report.first)} to {shown_day(report.last)}" if report.first else ""
    st.markdown(f"**{inert(report.title)}**{period}, {report.rows:,} rows")
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric("New watches", f"{report.imported:,}", border=True)
        st.metric("Here already", f"{report.duplicates:,}", border=True)
        st.metric("Left out", f"{sum(report.skipped.values()):,}", border=True)
        st.metric("Bad rows", f"{report.rejected_rows:,}", border=True)
    hours = [f"{report.hours:,.1f} hours on {len(report.days):,} days."] if report.seconds else []
    if report.without_length:
        hours.append(f"{report.without_length:,} watches have no length; they count as watches and add no hours.")
    st.caption(" ".join([*hours, inert(report.note)]))
    if report.skipped:
        parts = (f"{count:,} {inert(reason)}" for reason, count in report.skipped.most_common())
        st.caption("Left out: " + ", ".join(parts))
    if report.rejected:
        with st.expander(f"Bad rows ({report.rejected_rows:,})"):
            st.dataframe(
                {
                    "Row": [one.row for one in report.rejected[:MOST_LISTED]],
                    "Reason": [one.reason for one in report.rejected[:MOST_LISTED]],
                },
                hide_index=True,
                key="history_rejected",
                alt="Rows that cannot be used, each with its reason",
            )


@for_people
def _import(user_id: str, file: IO[bytes], name: str, options: Options) -> None:
    bar = st.progress(0.0, "Importing …")

    def show(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), f"Importing … {done / max(total, 1):.0%}")

    act(
        lambda actor: get_imports().import_file(file, user_id, options, name=name, progress=show, actor=actor),
        _outcome,
    )


def _outcome(report: Report) -> str:
    if report.was_refused:
        return f"Nothing was imported: {report.rejected_rows:,} rows are bad."
    known = f"; {report.duplicates:,} were here already" if report.duplicates else ""
    bad = f"; {report.rejected_rows:,} bad rows were left out" if report.rejected_rows else ""
    return f"{report.imported:,} watches are imported{known}{bad}."


def _draw_imports(user_id: str, imports: Sequence[Batch]) -> None:
    st.markdown("**Imported so far**")
    for batch in reversed(imports):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"history_batch_{batch.name}"):
            hours = f", {batch.seconds / SECONDS_PER_HOUR:,.1f} h" if batch.seconds else ""
            st.markdown(
                f"**{inert(batch.source)}**  \n{batch.watches:,} watches{hours}, {shown_date(batch.first_on)} to "
                f"{shown_date(batch.last_on)}; imported on {shown_day(batch.recorded_at)}"
            )
            st.button(
                "Take out",
                key=f"history_undo_{batch.name}",
                icon=":material/undo:",
                on_click=_undo,
                args=(user_id, batch.name),
            )


@for_people
def _undo(user_id: str, batch: str) -> None:
    act(
        lambda actor: get_imports().undo(user_id, batch, actor=actor),
        lambda gone: f"{gone:,} watches are taken out, as if they had never been imported.",
    )
