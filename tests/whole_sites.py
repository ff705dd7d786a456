"""A site with something in most places, and all that it holds."""

from __future__ import annotations

import json
from typing import Any

from clocks import FixedClock

from user_stats import UserManager, UserRole
from user_stats.audience import Audience
from user_stats.collections import ALL_LOGS, BACKED_UP_COLLECTIONS
from user_stats.storage import Storage

Held = tuple[dict[str, Any], dict[str, Any]]


def held(storage: Storage) -> Held:
    """Everything that belongs into a backup, but what backups and exports note of themselves."""
    with storage.snapshot(BACKED_UP_COLLECTIONS, ALL_LOGS) as copy:
        records = {one.name: {key: json.loads(raw) for key, raw in copy.members(one)} for one in BACKED_UP_COLLECTIONS}
        lists = {
            log.name: {key: [json.loads(raw) for raw in raws] for key, raws in copy.lists(log)} for log in ALL_LOGS
        }
    for name in ("backups", "audit"):
        records["site"].pop(name, None)
    return records, {**lists, "audit": {}}


def populate(storage: Storage, clock: FixedClock, people: int = 3) -> list[str]:
    """A site with something in most collections."""
    manager = UserManager(storage, clock=clock)
    ids = [manager.create_user(f"user{number}", f"user{number}@example.org") for number in range(people)]
    manager.upgrade_subscription(ids[0], UserRole.PREMIUM)
    for number, user_id in enumerate(ids):
        manager.record_watch_activity(user_id, f"ünï-{number}", 60, title='a "title", 😀')
        manager.record_upload(user_id, "video")
    manager.use_subscriber_feature(ids[0], "hd_streaming")
    audience = Audience(storage, clock=clock)
    audience.track_user(audience.visit(address="192.0.2.7", path="/"))
    audience.close()
    return ids
