"""The pages of the app, each a function; `shell.py` puts them together, `session.py` knows who is looking."""

from user_stats.ui.activity_demo import demo_user_activity
from user_stats.ui.blank_page import render_safe_blank_page
from user_stats.ui.content_page import render_content
from user_stats.ui.features import render_subscriber_features
from user_stats.ui.my_statistics import render_my_statistics
from user_stats.ui.profile import render_user_profile
from user_stats.ui.users_admin import render_users_list_page
from user_stats.ui.watch_history import render_watch_history

__all__ = [
    "demo_user_activity",
    "render_content",
    "render_my_statistics",
    "render_safe_blank_page",
    "render_subscriber_features",
    "render_user_profile",
    "render_users_list_page",
    "render_watch_history",
]
