"""The page "Users admin"."""

from __future__ import annotations

import streamlit as st


def render_users_list_page() -> None:
    st.title("Users admin")
