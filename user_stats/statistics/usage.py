"""Usage patterns: sessions, the busiest day and hour, and how regularly people sign in."""

from __future__ import annotations

from collections import Counter
from statistics import mean, median

from user_stats.statistics.figures import NO_DATA, PERSON, Entry, Figure, Group
from user_stats.statistics.moments import WEEKDAYS, busiest, day_of, streak, weeks_since
from user_stats.statistics.person_records import PersonRecords, moment_of
from user_stats.statistics.site_records import SiteRecords

SECONDS_PER_MINUTE = 60


def person_session(records: PersonRecords) -> Figure:
    lengths = [session.seconds / SECONDS_PER_MINUTE for session in records.sessions]
    if not lengths:
        return NO_DATA
    return Figure(mean(lengths), len(records.acts), {"median": median(lengths), "sessions": len(lengths)})


def person_weekly(records: PersonRecords) -> Figure:
    if not records.sessions:
        return NO_DATA
    first = day_of(records.sessions[0].start, records.zone)
    weeks = weeks_since(first, records.today)
    return Figure(len(records.sessions) / weeks, len(records.acts), {"sessions": len(records.sessions), "weeks": weeks})


def site_session(records: SiteRecords) -> Figure:
    """Over the sessions of everybody; beside it the median of the people's own means."""
    sessions = [tally["sessions"] for tally in records.tallies if tally["sessions"][0]]
    if not sessions:
        return NO_DATA
    count, seconds = (sum(column) for column in zip(*sessions, strict=True))
    own = [of_one / number / SECONDS_PER_MINUTE for number, of_one in sessions]
    beside = {"sessions": count, "people": len(own), "median_of_people": median(own)}
    return Figure(seconds / count / SECONDS_PER_MINUTE, count, beside)


def site_weekly(records: SiteRecords) -> Figure:
    """The sessions of everybody, since the first one of the site."""
    first = min((tally["first_session"] for tally in records.tallies if "first_session" in tally), default=None)
    if first is None:
        return NO_DATA
    weeks = weeks_since(day_of(first, records.zone), records.today)
    count = sum(tally["sessions"][0] for tally in records.tallies)
    return Figure(count / weeks, count, {"sessions": count, "weeks": weeks})


def person_weekday(records: PersonRecords) -> Figure:
    return _weekday(records.seconds_by_hour_and_weekday, len(records.timed_watches))


def site_weekday(records: SiteRecords) -> Figure:
    return _weekday(records.seconds_by_hour_and_weekday, records.total("watches"))


def _weekday(table: list[list[int]], events: int) -> Figure:
    seconds = [sum(row) for row in table]
    days = busiest(seconds)
    if not days:
        return NO_DATA
    minutes = {name: amount / SECONDS_PER_MINUTE for name, amount in zip(WEEKDAYS, seconds, strict=True)}
    return Figure(WEEKDAYS[days[0]], events, {"tied": [WEEKDAYS[day] for day in days], "minutes": minutes})


def person_hour(records: PersonRecords) -> Figure:
    return _hour(records.seconds_by_hour_and_weekday, len(records.timed_watches))


def site_hour(records: SiteRecords) -> Figure:
    return _hour(records.seconds_by_hour_and_weekday, records.total("watches"))


def _hour(table: list[list[int]], events: int) -> Figure:
    seconds = [sum(row[hour] for row in table) for hour in range(24)]
    hours = busiest(seconds)
    if not hours:
        return NO_DATA
    minutes = [amount / SECONDS_PER_MINUTE for amount in seconds]
    return Figure(hours[0], events, {"tied": hours, "minutes": minutes, "weekday_by_hour": table})


def person_login_streak(records: PersonRecords) -> Figure:
    days = [day_of(moment_of(event), records.zone) for event in records.of("sign_in")]
    if not days:
        return NO_DATA
    found = streak(days, records.today)
    return Figure(found.current, len(days), {"best": found.best, "first": found.first, "last": found.last})


def site_login_streak(records: SiteRecords) -> Figure:
    running = Counter(found.current for found in records.sign_in_streaks)
    if not running:
        return NO_DATA
    best = max(found.best for found in records.sign_in_streaks)
    return Figure(max(running), records.day_sum("sign_ins"), {"best": best, "people": dict(sorted(running.items()))})


def person_days_since(records: PersonRecords) -> Figure:
    signed_in = records.of("sign_in")
    if not signed_in:
        return Figure(None, missing="never signed in")
    last = max(map(moment_of, signed_in))
    return Figure((records.today - day_of(last, records.zone)).days, len(signed_in))


def site_sign_ins(records: SiteRecords) -> Figure:
    """How many people signed in within the last week, month or before."""
    last = [tally["last_sign_in"] for tally in records.tallies if tally.get("last_sign_in")]
    if not last:
        return NO_DATA
    days = sorted((records.today - records.local_day(moment)).days for moment in last)
    never = len(records.users) - len(last)
    return Figure(median(days), records.day_sum("sign_ins"), {"people": len(days), "never": never})


_ANY = 'record_watch_activity(user_id, "intro", 1800)'
_SIGN_IN = "community.record_sign_in(user_id)"
GROUP = Group(
    "Usage patterns",
    (
        Entry(36, "session_duration", "Average session duration", "min", (PERSON,),
            "Last − first event of a session, mean and median; a session ends where nothing happens for longer than "
            "SESSION_GAP_MINUTES, measured from the end of a watch; one event alone is a session of 0 minutes.",
            _ANY, person=person_session, platform=site_session),
        Entry(37, "sessions_per_week", "Sessions per week", "count", (PERSON,),
            "Sessions ÷ ISO weeks from the first one to now; on the platform those of everybody.",
            _ANY, person=person_weekly, platform=site_weekly),
        Entry(38, "busiest_weekday", "Most active day of week", "day", (PERSON,),
            "The weekday with the most watched minutes; ties beside it.",
            _ANY, person=person_weekday, platform=site_weekday),
        Entry(39, "busiest_hour", "Most active hour of day", "hour", (PERSON,),
            "The hour of the day with the most watched minutes, each watch spread over the hours that it covers; ties "
            "beside it.",
            _ANY, person=person_hour, platform=site_hour),
        Entry(40, "login_streak", "Login streak", "days", (PERSON,),
            "Days in a row with a sign-in that end today or yesterday; the best ever beside it. On the platform "
            "the longest that runs, by UTC days.",
            _SIGN_IN, person=person_login_streak, platform=site_login_streak),
        Entry(41, "days_since_login", "Days since last login", "days", (PERSON,),
            "Calendar days since the newest sign-in; on the platform the median over the people who ever signed in.",
            _SIGN_IN, person=person_days_since, platform=site_sign_ins),
    ),
)  # fmt: skip
