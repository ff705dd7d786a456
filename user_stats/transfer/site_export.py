"""The whole site for other programs, as of one moment: one JSON document, or a zip of tables for a spreadsheet.

Secrets and what lives shortly are left out. To bring a site back there are backups, which hold the secrets too.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from user_stats import audit
from user_stats.collections import ALL_COLLECTIONS, ALL_LOGS, SECRET_COLLECTIONS, SHORT_LIVED_COLLECTIONS
from user_stats.storage import Collection, Log, Snapshot, Storage
from user_stats.times import to_iso
from user_stats.transfer.tables import Format, replaced, write_rows
from user_stats.transfer.watched import Progress, Watched, no_progress

FORMAT, VERSION = "user_stats site", 1
EXPORTED_COLLECTIONS = tuple(
    one for one in ALL_COLLECTIONS if one not in SECRET_COLLECTIONS and one not in SHORT_LIVED_COLLECTIONS
)
FILE_MODE = 0o600


def save_site(path: Path, storage: Storage, form: Format, *, now: datetime, progress: Progress = no_progress) -> None:
    """The site as a file, which appears when it is whole, mode 0600; one that is there is replaced."""
    with replaced(path) as file:
        write_site(file, storage, form, now=now, progress=progress)
    audit.note(storage, "exported", now=now, actor=None, what="site")


def write_site(
    file: IO[bytes], storage: Storage, form: Format, *, now: datetime, progress: Progress = no_progress
) -> None:
    """The same into a file that is open; it may be a pipe. Who asks for it notes that in the audit log."""
    lists = sum(1 for log in ALL_LOGS for _ in storage.log_keys(log))
    watched = Watched(progress, lists=lists, readings=1 if form == "json" else 2)
    with storage.snapshot(EXPORTED_COLLECTIONS, ALL_LOGS) as copy:
        source = watched.reading(copy)
        if form == "json":
            _write_document(file, source, now)
        else:
            _write_tables(file, source, now)
    watched.finish()


def _write_document(file: IO[bytes], source: Snapshot, now: datetime) -> None:
    head = {"format": FORMAT, "version": VERSION, "exported_at": to_iso(now)}
    file.write(json.dumps(head).encode().removesuffix(b"}") + b',\n"collections": {')
    for number, collection in enumerate(EXPORTED_COLLECTIONS):
        file.write(_name(number, collection.name) + b" {")
        for row, (key, record) in enumerate(source.members(collection)):
            file.write(_name(row, key) + b" " + record)
        file.write(b"}")
    file.write(b'},\n"logs": {')
    for number, log in enumerate(ALL_LOGS):
        file.write(_name(number, log.name) + b" {")
        for row, (key, entries) in enumerate(source.lists(log)):
            file.write(_name(row, key) + b" [" + b",\n".join(entries) + b"]")
        file.write(b"}")
    file.write(b"}}\n")


def _name(number: int, text: str) -> bytes:
    """The name of the next member of an object."""
    return (b",\n" if number else b"\n") + json.dumps(text).encode() + b":"


def _write_tables(file: IO[bytes], source: Snapshot, now: datetime) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        places: list[Collection | Log] = [*EXPORTED_COLLECTIONS, *ALL_LOGS]
        for place in places:
            columns = dict.fromkeys(["key"])
            for row in _rows(source, place):
                columns |= dict.fromkeys(row)
            about = zipfile.ZipInfo(f"{place.name}.csv", now.timetuple()[:6])
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, FILE_MODE << 16
            with io.TextIOWrapper(archive.open(about, "w", force_zip64=True), encoding="utf-8", newline="") as member:
                write_rows(member, "csv", [*columns], _rows(source, place))


def _rows(source: Snapshot, place: Collection | Log) -> Iterator[dict[str, Any]]:
    """Every record or entry with the key under which it stands."""
    if isinstance(place, Collection):
        for key, raw in source.members(place):
            yield {"key": key, **json.loads(raw)}
    else:
        for key, raws in source.lists(place):
            for raw in raws:
                yield {"key": key, **json.loads(raw)}
