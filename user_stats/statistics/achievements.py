"""Achievements: badges, milestones, streaks, points, the place on the leaderboard, and levels."""

from __future__ import annotations

from collections import Counter

from user_stats.statistics.figures import NO_DATA, PERSON, Entry, Figure, Group
from user_stats.statistics.moments import streak
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.rules import in_words, level_of, points_for_level
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
    return Figure([one.badge.name for one in earned], records.recorded, {"badges": rows, "next": following})


def person_milestones(records: PersonRecords) -> Figure:
    values = records.lifetime
    every = [(measure, one) for measure, thresholds in records.settings.milestones.items() for one in thresholds]
    rows = [{"measure": measure, "threshold": one, "reached": values[measure] >= one} for measure, one in every]
    reached = [in_words(one, measure) for measure, one in every if values[measure] >= one]
    return Figure(reached, records.recorded, {"milestones": rows})


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
    return Figure(sum(by_rarity.values()), records.recorded, {"by_rarity": dict(by_rarity)})


def person_position(records: PersonRecords) -> Figure:
    place = records.rank()
    if place is None:
        return NO_DATA
    rank, people, events = place
    return Figure(rank, events, {"of": people, "metric": "points", "period": "all"})


def person_level(records: PersonRecords) -> Figure:
    have = points(records)
    step = records.settings.level_step
    level = level_of(have, step)
    return Figure(level, records.recorded, {"points": have, "next_at": points_for_level(level + 1, step)})


def site_badges(records: SiteRecords) -> Figure:
    """How many people have each badge."""
    if not records.users:
        return NO_DATA
    earned = records.badge_holders()
    ranked = sorted(earned.items(), key=lambda one: (-one[1], one[0]))
    names = [records.badge_names[key] for key, count in ranked if count]
    return Figure(names, records.events, {"people": earned})


def site_milestones(records: SiteRecords) -> Figure:
    values = records.lifetime_values
    if not values:
        return NO_DATA
    counts = {
        in_words(threshold, measure): sum(one[measure] >= threshold for one in values.values())
        for measure, thresholds in records.settings.milestones.items()
        for threshold in thresholds
    }
    return Figure([name for name, count in counts.items() if count], records.events, {"people": counts})


def site_streak(records: SiteRecords) -> Figure:
    """The longest running streak, by UTC days, and how long those of the others are."""
    running = Counter(found.current for found in records.streaks.values() if found.best)
    return Figure(max(running), records.events, {"people": dict(sorted(running.items()))}) if running else NO_DATA


def site_points(records: SiteRecords) -> Figure:
    have = records.points
    return Figure(sum(have.values()), records.events) if have else NO_DATA


def site_levels(records: SiteRecords) -> Figure:
    levels = Counter(level_of(have, records.settings.level_step) for have in records.points.values())
    return Figure(max(levels), records.events, {"people": dict(sorted(levels.items()))}) if levels else NO_DATA


def site_leader(records: SiteRecords) -> Figure:
    """The newest leaderboard by points; people who opted out are not on it."""
    rows = records.leaders()
    return Figure([row["username"] for row in rows], records.events, {"leaders": rows}) if rows else NO_DATA


_ANY = 'record_watch_activity(user_id, "intro", 1800)'
GROUP = Group(
    "Achievements",
    (
        Entry(48, "badges", "Badges earned", "list", (PERSON,),
            "Every badge whose rule was satisfied at a time, with the day on which it was; it is kept for good, "
            "whatever becomes of the rule or of what it was earned by.",
            _ANY, person=person_badges, platform=site_badges),
        Entry(49, "milestones", "Milestones reached", "list", (PERSON,),
            "The thresholds that the lifetime counters have passed, from the setting MILESTONES.",
            _ANY, person=person_milestones, platform=site_milestones),
        Entry(50, "activity_streak", "Streak of active days", "days", (PERSON,),
            "Days in a row with any activity that end today or yesterday; the best ever beside it. On the platform the "
            "longest that runs.",
            _ANY, person=person_streak, platform=site_streak),
        Entry(51, "points", "Achievement points", "points", (PERSON,),
            "The sum of the points of the badges, by their rarity, from the setting RARITY_POINTS.",
            _ANY, person=person_points, platform=site_points),
        Entry(52, "leaderboard_position", "Leaderboard position", "rank", (PERSON,),
            "The place by points among the people who did not opt out; who ties shares the place, and the next one is "
            "left out.",
            _ANY, person=person_position, platform=site_leader),
        Entry(53, "level", "Level", "level", (PERSON,),
            "A ladder by points: each step takes so many more than the one before as the setting LEVEL_STEP says; with "
            "25 level 2 begins at 25, level 3 at 75.",
            _ANY, person=person_level, platform=site_levels),
    ),
)  # fmt: skip
