"""The page "Watch history"."""

from __future__ import annotations

import streamlit as st


def render_watch_history(user_id: str) -> None:
    st.title("Watch history")
