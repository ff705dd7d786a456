"""Social: comments, likes, shares, followers, and work done together."""

from __future__ import annotations

from user_stats.statistics.content_records import ContentRecords
from user_stats.statistics.figures import CONTENT, NO_DATA, PERSON, Entry, Figure, Group
from user_stats.statistics.person_records import PersonRecords
from user_stats.statistics.site_records import SiteRecords


def _made_and_received(records: PersonRecords, kind: str) -> tuple[int, int]:
    made = sum(event["interaction_type"] == kind for event in records.of("interaction"))
    received = sum(event["what"] == kind for event in records.of("received"))
    if kind == "like":
        made -= len(records.of("like_taken_back"))
        received -= sum(event["what"] == "like_taken_back" for event in records.of("received"))
    return made, received


def _person_interactions(records: PersonRecords, kind: str) -> Figure:
    made, received = _made_and_received(records, kind)
    if not records.of("interaction", "received"):
        return NO_DATA
    return Figure(made, made + received, {"made": made, "received": received})


def person_comments(records: PersonRecords) -> Figure:
    return _person_interactions(records, "comment")


def person_likes(records: PersonRecords) -> Figure:
    return _person_interactions(records, "like")


def person_shares(records: PersonRecords) -> Figure:
    return _person_interactions(records, "share")


def _content_count(records: ContentRecords, name: str) -> Figure:
    return Figure(records.total(name), records.total(name)) if records.totals else NO_DATA


def content_comments(records: ContentRecords) -> Figure:
    return _content_count(records, "comments")


def content_likes(records: ContentRecords) -> Figure:
    return _content_count(records, "likes")


def _site_count(records: SiteRecords, name: str, back: str | None = None) -> Figure:
    if not any(records.day_sum(kind) for kind in ("likes", "comments", "shares")):
        return NO_DATA
    given, taken = records.day_sum(name), records.day_sum(back) if back else 0
    return Figure(given - taken, given + taken, {"items": records.top(name)})


def site_comments(records: SiteRecords) -> Figure:
    return _site_count(records, "comments")


def site_likes(records: SiteRecords) -> Figure:
    return _site_count(records, "likes", "likes_taken_back")


def site_shares(records: SiteRecords) -> Figure:
    return _site_count(records, "shares")


def person_followers(records: PersonRecords) -> Figure:
    gained, lost = records.of("follower_gained"), records.of("follower_lost")
    if not gained:
        return NO_DATA
    new, gone = sum(map(records.since, gained)), sum(map(records.since, lost))
    beside = {"lost": gone, "net": new - gone, "followers": len(gained) - len(lost), "days": 30}
    return Figure(new, len(gained) + len(lost), beside)


def site_followers(records: SiteRecords) -> Figure:
    gained, lost = records.day_sum("follows", 30), records.day_sum("unfollows", 30)
    if not records.day_sum("follows"):
        return NO_DATA
    return Figure(gained, records.day_sum("follows"), {"lost": lost, "net": gained - lost, "days": 30})


def person_following(records: PersonRecords) -> Figure:
    events = records.of("follow")
    ended = records.of("unfollow", "following_gone")
    return Figure(len(events) - len(ended), len(events) + len(ended)) if events else NO_DATA


def site_following(records: SiteRecords) -> Figure:
    follows = records.day_sum("follows")
    return Figure(follows - records.day_sum("unfollows"), follows) if follows else NO_DATA


def person_collaborations(records: PersonRecords) -> Figure:
    if not records.items:
        return NO_DATA
    together = [item for item in records.items if len(records.contents(item["subject"] or "").get("owners", ())) > 1]
    return Figure(len(together), len(records.items), {"items": [item["subject"] for item in together]})


def site_collaborations(records: SiteRecords) -> Figure:
    if not records.items:
        return NO_DATA
    together = [item["content_id"] for item in records.items if len(item["owners"]) > 1]
    return Figure(len(together), len(records.items), {"items": together[:10]})


def _interaction(kind: str) -> str:
    return f'record_interaction(user_id, "{kind}", content_id="intro")'


_FOLLOW = "community.follow(user_id, other_id)"
GROUP = Group(
    "Social",
    (
        Entry(18, "comments", "Comments", "count", (PERSON, CONTENT),
            "Comments made; those received on the person's own items beside them.",
            _interaction("comment"), person_comments, content_comments, site_comments),
        Entry(19, "likes", "Likes", "count", (PERSON, CONTENT),
            "Likes given less likes taken back; those received beside them.",
            _interaction("like"), person_likes, content_likes, site_likes),
        Entry(20, "shares", "Shares", "count", (PERSON,),
            "Shares made; those received beside them.",
            _interaction("share"), person=person_shares, platform=site_shares),
        Entry(21, "followers_gained", "Followers gained", "count", (PERSON,),
            "Follows in the last 30 days; lost, net and the followers of today beside them.",
            _FOLLOW, person=person_followers, platform=site_followers),
        Entry(22, "following", "Following", "count", (PERSON,),
            "How many people the person follows now.",
            _FOLLOW, person=person_following, platform=site_following),
        Entry(23, "collaborations", "Collaborative projects", "count", (PERSON,),
            "Items with two owners or more that are not deleted.",
            'content.describe(user_id, "intro", collaborators=[other_id])', person=person_collaborations,
            platform=site_collaborations),
    ),
)  # fmt: skip
