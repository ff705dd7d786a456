"""What the events of one person come to for the site, event by event.

Of the person a *tally* (days, hours, months and weeks, plans) and the *items* (what they watched, rated, downloaded);
of the site the *moves*: amounts that the events add to the totals of a day, of an item and of the topics of a day.
`ledger.py` keeps the folds of all people.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from datetime import date, datetime

from user_stats.day_totals import ACTS
from user_stats.statistics.moments import DAY_QUARTERS, iso_week, spread
from user_stats.statistics.rewatches import rewatches
from user_stats.storage import Record
from user_stats.times import from_iso

DAYS, HOURS, TOPICS, CONTENTS = "days", "hours", "topics", "contents"
Moves = dict[tuple[str, str], dict[str, int]]
"""Amounts by (family, key) and name: of a UTC day, of its quarters of an hour, of its topics, of an item."""
KEPT_WEEKS = 10
"""Weeks of which a tally keeps the amounts; months are kept for good."""
EPOCH = date(1970, 1, 1).toordinal()


def day_of(event: Record) -> str:
    """The UTC day that an event counts for: a watch for the day of its start, all else for when it happened."""
    moment: str = event["watched_at"] if event["kind"] == "watch" else event["at"]
    return moment[:10]


def completes(event: Record, watched_threshold: float) -> bool:
    """By what was told, or where the watch reached the threshold of a known length."""
    length = event.get("length_seconds")
    return bool(event["completed"] or (length and event["duration_seconds"] / length >= watched_threshold))


def empty_tally() -> Record:
    """`days` and `viewed` have a bit for each UTC day since 1970 with an act, with a watch; `hours` for each month one
    for each quarter of an hour that was watched; `streams` has start and seconds of each watch of a stream,
    `uploads` the items of which a size was told."""
    return {
        "days": 0,
        "viewed": 0,
        "hours": {},
        "weeks": {},
        "months": {},
        "plans": [],
        "streams": {},
        "uploads": {},
        "signed_in": 0,
    }


class Fold:
    """One person's tally and items with the moves of what was folded in."""

    def __init__(
        self,
        watched_threshold: float,
        tally: Record | None = None,
        items: Record | None = None,
        moves: Moves | None = None,
    ) -> None:
        self.watched_threshold = watched_threshold
        self.tally = empty_tally() if tally is None else tally
        self.items: Record = {} if items is None else items
        self.moves: Moves = {} if moves is None else moves
        self.fresh: Moves = {}
        """The moves since this was made; `close` adds them to the others."""

    def add(self, event: Record) -> None:
        kind, day = event["kind"], day_of(event)
        if (fold := _FOLDS.get(kind)) is not None:
            fold(self, event)
        if kind in ACTS:
            self.set_day("days", "people", day)

    def move(self, family: str, key: str, name: str, amount: int) -> None:
        if amount:
            amounts = self.amounts(family, key)
            amounts[name] = amounts.get(name, 0) + amount

    def amounts(self, family: str, key: str) -> dict[str, int]:
        """What the fresh moves hold of a key, to be added to."""
        place = (family, key)
        if (amounts := self.fresh.get(place)) is None:
            amounts = self.fresh[place] = {}
        return amounts

    def close(self) -> None:
        """After the last event: all moves stand in `moves`."""
        if not self.moves:
            self.moves = self.fresh
            return
        for place, fresh in self.fresh.items():
            amounts = self.moves.setdefault(place, {})
            for name, amount in fresh.items():
                amounts[name] = amounts.get(name, 0) + amount

    def count(self, moment: str, name: str, amount: int = 1) -> None:
        """Adds to the person's week and month."""
        for places, key in ((self.tally["months"], moment[:7]), (self.tally["weeks"], _week(moment[:10]))):
            amounts = places.setdefault(key, {})
            amounts[name] = amounts.get(name, 0) + amount
        weeks = self.tally["weeks"]
        while len(weeks) > KEPT_WEEKS:
            del weeks[min(weeks)]

    def item(self, content_id: str) -> Record:
        known: Record = self.items.setdefault(content_id, {})
        return known

    def set_day(self, name: str, people: str, day: str) -> None:
        """Counts the person once on a day."""
        bit = day_bit(day)
        if not self.tally[name] & bit:
            self.tally[name] |= bit
            self.move(DAYS, day, people, 1)

    def on_day(self, event: Record, name: str, amount: int = 1) -> None:
        self.move(DAYS, event["at"][:10], name, amount)

    def on_item(self, content_id: str | None, name: str, amount: int = 1) -> None:
        if content_id is not None:
            self.move(CONTENTS, content_id, name, amount)


_weeks: dict[str, str] = {}


def _week(day: str) -> str:
    """The ISO week of a day; days repeat, so they are remembered."""
    if (week := _weeks.get(day)) is None:
        if len(_weeks) > 10_000:
            _weeks.clear()
        week = _weeks[day] = iso_week(date.fromisoformat(day))
    return week


_day_bits: dict[str, int] = {}


def day_bit(day: str) -> int:
    if (bit := _day_bits.get(day)) is None:
        bit = _day_bits[day] = 1 << (date.fromisoformat(day).toordinal() - EPOCH)
    return bit


def days_between(first: date, last: date) -> int:
    """The bits of these days, both included; none where they are in the wrong order."""
    return max(0, (2 << (last.toordinal() - EPOCH)) - (1 << (first.toordinal() - EPOCH)))


# -- what each kind of event moves --------------------------------------------------------------------------------


def _watch(fold: Fold, event: Record) -> None:
    content_id, moment, seconds = event["subject"], event["watched_at"], event["duration_seconds"]
    day = moment[:10]
    is_timed = event.get("length_known", True) and (seconds > 0 or event["content_type"] != "image")
    is_film = event["content_type"] != "image"
    is_completed = completes(event, fold.watched_threshold)
    fold.count(moment, "watches")
    fold.count(moment, "seconds", seconds)
    fold.set_day("viewed", "viewers", day)
    known = fold.item(content_id)
    amounts = {"watches": 1, "seconds": seconds, "timed": int(is_timed), "films": int(is_film)}
    amounts |= {"viewers": int("watches" not in known), "completed": int(is_film and is_completed)}
    amounts |= {"streams": int(event["content_type"] == "stream")}
    known["watches"] = known.get("watches", 0) + 1
    if is_completed:
        amounts["rewatches"] = _completed(known, from_iso(moment).timestamp())
    _add(fold.amounts(CONTENTS, content_id), amounts)
    timed_seconds = {f"seconds_{event.get('quality', 'unknown')}": seconds} if is_timed else {}
    watches = {f"{event['content_type']}_watches": 1, "timed_watches": int(is_timed)}
    _add(fold.amounts(DAYS, day), watches | timed_seconds)
    _topics(fold, event, day, seconds)
    if event["content_type"] == "stream":
        streams = fold.tally["streams"].setdefault(event.get("stream_id") or content_id, [])
        streams.append((from_iso(moment).timestamp(), seconds))
    if is_timed and seconds and event.get("stamp", "start") != "day":
        _hours(fold, from_iso(moment), seconds)


def _add(amounts: dict[str, int], more: dict[str, int]) -> None:
    for name, amount in more.items():
        if amount:
            amounts[name] = amounts.get(name, 0) + amount


def _completed(known: Record, start: float) -> int:
    """By how many the rewatches of the item change."""
    starts = known.setdefault("completed", [])
    before = rewatches(starts)
    insort(starts, int(start))
    return rewatches(starts) - before


def _topics(fold: Fold, event: Record, day: str, seconds: int) -> None:
    if category := event.get("category"):
        fold.move(TOPICS, day, f"category:{category}", seconds)
    else:
        fold.move(CONTENTS, event["subject"], "uncategorised", seconds)
    for tag in set(event.get("tags", ())):
        fold.move(TOPICS, day, f"tag:{tag}", 1)


def _hours(fold: Fold, start: datetime, seconds: int) -> None:
    quarters: dict[int, int] = {}
    spread(quarters, start.timestamp(), seconds)
    for quarter, amount in quarters.items():
        place = quarter % DAY_QUARTERS
        day = date.fromordinal(EPOCH + quarter // DAY_QUARTERS).isoformat()
        fold.move(HOURS, day, str(place), amount)
        hours = fold.tally["hours"]
        hours[day[:7]] = hours.get(day[:7], 0) | 1 << (int(day[8:]) - 1) * DAY_QUARTERS + place


def _interaction(fold: Fold, event: Record) -> None:
    fold.count(event["at"], "interactions")
    fold.on_day(event, event["interaction_type"] + "s")
    fold.on_item(event["subject"], event["interaction_type"] + "s")


def _like_taken_back(fold: Fold, event: Record) -> None:
    fold.on_day(event, "likes_taken_back")
    fold.on_item(event["subject"], "likes", -1)
    fold.on_item(event["subject"], "likes_taken_back")


def _upload(fold: Fold, event: Record) -> None:
    fold.count(event["at"], "uploads")
    fold.on_day(event, f"{event['content_type']}_uploads")
    size, tally = event.get("size_bytes"), fold.tally
    if size is not None:
        tally["largest_bytes"] = max(size, tally.get("largest_bytes", 0))
        if event["subject"] is not None:
            tally["uploads"].setdefault(event["subject"], {"created_at": event["at"]})["size_bytes"] = size
        else:
            tally["loose_bytes"] = tally.get("loose_bytes", 0) + size
            tally["loose_uploads"] = tally.get("loose_uploads", 0) + 1


def _rating(fold: Fold, event: Record) -> None:
    known = fold.item(event["subject"])
    before, now = known.get("half_stars"), round(event["stars"] * 2)
    fold.on_item(event["subject"], "half_stars", now - (before or 0))
    fold.on_item(event["subject"], "ratings", int(before is None))
    known["half_stars"] = now


def _download(fold: Fold, event: Record) -> None:
    known = fold.item(event["subject"])
    fold.on_day(event, "downloads")
    fold.on_day(event, "bytes_downloaded", event.get("bytes", 0))
    fold.on_item(event["subject"], "downloads")
    fold.on_item(event["subject"], "downloaders", int("downloads" not in known))
    known["downloads"] = known.get("downloads", 0) + 1


def _sign_in(fold: Fold, event: Record) -> None:
    fold.on_day(event, "sign_ins")
    fold.tally["signed_in"] |= day_bit(event["at"][:10])
    fold.tally["last_sign_in"] = max(event["at"], fold.tally.get("last_sign_in", ""))


def _preference(fold: Fold, event: Record) -> None:
    fold.tally.setdefault("preferences", {})[event["subject"]] = event["value"]
    family = event["subject"].partition(".")[0]
    fold.on_day(event, f"{family}_saves")
    fold.on_day(event, f"{family}_changes", int(event["changed"]))


def _follow(fold: Fold, event: Record) -> None:
    fold.on_day(event, "follows")


def _unfollow(fold: Fold, event: Record) -> None:
    fold.on_day(event, "unfollows")


def _playlist(fold: Fold, event: Record) -> None:
    sizes = fold.tally.setdefault("playlists", {})
    before, now = sizes.get(event["subject"], 0), event["items"]
    if event["action"] == "deleted":
        sizes.pop(event["subject"], None)
        now = 0
    else:
        sizes[event["subject"]] = now
    if event["action"] in ("created", "deleted"):
        fold.on_day(event, f"playlists_{event['action']}")
    fold.on_day(event, "playlist_items", now - before)


def _shown(fold: Fold, event: Record) -> None:
    fold.on_day(event, "recommendations_shown", len(event["items"]))


def _clicked(fold: Fold, event: Record) -> None:
    fold.on_day(event, "recommendations_clicked")


def _payment(fold: Fold, event: Record) -> None:
    fold.on_day(event, "payments")
    fold.on_day(event, f"paid_{event['currency']}_cents", event["cents"])


def _referral(fold: Fold, event: Record) -> None:
    fold.on_day(event, "referrals")


def _referred_by(fold: Fold, event: Record) -> None:
    fold.tally["is_referred"] = 1


def _feature_use(fold: Fold, event: Record) -> None:
    fold.count(event["at"], "features_used")


def _subscription(fold: Fold, event: Record) -> None:
    _plan(fold.tally, event["subject"], event["at"], event["expires"])


def _role_change(fold: Fold, event: Record) -> None:
    _plan(fold.tally, event["role"], event["at"], event.get("expires"))


def _account_created(fold: Fold, event: Record) -> None:
    _plan(fold.tally, event.get("role", "free"), event["at"], event.get("expires"))


def _plan(tally: Record, role: str, at: str, until: str | None) -> None:
    """A list of the times that the person was a subscriber; another plan before the end goes on with the same one."""
    plans = tally["plans"]
    runs = bool(plans) and not plans[-1].get("cancelled") and (plans[-1]["until"] is None or plans[-1]["until"] > at)
    if role in ("subscriber", "premium"):
        if runs:
            plans[-1]["until"] = until
        else:
            plans.append({"from": at, "until": until})
    elif runs:
        plans[-1] |= {"until": at, "cancelled": True}


_FOLDS: dict[str, Callable[[Fold, Record], None]] = {
    "watch": _watch,
    "interaction": _interaction,
    "like_taken_back": _like_taken_back,
    "upload": _upload,
    "rating": _rating,
    "download": _download,
    "sign_in": _sign_in,
    "preference": _preference,
    "feature_use": _feature_use,
    "follow": _follow,
    "unfollow": _unfollow,
    "playlist": _playlist,
    "recommendations_shown": _shown,
    "recommendation_clicked": _clicked,
    "payment": _payment,
    "referral": _referral,
    "referred_by": _referred_by,
    "subscription": _subscription,
    "role_change": _role_change,
    "account_created": _account_created,
}
