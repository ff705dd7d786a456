"""The page "Profile"."""

from __future__ import annotations

import streamlit as st


def render_user_profile(user_id: str) -> None:
    st.title("Profile")
