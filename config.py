"""Every setting of the site, once: its default, its unit and what is allowed. Standard library only.

Each can be given by an environment variable of the same name; an empty one counts as unset. A wrong value stops the
start: `FAULTS` holds one line for each. How a text becomes a value stands in `config_values.py`.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Any

from config_values import (
    FAULTS as FAULTS,
)
from config_values import (
    amounts,
    badges,
    choice,
    flag,
    folder,
    matching,
    milestones,
    number,
    rarity_points,
    secret,
    setting,
    token,
    whole,
    words,
    zone,
)

# -- where the data is ----------------------------------------------------------------------------------------------

BASE_DIR = setting("BASE_DIR", Path(__file__).resolve().parent, folder, "a folder")
"""The folder in which the data folder is."""
USERS_DIR = setting("USERS_DIR", BASE_DIR / "users", folder, "a folder")
"""The folder of the JSON files."""
USERS_HISTORY_DIR = setting("USERS_HISTORY_DIR", USERS_DIR / "history", folder, "the folder history in USERS_DIR")
"""The folder of the watch histories; it is always the one in USERS_DIR."""
if USERS_HISTORY_DIR != USERS_DIR / "history":
    FAULTS.append("USERS_HISTORY_DIR: it is another folder than history in USERS_DIR; allowed: that one, or unset")
STORE_URL = os.environ.get("STORE_URL", "")
"""Empty: the JSON files in USERS_DIR; else another folder, postgresql://… or redis://…"""
LOCK_TIMEOUT_SECONDS = number("LOCK_TIMEOUT_SECONDS", 10.0, 0.1, 600.0)
"""How long a write waits for another process before it is refused."""

# -- people ---------------------------------------------------------------------------------------------------------

MAX_WATCH_HISTORY_ENTRIES = whole("MAX_WATCH_HISTORY_ENTRIES", 1000, 1, 100_000)
"""Entries kept in one person's watch history."""
USER_SUBSCRIPTION_DAYS = whole("USER_SUBSCRIPTION_DAYS", 365, 1, 3650)
"""Days that a subscription runs when nothing else is said."""
SUBSCRIPTION_PRICES = amounts("SUBSCRIPTION_PRICES", {"subscriber": 4.99, "premium": 9.99}, 1e6, may_add=False)
"""Price of a month of each plan, in CURRENCY."""
UPGRADE_MODE = choice("UPGRADE_MODE", "direct", ("direct", "request", "payment"))
"""What the upgrade button does: acts at once, asks an admin, or leads to a payment page."""
PAYMENT_URL = setting("PAYMENT_URL", "", matching(r"https://[^/\s]+(/\S*)?"), "an address that begins with https://")
"""The payment page of UPGRADE_MODE=payment; {plan} in it becomes the plan's name."""
if UPGRADE_MODE == "payment" and not PAYMENT_URL:
    FAULTS.append("UPGRADE_MODE: it is payment without PAYMENT_URL; allowed: both, or another mode")
PASSWORD_MIN_LENGTH = whole("PASSWORD_MIN_LENGTH", 12, 8, 64)
PASSWORD_MAX_LENGTH = whole("PASSWORD_MAX_LENGTH", 128, 64, 1024)
"""Characters of a new password."""
SESSION_DAYS = whole("SESSION_DAYS", 30, 1, 365)
"""Days until a sign-in ends."""

# -- statistics -----------------------------------------------------------------------------------------------------

TIME_ZONE = setting("TIME_ZONE", "UTC", zone, "the name of a time zone such as Europe/Berlin")
"""The zone of the days and hours in statistics where a viewer does not choose another."""

WATCHED_THRESHOLD = number("WATCHED_THRESHOLD", 0.85, 0.05, 1.0)
"""The part of a video from which on a watch counts as completed, where the length is known."""
SESSION_GAP_MINUTES = whole("SESSION_GAP_MINUTES", 30, 1, 1440)
"""Minutes without any event after which a session is over."""
BITRATES = amounts(
    "BITRATES",
    {
        "144p": 0.1,
        "240p": 0.3,
        "360p": 0.7,
        "480p": 1.2,
        "540p": 1.7,
        "576p": 1.9,
        "720p": 2.5,
        "900p": 4.0,
        "1080p": 5.0,
        "1440p": 9.0,
        "2160p": 18.0,
        "4320p": 50.0,
        "audio": 0.16,
    },
    1000,
)
"""Megabits a second by quality, for bandwidth that was not measured."""
STORAGE_QUOTA_GB = amounts("STORAGE_QUOTA_GB", {"free": 5.0, "subscriber": 50.0, "premium": 500.0}, 1e6)
"""Gigabytes (10⁹ bytes) that each role may store."""
CURRENCY = setting("CURRENCY", "USD", matching("[A-Z]{3}"), "three letters such as EUR")
"""The currency of the prices and payments."""
_RARITY_POINTS = {"common": 10, "uncommon": 25, "rare": 50, "epic": 100, "legendary": 250}
RARITY_POINTS = setting(
    "RARITY_POINTS",
    _RARITY_POINTS,
    lambda text: rarity_points(text, _RARITY_POINTS),
    'JSON such as {"rare": 60, "mythic": 500}',
)
"""Points of a badge by its class of rarity; what is not named keeps its points, a new name is a new class."""
_NO_BADGES: list[dict[str, Any]] = []
BADGES = setting(
    "BADGES",
    _NO_BADGES,
    lambda text: badges(text, tuple(RARITY_POINTS)),
    'JSON such as [{"key": "marathon", "name": "Marathon", "measure": "watched_hours", "threshold": 42, "rarity": '
    '"rare"}]',
)
"""Badges beside the built-in ones; one with the key of a built-in one takes its place."""
_MILESTONES: dict[str, list[float]] = {
    "watches": [10, 50, 100, 500, 1000, 5000, 10_000],
    "watched_hours": [1, 10, 50, 100, 500, 1000, 5000],
    "uploads": [1, 10, 50, 100, 500, 1000],
    "interactions": [1, 10, 50, 100, 500, 1000, 5000],
    "active_days": [7, 30, 100, 365, 1000],
}
MILESTONES = setting(
    "MILESTONES",
    _MILESTONES,
    lambda text: milestones(text, _MILESTONES),
    'JSON such as {"watches": [10, 100], "streams": [1, 5]}',
)
"""The thresholds of milestones by measure; a measure that is not named keeps its own."""
LEVEL_STEP = whole("LEVEL_STEP", 25, 1, 1_000_000)
"""Points from level 1 to level 2; each further step takes so many more than the one before."""

# -- audience -------------------------------------------------------------------------------------------------------

ENABLE_USER_ANALYTICS = flag("ENABLE_USER_ANALYTICS", True)
"""Off: nothing is counted of visitors."""
VISITOR_KEY_DAYS = whole("VISITOR_KEY_DAYS", 1, 0, 1)
"""1: addresses are hashed under a key of the day, destroyed after it. 0: one key for good, which joins the days."""
NEW_PEOPLE_PER_ADDRESS = whole("NEW_PEOPLE_PER_ADDRESS", 50, 1, 1_000_000)
"""New cookies that one address may add to the count on one day."""
TRACKED_PATHS = words("TRACKED_PATHS", matching("/.*"), "paths such as /,/news/* with commas between them")
"""Paths whose visits are counted by themselves, * stands for anything; empty: every page."""
PUBLIC_COUNT = flag("PUBLIC_COUNT", True)
"""Off: the welcome page does not say how many people are here."""
EMBED_COUNTER = flag("EMBED_COUNTER", False)
"""On: other pages may show the count (/api/counter, /api/counter.svg)."""
RETENTION_DAYS = whole("RETENTION_DAYS", 90, 1, 3650)
"""Days that single visits are kept; day totals stay."""
ANALYTICS_KEY = secret("ANALYTICS_KEY", 24)
"""A key that may read the figures over HTTP."""
NO_CACHE = flag("NO_CACHE", False)
"""On: answers that may be cached are not."""

# -- http -----------------------------------------------------------------------------------------------------------

PORT = whole("PORT", 8501, 0, 65_535)
"""The port of `serve` where the command names none; 0: any. `streamlit run` has STREAMLIT_SERVER_PORT."""
ALLOWED_HOSTS = words(
    "ALLOWED_HOSTS",
    matching(r"\*|[0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\]"),
    "names of this site such as stats.example.org with commas between them, or *",
    ("localhost", "127.0.0.1", "[::1]"),
)
"""The names under which the site may be asked for, without ports; * stands for any."""
TRUSTED_PROXIES = words("TRUSTED_PROXIES", ipaddress.ip_network, "addresses or networks with commas between them")
"""Proxies in front of the site; X-Forwarded-For is believed from them alone."""
CORS_ORIGINS = words("CORS_ORIGINS", matching(r"\*|https?://[^/,\s]+"), "origins such as https://example.org, or *")
"""Other sites whose pages may call the API in a browser."""
REQUESTS_PER_MINUTE = whole("REQUESTS_PER_MINUTE", 600, 1, 10_000_000)
"""Requests without a key that one address may make; the machine itself is not limited."""
KEY_REQUESTS_PER_MINUTE = whole("KEY_REQUESTS_PER_MINUTE", 60_000, 1, 10_000_000)
"""Requests that one key may make."""
OPEN_REPORTING = flag("OPEN_REPORTING", False)
"""On: other instances may report their counts without a key; such reports are marked as unverified."""
REPORT_TO = setting("REPORT_TO", "", matching(r"https?://[^/\s]+(/\S*)?"), "an address such as https://example.org")
"""The site that this one reports its count to every hour; empty: none."""
REPORT_KEY = secret("REPORT_KEY", 24)
"""The key with the scope report that the other site gave out."""
INSTANCE_ID = setting(
    "INSTANCE_ID", "", matching("[0-9A-Za-z][0-9A-Za-z._-]{0,63}"), "1 to 64 letters, digits and . _ -"
)
"""The name of this instance in its reports."""
if REPORT_TO and not (REPORT_KEY and INSTANCE_ID):
    FAULTS.append("REPORT_TO: it is set without REPORT_KEY and INSTANCE_ID; allowed: all three or none")

# -- backups --------------------------------------------------------------------------------------------------------

BACKUP_DIR = setting("BACKUP_DIR", None, folder, "a folder")
"""The folder of the scheduled backups; empty: none are taken. Better on another disk than the data."""
BACKUP_HOURS = whole("BACKUP_HOURS", 24, 1, 8760)
"""Hours between two scheduled backups; half as long again, and the newest one counts as late."""
BACKUPS_KEPT = whole("BACKUPS_KEPT", 7, 1, 1000)
"""Good backups that are kept in BACKUP_DIR; older ones go."""
BACKUP_PASSPHRASE = secret("BACKUP_PASSPHRASE", 16)
"""With VISITOR_KEY_DAYS=0: backups carry the key of the address hash, sealed under this; empty: they leave it out."""

# -- app and bot ----------------------------------------------------------------------------------------------------

ENABLE_DEMO = flag("ENABLE_DEMO", True)
"""Off: the Activity Demo page is not there; the command always works."""
TELEGRAM_BOT_TOKEN = token("TELEGRAM_BOT_TOKEN")
"""The token of the Telegram bot, as @BotFather gives it; or TELEGRAM_BOT_TOKEN_FILE names a file that holds it."""
TELEGRAM_API_URL = setting(
    "TELEGRAM_API_URL",
    "https://api.telegram.org",
    matching(r"https?://[^/\s?#]+(/[^\s?#]*)?"),
    "an address such as https://api.telegram.org",
)
"""The server of the Bot API."""
TELEGRAM_OWNERS = words("TELEGRAM_OWNERS", matching("[1-9][0-9]{0,15}"), "Telegram ids with commas between them")
"""Telegram ids of the people who may see the list of the bot's users."""
TELEGRAM_WEBHOOK_URL = setting(
    "TELEGRAM_WEBHOOK_URL",
    "",
    matching(r"(https://[^/\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?)(/[^\s?#]*)?/api/telegram"),
    "an address such as https://example.org/api/telegram",
)
"""Where Telegram sends the bot's updates to the site itself; empty: `python -m user_stats bot` fetches them."""
TELEGRAM_WEBHOOK_SECRET = secret("TELEGRAM_WEBHOOK_SECRET", 24)
"""What Telegram shows with each update; letters, digits, _ and -."""
if re.fullmatch("[0-9A-Za-z_-]{0,256}", TELEGRAM_WEBHOOK_SECRET) is None:
    FAULTS.append("TELEGRAM_WEBHOOK_SECRET: it has other characters; allowed: 24 to 256 letters, digits, _ and -")
if TELEGRAM_WEBHOOK_URL and not (TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET):
    FAULTS.append(
        "TELEGRAM_WEBHOOK_URL: it is set without TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET; allowed: all or none"
    )
DESCRIPTION_UPDATE_INTERVAL = whole("DESCRIPTION_UPDATE_INTERVAL", 3600, 1, 30 * 86_400)
"""Seconds between two changes of the bot's description."""
