"""`/api/v1`: items, and what people do with them, with one another and with the site."""

from __future__ import annotations

from typing import Any

import msgspec

from user_stats.api import figure_shapes as shapes
from user_stats.api.operations import READ, RECORD, Answer, Call, Operation
from user_stats.errors import UserStatsError

# -- items ------------------------------------------------------------------------------------------------------------


def get_item(call: Call) -> shapes.FoundItem:
    item = call.services.manager.content.find(call.path["content_id"])
    if item is None:
        raise UserStatsError("content_id: nobody told of this item", field="content_id", code="not_found")
    return shapes.FoundItem(item)


def describe_item(call: Call) -> shapes.FoundItem:
    told = msgspec.structs.asdict(call.body)
    return shapes.FoundItem(call.services.manager.content.describe(_who(call), call.path["content_id"], **told))


def delete_item(call: Call) -> shapes.FoundItem:
    return shapes.FoundItem(call.services.manager.content.delete(_who(call), call.path["content_id"]))


def start_stream(call: Call) -> Answer:
    told = msgspec.structs.asdict(call.body)
    item = call.services.manager.content.start_stream(_who(call), call.path["content_id"], **told)
    return Answer(shapes.FoundItem(item), 201)


def end_stream(call: Call) -> shapes.FoundItem:
    content = call.services.manager.content
    return shapes.FoundItem(content.end_stream(_who(call), call.path["content_id"], ended_at=call.body.ended_at))


def rate(call: Call) -> None:
    call.services.manager.content.rate(_who(call), call.body.content_id, call.body.stars)


def download(call: Call) -> None:
    body: shapes.NewDownload = call.body
    call.services.manager.content.download(_who(call), body.content_id, size_bytes=body.size_bytes)


def take_back_like(call: Call) -> None:
    call.services.manager.content.take_back_like(_who(call), call.path["content_id"])


# -- people -----------------------------------------------------------------------------------------------------------


def list_following(call: Call) -> shapes.People:
    return shapes.People(call.services.manager.community.following(_who(call)))


def list_followers(call: Call) -> shapes.People:
    return shapes.People(call.services.manager.community.followers(_who(call)))


def follow(call: Call) -> None:
    call.services.manager.community.follow(_who(call), call.body.user_id)


def unfollow(call: Call) -> None:
    call.services.manager.community.unfollow(_who(call), call.path["other_id"])


def set_referrer(call: Call) -> None:
    call.services.manager.community.set_referrer(_who(call), call.body.user_id)


def record_sign_in(call: Call) -> None:
    call.services.manager.community.record_sign_in(_who(call))


def set_preference(call: Call) -> shapes.HasChanged:
    community = call.services.manager.community
    return shapes.HasChanged(community.set_preference(_who(call), call.body.name, call.body.value))


def get_preferences(call: Call) -> shapes.Preferences:
    return shapes.Preferences(call.services.manager.community.get_preferences(_who(call)))


def show_recommendations(call: Call) -> None:
    call.services.manager.community.show_recommendations(_who(call), call.body.items)


def click_recommendation(call: Call) -> None:
    call.services.manager.community.click_recommendation(_who(call), call.body.content_id)


def record_payment(call: Call) -> None:
    call.services.manager.community.record_payment(_who(call), call.body.amount, call.body.currency)


def list_playlists(call: Call) -> shapes.Playlists:
    return shapes.Playlists(call.services.manager.community.get_playlists(_who(call)))


def create_playlist(call: Call) -> Answer:
    body: shapes.NewPlaylist = call.body
    made = call.services.manager.community.create_playlist(_who(call), body.name, items=body.items)
    return Answer(shapes.PlaylistMade(made), 201)


def change_playlist(call: Call) -> None:
    body: shapes.PlaylistChanges = call.body
    community = call.services.manager.community
    community.change_playlist(_who(call), call.path["playlist_id"], name=body.name, items=body.items)


def delete_playlist(call: Call) -> None:
    call.services.manager.community.delete_playlist(_who(call), call.path["playlist_id"])


def _who(call: Call) -> str:
    user_id: str = call.path["user_id"]
    return user_id


_ONE = "/api/v1/users/{user_id}"
_ITEM = _ONE + "/content/{content_id}"
_REFUSALS = ("not_found", "forbidden", "already_exists", "conflict")


def _record(method: str, path: str, handler: Any, summary: str, body: Any = None) -> Operation:
    """Something that is noted and answers nothing."""
    return Operation(
        method, path, handler, summary, None, RECORD, body=body, status=204, refusals=_REFUSALS, tag="Community"
    )


def _item(method: str, path: str, handler: Any, summary: str, **more: Any) -> Operation:
    more = {"refusals": _REFUSALS, **more}
    return Operation(method, path, handler, summary, shapes.FoundItem, RECORD, tag="Items", **more)


def _read(path: str, handler: Any, summary: str, answer: Any) -> Operation:
    return Operation("GET", path, handler, summary, answer, READ, refusals=("not_found",), tag="Community")


OPERATIONS = (
    Operation(
        "GET", "/api/v1/content/{content_id}", get_item, "What was told of an item", shapes.FoundItem, READ,
        refusals=("not_found",), tag="Items",
    ),
    _item("PUT", _ITEM, describe_item, "Tell of an item; the first who does owns it", body=shapes.ItemFacts),
    _item("DELETE", _ITEM, delete_item, "Mark an item as deleted"),
    _item("POST", _ITEM + "/start", start_stream, "A stream goes live", body=shapes.StreamStart, status=201),
    _item("POST", _ITEM + "/end", end_stream, "A stream ends", body=shapes.StreamEnd),
    _record("DELETE", _ITEM + "/like", take_back_like, "Take a like back"),
    _record("POST", _ONE + "/ratings", rate, "Rate an item", shapes.NewRating),
    _record("POST", _ONE + "/downloads", download, "Count a download", shapes.NewDownload),
    _read(_ONE + "/following", list_following, "Whom the person follows", shapes.People),
    _read(_ONE + "/followers", list_followers, "Who follows the person", shapes.People),
    _record("POST", _ONE + "/following", follow, "Follow somebody", shapes.OfPerson),
    _record("DELETE", _ONE + "/following/{other_id}", unfollow, "Follow somebody no longer"),
    _record("PUT", _ONE + "/referrer", set_referrer, "Note who brought the person", shapes.OfPerson),
    _record("POST", _ONE + "/sign-ins", record_sign_in, "Count a sign-in"),
    _read(_ONE + "/preferences", get_preferences, "What the person chose", shapes.Preferences),
    Operation(
        "PUT", _ONE + "/preferences", set_preference, "Note what the person chose", shapes.HasChanged, RECORD,
        body=shapes.NewPreference, refusals=("not_found", "forbidden"), tag="Community",
    ),
    _record("POST", _ONE + "/recommendations/shown", show_recommendations, "Note what was recommended", shapes.Shown),
    _record(
        "POST", _ONE + "/recommendations/clicked", click_recommendation, "Note which was taken up", shapes.OfItem
    ),
    _record("POST", _ONE + "/payments", record_payment, "Record a payment", shapes.NewPayment),
    _read(_ONE + "/playlists", list_playlists, "Playlists of the person", shapes.Playlists),
    Operation(
        "POST", _ONE + "/playlists", create_playlist, "Create a playlist", shapes.PlaylistMade, RECORD,
        body=shapes.NewPlaylist, status=201, refusals=_REFUSALS, tag="Community",
    ),
    _record("PATCH", _ONE + "/playlists/{playlist_id}", change_playlist, "Change a playlist", shapes.PlaylistChanges),
    _record("DELETE", _ONE + "/playlists/{playlist_id}", delete_playlist, "Delete a playlist"),
)  # fmt: skip
