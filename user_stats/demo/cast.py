"""The made-up people with their accounts and lives, some at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count as numbers
from random import Random

from user_stats.activity import MADE_UP
from user_stats.demo.belongings import settle
from user_stats.demo.catalogue import Catalogue
from user_stats.demo.lives import Life, Storyteller, midnight_before
from user_stats.demo.people import DOMAIN, Person, made_up_person
from user_stats.errors import AlreadyExists
from user_stats.models import User, UserRole
from user_stats.storage import Transaction
from user_stats.times import to_iso
from user_stats.user_records import put_user

EVENTS_AT_ONCE = 3000
"""Events of one transaction, about two megabytes: enough to share a sync, few enough that nobody waits long."""
PEOPLE_AT_ONCE = 25


def lives(people: int, days: int, seed: int, now: datetime) -> Iterator[tuple[User, Life]]:
    """Each account with its life; the story of one does not depend on how many others there are."""
    catalogue, start = Catalogue.from_seed(seed), midnight_before(now, days)
    for number in range(people):
        rng = Random(f"{seed} person {number}")
        person = made_up_person(rng, number, days)
        life = Storyteller(rng, catalogue, person, start, now).tell()
        user = _account(rng, person, life, start, now)
        settle(Random(f"{seed} belongings {number}"), user.user_id, person, life, catalogue, number, start)
        yield user, life


def _account(rng: Random, person: Person, life: Life, start: datetime, now: datetime) -> User:
    """The account; its making joins the events."""
    first = min((str(event.get("watched_at", event["at"])) for event in life.events), default=None)
    joined = start + timedelta(days=person.joins_on)
    created_at = min(to_iso(min(joined + timedelta(hours=rng.uniform(6, 23)), now)), first or to_iso(now))
    account = {"kind": "account_created", "subject": None, "role": UserRole.FREE.value, MADE_UP: True}
    life.events.insert(0, {"at": created_at, **account})
    ends = life.plan_ends_at
    name, expires = person.username, None if ends is None else to_iso(ends)
    user_id, email = str(uuid.uuid4()), f"{name}@{DOMAIN}"
    return User(user_id, name, email, life.plan, created_at, created_at, True, expires)


def grouped(lives: Iterator[tuple[User, Life]]) -> Iterator[list[tuple[User, Life]]]:
    """Some at a time, by how much they did."""
    group: list[tuple[User, Life]] = []
    events = 0
    for user, life in lives:
        group.append((user, life))
        events += len(life.events)
        if events >= EVENTS_AT_ONCE or len(group) >= PEOPLE_AT_ONCE:
            yield group
            group, events = [], 0
    if group:
        yield group


def put_under_a_free_name(tx: Transaction, user: User) -> str:
    """The id; where somebody has the name already, a number is added."""
    for number in numbers():
        name = f"{user.username[:26]}.{number}" if number else user.username
        try:
            put_user(tx, replace(user, username=name, email=f"{name}@{DOMAIN}"))
            break
        except AlreadyExists:
            continue
    return user.user_id
