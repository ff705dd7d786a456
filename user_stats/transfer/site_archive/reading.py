"""Reading the archive of a site; see `format.py`.

Nothing that is read is believed: names, sizes, counts and checksums are compared, and the reader gets an error before
the end where one of them is wrong.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from user_stats.collections import USERS
from user_stats.errors import UnusableBackup, shown
from user_stats.storage import Collection, Log
from user_stats.times import from_iso
from user_stats.transfer.site_archive.format import (
    BLOCK,
    FORMAT,
    MANIFEST,
    VERSION,
    Manifest,
    Measure,
    Part,
    member_name,
)
from user_stats.transfer.zips import opened_zip

UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError)
"""What the library of zips raises at damaged ones."""
LONGEST_LINE = 32 << 20
"""Bytes of a line. Ours have a megabyte and an entry or a record, of which our files take four megabytes at most; those
of version 1 had 1,000 entries, of some kilobytes at most."""
LARGEST_MANIFEST = 1 << 20
GREATEST_RATIO = 300
"""Bytes that a byte of the file may stand for; our records are packed to a twentieth."""


class _RecordLine(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    record: msgspec.Raw


class _EntriesLine(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    entries: list[msgspec.Raw]


_decode_record_line = msgspec.json.Decoder(_RecordLine).decode
_decode_entries_line = msgspec.json.Decoder(_EntriesLine).decode


class SiteArchive:
    """An archive that is open: a Snapshot. Raises UnusableBackup where it is anything else than it says it is."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.manifest = manifest
        self._archive = archive

    def members(self, collection: Collection) -> Iterator[tuple[str, bytes]]:
        measure = Measure()
        seen: set[str] = set()
        for line in self._lines(member_name(collection), self.manifest.collections.get(collection.name)):
            found = _decoded(line, _decode_record_line)
            if found.key in seen:
                raise UnusableBackup(f"{member_name(collection)}: the record {shown(found.key)} stands in it twice")
            seen.add(found.key)
            measure.add(line, 1)
            yield found.key, _checked_object(found.record)
        self._compare(collection, measure, self.manifest.collections.get(collection.name))

    def lists(self, log: Log) -> Iterator[tuple[str, list[bytes]]]:
        measure = Measure()
        key, entries = "", list[bytes]()
        seen: set[str] = set()
        for line in self._lines(member_name(log), self.manifest.logs.get(log.name)):
            found = _decoded(line, _decode_entries_line)
            if found.key != key or not entries:
                if entries:
                    yield key, entries
                if found.key in seen:
                    raise UnusableBackup(f"{member_name(log)}: the list {shown(found.key)} stands in it twice")
                seen.add(found.key)
                key, entries = found.key, []
            measure.add(line, len(found.entries), lists=not entries)
            entries += map(_checked_object, found.entries)
        self._compare(log, measure, self.manifest.logs.get(log.name))
        if entries:
            yield key, entries

    def _lines(self, name: str, part: Part | None) -> Iterator[bytes]:
        if part is None:
            return
        rest, left = b"", part.bytes
        try:
            with self._archive.open(name) as member:
                while block := member.read(BLOCK):
                    left -= len(block)
                    *lines, rest = (rest + block).split(b"\n")
                    if left < 0:
                        raise UnusableBackup(f"{name}: it holds more than the manifest says")
                    if len(rest) > LONGEST_LINE:
                        raise UnusableBackup(f"{name}: a line has more than {LONGEST_LINE:,} bytes")
                    for line in lines:
                        yield line + b"\n"
        except UNREADABLE as error:
            raise UnusableBackup(f"{name} is damaged: {error}") from None
        if rest:
            raise UnusableBackup(f"{name} is damaged: its last line is cut")

    def _compare(self, place: Collection | Log, measure: Measure, part: Part | None) -> None:
        if part is not None and measure.result() != part:
            raise UnusableBackup(f"{member_name(place)}: counts or checksum differ from the manifest")

    def check(self, collections: Iterable[Collection], logs: Iterable[Log]) -> None:
        """Reads everything."""
        for collection in collections:
            for _ in self.members(collection):
                pass
        for log in logs:
            for _ in self.lists(log):
                pass


@contextmanager
def opened_archive(path: Path, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[SiteArchive]:
    """The archive, after its container and its manifest were checked; what members hold is checked as it is read."""
    known = {*map(member_name, collections), *map(member_name, logs)}
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - closed below
    except OSError as error:
        raise UnusableBackup(f"the backup cannot be read: {error.strerror}") from None
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnusableBackup("the backup is no plain file")
        try:
            archive = opened_zip(file)
        except (*UNREADABLE, struct.error) as error:
            raise UnusableBackup(f"the file is no backup of user_stats, or it is cut: {error}") from None
        with archive:
            _check_members(archive, os.fstat(file.fileno()).st_size)
            manifest = _manifest(archive)
            _check_manifest(archive, manifest, known)
            yield SiteArchive(archive, manifest)


def _without_waiting(path: str, flags: int) -> int:
    """Opens a pipe too, whoever writes to it or not."""
    return os.open(path, flags | os.O_NONBLOCK)


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    names = [about.filename for about in archive.infolist()]
    if len(set(names)) != len(names):
        raise UnusableBackup("a member stands in the backup twice")
    for about in archive.infolist():
        kind = stat.S_IFMT(about.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or about.flag_bits & 1:
            raise UnusableBackup(f"{shown(about.filename)} is no plain member of the backup")
        if about.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnusableBackup(f"{shown(about.filename)} is packed in a way that is not ours")
    if sum(about.file_size for about in archive.infolist()) > GREATEST_RATIO * size:
        raise UnusableBackup("the backup would unpack to far more than a backup of this size can hold")


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        about = archive.getinfo(MANIFEST)
    except KeyError:
        raise UnusableBackup("the file is no backup of user_stats: it has no manifest") from None
    if about.file_size > LARGEST_MANIFEST:
        raise UnusableBackup("the manifest of the backup is too long")
    try:
        text = archive.read(MANIFEST)
        head: Any = msgspec.json.decode(text)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise UnusableBackup("the file is no backup of user_stats")
        version = head.get("version")
        if isinstance(version, int) and version > VERSION:
            raise UnusableBackup(f"the backup was made by a newer version (format {version}; known here: {VERSION})")
        manifest = msgspec.json.decode(text, type=Manifest)
        if manifest.version < 1:
            raise UnusableBackup(f"the manifest of the backup is damaged: its format is {manifest.version}")
        from_iso(manifest.made_at)
        return manifest
    except (*UNREADABLE, msgspec.DecodeError, RecursionError) as error:
        raise UnusableBackup(f"the manifest of the backup is damaged: {error}") from None


def _check_manifest(archive: zipfile.ZipFile, manifest: Manifest, known: set[str]) -> None:
    if USERS.name not in manifest.collections:
        raise UnusableBackup("the manifest of the backup is damaged: it names no users")
    parts = {f"collections/{name}.jsonl": part for name, part in manifest.collections.items()}
    parts |= {f"logs/{name}.jsonl": part for name, part in manifest.logs.items()}
    for name in sorted({*archive.namelist(), *parts} - {MANIFEST}):
        if name not in parts:
            raise UnusableBackup(f"{shown(name)} is in the backup and not in its manifest")
        if name not in archive.namelist():
            raise UnusableBackup(f"{shown(name)} is missing in the backup")
        if name not in known:
            raise UnusableBackup(f"{shown(name)} is not known here; the backup may be of a newer version")
        if archive.getinfo(name).file_size != parts[name].bytes:
            raise UnusableBackup(f"{name}: its size differs from the manifest")


def _decoded(line: bytes, decode: Callable[[bytes], Any]) -> Any:
    try:
        line.decode()
        return decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableBackup(f"a line of the backup is damaged: {error}") from None


def _checked_object(raw: msgspec.Raw) -> bytes:
    value = bytes(raw)
    if value[:1] != b"{":
        raise UnusableBackup("a line of the backup is damaged: a record is no object")
    return value
