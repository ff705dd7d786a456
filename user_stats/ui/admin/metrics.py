"""Figures side by side."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st


def draw_metrics(figures: Iterable[tuple[str, str | None, str]]) -> None:
    """Each with its name, its value (None: a dash) and a sentence on what it counts."""
    with st.grid(4, min_column_width=150):
        for label, value, explained in figures:
            st.metric(label, value, border=True, help=explained)
