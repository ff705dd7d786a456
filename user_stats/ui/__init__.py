"""The pages of the app, each a function."""

from user_stats.ui.blank_page import render_safe_blank_page

__all__ = ["render_safe_blank_page"]
