"""The readme of a person's archive: every file and field in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from user_stats.collections import (
    ACTIVITY,
    BOT_LINKS,
    BOT_USERS,
    CONNECTIONS,
    CONTENT,
    DEMO,
    HISTORY,
    PLAYLISTS,
    PREFERENCES,
    SUBSCRIBER_FEATURES,
    UPGRADE_REQUESTS,
    USER_STATS,
    USER_TOTALS,
    USER_VERSIONS,
    USERS,
)
from user_stats.storage import Record

WIDTH = 28

FILES = {
    "person.json": "everything below in one file, as a program reads it: under `collections` one record of each kind, "
    "under `logs` the lists",
    "history.json": "your watch history as a list of watches; this file can be imported again, here or on another site",
    "account.csv": "your account, one line, for a spreadsheet",
    "statistics.csv": "your lifetime figures, one line",
    "features.csv": "features that you used, or that were given to you or taken from you by an admin",
    "history.csv": "your watch history, one watch a line",
    "activity.csv": "everything that was recorded of you, one event a line, the oldest first",
}

FIELDS: dict[str, dict[str, str]] = {
    USERS.name: {
        "user_id": "a random id that stands for you in all our records",
        "username": "the name that you chose",
        "email": "your e-mail address",
        "role": "free, subscriber, premium or admin",
        "created_at": "when the account was made",
        "updated_at": "when the account was changed last",
        "is_active": "false where an admin has closed the account for the time being",
        "subscription_expires": "when your subscription ends; empty without one",
    },
    USER_STATS.name: {
        "subscriber_features_used": "how often you used a feature of your plan",
        "watch_history_entries": "how many watches were ever recorded",
        "total_watched_hours": "hours that you ever watched",
        "videos_uploaded": "videos that you uploaded",
        "streams_created": "live streams that you started",
        "images_uploaded": "images that you uploaded",
        "total_interactions": "your likes, comments and shares",
        "last_activity_timestamp": "when you did something here last",
        "created_at": "when counting began",
        "updated_at": "when a figure changed last",
    },
    SUBSCRIBER_FEATURES.name: {
        "granted": "features that an admin gave you beyond your plan",
        "revoked": "features that an admin took from you",
        "uses": "how often you used each feature",
    },
    USER_TOTALS.name: {
        "video, stream, image": "for each kind: how many watches ever, their seconds, how many to the end",
        "events": "how many lines your activity has",
        "active_on": "the last day on which you did something here",
    },
    CONNECTIONS.name: {
        "following, followers": "whom you follow and who follows you, by their ids",
        "referrer, referred": "who brought you here and whom you brought, by their ids",
    },
    PLAYLISTS.name: {"playlists": "your playlists by their ids, each with its name and items"},
    PREFERENCES.name: {"chosen": "what you chose, by the name of the setting"},
    UPGRADE_REQUESTS.name: {
        "plan": "the plan that you asked for",
        "requested_at": "when you asked for it",
    },
    BOT_LINKS.name: {
        "telegram_id": "the number of your Telegram account",
        "linked_at": "when you linked it",
        "digest": "a hash of the code that linked it, which is good for nothing any more",
    },
    USER_VERSIONS.name: {
        "version": "how often the account was changed, so that two people who edit it do not undo each other",
        "digest": "a sum over the account, by which a change by hand is noticed",
    },
    HISTORY.name: {
        "video_id": "what you watched",
        "stream_id": "the live stream, where it was one",
        "watched_at": "when you started",
        "duration_seconds": "how long you watched, in seconds; 0 where it is not known",
        "content_type": "video, stream or image",
        "session_id": "a random id of this one watch",
        "completed": "true where you watched it to the end",
        "quality": "the resolution",
        "title": "its title, where we were told one",
    },
    ACTIVITY.name: {
        "at": "when it was recorded",
        "kind": "watch, upload, interaction, feature_use, rating, follow, playlist, sign_in and others that you did, "
        "account_created, profile_change, role_change, subscription, "
        "feature_assignment, history_cleared, deactivated, reactivated, badge (one you earned, with its rule and day); "
        "or opening: figures that were brought along",
        "subject": "what it was about, such as the id of a video or the name of a feature",
        "category, tags": "what the watched video was about, where we were told",
        "length_seconds": "the length of the whole video",
        "interaction_type": "like, comment or share",
        "size_bytes": "the size of an upload",
        "role, before, days, expires, before_expires": "your role or plan after and before a change, for how long and "
        "until when",
        "fields": "which parts of the profile were changed; the old values are not kept",
        "made_up": "true for what the activity demo made up",
        "entries": "how many entries went when the history was cleared",
        "assignment": "granted, revoked or plan: what an admin decided on a feature",
    },
}
"""Fields of each collection and log; what is not listed is told by its name."""

TITLES = {
    USERS.name: "your account",
    CONNECTIONS.name: "you and others",
    PLAYLISTS.name: "your playlists",
    BOT_USERS.name: "what the bot knows of the Telegram account that you linked",
    CONTENT.name: "the items that you brought or own, by their ids: what was told of each",
    PREFERENCES.name: "your settings",
    USER_STATS.name: "your lifetime figures; clearing the history does not change them",
    SUBSCRIBER_FEATURES.name: "features beyond or below your plan, and their use",
    USER_TOTALS.name: "your watches by kind, over your lifetime here",
    BOT_LINKS.name: "the Telegram account that you linked",
    USER_VERSIONS.name: "a counter of changes",
    UPGRADE_REQUESTS.name: "your request for a plan, which an admin has not decided yet",
    DEMO.name: "a mark that some of your activity is made up, by the activity demo",
    HISTORY.name: "your watch history: the newest watches; the oldest go when there are many",
    ACTIVITY.name: "everything that was recorded of you",
}


def readme(document: dict[str, Any], lists: dict[str, list[Record]], *, made_on: str) -> str:
    """The text; it names every part that this archive holds."""
    return "\n".join(_lines(document["collections"], lists, made_on))


def _lines(records: dict[str, Record], lists: dict[str, list[Record]], made_on: str) -> Iterator[str]:
    yield f"What is held on you, as of {made_on}\n"
    yield "This archive has everything that this site keeps under your account. Your password is kept only as a hash"
    yield "from which it cannot be read; neither the hash nor the keys of your sign-ins are in here. Visits to pages"
    yield "are counted without knowing who came: nothing of them could be told to be yours. All times are UTC.\n"
    yield "The files\n"
    for name, meaning in FILES.items():
        yield f"  {name:{WIDTH}}{meaning}"
    yield "\nCells of the CSV files that a spreadsheet would run as a formula have an apostrophe in front; the JSON"
    yield "files have them as they are.\n"
    yield "The parts of person.json and their fields"
    for name in [*records, *lists]:
        count = f" ({len(lists[name]):,} entries)" if name in lists else ""
        yield f"\n{name}: {TITLES.get(name, 'a further record of your account')}{count}"
        for field, meaning in FIELDS.get(name, {}).items():
            yield f"  {field:{WIDTH}}{meaning}"
    yield ""
