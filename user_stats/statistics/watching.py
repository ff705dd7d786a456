"""Watch engagement: when, how long, to the end, again, and what."""

from __future__ import annotations

from statistics import median

from user_stats.statistics.content_records import ContentRecords
from user_stats.statistics.figures import CONTENT, NO_DATA, PERSON, PLATFORM, Entry, Figure, Group, share
from user_stats.statistics.moments import busiest
from user_stats.statistics.person_records import PersonRecords, Watched
from user_stats.statistics.rewatches import count_rewatches
from user_stats.statistics.site_records import SiteRecords

SECONDS_PER_MINUTE = 60
MILLIONTHS_PER_CENT = 10_000
OTHER = "uncategorised"


def person_peak(records: PersonRecords) -> Figure:
    seconds = _by_hour(records.seconds_by_hour_and_weekday)
    return _peak(seconds, len(records.timed_watches), {"viewers": 1})


def site_peak(records: SiteRecords) -> Figure:
    seconds = _by_hour(records.seconds_by_hour_and_weekday)
    hours = busiest(seconds)
    beside = {"viewers": records.viewers_in_hour(hours[0])} if hours else {}
    return _peak(seconds, records.total("timed"), beside)


def _by_hour(table: list[list[int]]) -> list[int]:
    return [sum(row[hour] for row in table) for hour in range(24)]


def _peak(seconds: list[int], events: int, beside: dict[str, int]) -> Figure:
    hours = busiest(seconds)
    if not hours:
        return NO_DATA
    minutes = [amount / SECONDS_PER_MINUTE for amount in seconds]
    return Figure(hours[0], events, {"minutes_by_hour": minutes, "tied_hours": hours, **beside})


def person_duration(records: PersonRecords) -> Figure:
    lengths = [watch.seconds for watch in records.timed_watches]
    if not lengths:
        return NO_DATA
    return Figure(sum(lengths) / len(lengths), len(lengths), {"median": median(lengths), "seconds": sum(lengths)})


def content_duration(records: ContentRecords) -> Figure:
    return _mean_duration(records.total("seconds"), records.total("timed"))


def site_duration(records: SiteRecords) -> Figure:
    return _mean_duration(records.total("seconds"), records.total("timed"))


def _mean_duration(seconds: int, watches: int) -> Figure:
    return Figure(seconds / watches, watches, {"seconds": seconds}) if watches else NO_DATA


def person_completion(records: PersonRecords) -> Figure:
    films = [watch for watch in records.watches if watch.content_type != "image"]
    if not films:
        return NO_DATA
    viewed = [_percentage(watch) for watch in films if watch.length_seconds]
    mean = sum(viewed) / len(viewed) if viewed else None
    completed = sum(watch.is_completed for watch in films)
    return Figure(share(completed, len(films)), len(films), {"completed": completed, "average_percentage": mean})


def _percentage(watch: Watched) -> float:
    return min(100.0, 100 * watch.seconds / (watch.length_seconds or 1))


def content_completion(records: ContentRecords) -> Figure:
    return _completion(records)


def site_completion(records: SiteRecords) -> Figure:
    return _completion(records)


def _completion(records: ContentRecords | SiteRecords) -> Figure:
    completed, films, measured = (records.total(name) for name in ("completed", "films", "measured"))
    if not films:
        return NO_DATA
    mean = records.total("viewed_millionths") / MILLIONTHS_PER_CENT / measured if measured else None
    return Figure(share(completed, films), films, {"completed": completed, "average_percentage": mean})


def person_rewatches(records: PersonRecords) -> Figure:
    completed = [(watch.content_id, watch.start) for watch in records.watches if watch.is_completed]
    again = count_rewatches(completed)
    top = sorted(((item, count) for item, count in again.items() if count), key=lambda one: (-one[1], one[0]))
    return Figure(sum(again.values()), len(completed), {"items": top[:10]}) if completed else NO_DATA


def content_rewatches(records: ContentRecords) -> Figure:
    completed = records.total("completed") + records.total("finished")
    return Figure(records.total("rewatches"), completed) if completed else NO_DATA


def site_rewatches(records: SiteRecords) -> Figure:
    completed = records.total("completed") + records.total("finished")
    return Figure(records.total("rewatches"), completed, {"items": records.top("rewatches")}) if completed else NO_DATA


def person_categories(records: PersonRecords) -> Figure:
    seconds: dict[str, int] = {}
    for watch in records.timed_watches:
        category = watch.category or records.contents(watch.content_id).get("category") or OTHER
        seconds[category] = seconds.get(category, 0) + watch.seconds
    return _categories(seconds, len(records.timed_watches))


def site_categories(records: SiteRecords) -> Figure:
    return _categories(records.category_seconds(OTHER), records.total("timed"))


def _categories(seconds: dict[str, int], events: int) -> Figure:
    total = sum(seconds.values())
    if not total or seconds.keys() <= {OTHER}:
        return NO_DATA
    ranked = sorted(seconds.items(), key=lambda one: (-one[1], one[0]))
    shares = [
        {"category": name, "minutes": amount / SECONDS_PER_MINUTE, "share": share(amount, total)}
        for name, amount in ranked
    ]
    return Figure([row["category"] for row in shares], events, {"shares": shares})


_WATCH = 'record_watch_activity(user_id, "intro", 1800)'
_LENGTH = 'record_watch_activity(user_id, "intro", 1700, length_seconds=1800)'
_COMPLETED = 'record_watch_activity(user_id, "intro", 1800, completed=True)'
_CATEGORY = 'record_watch_activity(user_id, "intro", 1800, category="science")'
GROUP = Group(
    "Watch engagement",
    (
        Entry(1, "peak_watch_time", "Peak watch time", "hour of day", (PLATFORM,),
            "The hour of the day with the most watched minutes, each watch spread over the hours that it covers; the "
            "distinct viewers in that hour beside it.",
            _WATCH, person=person_peak, platform=site_peak),
        Entry(2, "average_watch_duration", "Average watch duration", "s", (PERSON, CONTENT),
            "Watched seconds ÷ watches whose length is known; for a person the median beside it.",
            _WATCH, person_duration, content_duration, site_duration),
        Entry(3, "completion_rate", "Video completion rate", "%", (PERSON, CONTENT),
            "Completed watches ÷ watches of videos and streams; a watch is completed where that was told or where it "
            "reached the threshold of a known length. The average percentage viewed beside it.",
            _LENGTH, person_completion, content_completion, site_completion),
        Entry(4, "rewatch_count", "Rewatch count per video", "count", (CONTENT,),
            "Completed watches of an item by the same person after the first, each at least 6 hours after the one "
            "before it that counts.",
            _COMPLETED, person_rewatches, content_rewatches, site_rewatches),
        Entry(5, "favorite_categories", "Favourite content categories", "list", (PERSON,),
            "The categories of what was watched, by their share of the watched minutes.",
            _CATEGORY, person=person_categories, platform=site_categories),
    ),
)  # fmt: skip
