"""What the bot says: plain text, nothing in it is markup."""

from __future__ import annotations

import unicodedata
from typing import Any

from user_stats.bot_users.bot_users import BotUser, shown_moment
from user_stats.models import UserStats

LONGEST_SHOWN_NAME = 40

WELCOME = "👋 Welcome, {name}!\n\n/help lists what I can do."
HELP = """/start – say hello
/stats – how many people use this bot
/link CODE – link your account, with the code from your profile page
/me – your own statistics, once your account is linked
/unlink – undo the link
/forget – have me forget you
/help – this list"""
HELP_FOR_OWNERS = """

For you as an owner:
/users – who came last
/export – everybody, as a table"""
IN_PRIVATE = "That is between you and me: send it in a private chat."
LINKED = "🔗 Linked to {username}. /me shows your statistics, /unlink undoes it."
NOT_LINKED = "This Telegram account is not linked. Make a code in your profile page and send it here: /link CODE"
CODE_MISSING = "Send the code too: /link CODE. Your profile page makes one."
TOO_MANY_CODES = "Too many codes. Try again in some minutes."
UNLINKED = "The link is gone."
FORGET_ASKED = """I would forget who you are, when you came, and the link to your account, for good. Your account \
itself stays; your profile page can delete it.

To have it so, send: /forget yes"""
FORGOTTEN = "You are forgotten. If you send /start again, I meet you for the first time."
NOTHING_KNOWN = "I know nothing about you."
NOBODY = "Nobody has started the bot yet."


def welcome(first_name: str) -> str:
    return WELCOME.format(name=inert(first_name) or "friend")


def bot_statistics(figures: dict[str, Any]) -> str:
    """The four lines of /stats."""
    return (
        "📊 Bot Statistics:\n"
        f"👥 Total Users: {figures['total_users']}\n"
        f"📅 Users Today: {figures['users_today']}\n"
        f"📆 First User: {figures['first_user_date'] or '–'}"
    )


def own_statistics(username: str, stats: UserStats) -> str:
    """The eight statistics of a person."""
    return "\n".join(
        (
            f"📊 {inert(username)}",
            f"Features used: {stats.subscriber_features_used:,}",
            f"Watches: {stats.watch_history_entries:,}",
            f"Hours watched: {stats.total_watched_hours:,.2f}",
            f"Videos uploaded: {stats.videos_uploaded:,}",
            f"Streams created: {stats.streams_created:,}",
            f"Images uploaded: {stats.images_uploaded:,}",
            f"Likes, comments and shares: {stats.total_interactions:,}",
            f"Last activity: {stats.last_activity_timestamp[:16].replace('T', ' ')} UTC",
        )
    )


def newest_people(people: list[BotUser], total: int) -> str:
    """One line a person, the newest first; as long as a message may be."""
    if not people:
        return NOBODY
    lines = [f"👥 {total:,} people; the newest:"]
    for person in people:
        name = f"@{inert(person.username)}" if person.username else ""
        lines.append(f"{shown_moment(person)}  {person.user_id}  {inert(person.first_name)} {name}".rstrip())
    return "\n".join(lines)


def inert(name: str) -> str:
    """A name on one line, without characters that are not seen or turn the text around."""
    shown = "".join(" " if unicodedata.category(one)[0] in "CZ" and one != "\u200d" else one for one in name)
    return " ".join(shown.split())[:LONGEST_SHOWN_NAME]
