"""Writing the archive of a site; see `format.py`."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterable
from typing import IO

import msgspec

from user_stats.storage import Collection, Log, Snapshot
from user_stats.transfer.site_archive.format import (
    BLOCK,
    MANIFEST,
    Manifest,
    Measure,
    as_json,
    entries_lines,
    member_name,
    record_lines,
)


def write_archive(
    file: IO[bytes], source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log], manifest: Manifest
) -> None:
    """Fills in the parts of the manifest, and writes it last."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for collection in collections:
            measure = Measure()
            _write(archive, member_name(collection), record_lines(source, collection, measure))
            manifest.collections[collection.name] = measure.result()
        for log in logs:
            measure = Measure()
            _write(archive, member_name(log), entries_lines(source, log, measure))
            manifest.logs[log.name] = measure.result()
        _write(archive, MANIFEST, [msgspec.json.format(as_json(manifest), indent=1)])


def _write(archive: zipfile.ZipFile, name: str, lines: Iterable[bytes]) -> None:
    about = zipfile.ZipInfo(name)
    about.compress_type = zipfile.ZIP_DEFLATED
    about.external_attr = (stat.S_IFREG | 0o600) << 16
    with archive.open(about, "w", force_zip64=True) as member:
        parts: list[bytes] = []
        size = 0
        for line in lines:
            parts.append(line)
            size += len(line)
            if size >= BLOCK:
                member.write(b"".join(parts))
                parts, size = [], 0
        member.write(b"".join(parts))
