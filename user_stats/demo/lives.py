"""What a made-up person does, day by day: sittings with watches, interactions, uploads, plans and the use of features.

The events have the form in which the activity log keeps them, with a mark that they are made up.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from user_stats.activity import MADE_UP
from user_stats.demo.catalogue import Catalogue, Content, Show
from user_stats.demo.habits import Deed, after_watching, before_watching
from user_stats.demo.people import Person
from user_stats.features import PLAN_FEATURES
from user_stats.models import SubscriberFeature, UserRole
from user_stats.storage import Collection, Record
from user_stats.times import to_iso
from user_stats.watches import Watch, checked_watch

HIGHEST_WITHOUT_PLAN = 720
HD_FROM = 1080
HEIGHTS = (360, 480, 720, 1080, 1440, 2160)
DAYS_OF_A_MONTH = 30
MEGABYTE = 10**6


@dataclass
class Life:
    """Everything that one person did, in the order of time."""

    events: list[Record] = field(default_factory=list)
    entries: list[Record] = field(default_factory=list)
    records: list[tuple[Collection, str, Record]] = field(default_factory=list)
    """What belongs to the events in other collections, each with its key."""
    """The watches once more, as a history keeps them."""
    feature_uses: dict[str, int] = field(default_factory=dict)
    plan: UserRole = UserRole.FREE
    plan_ends_at: datetime | None = None
    """None without a plan; may be past."""

    def sort(self) -> None:
        self.events.sort(key=lambda event: str(event["at"]))


class Storyteller:
    """Tells the life of one person over `days` days from `start`; nothing happens after `now`."""

    def __init__(self, rng: Random, catalogue: Catalogue, person: Person, start: datetime, now: datetime) -> None:
        self._rng = rng
        self._catalogue = catalogue
        self._person = person
        self._start = start
        self._now = now
        self._life = Life()
        self._plans: list[tuple[datetime, datetime, UserRole]] = []
        self._series = rng.choice(catalogue.series[person.categories[0]])
        self._episode = 0
        self._shows = [show for show in catalogue.shows if show.category in person.categories] or [catalogue.shows[0]]

    def tell(self, *, features: frozenset[SubscriberFeature] | None = None) -> Life:
        """`features` are what the person has throughout; None: what the plans give that are made up along the way."""
        if features is None:
            self._take_plans()
        for day in range(self._person.joins_on, self._person.leaves_on):
            if not any(start <= day < end for start, end in self._person.pauses):
                self._live(day, features)
        self._life.sort()
        return self._life

    # -- a day --------------------------------------------------------------------------------------------------------

    def _live(self, day: int, features: frozenset[SubscriberFeature] | None) -> None:
        rng, person = self._rng, self._person
        midnight = self._start + timedelta(days=day)
        is_weekend = midnight.weekday() >= 5
        chance = person.kind.sittings_a_week / 7 * (person.kind.weekend if is_weekend else 0.9)
        if day == person.joins_on:
            chance = max(chance, 0.9)
        while chance > 0 and rng.random() < chance:
            chance -= 0.85
            start = self._time_of(midnight)
            has = features if features is not None else PLAN_FEATURES[self._plan_at(start)]
            self._sit_down(start, has, is_weekend=is_weekend)
        if rng.random() < person.kind.uploads_a_week / 7:
            self._upload(self._time_of(midnight))

    def _time_of(self, midnight: datetime) -> datetime:
        """When somebody with these habits sits down."""
        hours = self._person.hours
        around = self._rng.choices([hour for hour, _ in hours], [weight for _, weight in hours])[0]
        return midnight + timedelta(hours=self._rng.gauss(around, 0.9) % 24)

    def _sit_down(self, start: datetime, has: frozenset[SubscriberFeature], *, is_weekend: bool) -> None:
        rng, person = self._rng, self._person
        session_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        height = self._height(has)
        self._do(start, before_watching(rng, [one.content_id for one in self._catalogue.videos[self._category()]]))
        if has and rng.random() < 0.35:
            self._use(rng.choice(sorted(has)), start)
        if rng.random() < person.streams:
            self._watch_live(rng.choice(self._shows), start, session_id, height)
            return
        if rng.random() < person.pictures:
            for picture in rng.choices(self._catalogue.pictures[self._category()], k=rng.randint(2, 6)):
                start = self._watch(picture, start, 0, session_id, height)
            return
        is_binge = rng.random() < person.kind.binge * (1.5 if is_weekend else 1)
        for _ in range(rng.randint(4, 8) if is_binge else rng.choice((1, 1, 1, 2, 2, 3))):
            content = self._next_episode() if is_binge or rng.random() < 0.3 else self._video()
            watched = content.length_seconds
            if rng.random() > (0.88 if is_binge else 0.6):
                watched = int(watched * rng.betavariate(1.2, 1.6))
            start = self._watch(content, start, watched, session_id, height)
            start += timedelta(seconds=rng.randint(4, 400))

    def _category(self) -> str:
        return self._rng.choices(self._person.categories, (8, 4, 2, 1))[0]

    def _video(self) -> Content:
        videos = self._catalogue.videos[self._category()]
        return videos[min(int(self._rng.expovariate(0.22)), len(videos) - 1)]

    def _next_episode(self) -> Content:
        """The next one of the series, or the first of another."""
        if self._episode >= len(self._series):
            self._series = self._rng.choice(self._catalogue.series[self._category()])
            self._episode = 0
        self._episode += 1
        return self._series[self._episode - 1]

    def _height(self, has: frozenset[SubscriberFeature]) -> int:
        most = self._person.picture_height
        if SubscriberFeature.HD_STREAMING not in has:
            most = min(most, HIGHEST_WITHOUT_PLAN)
        fitting = [height for height in HEIGHTS if height <= most]
        return fitting[-1] if self._rng.random() < 0.75 else self._rng.choice(fitting)

    # -- what is recorded ---------------------------------------------------------------------------------------------

    def _watch(self, content: Content, start: datetime, seconds: int, session_id: str, height: int) -> datetime:
        """When it ended."""
        end = start + timedelta(seconds=seconds)
        if end >= self._now:
            return end
        watch = Watch(
            content.content_id,
            seconds,
            content.content_type,
            session_id=session_id,
            completed=content.content_type == "image" or seconds >= content.length_seconds,
            quality="original" if content.content_type == "image" else f"{height}p",
            watched_at=start,
            title=content.title,
            category=content.category,
            tags=content.tags,
            length_seconds=content.length_seconds or None,
            creator=content.creator,
        )
        self._record(watch, end)
        return end + timedelta(seconds=self._rng.randint(5, 20) if content.content_type == "image" else 0)

    def _watch_live(self, show: Show, day: datetime, session_id: str, height: int) -> None:
        """The broadcast of the week of this day: people come within its first minutes and leave when they like."""
        monday = day - timedelta(days=day.weekday())
        air = (monday + timedelta(days=show.weekday)).replace(hour=show.hour, minute=0, second=0, microsecond=0)
        start = air + timedelta(seconds=int(self._rng.expovariate(1 / 300)))
        stays = self._rng.betavariate(2.2, 1.1) if self._rng.random() < 0.7 else 1.0
        seconds = int(max(60.0, stays * (show.length_seconds - (start - air).total_seconds())))
        end = start + timedelta(seconds=seconds)
        if end >= self._now or start < self._start + timedelta(days=self._person.joins_on):
            return
        broadcast = show.broadcast_id(air.date())
        watch = Watch(
            broadcast,
            seconds,
            "stream",
            session_id=session_id,
            completed=stays > 0.9,
            quality=f"{height}p",
            watched_at=start,
            title=f"{show.title}, {air.day} {air:%B}",
            category=show.category,
            tags=show.tags,
            creator=show.creator,
        )
        self._record(watch, end)

    def _record(self, watch: Watch, end: datetime) -> None:
        checked = checked_watch(watch, now=self._now)
        event = checked.event
        event["at"] = to_iso(min(self._now, checked.end))
        self._life.entries.append(checked.entry)
        self._life.events.append(event)
        event[MADE_UP] = True
        if self._rng.random() < self._person.kind.chatty:
            kind = self._rng.choices(("like", "comment", "share"), (70, 20, 10))[0]
            at = end + timedelta(seconds=self._rng.randint(2, 90))
            self._add(at, "interaction", watch.video_id, interaction_type=kind)
        deeds = after_watching(self._rng, watch.video_id, watch.duration_seconds, completed=watch.completed)
        self._do(end, deeds)

    def _upload(self, at: datetime) -> None:
        kind = self._rng.choices(("video", "image", "stream"), (60, 28, 12))[0]
        subject = f"{kind}-{self._person.username}-{at:%Y%m%d%H%M}"
        size = {"video": self._rng.randint(40, 2400), "image": self._rng.randint(1, 12), "stream": 0}[kind]
        title = f"{self._person.categories[0]} {kind} of {at.day} {at:%B}"
        self._add(at, "upload", subject, content_type=kind, title=title, size_bytes=size * MEGABYTE)

    def _use(self, feature: SubscriberFeature, at: datetime) -> None:
        if self._add(at, "feature_use", feature.value):
            uses = self._life.feature_uses
            uses[feature.value] = uses.get(feature.value, 0) + 1

    def _do(self, moment: datetime, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            self._add(moment + timedelta(seconds=deed.seconds_later), deed.kind, deed.subject, **deed.facts)

    def _add(self, at: datetime, kind: str, subject: str | None, **facts: object) -> bool:
        if at < self._now:
            self._life.events.append({"at": to_iso(at), "kind": kind, "subject": subject, **facts, MADE_UP: True})
        return at < self._now

    # -- plans --------------------------------------------------------------------------------------------------------

    def _take_plans(self) -> None:
        """Some subscribe after a while, monthly or for a year, renew most of the time, and may move to premium."""
        rng, person = self._rng, self._person
        if rng.random() > person.kind.subscribes:
            return
        at = self._start + timedelta(days=person.joins_on + rng.expovariate(1 / 25), hours=rng.uniform(8, 22))
        ends = self._start + timedelta(days=person.leaves_on)
        plan = UserRole.SUBSCRIBER if rng.random() < 0.72 else UserRole.PREMIUM
        days = 365 if rng.random() < 0.25 else DAYS_OF_A_MONTH
        until = at
        while at < min(ends, self._now):
            until = (until if plan is self._life.plan and at < until else at) + timedelta(days=days)
            self._subscribe(at, plan, days, until)
            if rng.random() < 0.12:
                return
            if plan is UserRole.SUBSCRIBER and rng.random() < 0.06:
                plan = UserRole.PREMIUM
            at = until - timedelta(hours=rng.uniform(0, 20)) if rng.random() < 0.9 else until + timedelta(days=9)

    def _subscribe(self, at: datetime, plan: UserRole, days: int, until: datetime) -> None:
        life = self._life
        ended_at = None if life.plan_ends_at is None else to_iso(life.plan_ends_at)
        facts = {"before": life.plan.value, "before_expires": ended_at, "days": days, "expires": to_iso(until)}
        self._add(at, "subscription", plan.value, **facts)
        self._plans.append((at, until, plan))
        life.plan, life.plan_ends_at = plan, until

    def _plan_at(self, moment: datetime) -> UserRole:
        running: Iterator[UserRole] = (plan for start, end, plan in reversed(self._plans) if start <= moment < end)
        return next(running, UserRole.FREE)


def midnight_before(now: datetime, days: int) -> datetime:
    """The midnight (UTC) on which a period of so many days begins that ends today."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)
