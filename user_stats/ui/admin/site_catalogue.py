"""The figures of the whole site, computed beside the pages: a page shows the newest that are ready and waits little.
Until the first are ready it says how far they are.

One computation runs at a time in a process; the first after a start reads the whole log, later ones what is new.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import streamlit as st

from user_stats.bootstrap import get_statistics
from user_stats.errors import UserStatsError
from user_stats.statistics.service import Catalogue, Statistics
from user_stats.times import utc_now
from user_stats.ui.session import for_admins
from user_stats.ui.text import refusal, viewer_zone

log = logging.getLogger(__name__)
FRESH_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class Computed:
    """The catalogue as it was at a moment."""

    catalogue: Catalogue
    at: datetime


@dataclass
class _Holder:
    """What is ready in one zone, and how far the computation is that runs."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    ready: Computed | None = None
    running: threading.Thread | None = None
    done: int = 0
    total: int = 0
    failure: UserStatsError | None = None

    def look(self, statistics: Statistics, zone: str, *, is_stale: bool, wait_seconds: float) -> None:
        """Sees to it that something fresh is there or under way, and waits a moment for it."""
        with self.lock:
            is_fresh = self.ready is not None and utc_now() - self.ready.at < FRESH_FOR and not is_stale
            if self.running is None and not is_fresh:
                self.running = threading.Thread(target=self._compute, args=(statistics, zone), daemon=True)
                self.running.start()
            running = self.running
        if running is not None:
            running.join(wait_seconds)

    def _compute(self, statistics: Statistics, zone: str) -> None:
        at = utc_now()
        try:
            self.ready = Computed(statistics.platform_catalogue(tz=zone, progress=self._progress), at)
            self.failure = None
        except UserStatsError as error:
            log.error("the figures of the site could not be computed: %s", error)
            self.failure = error
        finally:
            self.running = None

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


@dataclass(frozen=True)
class State:
    """What a page can show now: `ready` is None until the first computation is through; `share` of it is done."""

    ready: Computed | None
    is_running: bool
    share: float
    failure: UserStatsError | None


@st.cache_resource(show_spinner=False, max_entries=50)
def _holder(_statistics: Statistics, place: int, zone: str) -> _Holder:
    return _Holder()


def _holder_in(zone: str) -> _Holder:
    statistics = get_statistics()
    return _holder(statistics, id(statistics), zone)


def site_catalogue(zone: str, *, is_stale: bool = False, wait_seconds: float = 1.0) -> State:
    """The newest figures that are ready; with `is_stale`, newer ones are asked for whatever their age. Waits so long at
    most for a computation that is under way."""
    holder = _holder_in(zone)
    holder.look(get_statistics(), zone, is_stale=is_stale, wait_seconds=wait_seconds)
    share = holder.done / holder.total if holder.total else 0.0
    return State(holder.ready, holder.running is not None, share, holder.failure)


def has_read_everything() -> bool:
    """True where figures of the site take a moment, because all that was recorded has been read once since the start.
    Otherwise that begins, and in the place of the figures stands how far it is."""
    zone = str(viewer_zone())
    return _holder_in(zone).ready is not None or draw_way_to(site_catalogue(zone))


def draw_way_to(state: State) -> bool:
    """True where something is ready; otherwise it draws how far the first figures are, or why there are none."""
    if state.ready is not None:
        return True
    if state.failure is not None and not state.is_running:
        st.error(refusal(state.failure))
    else:
        _await_first()
    return False


@st.fragment(run_every="1s")
@for_admins
def _await_first() -> None:
    state = site_catalogue(str(viewer_zone()), wait_seconds=0.0)
    if state.ready is not None or not state.is_running:
        st.rerun()
    st.progress(state.share, "Reading everything that was recorded, once after a start …")
