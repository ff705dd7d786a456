"""What people do with one another and with the site: follow, sign in, keep playlists, choose settings, take up
recommendations, pay, and bring others.

Logs never name another person: where an event is about one, it carries a mark, a hash that turns back into nobody.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from user_stats import activity, fields
from user_stats.collections import CONNECTIONS, PLAYLISTS, PREFERENCES
from user_stats.errors import AlreadyExists, Conflict, InvalidInput
from user_stats.items import checked_content_id
from user_stats.storage import Record, Storage, Transaction
from user_stats.times import Clock
from user_stats.user_records import get_user

T = TypeVar("T")
MOST_PLAYLISTS, MOST_ITEMS, MOST_SHOWN = 1000, 1000, 100
LONGEST_VALUE = 64
MOST_PAID = 1_000_000
CENTS = 100
THEME, DEFAULT_THEME = "theme", "system"
_is_preference = re.compile(r"theme|(notifications|privacy)\.[a-z][a-z_]{0,39}").fullmatch
_is_currency = re.compile("[A-Z]{3}").fullmatch


class Community:
    """Over a store. Calls raise UserNotFound, Forbidden for an inactive account, InvalidInput, StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    # -- one another --------------------------------------------------------------------------------------------------

    def follow(self, user_id: str, other_id: str) -> None:
        """Raises AlreadyExists where the person follows the other already."""
        if user_id == fields.checked_user_id(other_id):
            raise InvalidInput.of("other_id", other_id, "somebody else")

        def work(tx: Transaction, now: datetime) -> None:
            get_user(tx, other_id)
            if other_id in connections(tx, user_id)["following"]:
                raise AlreadyExists("other_id: the person follows them already", field="other_id")
            _change_following(tx, user_id, other_id, list.append, ("follow", "follower_gained"), now)

        self._run(user_id, work)

    def unfollow(self, user_id: str, other_id: str) -> None:
        """Raises Conflict where the person does not follow the other."""
        fields.checked_user_id(other_id)

        def work(tx: Transaction, now: datetime) -> None:
            if other_id not in connections(tx, user_id)["following"]:
                raise Conflict("other_id: the person does not follow them", field="other_id")
            _change_following(tx, user_id, other_id, list.remove, ("unfollow", "follower_lost"), now)

        self._run(user_id, work)

    def following(self, user_id: str) -> list[str]:
        """Whom the person follows, in the order in which they began."""
        return list(self._connections(user_id)["following"])

    def followers(self, user_id: str) -> list[str]:
        return list(self._connections(user_id)["followers"])

    def set_referrer(self, user_id: str, referrer_id: str) -> None:
        """Notes who brought a person; for good. Raises Conflict where that is known already."""
        if user_id == fields.checked_user_id(referrer_id):
            raise InvalidInput.of("referrer_id", referrer_id, "somebody else")

        def work(tx: Transaction, now: datetime) -> None:
            get_user(tx, referrer_id)
            mine, theirs = connections(tx, user_id), connections(tx, referrer_id)
            if mine["referrer"] is not None:
                raise Conflict("referrer_id: it is known already who brought this person", field="referrer_id")
            mine["referrer"] = referrer_id
            theirs["referred"].append(user_id)
            tx.put(CONNECTIONS, user_id, mine)
            tx.put(CONNECTIONS, referrer_id, theirs)
            _log(tx, user_id, "referred_by", mark(referrer_id), now)
            _log(tx, referrer_id, "referral", mark(user_id), now)

        self._run(user_id, work)

    def _connections(self, user_id: str) -> Record:
        user_id = fields.checked_user_id(user_id)
        get_user(self._storage, user_id)
        return connections(self._storage, user_id)

    # -- the site -----------------------------------------------------------------------------------------------------

    def record_sign_in(self, user_id: str) -> None:
        """For a site that signs people in by itself; our own sign-in records it."""
        self._run(user_id, lambda tx, now: _log(tx, user_id, "sign_in", None, now))

    def set_preference(self, user_id: str, name: str, value: str) -> bool:
        """True where the value changed. `name` is theme, or a setting under notifications. or privacy.; with
        privacy.leaderboard set to hidden, others do not see the person on a leaderboard."""
        if not isinstance(name, str) or not _is_preference(name):
            raise InvalidInput.of("name", name, "theme, or a name that begins with notifications. or privacy.")
        value = fields.checked_text("value", value, LONGEST_VALUE)

        def work(tx: Transaction, now: datetime) -> bool:
            chosen = tx.get(PREFERENCES, user_id) or {"user_id": user_id, "chosen": {}}
            changed = bool(chosen["chosen"].get(name, DEFAULT_THEME if name == THEME else None) != value)
            chosen["chosen"][name] = value
            tx.put(PREFERENCES, user_id, chosen)
            _log(tx, user_id, "preference", name, now, value=value, changed=changed)
            return changed

        return self._run(user_id, work)

    def get_preferences(self, user_id: str) -> dict[str, str]:
        """What the person chose; what is not there is as the site has it."""
        get_user(self._storage, fields.checked_user_id(user_id))
        chosen: dict[str, str] = (self._storage.get(PREFERENCES, user_id) or {"chosen": {}})["chosen"]
        return chosen

    def show_recommendations(self, user_id: str, items: Sequence[str]) -> None:
        """Notes which items were shown to the person as recommendations."""
        shown = _checked_items(items, MOST_SHOWN)
        self._run(user_id, lambda tx, now: _log(tx, user_id, "recommendations_shown", None, now, items=shown))

    def click_recommendation(self, user_id: str, content_id: str) -> None:
        content_id = checked_content_id(content_id)
        self._run(user_id, lambda tx, now: _log(tx, user_id, "recommendation_clicked", content_id, now))

    def record_payment(self, user_id: str, amount: float, currency: str) -> None:
        """An amount in a currency of three letters, kept in hundredths."""
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount <= MOST_PAID:
            raise InvalidInput.of("amount", amount, f"a number above 0, at most {MOST_PAID:,}")
        if not isinstance(currency, str) or not _is_currency(currency):
            raise InvalidInput.of("currency", currency, "three capital letters such as EUR")
        cents = round(amount * CENTS)
        self._run(user_id, lambda tx, now: _log(tx, user_id, "payment", None, now, cents=cents, currency=currency))

    # -- playlists ----------------------------------------------------------------------------------------------------

    def create_playlist(self, user_id: str, name: str, *, items: Sequence[str] = ()) -> str:
        """The id of the new playlist."""
        name, listed, playlist_id = _checked_name(name), _checked_items(items, MOST_ITEMS), str(uuid.uuid4())

        def work(tx: Transaction, now: datetime) -> str:
            kept = playlists(tx, user_id)
            if len(kept["playlists"]) >= MOST_PLAYLISTS:
                raise Conflict(f"playlists: there are {MOST_PLAYLISTS:,} already; delete one first", field="playlists")
            kept["playlists"][playlist_id] = {"name": name, "items": listed}
            _put_playlists(tx, kept, playlist_id, "created", len(listed), now)
            return playlist_id

        return self._run(user_id, work)

    def change_playlist(
        self, user_id: str, playlist_id: str, *, name: str | None = None, items: Sequence[str] | None = None
    ) -> None:
        """Raises Conflict where there is no such playlist."""
        changes: Record = {}
        if name is not None:
            changes["name"] = _checked_name(name)
        if items is not None:
            changes["items"] = _checked_items(items, MOST_ITEMS)

        def work(tx: Transaction, now: datetime) -> None:
            kept = playlists(tx, user_id)
            playlist = {**_known(kept, playlist_id), **changes}
            kept["playlists"][playlist_id] = playlist
            _put_playlists(tx, kept, playlist_id, "changed", len(playlist["items"]), now)

        self._run(user_id, work)

    def delete_playlist(self, user_id: str, playlist_id: str) -> None:
        """Raises Conflict where there is no such playlist."""

        def work(tx: Transaction, now: datetime) -> None:
            kept = playlists(tx, user_id)
            _known(kept, playlist_id)
            del kept["playlists"][playlist_id]
            _put_playlists(tx, kept, playlist_id, "deleted", 0, now)

        self._run(user_id, work)

    def get_playlists(self, user_id: str) -> dict[str, dict[str, Any]]:
        """Name and items of each playlist, by its id."""
        get_user(self._storage, fields.checked_user_id(user_id))
        kept: dict[str, dict[str, Any]] = playlists(self._storage, user_id)["playlists"]
        return kept

    def _run(self, user_id: str, work: Callable[[Transaction, datetime], T]) -> T:
        fields.checked_user_id(user_id)
        now = self._clock()

        def checked(tx: Transaction) -> T:
            activity.require_active(tx, user_id)
            return work(tx, now)

        return self._storage.transaction(checked)


# -- inside a transaction ---------------------------------------------------------------------------------------------


def mark(user_id: str) -> str:
    """Stands for a person in the log of another: the same for the same person, and of use to nobody who does not know
    the id, which is random."""
    return hashlib.sha256(user_id.encode()).hexdigest()[:24]


def connections(reader: Any, user_id: str) -> Record:
    empty: Record = {"user_id": user_id, "following": [], "followers": [], "referrer": None, "referred": []}
    return {**empty, **(reader.get(CONNECTIONS, user_id) or {})}


def playlists(reader: Any, user_id: str) -> Record:
    return {"user_id": user_id, "playlists": {}, **(reader.get(PLAYLISTS, user_id) or {})}


def forget_connections(tx: Transaction, user_id: str, now: datetime) -> None:
    """Takes a person who is erased out of the lists of others; their logs then say that one is gone."""
    mine = connections(tx, user_id)
    for other_id, name, kind, subject in (
        *((one, "following", "following_gone", mark(user_id)) for one in mine["followers"]),
        *((one, "followers", "follower_lost", None) for one in mine["following"]),
    ):
        theirs = connections(tx, other_id)
        theirs[name].remove(user_id)
        tx.put(CONNECTIONS, other_id, theirs)
        _log(tx, other_id, kind, subject, now)
    for other_id in mine["referred"]:
        tx.put(CONNECTIONS, other_id, {**connections(tx, other_id), "referrer": None})
        _log(tx, other_id, "referrer_gone", None, now)
    if mine["referrer"] is not None:
        theirs = connections(tx, mine["referrer"])
        theirs["referred"].remove(user_id)
        tx.put(CONNECTIONS, mine["referrer"], theirs)
        _log(tx, mine["referrer"], "referred_gone", None, now)


def _change_following(
    tx: Transaction,
    user_id: str,
    other_id: str,
    change: Callable[[list[str], str], None],
    kinds: tuple[str, str],
    now: datetime,
) -> None:
    """Changes the lists of both, with an event of one of the kinds for each."""
    mine, theirs = connections(tx, user_id), connections(tx, other_id)
    change(mine["following"], other_id)
    change(theirs["followers"], user_id)
    tx.put(CONNECTIONS, user_id, mine)
    tx.put(CONNECTIONS, other_id, theirs)
    _log(tx, user_id, kinds[0], mark(other_id), now)
    _log(tx, other_id, kinds[1], None, now)


def _log(tx: Transaction, user_id: str, kind: str, subject: str | None, now: datetime, **facts: Any) -> None:
    activity.add(tx, user_id, {"at": "", "kind": kind, "subject": subject, **facts}, now=now)


def _put_playlists(tx: Transaction, kept: Record, playlist_id: str, action: str, items: int, now: datetime) -> None:
    tx.put(PLAYLISTS, kept["user_id"], kept)
    _log(tx, kept["user_id"], "playlist", playlist_id, now, action=action, items=items)


def _known(kept: Record, playlist_id: str) -> Record:
    playlist: Record | None = kept["playlists"].get(playlist_id)
    if playlist is None:
        raise Conflict("playlist_id: the person has no such playlist", field="playlist_id")
    return playlist


def _checked_name(value: object) -> str:
    return fields.checked_text("name", value, fields.LONGEST_TITLE)


def _checked_items(value: object, most: int) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > most:
        raise InvalidInput.of("items", value, f"a list of at most {most:,} content ids")
    return [checked_content_id(item) for item in value]
