"""Achievements: badges, milestones, streaks, points, the place on the leaderboard, and levels."""

from __future__ import annotations

from collections import Counter

from user_stats.statistics.figures import NO_DATA, PERSON, Entry, Figure, Group
from user_stats.statistics.moments import streak
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.rules import MILESTONES, level_of, points_for_level
from user_stats.statistics.site_records import SiteRecords


def points(records: PersonRecords) -> int:
    return sum(one.badge.points for one in records.badges if one.is_earned)


def person_badges(records: PersonRecords) -> Figure:
    every = records.badges
    earned = [one for one in every if one.is_earned]
    rows = [
        {"key": one.badge.key, "name": one.badge.name, "rarity": one.badge.rarity, "on": one.earned_on}
        for one in earned
    ]
    coming = [one for one in every if not one.is_earned]
    nearest = max(coming, key=lambda one: one.share, default=None)
    following = None if nearest is None else {"key": nearest.badge.key, "share": nearest.share}
    return Figure([one.badge.name for one in earned], len(records.events), {"badges": rows, "next": following})


def person_milestones(records: PersonRecords) -> Figure:
    values = records.lifetime
    rows = [
        {"measure": measure, "threshold": threshold, "reached": values[measure] >= threshold}
        for measure, thresholds in MILESTONES.items()
        for threshold in thresholds
    ]
    reached = [f"{row['threshold']} {row['measure']}" for row in rows if row["reached"]]
    return Figure(reached, len(records.events), {"milestones": rows})


def person_streak(records: PersonRecords) -> Figure:
    if not records.active_days:
        return NO_DATA
    found = streak(records.active_days, records.today)
    return Figure(found.current, len(records.acts), {"best": found.best, "first": found.first, "last": found.last})


def person_points(records: PersonRecords) -> Figure:
    earned = [one.badge for one in records.badges if one.is_earned]
    by_rarity = Counter({badge.rarity: 0 for badge in earned})
    for badge in earned:
        by_rarity[badge.rarity] += badge.points
    return Figure(sum(by_rarity.values()), len(earned), {"by_rarity": dict(by_rarity)})


def person_position(records: PersonRecords) -> Figure:
    place = records.rank()
    return Figure(place[0], place[1], {"of": place[1], "metric": "points", "period": "all"}) if place else NO_DATA


def person_level(records: PersonRecords) -> Figure:
    have = points(records)
    level = level_of(have)
    return Figure(level, len(records.events), {"points": have, "next_at": points_for_level(level + 1)})


def site_badges(records: SiteRecords) -> Figure:
    """How many people have each badge."""
    if not records.users:
        return NO_DATA
    earned = records.badge_holders()
    ranked = sorted(earned.items(), key=lambda one: (-one[1], one[0]))
    return Figure([key for key, count in ranked if count], sum(earned.values()), {"people": earned})


def site_milestones(records: SiteRecords) -> Figure:
    values = records.lifetime_values()
    if not values:
        return NO_DATA
    counts = {
        f"{threshold} {measure}": sum(one[measure] >= threshold for one in values.values())
        for measure, thresholds in MILESTONES.items()
        for threshold in thresholds
    }
    return Figure([name for name, count in counts.items() if count], sum(counts.values()), {"people": counts})


def site_streak(records: SiteRecords) -> Figure:
    """The longest running streak, by UTC days, and how long those of the others are."""
    running = Counter(found.current for found in records.streaks.values() if found.best)
    return (
        Figure(max(running), sum(running.values()), {"people": dict(sorted(running.items()))}) if running else NO_DATA
    )


def site_points(records: SiteRecords) -> Figure:
    have = records.points()
    return Figure(sum(have.values()), len(have)) if have else NO_DATA


def site_levels(records: SiteRecords) -> Figure:
    levels = Counter(level_of(have) for have in records.points().values())
    return Figure(max(levels), sum(levels.values()), {"people": dict(sorted(levels.items()))}) if levels else NO_DATA


def site_leader(records: SiteRecords) -> Figure:
    """The newest leaderboard by points; people who opted out are not on it."""
    rows = records.leaders()
    return Figure([row["username"] for row in rows], len(rows), {"leaders": rows}) if rows else NO_DATA


_ANY = 'record_watch_activity(user_id, "intro", 1800)'
GROUP = Group(
    "Achievements",
    (
        Entry(48, "badges", "Badges earned", "list", (PERSON,),
            "Every badge whose rule is satisfied, with the day on which it was; rules look at figures that only grow, "
            "so a badge is kept for good.",
            _ANY, person=person_badges, platform=site_badges),
        Entry(49, "milestones", "Milestones reached", "list", (PERSON,),
            "The thresholds that the lifetime counters have passed.",
            _ANY, person=person_milestones, platform=site_milestones),
        Entry(50, "activity_streak", "Streak of active days", "days", (PERSON,),
            "Days in a row with any activity that end today or yesterday; the best ever beside it. On the platform the "
            "longest that runs.",
            _ANY, person=person_streak, platform=site_streak),
        Entry(51, "points", "Achievement points", "points", (PERSON,),
            "The points of the badges, by rarity: common 10, uncommon 25, rare 50, epic 100, legendary 250.",
            _ANY, person=person_points, platform=site_points),
        Entry(52, "leaderboard_position", "Leaderboard position", "rank", (PERSON,),
            "The place by points among the people who did not opt out; who ties shares the place, and the next one is "
            "left out.",
            _ANY, person=person_position, platform=site_leader),
        Entry(53, "level", "Level", "level", (PERSON,),
            "A ladder by points: level 2 from 25, level 3 from 75, each step 25 more than the one before.",
            _ANY, person=person_level, platform=site_levels),
    ),
)  # fmt: skip
