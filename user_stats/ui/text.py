"""Text for people to read: other people's words made inert, and moments in the viewer's time zone."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st

from user_stats.errors import RateLimited, StorageError, UserStatsError
from user_stats.times import from_iso

STORE_TROUBLE = "The site's data cannot be reached or changed at the moment. Please try again later."
TYPE_NAMES = {"video": "Videos", "stream": "Streams", "image": "Images"}
"""Content types as headings."""
WORD_JOINER = "\u2060"
"""Takes no room and keeps what stands around it apart."""
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$^=&])")
_MEANT = re.compile(r":|@|www|[<>~-](?=[->=])", re.IGNORECASE)
"""What makes links, icons, emoji and arrows even where it is escaped."""
_LINE_BREAKS = re.compile(r"\s+")

log = logging.getLogger(__name__)


def inert(text: str) -> str:
    """People's text for a Markdown element: it is shown as it was written, and calls, links and formats nothing.

    Text that is to be copied, such as an address, is better shown by `st.text`, `st.code` or a table."""
    one_line = _LINE_BREAKS.sub(" ", text)
    return _MARKUP.sub(r"\\\1", _MEANT.sub(lambda found: found[0] + WORD_JOINER, one_line))


def on_primary(label: str) -> str:
    """The label of a primary button, in the colour that the theme keeps for it. The server of the pages would write in
    white, which is hard to read on a primary colour that is itself read on the dark theme."""
    return f":violet[{label}]"


def refusal(error: UserStatsError) -> str:
    """What a refused call says to people, inert and in plain words; what is wrong with the store stays in the log."""
    if isinstance(error, RateLimited):
        return f"Too many attempts. Try again in {max(1, round(error.retry_after_seconds)):,} s."
    if isinstance(error, StorageError):
        log.error("a page was refused: %s", error)
        return STORE_TROUBLE
    sentence = error.message[:1].upper() + error.message[1:]
    return inert(sentence if sentence.endswith(".") else sentence + ".")


def viewer_zone() -> tzinfo:
    """The time zone of the browser; UTC where it does not say."""
    name = st.context.timezone
    try:
        return ZoneInfo(name) if isinstance(name, str) else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def to_viewer(moment: str) -> datetime:
    """A stored moment in the viewer's time zone."""
    return from_iso(moment).astimezone(viewer_zone())


def shown_time(moment: str | None) -> str:
    """For instance `5 Mar 2026, 14:30`; a dash for none."""
    if not moment:
        return "–"
    local = to_viewer(moment)
    return f"{local.day} {local:%b %Y, %H:%M}"


def shown_day(moment: str | None) -> str:
    """For instance `5 Mar 2026`; a dash for none."""
    if not moment:
        return "–"
    local = to_viewer(moment)
    return f"{local.day} {local:%b %Y}"


def shown_date(day: str) -> str:
    """The same for a day without a time, such as `2026-03-05`; it is the same day everywhere."""
    found = date.fromisoformat(day)
    return f"{found.day} {found:%b %Y}"


def ago(moment: str | None, now: datetime) -> str:
    """Short, for instance `3 h ago`; the month where it was longer ago, a dash for none."""
    if not moment:
        return "–"
    seconds = (now - from_iso(moment)).total_seconds()
    if seconds < 60:
        return "Just now"
    for unit, length, most in (("min", 60, 60), ("h", 3600, 24), ("days", 86_400, 31)):
        if (count := int(seconds // length)) < most:
            return f"{count} {unit.removesuffix('s') if count == 1 else unit} ago"
    return f"{to_viewer(moment):%b %Y}"
