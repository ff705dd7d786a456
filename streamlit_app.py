"""The one entry: the server imports it as a module and finds `app`; each session of a browser runs it as a script."""

if __name__ != "__main__":
    import streamlit as st

    app = st.App(__file__)
else:
    from user_stats.ui.blank_page import render_safe_blank_page

    render_safe_blank_page()
