"""Whom made-up people follow, who brought whom, and with whom they make something; among people of one group."""

from __future__ import annotations

from datetime import datetime
from random import Random

from user_stats.collections import CONNECTIONS, CONTENT
from user_stats.community import mark
from user_stats.demo.belongings import add_event
from user_stats.demo.lives import Life
from user_stats.models import User
from user_stats.storage import Record
from user_stats.times import from_iso

FOLLOWS, STOPS, IS_REFERRED, MAKES_TOGETHER = 0.12, 0.1, 0.2, 0.3
"""Shares: of the others whom somebody follows, of follows that end again, of people whom somebody brought, and of
groups in which two make something together."""
Group = list[tuple[User, Life]]


def acquaint(rng: Random, group: Group, now: datetime) -> None:
    """Adds to the lives of a group."""
    known: dict[str, Record] = {user.user_id: _nobody(user.user_id) for user, _ in group}
    for number, (user, life) in enumerate(group):
        earlier = [one for one in group[:number] if one[0].created_at < user.created_at]
        if earlier and rng.random() < IS_REFERRED:
            _refer(known, (user, life), rng.choice(earlier))
        for other in group:
            if other[0] is not user and rng.random() < FOLLOWS:
                _follow(rng, known, (user, life), other, now)
    if len(group) > 1 and rng.random() < MAKES_TOGETHER:
        _make_together(group)
    for user, life in group:
        if known[user.user_id] != _nobody(user.user_id):
            life.records.append((CONNECTIONS, user.user_id, known[user.user_id]))
        life.sort()


def _nobody(user_id: str) -> Record:
    return {"user_id": user_id, "following": [], "followers": [], "referrer": None, "referred": []}


def _refer(known: dict[str, Record], one: tuple[User, Life], other: tuple[User, Life]) -> None:
    (user, life), (referrer, theirs) = one, other
    at = from_iso(user.created_at)
    known[user.user_id]["referrer"] = referrer.user_id
    known[referrer.user_id]["referred"].append(user.user_id)
    add_event(life, at, "referred_by", mark(referrer.user_id))
    add_event(theirs, at, "referral", mark(user.user_id))


def _follow(
    rng: Random, known: dict[str, Record], one: tuple[User, Life], other: tuple[User, Life], now: datetime
) -> None:
    (user, life), (followed, theirs) = one, other
    since = from_iso(max(user.created_at, followed.created_at))
    at = since + rng.random() * (now - since)
    add_event(life, at, "follow", mark(followed.user_id))
    add_event(theirs, at, "follower_gained", None)
    if rng.random() < STOPS:
        at += rng.random() * (now - at)
        add_event(life, at, "unfollow", mark(followed.user_id))
        add_event(theirs, at, "follower_lost", None)
        return
    known[user.user_id]["following"].append(followed.user_id)
    known[followed.user_id]["followers"].append(user.user_id)


def _make_together(group: Group) -> None:
    """Somebody joins the newest item of another."""
    for user, life in group:
        records = [record for collection, _, record in life.records if collection is CONTENT]
        if records:
            made_at = from_iso(records[-1]["created_at"])
            others = [one for one in group if one[0] is not user and from_iso(one[0].created_at) < made_at]
            if others:
                other, theirs = others[0]
                records[-1]["owners"].append(other.user_id)
                add_event(theirs, made_at, "content", records[-1]["content_id"], action="joined")
            return
