"""The Telegram bot: a door to the bot's people, the statistics and the linking of accounts. Needs aiogram.

`handlers.py` says what it answers, `profile.py` keeps the count in its profile, `service.py` holds it together;
updates come in by `polling.py` or `webhook.py`.
"""

from user_stats.telegram.handlers import make_router
from user_stats.telegram.tracker import UserTracker

__all__ = ["UserTracker", "make_router"]
