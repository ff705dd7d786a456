"""The part of a whole that is shown: a period, days put together to weeks, a page of a long list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

import streamlit as st

from user_stats.directory import UserPage

PERIODS = {"30 days": 30, "90 days": 90, "12 months": 365}
LONGEST_BY_DAY = 92
WEEK = 7
PAGE_LENGTH = 50


def choose_period(key: str) -> int:
    """How many days, today included."""
    chosen = st.segmented_control("Period", list(PERIODS), default="30 days", required=True, key=key)
    return PERIODS[chosen]


def find_shown_page(find: Callable[[int], UserPage], key: str) -> UserPage:
    """The page of the list whose number the pagination with this key holds; the last one where the list has become
    shorter meanwhile. `find` gets the offset."""
    number = max(1, st.session_state.get(key, 1))
    shown = find((number - 1) * PAGE_LENGTH)
    pages = max(1, ceil(shown.total / PAGE_LENGTH))
    if number <= pages:
        return shown
    st.session_state[key] = pages
    return find((pages - 1) * PAGE_LENGTH)


def draw_pagination(shown: UserPage, key: str) -> None:
    """The numbers of the pages, where there is more than one."""
    if shown.total > PAGE_LENGTH:
        st.pagination(ceil(shown.total / PAGE_LENGTH), key=key)


def step_days(days: int) -> int:
    """The days that one bar stands for."""
    return 1 if days <= LONGEST_BY_DAY else WEEK


def grouped(values: Sequence[float], step: int) -> list[float]:
    """Sums of so many days each, the last ones whole; the first group may be short."""
    short = len(values) % step
    starts = [0] * bool(short) + list(range(short, len(values), step))
    ends = [*starts[1:], len(values)]
    return [sum(values[start:end]) for start, end in zip(starts, ends, strict=True)]


def group_starts(count: int, step: int) -> list[int]:
    """Where the groups begin among so many days."""
    short = count % step
    return [0] * bool(short) + list(range(short, count, step))
