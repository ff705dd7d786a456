"""Everything replaced at once: new files are made in a folder beside the old ones, and then take their places.

The folder is made complete and durable under a name that says so; from this moment on the new files are the store. They
are renamed into place, the old ones into a folder `replaced-…`, under the lock; who finds the folder after a crash
goes on where it stopped. The lock, the state and the journal of the folder stay, so that everybody who has it open goes
on with the new files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from user_stats.errors import InvalidInput
from user_stats.storage import Collection, Log, Snapshot
from user_stats.storage.json_files import arrays
from user_stats.storage.json_files.arrays import Arrays
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.lines import CHUNK_BYTES, laid_out
from user_stats.storage.keys import checked_log_key

INCOMING, REPLACED = "incoming-", "replaced-"
"""Beginnings of the names of the two folders; the rest, a moment, is the same."""


def fill(disk: Disk, folder: str, source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log]) -> None:
    """Writes the files of a store into a folder that nobody uses: one for each collection, a folder for each log, also
    where they are empty."""
    for collection in collections:
        width = collection.width
        for key, raw in source.members(collection):
            while len(_checked_key(collection, key)) + len(raw) + 5 > width:
                width *= 2
        path = os.path.join(folder, f"{collection.name}.json")
        disk.write_new(path, _gathered(laid_out(source.members(collection), width)), sync=False)
    files = Arrays(disk, folder)
    for log in logs:
        disk.make_folder(os.path.join(folder, log.name))
        for key, entries in source.lists(log):
            path = os.path.join(folder, files.name(log, checked_log_key(key)))
            disk.write_new(path, [arrays.laid_out(entries)], sync=False)
    disk.sync_all(folder)


def announce(disk: Disk, folder: str, filled: str, name: str) -> None:
    """Under the lock, with an empty journal: from here on the files of the filled folder are the store, once `finish`
    has put them in place."""
    disk.rename(filled, os.path.join(folder, INCOMING + name))


def place_aside(folder: str, name: str) -> str:
    """The folder that what was there is moved into."""
    return os.path.join(folder, REPLACED + name)


def finish(disk: Disk, folder: str) -> None:
    """Puts in place what was announced. It may be stopped at any point, and be called again."""
    for name in sorted(name for name in disk.names(folder) if name.startswith(INCOMING)):
        incoming = os.path.join(folder, name)
        aside = place_aside(folder, name.removeprefix(INCOMING))
        disk.sync_folder(folder)
        for file in sorted(disk.names(incoming)):
            new, place, old = (os.path.join(one, file) for one in (incoming, folder, aside))
            if os.path.lexists(place) and not os.path.lexists(old):
                disk.make_folder(aside)
                disk.rename(place, old)
            disk.rename(new, place)
        for touched in (aside, folder, incoming):  # the old files are safe before they are out of their places
            with suppress(FileNotFoundError):
                disk.sync_folder(touched)
        disk.remove_folder(incoming)


def _checked_key(collection: Collection, key: str) -> str:
    if len(key) > 512 or json.dumps(key) != f'"{key}"':
        raise InvalidInput.of(f"{collection.name}: key", key, "at most 512 plain characters")
    return key


def _gathered(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth a write."""
    parts: list[bytes] = []
    size = 0
    for line in lines:
        parts.append(line)
        size += len(line)
        if size >= CHUNK_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)
