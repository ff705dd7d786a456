"""Items: what was told of them, and what people do with them besides watching.

Whoever describes or uploads an item first owns it; others own it too once they are named as collaborators. What is done
with an item stands in the log of who did it, and what its owners receive in theirs, without saying from whom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from user_stats import activity, fields
from user_stats.collections import ACTIVITY, CONTENT, USERS
from user_stats.errors import AlreadyExists, Conflict, Forbidden, InvalidInput, UserNotFound
from user_stats.items import (
    HALF_STARS,
    MOST_BYTES,
    Item,
    checked_content_id,
    checked_facts,
    checked_people,
    is_content_id,
)
from user_stats.models import INTERACTION_TYPES, UserStats
from user_stats.storage import Reader, Record, Storage, Transaction
from user_stats.times import Clock, checked_moment, from_iso, to_iso

T = TypeVar("T")


class Content:
    """The items of a store. Calls raise UserNotFound, Forbidden for an inactive account, InvalidInput, StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def find(self, content_id: str) -> Item | None:
        """None also for what cannot be an id."""
        if not is_content_id(content_id):
            return None
        record = self._storage.get(CONTENT, content_id)
        return None if record is None else Item.from_stored(record)

    # -- what owners do -----------------------------------------------------------------------------------------------

    def upload(self, user_id: str, content_type: str, content_id: str | None, **told: Any) -> UserStats:
        """The person's statistics after the upload. Raises AlreadyExists where the item is somebody else's."""
        kind = fields.checked_content_type(content_type)
        facts = checked_facts(**told)
        subject = None if content_id is None else checked_content_id(content_id)

        def work(tx: Transaction, now: datetime) -> Record:
            stats = _log(tx, user_id, "upload", subject, now, content_type=kind, **facts)
            if subject is not None:
                self._put(tx, user_id, subject, {"content_type": kind, **facts}, now)
            return stats

        return UserStats.from_stored(user_id, self._run(user_id, work))

    def describe(
        self,
        user_id: str,
        content_id: str,
        *,
        content_type: str | None = None,
        collaborators: Sequence[str] | None = None,
        **told: Any,
    ) -> Item:
        """The item with what an owner tells of it: title, category, tags, size_bytes, length_seconds, and with whom it
        was made. What is left out stays as it is. Raises AlreadyExists where the item is somebody else's."""
        content_id = checked_content_id(content_id)
        facts = checked_facts(**told)
        if content_type is not None:
            facts["content_type"] = fields.checked_content_type(content_type)
        others = None if collaborators is None else checked_people(collaborators)

        def work(tx: Transaction, now: datetime) -> Item:
            before = tx.get(CONTENT, content_id)
            record = self._put(tx, user_id, content_id, facts, now)
            _log(tx, user_id, "content", content_id, now, action="described", **facts)
            if others is not None:
                _set_collaborators(tx, record, others, now)
            elif before is None:
                tx.put(CONTENT, content_id, record)
            return Item.from_stored(record)

        return self._run(user_id, work)

    def _put(self, tx: Transaction, user_id: str, content_id: str, facts: Record, now: datetime) -> Record:
        record = tx.get(CONTENT, content_id)
        if record is None:
            record = {"content_id": content_id, "owners": [user_id], "content_type": "video", "created_at": to_iso(now)}
        elif user_id not in record["owners"]:
            raise AlreadyExists(f"content_id: {content_id} belongs to somebody else", field="content_id")
        record = {**record, **facts}
        record.pop("deleted_at", None)
        tx.put(CONTENT, content_id, record)
        return record

    def delete(self, user_id: str, content_id: str) -> Item:
        """The item, marked as deleted: its past counts on, its size does not."""

        def work(tx: Transaction, now: datetime) -> Item:
            record = _own(tx, user_id, content_id)
            for owner in record["owners"]:
                activity.add(tx, owner, _event("content", content_id, action="deleted"), now=now)
            record["deleted_at"] = to_iso(now)
            tx.put(CONTENT, content_id, record)
            return Item.from_stored(record)

        return self._run(user_id, work)

    def start_stream(
        self, user_id: str, stream_id: str, *, started_at: datetime | str | None = None, **told: Any
    ) -> Item:
        """The stream, live from now or from the moment told. Raises Conflict where it was started before."""
        stream_id, facts = checked_content_id(stream_id), checked_facts(**told)

        def work(tx: Transaction, now: datetime) -> Item:
            start = to_iso(now if started_at is None else checked_moment("started_at", started_at, now=now))
            if (tx.get(CONTENT, stream_id) or {}).get("started_at"):
                raise Conflict(f"stream_id: {stream_id} was started before", field="stream_id")
            live = {"content_type": "stream", "started_at": start, **facts}
            record = self._put(tx, user_id, stream_id, live, now)
            _log(tx, user_id, "stream_started", stream_id, now, started_at=start, **facts)
            return Item.from_stored(record)

        return self._run(user_id, work)

    def end_stream(self, user_id: str, stream_id: str, *, ended_at: datetime | str | None = None) -> Item:
        """The stream with its end. Raises Conflict where it does not run."""

        def work(tx: Transaction, now: datetime) -> Item:
            record = _own(tx, user_id, stream_id)
            if not record.get("started_at") or record.get("ended_at"):
                raise Conflict(f"stream_id: {stream_id} does not run", field="stream_id")
            end = now if ended_at is None else checked_moment("ended_at", ended_at, now=now)
            if end < from_iso(record["started_at"]):
                raise InvalidInput.of("ended_at", to_iso(end), f"a moment not before {record['started_at']}")
            record["ended_at"] = to_iso(end)
            tx.put(CONTENT, stream_id, record)
            _log(tx, user_id, "stream_ended", stream_id, now, ended_at=record["ended_at"])
            return Item.from_stored(record)

        return self._run(user_id, work)

    # -- what others do -----------------------------------------------------------------------------------------------

    def interact(self, user_id: str, interaction_type: str, content_id: str | None) -> UserStats:
        """The person's statistics after a like, comment or share; the owners of the item receive it."""
        kind = fields.checked_word("interaction_type", interaction_type, INTERACTION_TYPES)
        subject = None if content_id is None else checked_content_id(content_id)

        def work(tx: Transaction, now: datetime) -> Record:
            stats = _log(tx, user_id, "interaction", subject, now, interaction_type=kind)
            _receive(tx, user_id, subject, kind, now)
            return stats

        return UserStats.from_stored(user_id, self._run(user_id, work))

    def take_back_like(self, user_id: str, content_id: str) -> None:
        """Raises Conflict where the person does not like the item."""
        content_id = checked_content_id(content_id)

        def work(tx: Transaction, now: datetime) -> None:
            if _likes(tx.read_log(ACTIVITY, user_id), content_id) < 1:
                raise Conflict(f"content_id: {content_id} has no like to take back", field="content_id")
            _log(tx, user_id, "like_taken_back", content_id, now)
            _receive(tx, user_id, content_id, "like_taken_back", now)

        self._run(user_id, work)

    def rate(self, user_id: str, content_id: str, stars: float) -> None:
        """One to five stars, halves too; a person's newest rating of an item counts."""
        content_id = checked_content_id(content_id)
        if isinstance(stars, bool) or stars not in HALF_STARS:
            raise InvalidInput.of("stars", stars, "1 to 5 in steps of a half")
        self._run(user_id, lambda tx, now: _log(tx, user_id, "rating", content_id, now, stars=stars))

    def download(self, user_id: str, content_id: str, *, size_bytes: int | None = None) -> None:
        """By default of the size that was told of the item."""
        content_id = checked_content_id(content_id)
        if size_bytes is not None:
            fields.checked_whole("size_bytes", size_bytes, 0, MOST_BYTES)

        def work(tx: Transaction, now: datetime) -> None:
            size = (tx.get(CONTENT, content_id) or {}).get("size_bytes") if size_bytes is None else size_bytes
            _log(tx, user_id, "download", content_id, now, **({} if size is None else {"bytes": size}))

        self._run(user_id, work)

    def _run(self, user_id: str, work: Callable[[Transaction, datetime], T]) -> T:
        fields.checked_user_id(user_id)
        now = self._clock()

        def checked(tx: Transaction) -> T:
            activity.require_active(tx, user_id)
            return work(tx, now)

        return self._storage.transaction(checked)


# -- inside a transaction -------------------------------------------------------------------------------------------


def add_what_is_known(tx: Transaction, event: Record) -> Record:
    """A watch with the category and the tags of its item where it brings none of its own."""
    if "category" in event and "tags" in event:
        return event
    about = tx.peek(CONTENT, event["subject"])
    if about is None:
        return event
    return {**{name: about[name] for name in ("category", "tags") if name in about}, **event}


def owned_items(reader: Reader, user_id: str, events: Sequence[Record]) -> dict[str, Record]:
    """The items of a person, found by the events of their log."""
    mine = [event.get("subject") for event in events if event.get("kind") in ("content", "upload", "stream_started")]
    subjects = dict.fromkeys(subject for subject in mine if isinstance(subject, str))  # a damaged event names nothing
    records = {subject: reader.get(CONTENT, subject) for subject in subjects}
    return {subject: record for subject, record in records.items() if record and user_id in record["owners"]}


def forget_owner(tx: Transaction, user_id: str, events: Sequence[Record]) -> None:
    """Takes a person who is erased off their items; an item without an owner goes."""
    for content_id, record in owned_items(tx, user_id, events).items():
        record["owners"].remove(user_id)
        if record["owners"]:
            tx.put(CONTENT, content_id, record)
        else:
            tx.delete(CONTENT, content_id)


def _set_collaborators(tx: Transaction, record: Record, others: list[str], now: datetime) -> None:
    owner, *before = record["owners"]
    others = [user_id for user_id in others if user_id != owner]
    for user_id in others:
        if tx.get(USERS, user_id) is None:
            raise UserNotFound(f"collaborators: nobody has the id {user_id}", field="collaborators")
    for user_id in [one for one in others if one not in before]:
        activity.add(tx, user_id, _event("content", record["content_id"], action="joined"), now=now)
    for user_id in [one for one in before if one not in others]:
        activity.add(tx, user_id, _event("content", record["content_id"], action="left"), now=now)
    record["owners"] = [owner, *others]
    tx.put(CONTENT, record["content_id"], record)


def _receive(tx: Transaction, user_id: str, content_id: str | None, what: str, now: datetime) -> None:
    about = None if content_id is None else tx.get(CONTENT, content_id)
    for owner in () if about is None else about["owners"]:
        if owner != user_id:
            activity.add(tx, owner, _event("received", content_id, what=what), now=now)


def _likes(events: Sequence[Record], content_id: str) -> int:
    mine = [event for event in events if event["subject"] == content_id]
    given = [event for event in mine if event["kind"] == "interaction" and event["interaction_type"] == "like"]
    taken_back = [event for event in mine if event["kind"] == "like_taken_back"]
    return len(given) - len(taken_back)


def _own(tx: Transaction, user_id: str, content_id: str) -> Record:
    record = tx.get(CONTENT, checked_content_id(content_id))
    if record is None or user_id not in record["owners"]:
        raise Forbidden("content_id: this person may not do this; allowed: an owner of the item", field="content_id")
    return record


def _event(kind: str, subject: str | None, **facts: Any) -> Record:
    return {"at": "", "kind": kind, "subject": subject, **facts}


def _log(tx: Transaction, user_id: str, kind: str, subject: str | None, now: datetime, **facts: Any) -> Record:
    return activity.add(tx, user_id, _event(kind, subject, **facts), now=now)
