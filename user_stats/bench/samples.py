"""The people and their watches that every store of the bench holds."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

WATCHERS = 64
CAP = 1000
MOMENT = "2026-01-02T03:04:05.000000+00:00"
DAY = MOMENT[:10]


def user_ids(count: int) -> list[str]:
    """The same ids in every process."""
    source = random.Random(7)
    return [str(uuid.UUID(int=source.getrandbits(128), version=4)) for _ in range(count)]


def user(number: int, user_id: str) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "username": f"person{number}",
        "email": f"person{number}@example.org",
        "role": ("free", "free", "subscriber", "premium")[number % 4],
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "is_active": True,
        "subscription_expires": None,
    }


def stats(user_id: str) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "subscriber_features_used": 0,
        "watch_history_entries": 0,
        "total_watched_hours": 0.0,
        "videos_uploaded": 0,
        "streams_created": 0,
        "images_uploaded": 0,
        "total_interactions": 0,
        "last_activity_timestamp": MOMENT,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }


def totals(user_id: str) -> dict[str, Any]:
    none = {"count": 0, "seconds": 0, "completed": 0}
    return {"user_id": user_id, "video": none, "stream": none, "image": none}


def entry(number: int) -> dict[str, Any]:
    """A watch of this moment in a session of its own."""
    return {
        "video_id": f"video{number % 97}",
        "stream_id": None,
        "watched_at": (datetime.now(UTC) - timedelta(seconds=60)).isoformat(timespec="microseconds"),
        "duration_seconds": 60,
        "content_type": "video",
        "session_id": str(uuid.uuid4()),
        "completed": False,
        "quality": "720p",
    }


def event(watched: dict[str, Any]) -> dict[str, Any]:
    return {"at": watched["watched_at"], "kind": "watch", "subject": watched["video_id"], **watched}


def dumped(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()
