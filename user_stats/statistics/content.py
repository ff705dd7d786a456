"""Content performance: what is watched, rated, downloaded and shared."""

from __future__ import annotations

from user_stats.statistics.content_records import ContentRecords
from user_stats.statistics.figures import CONTENT, NO_DATA, PLATFORM, Entry, Figure, Group, share
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.site_records import SiteRecords
from user_stats.storage import Record

TOP = 10
UNKNOWN = "unknown"
TREND_DAYS, BEFORE_DAYS = 7, 28
FEWEST_TAG_WATCHES = 5
PRIOR_RATINGS = 10
"""A mean counts as if so many ratings at the site's mean were added to it (Bayesian shrinkage)."""


def person_most_viewed(records: PersonRecords) -> Figure:
    counts: dict[str, int] = {}
    for watch in records.watches:
        counts[watch.content_id] = counts.get(watch.content_id, 0) + 1
    if not counts:
        return NO_DATA
    top = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:TOP]
    return Figure([records.title_of(item) for item, _ in top], len(records.watches), {"watches": top})


def site_most_viewed(records: SiteRecords) -> Figure:
    by_watches, by_viewers = records.top("watches"), records.top("viewers")
    if not by_watches:
        return NO_DATA
    beside = {"by_watches": by_watches, "by_viewers": by_viewers}
    names = [row["title"] or row["content_id"] for row in by_watches]
    return Figure(names, records.total("watches"), beside)


def content_viewed(records: ContentRecords) -> Figure:
    watches = records.total("watches")
    return Figure(watches, watches, {"viewers": records.total("viewers")}) if watches else NO_DATA


def site_trending(records: SiteRecords) -> Figure:
    recent, before = records.tag_watches(TREND_DAYS, 0), records.tag_watches(BEFORE_DAYS, TREND_DAYS)
    if not recent and not before:
        return NO_DATA
    rows: list[Record] = []
    for tag, watches in recent.items():
        if watches >= FEWEST_TAG_WATCHES:
            usual = before.get(tag, 0) * TREND_DAYS / BEFORE_DAYS
            growth = share(watches - usual, usual)
            rows.append({"tag": tag, "watches": watches, "usual": usual, "growth": growth})
    rows.sort(key=_by_growth)
    return Figure([row["tag"] for row in rows[:TOP]], sum(recent.values()), {"tags": rows[:TOP]})


def _by_growth(row: Record) -> tuple[float, str]:
    """The strongest growth first; a new tag as if it had one usual watch."""
    return -row["watches"] / max(row["usual"], 1), row["tag"]


def content_rating(records: ContentRecords) -> Figure:
    count = records.total("ratings")
    if not count:
        return NO_DATA
    mean = records.total("half_stars") / 2 / count
    prior = records.site_mean_stars if records.site_mean_stars is not None else mean
    return Figure(mean, count, {"count": count, "shrunk": _shrunk(mean, count, prior)})


def site_rating(records: SiteRecords) -> Figure:
    rated = [row for row in records.contents if row.get("ratings")]
    if not rated:
        return NO_DATA
    count = sum(row["ratings"] for row in rated)
    site_mean = sum(row["half_stars"] for row in rated) / 2 / count
    rows = []
    for row in rated:
        mean = row["half_stars"] / 2 / row["ratings"]
        shrunk = _shrunk(mean, row["ratings"], site_mean)
        rows.append({"content_id": row["content_id"], "mean": mean, "count": row["ratings"], "shrunk": shrunk})
    rows.sort(key=lambda row: (-row["shrunk"], row["content_id"]))
    return Figure(site_mean, count, {"items": rows[:TOP]})


def _shrunk(mean: float, count: int, prior: float) -> float:
    return (mean * count + prior * PRIOR_RATINGS) / (count + PRIOR_RATINGS)


def person_rating(records: PersonRecords) -> Figure:
    """The newest rating of each item counts."""
    stars = {event["subject"]: event["stars"] for event in records.of("rating")}
    return Figure(sum(stars.values()) / len(stars), len(stars), {"count": len(stars)}) if stars else NO_DATA


def person_qualities(records: PersonRecords) -> Figure:
    seconds: dict[str, int] = {}
    for watch in records.timed_watches:
        seconds[watch.quality] = seconds.get(watch.quality, 0) + watch.seconds
    return _qualities(seconds, len(records.timed_watches))


def site_qualities(records: SiteRecords) -> Figure:
    return _qualities(records.quality_seconds(), records.total("timed"))


def _qualities(seconds: dict[str, int], events: int) -> Figure:
    total = sum(seconds.values())
    if not total or seconds.keys() <= {UNKNOWN}:
        return NO_DATA
    ranked = sorted(seconds.items(), key=lambda one: (-one[1], one[0]))
    shares = {name: 100 * amount / total for name, amount in ranked if amount}
    return Figure(shares, events, {"seconds": dict(ranked)})


def person_downloads(records: PersonRecords) -> Figure:
    downloads = records.of("download")
    return (
        Figure(len(downloads), len(downloads), {"items": len({one["subject"] for one in downloads})})
        if downloads
        else NO_DATA
    )


def content_downloads(records: ContentRecords) -> Figure:
    count = records.total("downloads")
    return Figure(count, count, {"people": records.total("downloaders")}) if count else NO_DATA


def site_downloads(records: SiteRecords) -> Figure:
    count = records.day_sum("downloads")
    return Figure(count, count, {"items": records.top("downloads")}) if count else NO_DATA


def content_shares(records: ContentRecords) -> Figure:
    shares = records.total("shares")
    return Figure(shares, shares) if shares or records.total("watches") else NO_DATA


def site_shares(records: SiteRecords) -> Figure:
    rows = records.top("shares")
    return Figure(records.total("shares"), records.total("shares"), {"items": rows}) if rows else NO_DATA


_WATCH = 'record_watch_activity(user_id, "intro", 1800)'
GROUP = Group(
    "Content performance",
    (
        Entry(12, "most_viewed", "Most viewed content", "top 10", (PLATFORM,),
            "The ten items with the most watches, by title where one is known, and beside them the ten with the most "
            "distinct viewers.",
            _WATCH, person_most_viewed, content_viewed, site_most_viewed),
        Entry(13, "trending_tags", "Trending tags", "list", (PLATFORM,),
            "Tags by the growth of their watches: the last 7 UTC days over a usual 7 of the 28 before; a tag needs 5 "
            "watches.",
            'record_watch_activity(user_id, "intro", 1800, tags=["space"])', platform=site_trending),
        Entry(14, "average_rating", "Average content rating", "1–5", (CONTENT,),
            "The mean of the newest rating of each person, with their count; items are ranked by the mean shrunk "
            "towards the site's mean by 10 ratings.",
            'content.rate(user_id, "intro", 4.5)', person_rating, content_rating, site_rating),
        Entry(15, "quality_distribution", "Quality preference 360p/720p/1080p", "%", (PLATFORM,),
            "The share of each quality in the watched seconds.",
            'record_watch_activity(user_id, "intro", 1800, quality="1080p")', person=person_qualities,
            platform=site_qualities),
        Entry(16, "downloads", "Download count per video", "count", (CONTENT,),
            "Downloads of the item, and the distinct people who made them.",
            'content.download(user_id, "intro")', person_downloads, content_downloads, site_downloads),
        Entry(17, "shares_per_video", "Share count per video", "count", (CONTENT,),
            "Shares of that item.",
            'record_interaction(user_id, "share", content_id="intro")', content=content_shares, platform=site_shares),
    ),
)  # fmt: skip
