"""What is damaged in the files, and mending it without guessing.

Lines that can be read are kept, lines that cannot are left out; the damaged original is kept in `damaged/` first. A
file in which no line stands for itself (somebody's own layout, broken) is left as it is: the message names the place.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage import Collection, Damage, Log
from user_stats.storage.json_files import arrays, slots
from user_stats.storage.json_files.arrays import Arrays
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.slots import decode_record, described

FOLDER = "damaged"
UTF8_CHUNK = 1 << 20


def damages(disk: Disk, folder: str, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Damage]:
    """Reads every file whole."""
    for name, is_object in _names(disk, folder, collections, logs):
        problem = _problem(disk, os.path.join(folder, name), is_object=is_object)
        if problem is not None:
            yield Damage(name, problem, mendable=bool(_readable_lines(disk, os.path.join(folder, name))))


def mended(disk: Disk, folder: str, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Damage]:
    """Under the lock, with an empty journal. Says of each damaged file what was done."""
    for name, is_object in _names(disk, folder, collections, logs):
        path = os.path.join(folder, name)
        problem = _problem(disk, path, is_object=is_object)
        if problem is None:
            continue
        lines = _readable_lines(disk, path)
        if not lines:
            yield Damage(name, f"{problem}; it is left as it is: mend it by hand", mendable=False)
            continue
        aside = _kept_aside(disk, folder, name)
        if is_object:
            members = {key: raw for line in lines for key, raw in _member(line)}
            width = slots.NARROWEST
            while max((len(key) + len(raw) for key, raw in members.items()), default=0) + 5 > width:
                width *= 2
            disk.replace(path, slots.laid_out(members.items(), width), sync=True)
            kept = len(members)
        else:
            entries = [raw for line in lines for raw in _entry(line)]
            disk.replace(path, [arrays.laid_out(entries)], sync=True)
            kept = len(entries)
        yield Damage(name, f"{problem}; {kept} readable records kept, the original is {aside}", mendable=True)


def _names(
    disk: Disk, folder: str, collections: Iterable[Collection], logs: Iterable[Log]
) -> Iterator[tuple[str, bool]]:
    for collection in collections:
        if disk.stamp(os.path.join(folder, collection.name + ".json")) is not None:
            yield collection.name + ".json", True
    files = Arrays(disk, folder)
    for log in logs:
        for key in sorted(files.keys(log)):
            yield files.name(log, key), False


def _problem(disk: Disk, path: str, *, is_object: bool) -> str | None:
    try:
        data = disk.read_whole(path)
    except OSError as error:
        return f"it cannot be read: {os.strerror(error.errno or 0)}"
    try:
        _check_utf8(data)
        if not is_object:
            msgspec.json.decode(data, type=list[dict[str, msgspec.Raw]])
            return None
        members = msgspec.json.decode(data, type=dict[str, dict[str, msgspec.Raw]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return described(data, error)
    lines = sum(1 for line in data.split(b"\n") for _ in _member(line))
    return f"{lines - len(members)} keys stand in it twice" if lines > len(members) else None


def _check_utf8(data: bytes) -> None:
    """Raises UnicodeDecodeError; the parser does not look into values that it leaves as they are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), UTF8_CHUNK):
        decoder.decode(data[start : start + UTF8_CHUNK])
    decoder.decode(b"", final=True)


def _readable_lines(disk: Disk, path: str) -> list[bytes]:
    try:
        data = disk.read_whole(path)
    except OSError:
        return []
    return [line for line in data.split(b"\n") if any(_member(line)) or any(_entry(line))]


def _member(line: bytes) -> Iterator[tuple[str, bytes]]:
    """The member that stands alone in this line, if it does."""
    text = line.strip().strip(b",")
    end = text.find(b'"', 1)
    if text[:1] != b'"' or text[end + 1 : end + 2] != b":":
        return
    try:
        yield text[1:end].decode("ascii"), slots.compact(text[end + 2 :])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return


def _entry(line: bytes) -> Iterator[bytes]:
    """The entry that stands alone in this line, if it does."""
    text = line.strip().strip(b",")
    if text[:1] != b"{":
        return
    try:
        yield slots.encode(decode_record(text))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return


def _kept_aside(disk: Disk, folder: str, name: str) -> str:
    """A copy of the damaged file; the name says when."""
    disk.make_folder(os.path.join(folder, FOLDER))
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = os.path.join(FOLDER, f"{os.path.basename(name)}.{stamp}.damaged")
    try:
        disk.write_new(os.path.join(folder, aside), [disk.read_whole(os.path.join(folder, name))], sync=True)
    except FileNotFoundError as error:
        raise StorageCorrupt(f"{name} vanished while it was kept aside", path=name) from error
    return aside
