"""What a made-up person has besides a history: playlists, settings, payments, items, and broadcasts that they host.

Each is an event in the person's log and the record that belongs to it, as the calls of the library would leave them.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from random import Random

from user_stats.activity import MADE_UP
from user_stats.collections import CONTENT, PLAYLISTS, PREFERENCES
from user_stats.demo.catalogue import CATEGORIES, Catalogue, Show
from user_stats.demo.lives import Life
from user_stats.demo.people import Person
from user_stats.storage import Record
from user_stats.times import from_iso, to_iso

KEEPS_PLAYLISTS, DROPS_ONE, CHOOSES = 0.35, 0.15, 0.3
"""Shares of people who keep playlists, of those who drop one again, and who choose each setting."""
PLAYLIST_NAMES = ("Later", "Rainy days", "With friends", "Best of", "While cooking", "Long evenings")
CHOICES = {
    "theme": ("dark", "light"),
    "notifications.email": ("off", "weekly"),
    "notifications.new_streams": ("on", "off"),
    "privacy.history": ("private", "public"),
    "privacy.leaderboard": ("hidden", "shown"),
}
MONTHLY_CENTS = {"subscriber": 499, "premium": 999}
DAYS_OF_A_YEAR = 365


def settle(
    rng: Random, user_id: str, person: Person, life: Life, catalogue: Catalogue, number: int, start: datetime
) -> None:
    """Adds to a life; the first people own what there is of a category and host a show of the catalogue, one each."""
    if not life.events:
        return
    first, last = (from_iso(life.events[place]["at"]) for place in (0, -1))
    _pay(life)
    _keep_playlists(rng, user_id, life, first, last)
    _choose(rng, user_id, life, first, last)
    _describe_uploads(user_id, person, life, catalogue)
    if number < len(CATEGORIES):
        _publish(user_id, list(CATEGORIES)[number], life, catalogue, first)
    if number < len(catalogue.shows):
        _host(user_id, catalogue.shows[number], life, start, first, last)
    life.sort()


def add_event(life: Life, at: datetime, kind: str, subject: str | None, **facts: object) -> None:
    life.events.append({"at": to_iso(at), "kind": kind, "subject": subject, **facts, MADE_UP: True})


def _pay(life: Life) -> None:
    for event in [one for one in life.events if one["kind"] == "subscription" and one["subject"] in MONTHLY_CENTS]:
        months = 12 if event["days"] == DAYS_OF_A_YEAR else 1
        cents = months * MONTHLY_CENTS[event["subject"]]
        add_event(life, from_iso(event["at"]), "payment", None, cents=cents, currency="USD")


def _keep_playlists(rng: Random, user_id: str, life: Life, first: datetime, last: datetime) -> None:
    watched = sorted({entry["video_id"] for entry in life.entries})
    if not watched or rng.random() > KEEPS_PLAYLISTS:
        return
    kept: Record = {}
    for name in rng.sample(PLAYLIST_NAMES, rng.randint(1, 3)):
        playlist_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        items = rng.sample(watched, min(len(watched), rng.randint(2, 12)))
        at = _between(rng, first, last)
        add_event(life, at, "playlist", playlist_id, action="created", items=len(items))
        if rng.random() < DROPS_ONE:
            add_event(life, _between(rng, at, last), "playlist", playlist_id, action="deleted", items=0)
        else:
            kept[playlist_id] = {"name": name, "items": items}
    life.records.append((PLAYLISTS, user_id, {"user_id": user_id, "playlists": kept}))


def _choose(rng: Random, user_id: str, life: Life, first: datetime, last: datetime) -> None:
    chosen: dict[str, str] = {}
    for name, values in CHOICES.items():
        if rng.random() < (CHOOSES if name != "privacy.leaderboard" else CHOOSES / 6):
            value = rng.choices(values, (3, 1))[0]
            add_event(life, _between(rng, first, last), "preference", name, value=value, changed=True)
            chosen[name] = value
    if chosen:
        life.records.append((PREFERENCES, user_id, {"user_id": user_id, "chosen": chosen}))


def _describe_uploads(user_id: str, person: Person, life: Life, catalogue: Catalogue) -> None:
    category = person.categories[0]
    tags = list(catalogue.videos[category][0].tags)
    for event in life.events:
        if event["kind"] == "upload":
            facts = {name: event[name] for name in ("content_type", "title", "size_bytes")}
            about = {"content_id": event["subject"], "owners": [user_id], "created_at": event["at"], **facts}
            life.records.append((CONTENT, event["subject"], {**about, "category": category, "tags": tags}))


def _publish(user_id: str, category: str, life: Life, catalogue: Catalogue, first: datetime) -> None:
    """Everything of a category, told of when the account was made."""
    series = [episode for episodes in catalogue.series[category] for episode in episodes]
    for item in (*series, *catalogue.videos[category], *catalogue.pictures[category]):
        facts: Record = {"title": item.title, "category": category, "tags": list(item.tags)}
        facts |= {"length_seconds": item.length_seconds} if item.length_seconds else {}
        add_event(life, first, "content", item.content_id, action="described", content_type=item.content_type, **facts)
        about = {"content_id": item.content_id, "owners": [user_id], "content_type": item.content_type}
        life.records.append((CONTENT, item.content_id, {**about, "created_at": to_iso(first), **facts}))


def _host(user_id: str, show: Show, life: Life, start: datetime, first: datetime, last: datetime) -> None:
    """Every week from the person's first day to their last."""
    day = start + timedelta(days=(show.weekday - start.weekday()) % 7, hours=show.hour)
    while day + timedelta(seconds=show.length_seconds) < last:
        if day > first:
            ends, stream_id = day + timedelta(seconds=show.length_seconds), show.broadcast_id(day.date())
            add_event(life, day, "stream_started", stream_id, started_at=to_iso(day))
            add_event(life, ends, "stream_ended", stream_id, ended_at=to_iso(ends))
            about = {"content_id": stream_id, "owners": [user_id], "content_type": "stream", "created_at": to_iso(day)}
            told = {"title": f"{show.title}, {day.day} {day:%B}", "category": show.category, "tags": list(show.tags)}
            life.records.append(
                (CONTENT, stream_id, {**about, **told, "started_at": to_iso(day), "ended_at": to_iso(ends)})
            )
        day += timedelta(days=7)


def _between(rng: Random, first: datetime, last: datetime) -> datetime:
    return first + rng.random() * (last - first)
