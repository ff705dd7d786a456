"""Streaming: how many watch at once, how long they stay, how much is streamed and how often."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from user_stats.statistics.content_records import ContentRecords, View
from user_stats.statistics.figures import CONTENT, NO_DATA, PERSON, Entry, Figure, Group, share
from user_stats.statistics.moments import day_of, weeks_since
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.site_records import SiteRecords
from user_stats.storage import Record
from user_stats.times import from_iso

SECONDS_PER_HOUR = 3600
TENTHS = 10


def content_concurrent(records: ContentRecords) -> Figure:
    span, views = records.live_span, records.stream_views
    if span is None or not views or span[1] <= span[0]:
        return NO_DATA
    start, end = span
    watched = sum(max(0.0, min(view.end, end) - max(view.start, start)) for view in views)
    return Figure(watched / (end - start), len(views), {"live_seconds": end - start})


def content_peak(records: ContentRecords) -> Figure:
    views = records.stream_views
    if not views:
        return NO_DATA
    line = viewers_over_time(views)
    most = max(count for _, count in line)
    return Figure(most, len(views), {"at": next(moment for moment, count in line if count == most)})


def viewers_over_time(views: Iterable[View]) -> list[tuple[float, int]]:
    """Distinct people from each moment on at which it changes; who leaves at a moment is gone before others come."""
    changes = sorted(
        [(view.start, 1, view.viewer) for view in views if view.end > view.start]
        + [(view.end, 0, view.viewer) for view in views if view.end > view.start]
    )
    open_views: dict[str, int] = {}
    line: list[tuple[float, int]] = []
    for moment, is_start, viewer in changes:
        open_views[viewer] = open_views.get(viewer, 0) + (1 if is_start else -1)
        if not open_views[viewer]:
            del open_views[viewer]
        if line and line[-1][0] == moment:
            line.pop()
        line.append((moment, len(open_views)))
    return line or [(0.0, 0)]


def content_retention(records: ContentRecords) -> Figure:
    span, views = records.live_span, records.stream_views
    viewers = {view.viewer for view in views}
    if span is None or not viewers:
        return NO_DATA
    start, end = span
    moments = [start + (end - start) * tenth / TENTHS for tenth in range(1, TENTHS + 1)]
    there: list[set[str]] = [set() for _ in moments]
    for view in views:
        for place in range(bisect_left(moments, view.start), bisect_right(moments, view.end)):
            there[place].add(view.viewer)
    curve = [100 * len(one) / len(viewers) for one in there]
    back = None if records.next_viewers is None else share(len(viewers & records.next_viewers), len(viewers))
    return Figure(sum(curve) / TENTHS, len(views), {"curve": curve, "came_back": back, "viewers": len(viewers)})


def person_stream_hours(records: PersonRecords) -> Figure:
    streams = _streams(records)
    if not streams:
        return NO_DATA
    now = records.now.timestamp()
    seconds = sum((end or now) - start for start, end in streams)
    still_open = sum(end is None for _, end in streams)
    return Figure(seconds / SECONDS_PER_HOUR, len(streams), {"still_open": still_open})


def site_stream_hours(records: SiteRecords) -> Figure:
    streams = [about for about in records.about.values() if about.get("started_at")]
    if not streams:
        return NO_DATA
    now = records.now.timestamp()
    seconds = sum(_end_of(about, now) - from_iso(about["started_at"]).timestamp() for about in streams)
    still_open = sum(not about.get("ended_at") for about in streams)
    return Figure(seconds / SECONDS_PER_HOUR, len(streams), {"still_open": still_open})


def _end_of(about: Record, now: float) -> float:
    return from_iso(about["ended_at"]).timestamp() if about.get("ended_at") else now


def _streams(records: PersonRecords) -> list[tuple[float, float | None]]:
    """Start and end of each stream of the person; None while it runs."""
    starts = {event["subject"]: from_iso(event["started_at"]).timestamp() for event in records.of("stream_started")}
    ends = {event["subject"]: from_iso(event["ended_at"]).timestamp() for event in records.of("stream_ended")}
    return [(start, ends.get(stream)) for stream, start in starts.items()]


def person_frequency(records: PersonRecords) -> Figure:
    starts = [start for start, _ in _streams(records)]
    return _frequency(starts, records)


def site_frequency(records: SiteRecords) -> Figure:
    streams = [about for about in records.about.values() if about.get("started_at")]
    return _frequency([from_iso(about["started_at"]).timestamp() for about in streams], records)


def _frequency(starts: list[float], records: PersonRecords | SiteRecords) -> Figure:
    if not starts:
        return NO_DATA
    weeks = weeks_since(day_of(min(starts), records.zone), records.today)
    return Figure(len(starts) / weeks, len(starts), {"weeks": weeks})


def person_quality(records: PersonRecords) -> Figure:
    seconds: dict[str, int] = {}
    for watch in records.timed_watches:
        seconds[watch.quality] = seconds.get(watch.quality, 0) + watch.seconds
    return _quality(seconds, len(records.timed_watches))


def site_quality(records: SiteRecords) -> Figure:
    return _quality(records.quality_seconds(), records.total("timed"))


def _quality(seconds: dict[str, int], events: int) -> Figure:
    heights = {int(name[:-1]): amount for name, amount in seconds.items() if name[:-1].isdigit() and amount}
    total = sum(heights.values())
    if not total:
        return NO_DATA
    mean = sum(height * amount for height, amount in heights.items()) / total
    mode = max(heights, key=lambda height: (heights[height], height))
    return Figure(mean, events, {"mode": mode})


def site_peak(records: SiteRecords) -> Figure:
    """The stream with the most viewers."""
    top = records.top("viewers", kind="stream")
    return Figure(top[0]["viewers"], records.total("streams"), {"streams": top}) if top else NO_DATA


def site_concurrent(records: SiteRecords) -> Figure:
    return _of_top_streams(records, content_concurrent)


def site_retention(records: SiteRecords) -> Figure:
    return _of_top_streams(records, content_retention)


def _of_top_streams(records: SiteRecords, figure_of: Callable[[ContentRecords], Figure]) -> Figure:
    """The best of the three streams with the most viewers, and all of them."""
    found = [(stream, figure_of(stream)) for stream in records.top_streams]
    rows = [
        {"content_id": stream.content_id, "title": stream.about.get("title"), "value": figure.value}
        for stream, figure in found
        if figure.value is not None
    ]
    rows.sort(key=lambda row: (-row["value"], row["content_id"]))
    events = sum(figure.events for _, figure in found)
    return Figure(rows[0]["value"], events, {"streams": rows}) if rows else NO_DATA


_WATCH = 'record_watch_activity(user_id, "live-1", 1800, "stream")'
_START = 'content.start_stream(user_id, "live-1"), content.end_stream(user_id, "live-1")'
GROUP = Group(
    "Streaming",
    (
        Entry(6, "average_concurrent_viewers", "Average concurrent viewers", "viewers", (CONTENT,),
            "Watched seconds within the live span of the stream ÷ the seconds of that span; on the platform the most "
            "of the three streams with the most viewers.",
            _WATCH, content=content_concurrent, platform=site_concurrent),
        Entry(7, "peak_viewers", "Peak viewer count", "viewers", (CONTENT,),
            "The most distinct people whose watches overlap, by a sweep over starts and ends; on the platform the "
            "streams by their distinct viewers.",
            _WATCH, content=content_peak, platform=site_peak),
        Entry(8, "stream_duration", "Total stream duration", "h", (PERSON,),
            "The sum of end − start of the streams; one that still runs counts until now and is shown as open.",
            _START, person=person_stream_hours, platform=site_stream_hours),
        Entry(9, "stream_frequency", "Stream frequency", "per week", (PERSON,),
            "Streams ÷ ISO weeks from the first one to now, empty weeks included.",
            _START, person=person_frequency, platform=site_frequency),
        Entry(10, "viewer_retention", "Viewer retention rate", "%", (CONTENT,),
            "The share of the viewers who are there at each tenth of the live span, and the mean of these shares; "
            "beside it the share who came back for the owner's next stream; on the platform the best of the three "
            "streams with the most viewers.",
            _WATCH, content=content_retention, platform=site_retention),
        Entry(11, "average_quality", "Average quality preference", "p", (PERSON,),
            "The mean picture height, weighted by watched seconds; the most watched height beside it.",
            'record_watch_activity(user_id, "intro", 1800, quality="1080p")', person=person_quality,
            platform=site_quality),
    ),
)  # fmt: skip
