"""The page "Features"."""

from __future__ import annotations

import streamlit as st


def render_subscriber_features(user_id: str) -> None:
    st.title("Features")
