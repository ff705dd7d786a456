"""What is stored where: every collection and every log of the store, in one list.

Backups, exports, erasure, `verify` and copies walk these lists, so that nothing is forgotten.
"""

from __future__ import annotations

from user_stats.errors import StorageCorrupt
from user_stats.fields import fold_email, fold_username
from user_stats.storage import Collection, Log, Record
from user_stats.times import from_iso, normal_iso


def watch_end(entry: Record) -> float:
    """When a watch ended, in seconds since 1970: what a history is ordered by. Raises StorageCorrupt."""
    try:
        return from_iso(entry["watched_at"]).timestamp() + float(entry["duration_seconds"])
    except (LookupError, ValueError, TypeError, OverflowError) as error:
        raise StorageCorrupt(f"history: an entry has no time or no duration: {error!r}", path="history") from None


def _moment(value: object) -> str | None:
    try:
        return normal_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None


USERS = Collection(
    "users",
    width=1024,
    unique={"username": fold_username, "email": fold_email},
    fields=("username", "email", "role", "is_active", "created_at", "subscription_expires"),
    kinds=("role", "is_active"),
    normal={
        "role": lambda value: value if isinstance(value, str) else None,
        "is_active": lambda value: value is None or value is True,
        "created_at": _moment,
        "subscription_expires": _moment,
    },
    keys="user_id",
)
"""People: {user_id: User}."""
USER_STATS = Collection("user_stats", keys="user_id")
"""The eight statistics: {user_id: UserStats}."""
SUBSCRIBER_FEATURES = Collection("subscriber_features", width=1024)
"""Grants, revocations and uses: {user_id: {user_id, granted, revoked, uses}}."""
USER_TOTALS = Collection("user_totals", keys="user_id")
"""Lifetime watches of a person by content type: {user_id: {user_id, video, stream, image, events, repairs}}."""
REPAIRS = "repairs"
"""In USER_TOTALS: how often `repair` put something right of a person, for who still holds what was counted before."""
USER_VERSIONS = Collection("user_versions", width=128)
"""How often an account was changed, for edits at the same time: {user_id: {version}}."""
CREDENTIALS = Collection("credentials")
"""Password hashes and reset codes: {user_id: {argon2id, reset: {digest, until}}}."""
SESSIONS = Collection("sessions")
"""Where a person is signed in, by the hash of the token, and browsers known: {user_id: {sessions, devices}}."""
IDENTITIES = Collection("identities", unique={"identity": str})
"""People who come by a provider, by a hash of what the provider calls them: {user_id: {user_id, identity}}."""
ACCESS = Collection("access", width=256)
"""Failed attempts to sign in, by hashes, and the code for the first admin; short-lived: {name: {…}}."""
API_KEYS = Collection("api_keys", unique={"name": fold_username})
"""Keys of the HTTP API: {key_id: {name, scope, digest, made_at}}."""
DEMO = Collection("demo", width=256)
"""Who is made up, or has made-up activity: {user_id: {user_id, is_made_up, events, seed, made_at}}."""
UPGRADE_REQUESTS = Collection("upgrade_requests", width=256)
"""Who asks for a plan: {user_id: {user_id, plan, requested_at}}."""
CONTENT = Collection("content", width=1024)
"""What was told of an item: {content_id: {content_id, owners, title, category, tags, size_bytes, …}}."""
CONNECTIONS = Collection("connections")
"""Whom a person follows and by whom they are followed, who brought them and whom they brought: {user_id: {…}}."""
ERASURES = Collection("erasures", width=128)
"""Who was erased or forgotten, by a hash, so that no backup brings them back: {hash: {at}}."""
PLAYLISTS = Collection("playlists", width=1024)
"""Playlists of a person: {user_id: {user_id, playlists: {playlist_id: {name, items}}}}."""
PREFERENCES = Collection("preferences")
"""What a person chose, such as a theme: {user_id: {user_id, chosen: {name: value}}}."""
DAY_TOTALS = Collection("day_totals", width=2048, counts=True)
"""What happened on each UTC day: {YYYY-MM-DD: {date, counts and seconds}}; see `day_totals.py`."""
SITE = Collection("site", width=1024)
"""Facts about the site as a whole: {"admins": {user_ids}, "audience": {sums of AUDIENCE_DAYS}, "audit": {its end},
"bot": {first_seen}, "backups": {verified_at, failed_at}}."""
AUDIENCE_DAYS = Collection("audience_days", width=1024)
"""Visits, visitors, people and jobs of each UTC day, for good: {YYYY-MM-DD: {date, counts}}."""
AUDIENCE_PATHS = Collection("audience_paths", width=2048)
"""Visits of each UTC day by path: {YYYY-MM-DD: {paths: {path: visits}}}."""
KNOWN_VISITORS = Collection("known_visitors", width=128, is_crowd=True)
"""Visitors who are known again on later days, by hash: {kind:hash: {first, last, seen}}."""
VISITOR_PAIRS = Collection("visitor_pairs", width=256)
"""Which user of the bot and which browser are one person, both ways: {kind:hash: {other, joined_on}}."""
VISITOR_MARKS = Collection("visitor_marks", width=2048)
"""Who was counted on a day, by the hashes under its key; goes when the key goes: {day:part: {tags}}."""
VISITOR_KEYS = Collection("visitor_keys", width=256)
"""The random keys under which addresses are hashed: {day or "site": {key, made_at}}."""
INSTANCES = Collection("instances")
"""Counts that other instances reported: {instance_id: {…}}."""
LOG_IMPORTS = Collection("log_imports")
"""Access logs that were imported: {fingerprint: {name, lines, imported_at}}."""
BOT_USERS = Collection("bot_users", is_crowd=True)
"""Who has started the bot: {telegram_id: {user_id, first_name, username, first_seen, referral}}."""
BOT_DAYS = Collection("bot_days", width=128)
"""How many started the bot for the first time on each UTC day: {YYYY-MM-DD: {new}}."""
BOT_DESCRIPTION = Collection("bot_description", width=256)
"""What the bot's profile says, and when that may change: {part: {count, changed_at, retry_at}}."""
BOT_LINKS = Collection("bot_links", unique={"telegram_id": str})
"""The Telegram account of a person; `digest` is of the code: {user_id: {telegram_id, linked_at, digest}}."""
BOT_LINK_CODES = Collection("bot_link_codes", unique={"digest": str})
"""One-time codes for linking, as hashes: {user_id: {digest, expires_at, visitor}}."""
COPIES = Collection("copies", width=256)
"""Whose copy this store is to become, while that goes on: {"target": {origin, begun_at}}; see `transfer/copying.py`."""
SCHEDULES = Collection("schedules", width=256)
"""What runs by the clock, and when it ran last: {name: {…}}."""

HISTORY = Log("history", order=watch_end)
"""What each person watched, the newest MAX_WATCH_HISTORY_ENTRIES."""
ACTIVITY = Log("activity")
"""Everything that each person did, for good; every counter can be computed from it."""
IMPORTS = Log("imports")
"""What each person imported: one mark a chunk of a batch, with the digests of its rows."""
ROLLUPS = Log("rollups")
"""What the activity of each person comes to for the statistics, as far as it was counted; made anew from ACTIVITY."""
SHELVES = Log("shelves")
"""The same of people who did little, many in one record under the beginning of their ids."""
AUDIT = Log("audit")
"""Who signed in, was refused, changed a right or took data out, one list a month; see `audit.py`."""
VISITS = Log("visits")
"""Each visit to a page: path, family of the browser, time; some thousands a list, its key begins with the day."""
JOBS = Log("jobs")
"""Each attempt at a piece of work; kept like visits."""
LOG_LINES = Log("log_lines")
"""Which lines of access logs were counted, by day, so that none counts twice; see `audience/log_lines.py`."""

PERSONAL_COLLECTIONS = (
    *(USERS, USER_STATS, SUBSCRIBER_FEATURES, USER_TOTALS, USER_VERSIONS, CREDENTIALS, SESSIONS, DEMO),
    *(UPGRADE_REQUESTS, CONNECTIONS, PLAYLISTS, PREFERENCES),
    *(BOT_LINKS, BOT_LINK_CODES, IDENTITIES),
)
"""Records under a person's id; erasing a person removes them."""
PERSONAL_LOGS = (HISTORY, ACTIVITY, IMPORTS, ROLLUPS)
"""Lists under a person's id; erasing a person removes them, and takes them out of SHELVES."""

SECRET_COLLECTIONS = (CREDENTIALS, IDENTITIES, SESSIONS, ACCESS, API_KEYS, VISITOR_KEYS, BOT_LINK_CODES)
"""Files that only their owner may read; a start with others refuses."""

SHORT_LIVED_COLLECTIONS = (
    *(VISITOR_KEYS, VISITOR_MARKS, SCHEDULES, ACCESS, SESSIONS, COPIES),
    *(BOT_DESCRIPTION, BOT_LINK_CODES),
)
"""Never in a backup: keys that must not outlive their day, marks that are of no use without them, leases, and sessions
and codes, which must not begin again when they have ended. With one visitor key for good (VISITOR_KEY_DAYS=0),
VISITOR_KEYS belongs into it."""
AUDIENCE_COLLECTIONS = (
    *(AUDIENCE_DAYS, AUDIENCE_PATHS, KNOWN_VISITORS, VISITOR_PAIRS, INSTANCES, LOG_IMPORTS),
    *(VISITOR_KEYS, VISITOR_MARKS, SCHEDULES),
)
AUDIENCE_LOGS = (VISITS, JOBS, LOG_LINES)
BOT_COLLECTIONS = (BOT_USERS, BOT_DAYS, BOT_DESCRIPTION)

ALL_COLLECTIONS = (
    *(*PERSONAL_COLLECTIONS, ERASURES, DAY_TOTALS, CONTENT, SITE, ACCESS, API_KEYS, COPIES),
    *(*AUDIENCE_COLLECTIONS, *BOT_COLLECTIONS),
)
ALL_LOGS = (*PERSONAL_LOGS, SHELVES, *AUDIENCE_LOGS, AUDIT)
BACKED_UP_COLLECTIONS = tuple(one for one in ALL_COLLECTIONS if one not in SHORT_LIVED_COLLECTIONS)
