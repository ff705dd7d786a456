"""Everything that is held on one person, as one zip: JSON for programs, CSV for spreadsheets, a readme for the person.

Password hashes and tokens are left out. What each file and field means is in `person_readme.py`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from user_stats import audit, fields
from user_stats.collections import (
    ACTIVITY,
    BOT_LINKS,
    BOT_USERS,
    CONTENT,
    HISTORY,
    PERSONAL_COLLECTIONS,
    PERSONAL_LOGS,
    SECRET_COLLECTIONS,
    SUBSCRIBER_FEATURES,
    USER_STATS,
    USERS,
)
from user_stats.content import owned_items
from user_stats.manager import UserManager
from user_stats.models import User, UserStats, WatchHistoryEntry
from user_stats.permissions import authorize
from user_stats.storage import Record, Transaction
from user_stats.times import to_iso, utc_now
from user_stats.transfer.person_readme import readme
from user_stats.transfer.tables import replaced, write_rows
from user_stats.user_records import get_user

FORMAT, VERSION = "user_stats person", 1
FILE_MODE = 0o600
EVENT_COLUMNS = ("at", "kind", "subject")

Table = tuple[Sequence[str], list[Record]]
"""Columns and rows."""


def person_archive(manager: UserManager, user_id: str, *, actor: str | None = None) -> bytes:
    """The zip of one person as of one moment; `actor` must be the person or an admin. Raises UserNotFound."""
    file = io.BytesIO()
    write_person_archive(file, manager, user_id, actor=actor)
    return file.getvalue()


def save_person_archive(path: Path, manager: UserManager, user_id: str) -> None:
    """The same as a file, which appears when it is whole, mode 0600; one that is there is replaced."""
    with replaced(path) as file:
        write_person_archive(file, manager, user_id)


def write_person_archive(file: IO[bytes], manager: UserManager, user_id: str, *, actor: str | None = None) -> None:
    """The same into a file that is open; it may be a pipe."""
    now = utc_now()
    document, lists = _collected(manager, fields.checked_user_id(user_id), actor, now)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with _member(archive, "person.json", now) as member:
            _write_document(member, document, lists)
        with _member(archive, "history.json", now) as member:
            write_rows(member, "json", (), lists[HISTORY.name])
        for name, (columns, rows) in _tables(document, lists).items():
            with _member(archive, f"{name}.csv", now) as member:
                write_rows(member, "csv", columns, rows)
        with _member(archive, "readme.txt", now) as member:
            member.write(readme(document, lists, made_on=to_iso(now)[:10]))


def _collected(
    manager: UserManager, user_id: str, actor: str | None, now: datetime
) -> tuple[dict[str, Any], dict[str, list[Record]]]:
    """Records by collection and entries by log, read together under the store's own rules for one moment."""
    collections = [collection for collection in PERSONAL_COLLECTIONS if collection not in SECRET_COLLECTIONS]

    def work(tx: Transaction) -> tuple[dict[str, Any], dict[str, list[Record]]]:
        authorize(tx, actor, now=now, self_id=user_id)
        get_user(tx, user_id)
        records = {collection.name: tx.get(collection, user_id) for collection in collections}
        lists = {log.name: tx.read_log(log, user_id) for log in PERSONAL_LOGS}
        link = records[BOT_LINKS.name]
        records[BOT_USERS.name] = None if link is None else tx.get(BOT_USERS, link["telegram_id"])
        records[CONTENT.name] = _items(tx, user_id, lists[ACTIVITY.name])
        return records, lists

    records, lists = manager.storage.transaction(work)
    audit.note(manager.storage, "exported", now=now, actor=actor, user_id=user_id)
    head = {"format": FORMAT, "version": VERSION, "exported_at": to_iso(now), "user_id": user_id}
    return {**head, "collections": {name: record for name, record in records.items() if record is not None}}, lists


def _items(tx: Transaction, user_id: str, events: list[Record]) -> Record | None:
    """The person's items by their ids, without the ids of others who own them too."""
    items = owned_items(tx, user_id, events)
    return {content_id: {**record, "owners": [user_id]} for content_id, record in items.items()} or None


def _write_document(file: IO[str], document: dict[str, Any], lists: dict[str, list[Record]]) -> None:
    """One JSON object; the lists go out entry by entry, for they may be long."""
    head = json.dumps(document, ensure_ascii=False, indent=1)
    file.write(head.removesuffix("\n}") + ',\n "logs": {')
    for number, (name, entries) in enumerate(lists.items()):
        file.write(f"{',' if number else ''}\n  {json.dumps(name)}: ")
        write_rows(file, "json", (), entries)
    file.write(" }\n}\n")


def _tables(document: dict[str, Any], lists: dict[str, list[Record]]) -> dict[str, Table]:
    records: dict[str, Record] = document["collections"]
    features = records.get(SUBSCRIBER_FEATURES.name, {})
    events = lists[ACTIVITY.name]
    names = dict.fromkeys(EVENT_COLUMNS)
    for event in events:
        names.update(dict.fromkeys(event))
    return {
        "account": ([*User.__dataclass_fields__], [records[USERS.name]]),
        "statistics": ([*UserStats.__dataclass_fields__], [records.get(USER_STATS.name, {})]),
        "features": (("feature", "assignment", "uses"), list(_feature_rows(features))),
        "history": ([*WatchHistoryEntry.__dataclass_fields__], lists[HISTORY.name]),
        "activity": (list(names), events),
    }


def _feature_rows(features: Record) -> Iterator[Record]:
    """One row for each feature that was assigned or used."""
    uses: dict[str, int] = features.get("uses", {})
    assigned = {name: word for word in ("granted", "revoked") for name in features.get(word, ())}
    for name in sorted({*uses, *assigned}):
        yield {"feature": name, "assignment": assigned.get(name, "plan"), "uses": uses.get(name, 0)}


def _member(archive: zipfile.ZipFile, name: str, now: datetime) -> IO[str]:
    """A file in the zip, to be written as text."""
    about = zipfile.ZipInfo(name, now.astimezone(UTC).timetuple()[:6])
    about.compress_type = zipfile.ZIP_DEFLATED
    about.external_attr = FILE_MODE << 16
    return io.TextIOWrapper(archive.open(about, "w", force_zip64=True), encoding="utf-8", newline="")
