"""The page "Activity demo"."""

from __future__ import annotations

import streamlit as st


def demo_user_activity(user_id: str) -> None:
    st.title("Activity demo")
