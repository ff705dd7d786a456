"""The people of the Telegram bot: who they are, how many come, and which account is theirs. Knows nothing of Telegram's
API; that is `user_stats.telegram`."""

from user_stats.bot_users.bot_users import BotDay, BotFigures, BotUser, BotUsers
from user_stats.bot_users.descriptions import Descriptions
from user_stats.bot_users.links import BotLinks, Link, LinkCode

__all__ = ["BotDay", "BotFigures", "BotLinks", "BotUser", "BotUsers", "Descriptions", "Link", "LinkCode"]
