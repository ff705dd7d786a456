"""What is damaged in the files, and mending it without guessing.

Lines that can be read are kept, lines that cannot are left out; the damaged original is kept in `damaged/` first. A
file in which no line stands for itself (somebody's own layout, broken) is left as it is: the message names the place.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage import Collection, Damage, Log
from user_stats.storage.json_files import arrays, lines
from user_stats.storage.json_files.arrays import Arrays
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.values import compact, decode_record, described, encode

FOLDER = "damaged"
UTF8_CHUNK = 1 << 20


def damages(disk: Disk, folder: str, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Damage]:
    """Reads every file whole."""
    for name, is_object in _names(disk, folder, collections, logs):
        problem = _problem(disk, os.path.join(folder, name), is_object=is_object)
        if problem is not None:
            yield Damage(name, problem, mendable=bool(_readable(disk, os.path.join(folder, name), is_object=is_object)))


def mended(disk: Disk, folder: str, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Damage]:
    """Under the lock, with an empty journal. Says of each damaged file what was done."""
    for name, is_object in _names(disk, folder, collections, logs):
        path = os.path.join(folder, name)
        problem = _problem(disk, path, is_object=is_object)
        if problem is None:
            continue
        kept = _readable(disk, path, is_object=is_object)
        if not kept:
            yield Damage(name, f"{problem}; it is left as it is: mend it by hand", mendable=False)
            continue
        aside = _kept_aside(disk, folder, name)
        disk.replace(path, _laid_out(kept) if is_object else [_listed(raw for _, raw in kept)], sync=True)
        yield Damage(name, f"{problem}; {len(kept)} readable records kept, the original is {aside}", mendable=True)


def _laid_out(members: list[tuple[str, bytes]]) -> Iterator[bytes]:
    width = lines.NARROWEST
    while max(len(key) + len(raw) for key, raw in members) + 5 > width:
        width *= 2
    return lines.laid_out(members, width)


def _listed(raws: Iterable[bytes]) -> bytes:
    """Without the mark that says that the entries are in order: nobody knows that of a damaged file."""
    return b"[\n" + arrays.SEPARATOR.join(raws) + arrays.TAIL


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
    twice = _members_written(data) - len(members)
    return f"{twice} keys stand in it twice" if twice else None


def _members_written(data: bytes) -> int:
    """How many members stand in a valid object; a parser gives only the last one of each key."""
    width = data.find(b"\n") + 1
    if data[:1] == b"{" and width >= lines.NARROWEST and not (len(data) - len(lines.TAIL)) % width:
        marks = {data[at : at + 2] for at in range(width, len(data) - len(lines.TAIL), width)}
        if marks <= {b' "', b',"', b"  "}:
            return sum(data[at + 1 : at + 2] == b'"' for at in range(width, len(data) - len(lines.TAIL), width))
    counts: list[int] = []
    json.loads(data, object_pairs_hook=lambda pairs: counts.append(len(pairs)))
    return counts[-1]  # the outermost object is complete last


def _check_utf8(data: bytes) -> None:
    """Raises UnicodeDecodeError; the parser does not look into values that it leaves as they are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), UTF8_CHUNK):
        decoder.decode(data[start : start + UTF8_CHUNK])
    decoder.decode(b"", final=True)


def _readable(disk: Disk, path: str, *, is_object: bool) -> list[tuple[str, bytes]]:
    """The records that stand alone in a line, each with its key (none in a list); the last of a key counts."""
    try:
        data = disk.read_whole(path)
    except OSError:
        return []
    rows = data.split(b"\n")
    if is_object:
        return list({key: raw for row in rows for key, raw in _member(row)}.items())
    return [("", raw) for at, row in enumerate(rows) for raw in _entry(row.lstrip(b" ") if at == 1 else row)]


def _member(line: bytes) -> Iterator[tuple[str, bytes]]:
    """The member that stands alone in this line, if it does: one character before its key, as in slots. Deeper ones
    belong to a record that another program wrote over several lines."""
    text = line[1:].rstrip(b" ,\r")
    end = text.find(b'"', 1)
    if line[:2] not in (b' "', b',"') or text[end + 1 : end + 2] != b":":
        return
    try:
        msgspec.json.decode(text[: end + 1], type=str)
        yield text[1:end].decode("ascii"), compact(text[end + 2 :])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return


def _entry(line: bytes) -> Iterator[bytes]:
    """The entry that stands alone in this line, if it does; a list's first entry may have blanks in front."""
    text = line.rstrip(b" ,\r")
    if text[:1] != b"{":
        return
    try:
        yield encode(decode_record(text))
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
