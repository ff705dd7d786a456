"""The period that figures are shown for, and days put together to weeks."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

PERIODS = {"30 days": 30, "90 days": 90, "12 months": 365}
LONGEST_BY_DAY = 92
WEEK = 7


def choose_period(key: str) -> int:
    """How many days, today included."""
    chosen = st.segmented_control("Period", list(PERIODS), default="30 days", required=True, key=key)
    return PERIODS[chosen]


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
