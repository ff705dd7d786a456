"""Every setting of the site, once: its default, its unit and what is allowed. Standard library only.

Each can be given by an environment variable of the same name; an empty one counts as unset. A wrong value stops the
start: `FAULTS` holds one line for each.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

FAULTS: list[str] = []
"""One line for each wrong setting; the start is refused while there is one."""


class _Wrong(ValueError):
    """A part of a longer value that is not allowed: which, and what is."""


def _setting(name: str, default: T, parse: Callable[[str], T], allowed: str) -> T:
    text = os.environ.get(name, "")
    if not text:
        return default
    try:
        return parse(text)
    except _Wrong as error:
        FAULTS.append(f"{name}: {error}")
        return default
    except (ValueError, TypeError, RuntimeError):
        FAULTS.append(f"{name}: {text[:40]!r} is not allowed; allowed: {allowed}")
        return default


def _whole(name: str, default: int, least: int, most: int) -> int:
    def parse(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return _setting(name, default, parse, f"a whole number from {least:,} to {most:,}")


def _number(name: str, default: float, least: float, most: float) -> float:
    def parse(text: str) -> float:
        number = float(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return _setting(name, default, parse, f"a number from {least:g} to {most:g}")


def _flag(name: str, default: bool) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

    def parse(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError
        return words[text.lower()]

    return _setting(name, default, parse, "true or false")


def _choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return _setting(name, default, parse, "one of " + ", ".join(choices))


def _amounts(name: str, default: dict[str, float], most: float, *, may_add: bool = True) -> dict[str, float]:
    """Amounts by name, as JSON; what is not named keeps its default."""

    def parse(text: str) -> dict[str, float]:
        amounts: Any = json.loads(text)
        if not isinstance(amounts, dict):
            raise TypeError
        given = {str(key): float(amount) for key, amount in amounts.items()}
        if any(not 0 <= amount <= most for amount in given.values()) or (not may_add and given.keys() - default.keys()):
            raise ValueError
        return {**default, **given}

    example = json.dumps(dict(list(default.items())[:2]))
    return _setting(name, default, parse, f"JSON such as {example}, each from 0 to {most:,g}")


def _zone(text: str) -> str:
    zoneinfo.ZoneInfo(text)
    return text


MEASURES = (
    *("watches", "watched_hours", "uploads", "streams", "images", "interactions", "features_used"),
    *("active_days", "streak"),
)
BADGE_PARTS = {"key", "name", "measure", "threshold", "rarity"}
HIGHEST_THRESHOLD, MOST_POINTS = 1e9, 1_000_000


def _badges(text: str) -> list[dict[str, Any]]:
    """Rules of badges beside the built-in ones; one with a known key takes its place."""
    rules: Any = json.loads(text)
    if not isinstance(rules, list):
        raise TypeError
    for number, rule in enumerate(rules, 1):
        if not isinstance(rule, dict) or rule.keys() != BADGE_PARTS:
            raise _Wrong(f"badge {number} has other parts; allowed: {', '.join(sorted(BADGE_PARTS))}, all of them")
        for part, pattern, allowed in (
            ("key", "[a-z][a-z0-9_]{0,63}", "1 to 64 of a-z, 0-9 and _, a letter first"),
            ("name", r"[^\x00-\x1f]{1,64}", "1 to 64 characters"),
        ):
            if not isinstance(rule[part], str) or re.fullmatch(pattern, rule[part]) is None:
                raise _Wrong(f"{part} of badge {number} is {str(rule[part])[:40]!r}; allowed: {allowed}")
        for part, choices in (("measure", MEASURES), ("rarity", tuple(RARITY_POINTS))):
            if rule[part] not in choices:
                words = ", ".join(choices)
                raise _Wrong(f"{part} of badge {rule['key']} is {str(rule[part])[:40]!r}; allowed: one of {words}")
        if not _is_threshold(rule["threshold"]):
            raise _Wrong(
                f"threshold of badge {rule['key']} is {str(rule['threshold'])[:40]}; allowed: above 0, below 10⁹"
            )
    return rules


def _is_threshold(value: object) -> bool:
    return type(value) in (int, float) and 0 < value < HIGHEST_THRESHOLD  # type: ignore[operator]


def _rarity_points(text: str) -> dict[str, int]:
    """What a badge of each class is worth; a class that is not built in is one more, for the rules of BADGES."""
    given: Any = json.loads(text)
    if not isinstance(given, dict):
        raise TypeError
    for name, points in given.items():
        if re.fullmatch("[a-z][a-z0-9_ ]{0,31}", name) is None:
            raise _Wrong(f"class {name[:40]!r}; allowed: 1 to 32 of a-z, 0-9, _ and blank, a letter first")
        if type(points) is not int or not 0 <= points <= MOST_POINTS:
            raise _Wrong(f"points of {name} are {str(points)[:40]}; allowed: a whole number from 0 to {MOST_POINTS:,}")
    return {**_RARITY_POINTS, **given}


def _milestones(text: str) -> dict[str, list[float]]:
    """Thresholds by measure, each list in the place of the built-in one; an empty list: none of this measure."""
    given: Any = json.loads(text)
    if not isinstance(given, dict):
        raise TypeError
    for measure, thresholds in given.items():
        if measure not in MEASURES:
            raise _Wrong(f"measure {measure[:40]!r}; allowed: one of {', '.join(MEASURES)}")
        if not isinstance(thresholds, list) or not all(map(_is_threshold, thresholds)):
            raise _Wrong(f"{measure} is {str(thresholds)[:40]}; allowed: a list of numbers above 0 and below 10⁹")
        if thresholds != sorted(set(thresholds)):
            raise _Wrong(f"{measure} is {str(thresholds)[:40]}; allowed: each threshold once, the lowest first")
    return {**_MILESTONES, **given}


TUTORIAL_SECRETS = ("change", "example", "hunter2", "password", "secret", "test", "your", "12345", "xxxx")
"""Words that stand in secrets that were copied from somewhere."""


def _secret(name: str, shortest: int) -> str:
    """Empty where it is not set. The value never appears in a message."""
    text = os.environ.get(name, "")
    if text and (len(text) < shortest or any(word in text.lower() for word in TUTORIAL_SECRETS) or len(set(text)) < 8):
        FAULTS.append(
            f"{name}: the value is too short or too easily guessed; allowed: {shortest} random characters or more"
        )
        return ""
    return text


def _token(name: str) -> str:
    """A bot's token from the variable, or from the file that `{name}_FILE` names; empty where neither is set. The value
    never appears in a message."""
    token, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if not token and path:
        try:
            token = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            FAULTS.append(f"{name}_FILE: the file cannot be read ({type(error).__name__}); allowed: one with a token")
            return ""
    if token and re.fullmatch(r"[0-9]{1,20}:[0-9A-Za-z_-]{1,100}", token) is None:
        FAULTS.append(f"{name}: this is not a token; allowed: one as @BotFather gives it, such as 123456:AbC-dEf")
        return ""
    return token


def _folder(text: str) -> Path:
    folder = Path(text).expanduser().resolve()
    if folder.exists() and not folder.is_dir():
        raise ValueError
    return folder


def _list(name: str, check: Callable[[str], object], allowed: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Words with commas between them; each is checked by a function that raises ValueError."""

    def parse(text: str) -> tuple[str, ...]:
        words = tuple(word.strip() for word in text.split(",") if word.strip())
        for word in words:
            check(word)
        return words

    return _setting(name, default, parse, allowed)


def _matching(pattern: str) -> Callable[[str], str]:
    """Checks that a text has this form as a whole."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError
        return text

    return check


# -- where the data is ----------------------------------------------------------------------------------------------

BASE_DIR = _setting("BASE_DIR", Path(__file__).resolve().parent, _folder, "a folder")
"""The folder in which the data folder is."""
USERS_DIR = _setting("USERS_DIR", BASE_DIR / "users", _folder, "a folder")
"""The folder of the JSON files."""
USERS_HISTORY_DIR = _setting("USERS_HISTORY_DIR", USERS_DIR / "history", _folder, "the folder history in USERS_DIR")
"""The folder of the watch histories; it is always the one in USERS_DIR."""
if USERS_HISTORY_DIR != USERS_DIR / "history":
    FAULTS.append("USERS_HISTORY_DIR: it is another folder than history in USERS_DIR; allowed: that one, or unset")
STORE_URL = os.environ.get("STORE_URL", "")
"""Empty: the JSON files in USERS_DIR; else another folder, postgresql://… or redis://…"""
LOCK_TIMEOUT_SECONDS = _number("LOCK_TIMEOUT_SECONDS", 10.0, 0.1, 600.0)
"""How long a write waits for another process before it is refused."""

# -- people ---------------------------------------------------------------------------------------------------------

MAX_WATCH_HISTORY_ENTRIES = _whole("MAX_WATCH_HISTORY_ENTRIES", 1000, 1, 100_000)
"""Entries kept in one person's watch history."""
USER_SUBSCRIPTION_DAYS = _whole("USER_SUBSCRIPTION_DAYS", 365, 1, 3650)
"""Days that a subscription runs when nothing else is said."""
SUBSCRIPTION_PRICES = _amounts("SUBSCRIPTION_PRICES", {"subscriber": 4.99, "premium": 9.99}, 1e6, may_add=False)
"""Price of a month of each plan, in CURRENCY."""
UPGRADE_MODE = _choice("UPGRADE_MODE", "direct", ("direct", "request", "payment"))
"""What the upgrade button does: acts at once, asks an admin, or leads to a payment page."""
PAYMENT_URL = _setting("PAYMENT_URL", "", _matching(r"https://[^/\s]+(/\S*)?"), "an address that begins with https://")
"""The payment page of UPGRADE_MODE=payment; {plan} in it becomes the plan's name."""
if UPGRADE_MODE == "payment" and not PAYMENT_URL:
    FAULTS.append("UPGRADE_MODE: it is payment without PAYMENT_URL; allowed: both, or another mode")
PASSWORD_MIN_LENGTH = _whole("PASSWORD_MIN_LENGTH", 12, 8, 64)
PASSWORD_MAX_LENGTH = _whole("PASSWORD_MAX_LENGTH", 128, 64, 1024)
"""Characters of a new password."""
SESSION_DAYS = _whole("SESSION_DAYS", 30, 1, 365)
"""Days until a sign-in ends."""

# -- statistics -----------------------------------------------------------------------------------------------------

TIME_ZONE = _setting("TIME_ZONE", "UTC", _zone, "the name of a time zone such as Europe/Berlin")
"""The zone of the days and hours in statistics where a viewer does not choose another."""

WATCHED_THRESHOLD = _number("WATCHED_THRESHOLD", 0.85, 0.05, 1.0)
"""The part of a video from which on a watch counts as completed, where the length is known."""
SESSION_GAP_MINUTES = _whole("SESSION_GAP_MINUTES", 30, 1, 1440)
"""Minutes without any event after which a session is over."""
BITRATES = _amounts(
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
STORAGE_QUOTA_GB = _amounts("STORAGE_QUOTA_GB", {"free": 5.0, "subscriber": 50.0, "premium": 500.0}, 1e6)
"""Gigabytes (10⁹ bytes) that each role may store."""
CURRENCY = _setting("CURRENCY", "USD", _matching("[A-Z]{3}"), "three letters such as EUR")
"""The currency of the prices and payments."""
_RARITY_POINTS = {"common": 10, "uncommon": 25, "rare": 50, "epic": 100, "legendary": 250}
RARITY_POINTS = _setting("RARITY_POINTS", _RARITY_POINTS, _rarity_points, 'JSON such as {"rare": 60, "mythic": 500}')
"""Points of a badge by its class of rarity; what is not named keeps its points, a new name is a new class."""
_NO_BADGES: list[dict[str, Any]] = []
BADGES = _setting(
    "BADGES",
    _NO_BADGES,
    _badges,
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
MILESTONES = _setting("MILESTONES", _MILESTONES, _milestones, 'JSON such as {"watches": [10, 100], "streams": [1, 5]}')
"""The thresholds of milestones by measure; a measure that is not named keeps its own."""
LEVEL_STEP = _whole("LEVEL_STEP", 25, 1, 1_000_000)
"""Points from level 1 to level 2; each further step takes so many more than the one before."""

# -- audience -------------------------------------------------------------------------------------------------------

ENABLE_USER_ANALYTICS = _flag("ENABLE_USER_ANALYTICS", True)
"""Off: nothing is counted of visitors."""
VISITOR_KEY_DAYS = _whole("VISITOR_KEY_DAYS", 1, 0, 1)
"""1: addresses are hashed under a key of the day, destroyed after it. 0: one key for good, which joins the days."""
NEW_PEOPLE_PER_ADDRESS = _whole("NEW_PEOPLE_PER_ADDRESS", 50, 1, 1_000_000)
"""New cookies that one address may add to the count on one day."""
TRACKED_PATHS = _list("TRACKED_PATHS", _matching("/.*"), "paths such as /,/news/* with commas between them")
"""Paths whose visits are counted by themselves, * stands for anything; empty: every page."""
PUBLIC_COUNT = _flag("PUBLIC_COUNT", True)
"""Off: the welcome page does not say how many people are here."""
EMBED_COUNTER = _flag("EMBED_COUNTER", False)
"""On: other pages may show the count (/api/counter, /api/counter.svg)."""
RETENTION_DAYS = _whole("RETENTION_DAYS", 90, 1, 3650)
"""Days that single visits are kept; day totals stay."""
ANALYTICS_KEY = _secret("ANALYTICS_KEY", 24)
"""A key that may read the figures over HTTP."""
NO_CACHE = _flag("NO_CACHE", False)
"""On: answers that may be cached are not."""

# -- http -----------------------------------------------------------------------------------------------------------

ALLOWED_HOSTS = _list(
    "ALLOWED_HOSTS",
    _matching(r"\*|[0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\]"),
    "names of this site such as stats.example.org with commas between them, or *",
    ("localhost", "127.0.0.1", "[::1]"),
)
"""The names under which the site may be asked for, without ports; * stands for any."""
TRUSTED_PROXIES = _list("TRUSTED_PROXIES", ipaddress.ip_network, "addresses or networks with commas between them")
"""Proxies in front of the site; X-Forwarded-For is believed from them alone."""
CORS_ORIGINS = _list("CORS_ORIGINS", _matching(r"\*|https?://[^/,\s]+"), "origins such as https://example.org, or *")
"""Other sites whose pages may call the API in a browser."""
REQUESTS_PER_MINUTE = _whole("REQUESTS_PER_MINUTE", 600, 1, 10_000_000)
"""Requests without a key that one address may make; the machine itself is not limited."""
KEY_REQUESTS_PER_MINUTE = _whole("KEY_REQUESTS_PER_MINUTE", 60_000, 1, 10_000_000)
"""Requests that one key may make."""
OPEN_REPORTING = _flag("OPEN_REPORTING", False)
"""On: other instances may report their counts without a key; such reports are marked as unverified."""
REPORT_TO = _setting("REPORT_TO", "", _matching(r"https?://[^/\s]+(/\S*)?"), "an address such as https://example.org")
"""The site that this one reports its count to every hour; empty: none."""
REPORT_KEY = _secret("REPORT_KEY", 24)
"""The key with the scope report that the other site gave out."""
INSTANCE_ID = _setting(
    "INSTANCE_ID", "", _matching("[0-9A-Za-z][0-9A-Za-z._-]{0,63}"), "1 to 64 letters, digits and . _ -"
)
"""The name of this instance in its reports."""
if REPORT_TO and not (REPORT_KEY and INSTANCE_ID):
    FAULTS.append("REPORT_TO: it is set without REPORT_KEY and INSTANCE_ID; allowed: all three or none")

# -- backups --------------------------------------------------------------------------------------------------------

BACKUP_DIR = _setting("BACKUP_DIR", None, _folder, "a folder")
"""The folder of the scheduled backups; empty: none are taken. Better on another disk than the data."""
BACKUP_HOURS = _whole("BACKUP_HOURS", 24, 1, 8760)
"""Hours between two scheduled backups; half as long again, and the newest one counts as late."""
BACKUPS_KEPT = _whole("BACKUPS_KEPT", 7, 1, 1000)
"""Good backups that are kept in BACKUP_DIR; older ones go."""
BACKUP_PASSPHRASE = _secret("BACKUP_PASSPHRASE", 16)
"""With VISITOR_KEY_DAYS=0: backups carry the key of the address hash, sealed under this; empty: they leave it out."""

# -- app and bot ----------------------------------------------------------------------------------------------------

ENABLE_DEMO = _flag("ENABLE_DEMO", True)
"""Off: the Activity Demo page is not there; the command always works."""
TELEGRAM_BOT_TOKEN = _token("TELEGRAM_BOT_TOKEN")
"""The token of the Telegram bot, as @BotFather gives it; or TELEGRAM_BOT_TOKEN_FILE names a file that holds it."""
TELEGRAM_API_URL = _setting(
    "TELEGRAM_API_URL",
    "https://api.telegram.org",
    _matching(r"https?://[^/\s?#]+(/[^\s?#]*)?"),
    "an address such as https://api.telegram.org",
)
"""The server of the Bot API."""
TELEGRAM_OWNERS = _list("TELEGRAM_OWNERS", _matching("[1-9][0-9]{0,15}"), "Telegram ids with commas between them")
"""Telegram ids of the people who may see the list of the bot's users."""
TELEGRAM_WEBHOOK_URL = _setting(
    "TELEGRAM_WEBHOOK_URL",
    "",
    _matching(r"(https://[^/\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?)(/[^\s?#]*)?/api/telegram"),
    "an address such as https://example.org/api/telegram",
)
"""Where Telegram sends the bot's updates to the site itself; empty: `python -m user_stats bot` fetches them."""
TELEGRAM_WEBHOOK_SECRET = _secret("TELEGRAM_WEBHOOK_SECRET", 24)
"""What Telegram shows with each update; letters, digits, _ and -."""
if re.fullmatch("[0-9A-Za-z_-]{0,256}", TELEGRAM_WEBHOOK_SECRET) is None:
    FAULTS.append("TELEGRAM_WEBHOOK_SECRET: it has other characters; allowed: 24 to 256 letters, digits, _ and -")
if TELEGRAM_WEBHOOK_URL and not (TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET):
    FAULTS.append(
        "TELEGRAM_WEBHOOK_URL: it is set without TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET; allowed: all or none"
    )
DESCRIPTION_UPDATE_INTERVAL = _whole("DESCRIPTION_UPDATE_INTERVAL", 3600, 1, 30 * 86_400)
"""Seconds between two changes of the bot's description."""
