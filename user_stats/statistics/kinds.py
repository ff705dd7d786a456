"""What each kind of event adds to the fold of a person, one small function a kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from user_stats.models import CONTENT_TYPES
from user_stats.statistics.day_bits import day_bit, is_edge
from user_stats.statistics.moments import QUARTER_SECONDS, seconds_of, spread
from user_stats.storage import Record

if TYPE_CHECKING:
    from user_stats.statistics.fold import Fold

Amounts = dict[Any, int]
MILLION = 10**6
"""Shares are summed in whole millionths, so that they can be taken out again exactly."""


def completes(event: Record, watched_threshold: float) -> bool:
    """By what was told, or where the watch reached the threshold of a known length."""
    length = event.get("length_seconds")
    return bool(event["completed"] or (length and event["duration_seconds"] / length >= watched_threshold))


def has_length(event: Record) -> bool:
    """True where it is known how long was watched; of a picture only where somebody told."""
    return bool(event.get("length_known", True) and (event["duration_seconds"] > 0 or event["content_type"] != "image"))


def _watch(fold: Fold, event: Record) -> None:
    content_id, moment, seconds = event["subject"], event["watched_at"], event["duration_seconds"]
    content_type, start, day = event["content_type"], seconds_of(moment), moment[:10]
    is_timed, of_item, of_day = has_length(event), fold.contents[content_id], fold.days[day]
    known = fold.items.get(content_id)
    if known is None:
        known = fold.items[content_id] = {}
    if "watches" not in known:
        known["watches"] = 0
        of_item["viewers"] += 1
    known["watches"] += 1
    of_item["watches"] += 1
    of_item["seconds"] += seconds
    of_day[_WATCHES[content_type]] += 1
    of_day["seconds"] += seconds
    fold.viewed.add(day)
    if completes(event, fold.watched_threshold):
        known.setdefault("completed", []).append(int(start))
        fold.rewatched.add(content_id)
        of_item["finished" if content_type == "image" else "completed"] += 1
    if content_type != "image":
        of_item["films"] += 1
        if length := event.get("length_seconds"):
            of_item["measured"] += 1
            of_item["viewed_millionths"] += round(MILLION * min(1.0, seconds / length))
    has_time = event.get("stamp") != "day"
    if content_type == "stream":
        of_item["streams"] += 1
    if content_type == "stream" and has_time:
        fold.tally["streams"].setdefault(event.get("stream_id") or content_id, []).append([start, seconds])
    _topics(fold, event, day, seconds)
    if is_timed:
        of_item["timed"] += 1
        quality = _seconds_name(event.get("quality", "unknown"))
        of_day["timed_watches"] += 1
        of_day[quality] += seconds
        if is_edge(day):
            of_quarter = fold.edges[_quarter(start)]
            of_quarter["timed_watches"] += 1
            of_quarter[quality] += seconds
    if has_time:
        fold.spans.append((start, start + seconds))
        if is_timed and seconds:
            spread(fold.quarters, start, seconds)


_WATCHES = {content_type: f"{content_type}_watches" for content_type in CONTENT_TYPES}


@lru_cache(100)
def _seconds_name(quality: str) -> str:
    return f"seconds_{quality}"


@lru_cache(10_000)
def _topic(family: str, name: str) -> str:
    return f"{family}:{name}"


def _topics(fold: Fold, event: Record, day: str, seconds: int) -> None:
    category, tags, topics = event.get("category"), event.get("tags"), fold.topics[day]
    if category:
        topics[_topic("category", category)] += seconds
    else:
        fold.contents[event["subject"]]["uncategorised"] += seconds
    for tag in dict.fromkeys(tags) if tags else ():
        topics[_topic("tag", tag)] += 1


def _on_day(fold: Fold, event: Record, name: str, amount: int = 1) -> None:
    fold.days[event["at"][:10]][name] += amount


def _in_month(fold: Fold, event: Record, name: str, amount: int = 1) -> None:
    """On its day, and so that the months of every zone can be told."""
    _on_day(fold, event, name, amount)
    if is_edge(event["at"][:10]):
        fold.edges[_quarter(seconds_of(event["at"]))][name] += amount


def _quarter(moment: float) -> str:
    return str(int(moment) // QUARTER_SECONDS)


def _on_item(fold: Fold, event: Record, name: str, amount: int = 1) -> None:
    if event["subject"] is not None:
        fold.contents[event["subject"]][name] += amount


def _interaction(fold: Fold, event: Record) -> None:
    _on_day(fold, event, event["interaction_type"] + "s")
    _on_item(fold, event, event["interaction_type"] + "s")


def _like_taken_back(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "likes_taken_back")
    _on_item(fold, event, "likes", -1)
    _on_item(fold, event, "likes_taken_back")


def _upload(fold: Fold, event: Record) -> None:
    _on_day(fold, event, f"{event['content_type']}_uploads")
    size, tally = event.get("size_bytes"), fold.tally
    if size is not None:
        tally["largest_bytes"] = max(size, tally.get("largest_bytes", 0))
        if event["subject"] is not None:
            tally["uploads"].setdefault(event["subject"], {"created_at": event["at"]})["size_bytes"] = size
        else:
            tally["loose_bytes"] = tally.get("loose_bytes", 0) + size
            tally["loose_uploads"] = tally.get("loose_uploads", 0) + 1


def _rating(fold: Fold, event: Record) -> None:
    known = fold.items.setdefault(event["subject"], {})
    before, now = known.get("half_stars"), round(event["stars"] * 2)
    _on_item(fold, event, "half_stars", now - (before or 0))
    _on_item(fold, event, "ratings", int(before is None))
    known["half_stars"] = now


def _download(fold: Fold, event: Record) -> None:
    known = fold.items.setdefault(event["subject"], {})
    _on_day(fold, event, "downloads")
    if sent := event.get("bytes"):
        _in_month(fold, event, "bytes_downloaded", sent)
        _in_month(fold, event, "downloads_measured")
    _on_item(fold, event, "downloads")
    _on_item(fold, event, "downloaders", int("downloads" not in known))
    known["downloads"] = known.get("downloads", 0) + 1


def _sign_in(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "sign_ins")
    fold.tally["signed_in"] |= day_bit(event["at"][:10])
    fold.tally["last_sign_in"] = max(event["at"], fold.tally.get("last_sign_in", ""))


def _preference(fold: Fold, event: Record) -> None:
    fold.tally.setdefault("preferences", {})[event["subject"]] = event["value"]
    family = event["subject"].partition(".")[0]
    _on_day(fold, event, f"{family}_saves")
    _on_day(fold, event, f"{family}_changes", int(event["changed"]))


def _follow(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "follows")


def _unfollow(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "unfollows")


def _playlist(fold: Fold, event: Record) -> None:
    sizes = fold.tally.setdefault("playlists", {})
    before, now = sizes.get(event["subject"], 0), event["items"]
    if event["action"] == "deleted":
        sizes.pop(event["subject"], None)
        now = 0
    else:
        sizes[event["subject"]] = now
    if event["action"] in ("created", "deleted"):
        _on_day(fold, event, f"playlists_{event['action']}")
    _on_day(fold, event, "playlist_saves")
    _on_day(fold, event, "playlist_items", now - before)


def _shown(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "recommendations_shown", len(event["items"]))


def _clicked(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "recommendations_clicked")


def _payment(fold: Fold, event: Record) -> None:
    _in_month(fold, event, f"payments_{event['currency']}")
    _in_month(fold, event, f"paid_{event['currency']}_cents", event["cents"])


def _referral(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "referrals")


def _referred_gone(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "referrals_gone")


def _referrer_gone(fold: Fold, event: Record) -> None:
    fold.tally.pop("is_referred", None)


def _referred_by(fold: Fold, event: Record) -> None:
    fold.tally["is_referred"] = 1


def _feature_use(fold: Fold, event: Record) -> None:
    _on_day(fold, event, "features_used")


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


def _badge(fold: Fold, event: Record) -> None:
    fold.tally.setdefault("badges", {})[event["subject"]] = [event["points"], event["name"]]


KINDS: dict[str, Callable[[Fold, Record], None]] = {
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
    "following_gone": _unfollow,
    "playlist": _playlist,
    "recommendations_shown": _shown,
    "recommendation_clicked": _clicked,
    "payment": _payment,
    "referral": _referral,
    "referred_by": _referred_by,
    "referred_gone": _referred_gone,
    "referrer_gone": _referrer_gone,
    "subscription": _subscription,
    "role_change": _role_change,
    "account_created": _account_created,
    "badge": _badge,
}
