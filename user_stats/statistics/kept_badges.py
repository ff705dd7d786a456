"""Badges that were earned stand in the activity log, one event each with the rule as it was, so that they stay: also
where an import is undone, a threshold is raised or a rule is dropped.

The running site writes the event soon after the badge was earned, and whoever undoes an import before that. What a
generator made up earns nothing for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from user_stats import activity
from user_stats.collections import ACTIVITY, DEMO, USER_STATS
from user_stats.models import UserStats
from user_stats.statistics.badges import KEPT, badge_progress, kept_badges, lifetime_values
from user_stats.statistics.day_bits import active_days, streak_of
from user_stats.statistics.rules import Badge
from user_stats.storage import Transaction
from user_stats.stored import checked_event


def keep_badges(tx: Transaction, user_id: str, rules: Sequence[Badge], *, now: datetime) -> int:
    """How many badges of a person went into the log; 0 where all stand there already. Raises
    StorageCorrupt where the log is damaged."""
    stored = tx.get(USER_STATS, user_id)
    if stored is None or tx.get(DEMO, user_id) is not None:
        return 0
    events = tx.read_log(ACTIVITY, user_id)
    for event in events:
        checked_event(user_id, event)
    days = active_days(events)
    values = lifetime_values(UserStats.from_stored(user_id, stored), days, streak_of(days, now.date()))
    known = kept_badges(events)
    earned = [
        one for one in badge_progress(rules, values, events, days) if one.is_earned and one.badge.key not in known
    ]
    for one in earned:
        rule = asdict(one.badge)
        event = {"at": "", "kind": KEPT, "subject": rule.pop("key"), "on": one.earned_on, **rule}
        activity.add(tx, user_id, event, now=now)
    return len(earned)
