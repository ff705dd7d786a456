"""Customisation: playlists, the theme, changes of settings, and recommendations that were taken up."""

from __future__ import annotations

from collections import Counter

from user_stats.statistics.figures import NO_DATA, PERSON, Entry, Figure, Group, share
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.site_records import SiteRecords

DEFAULT_THEME = "system"


def playlists(records: PersonRecords) -> dict[str, int]:
    """The size of each playlist that exists."""
    sizes: dict[str, int] = {}
    for event in records.of("playlist"):
        if event["action"] == "deleted":
            sizes.pop(event["subject"], None)
        else:
            sizes[event["subject"]] = event["items"]
    return sizes


def person_created(records: PersonRecords) -> Figure:
    events = records.of("playlist")
    created = sum(event["action"] == "created" for event in events)
    deleted = sum(event["action"] == "deleted" for event in events)
    return Figure(created, len(events), {"deleted": deleted, "now": created - deleted}) if events else NO_DATA


def site_created(records: SiteRecords) -> Figure:
    created, deleted = records.day_sum("playlists_created"), records.day_sum("playlists_deleted")
    return Figure(created, created + deleted, {"deleted": deleted, "now": created - deleted}) if created else NO_DATA


def person_size(records: PersonRecords) -> Figure:
    sizes = list(playlists(records).values())
    beside = {"playlists": len(sizes), "items": sum(sizes)}
    return Figure(sum(sizes) / len(sizes), len(records.of("playlist")), beside) if sizes else NO_DATA


def site_size(records: SiteRecords) -> Figure:
    there = records.day_sum("playlists_created") - records.day_sum("playlists_deleted")
    items = records.day_sum("playlist_items")
    beside = {"playlists": there, "items": items}
    return Figure(items / there, records.day_sum("playlist_saves"), beside) if there > 0 else NO_DATA


def person_theme(records: PersonRecords) -> Figure:
    chosen = [event for event in records.of("preference") if event["subject"] == "theme"]
    theme = chosen[-1]["value"] if chosen else DEFAULT_THEME
    return Figure(theme, len(chosen), {"is_default": not chosen})


def site_theme(records: SiteRecords) -> Figure:
    """The most chosen theme; who never chose has the default."""
    chosen = [tally["preferences"]["theme"] for tally in records.tallies if "theme" in tally.get("preferences", {})]
    if not records.users:
        return NO_DATA
    counts = Counter({DEFAULT_THEME: len(records.users) - len(chosen)}) + Counter(chosen)
    return Figure(counts.most_common(1)[0][0], len(chosen), {"people": dict(counts.most_common())})


def _person_changes(records: PersonRecords, family: str) -> Figure:
    saves = [event for event in records.of("preference") if event["subject"].startswith(f"{family}.")]
    if not saves:
        return NO_DATA
    return Figure(sum(event["changed"] for event in saves), len(saves), {"saves": len(saves)})


def person_notifications(records: PersonRecords) -> Figure:
    return _person_changes(records, "notifications")


def person_privacy(records: PersonRecords) -> Figure:
    return _person_changes(records, "privacy")


def _site_changes(records: SiteRecords, family: str) -> Figure:
    saves = records.day_sum(f"{family}_saves")
    return Figure(records.day_sum(f"{family}_changes"), saves, {"saves": saves}) if saves else NO_DATA


def site_notifications(records: SiteRecords) -> Figure:
    return _site_changes(records, "notifications")


def site_privacy(records: SiteRecords) -> Figure:
    return _site_changes(records, "privacy")


def person_clicked(records: PersonRecords) -> Figure:
    shown = sum(len(event["items"]) for event in records.of("recommendations_shown"))
    return _clicked(len(records.of("recommendation_clicked")), shown)


def site_clicked(records: SiteRecords) -> Figure:
    return _clicked(records.day_sum("recommendations_clicked"), records.day_sum("recommendations_shown"))


def _clicked(clicked: int, shown: int) -> Figure:
    if not shown and not clicked:
        return NO_DATA
    return Figure(clicked, clicked + shown, {"shown": shown, "click_rate": share(clicked, shown)})


_PLAYLIST = 'community.create_playlist(user_id, "favourites", items=["intro"])'
GROUP = Group(
    "Customisation",
    (
        Entry(42, "playlists_created", "Custom playlists created", "count", (PERSON,),
            "Playlists ever created; the deleted ones apart.",
            _PLAYLIST, person=person_created, platform=site_created),
        Entry(43, "playlist_size", "Playlist average size", "items", (PERSON,),
            "The mean number of items over the playlists that exist.",
            _PLAYLIST, person=person_size, platform=site_size),
        Entry(44, "theme_preference", "Theme preference", "value", (PERSON,),
            "The newest choice; the default is marked as such. On the platform the theme of most people.",
            'community.set_preference(user_id, "theme", "dark")', person=person_theme, platform=site_theme),
        Entry(45, "notification_changes", "Notification settings changes", "count", (PERSON,),
            "Changes of value of a notification setting; saving the same value again is none.",
            'community.set_preference(user_id, "notifications.email", "off")', person=person_notifications,
            platform=site_notifications),
        Entry(46, "privacy_changes", "Privacy settings changes", "count", (PERSON,),
            "Changes of value of a privacy setting; saving the same value again is none.",
            'community.set_preference(user_id, "privacy.leaderboard", "hidden")', person=person_privacy,
            platform=site_privacy),
        Entry(47, "recommendations_clicked", "Recommendations clicked", "count", (PERSON,),
            "Clicks on recommendations; clicks ÷ shown beside them.",
            'community.click_recommendation(user_id, "intro")', person=person_clicked, platform=site_clicked),
    ),
)  # fmt: skip
