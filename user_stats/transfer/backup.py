"""Backups: the whole site in one file, as of one moment, that counts only after it was restored to a side folder.

What a backup leaves out is in `SHORT_LIVED_COLLECTIONS`; how the file looks is in `site_archive/`; bringing one back is
in `restore.py`.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from user_stats import audit
from user_stats.collections import ALL_LOGS, BACKED_UP_COLLECTIONS, SITE, VISITOR_KEYS
from user_stats.errors import (
    AlreadyExists,
    InvalidInput,
    StorageCorrupt,
    StorageFull,
    StorageReadOnly,
    UnusableBackup,
    UserStatsError,
)
from user_stats.statistics.service import BACKUPS
from user_stats.storage import Storage, in_the_making, open_storage
from user_stats.times import to_iso
from user_stats.transfer.sealing import sealed
from user_stats.transfer.site_archive.format import FORMAT, VERSION, Manifest, measured
from user_stats.transfer.site_archive.reading import SiteArchive, opened_archive
from user_stats.transfer.site_archive.writing import write_archive
from user_stats.transfer.targets import checked_target
from user_stats.transfer.watched import Progress, Watched, no_progress
from user_stats.verification import find_unreadable

READINGS = 3
"""How often a site is read: written, restored to the side and compared; or restored, compared and put in place."""
SITE_KEY = "site"
"""Where VISITOR_KEYS holds the key for good."""
NAME_FORM = "user_stats-%Y%m%dT%H%M%SZ.zip"
_is_ours = re.compile(r"user_stats-\d{8}T\d{6}Z\.zip").fullmatch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backup:
    """A backup that was proven."""

    path: Path
    size_bytes: int
    records: int
    entries: int


@dataclass(frozen=True)
class BackupMarks:
    """When a backup was last proven, and when one last failed; None: never."""

    verified_at: str | None
    failed_at: str | None


@dataclass(frozen=True)
class BackupFile:
    """A file that may be a backup, by its name; whether it is good, only reading it tells."""

    name: str
    size_bytes: int

    @property
    def made_at(self) -> str:
        """The moment in its name."""
        return to_iso(datetime.strptime(self.name, NAME_FORM).replace(tzinfo=UTC))


def take_backup(
    storage: Storage,
    path: Path,
    *,
    now: datetime,
    passphrase: str = "",
    as_it_is: bool = False,
    progress: Progress = no_progress,
) -> Backup:
    """The backup, in the file or, where the path is a folder, in a file of the day and time in it. It takes its place
    when it is proven, mode 0600, and replaces one that is there; whatever goes wrong leaves that as it was.

    With one key for good of the address hash, the key goes in sealed under the passphrase; without one it stays out.
    `as_it_is` takes a site along of which something cannot be read, which `restore` would refuse.
    Raises InvalidInput where the path cannot be written, StorageError, StorageFull, UnusableBackup."""
    try:
        file = checked_target("path", path / backup_name(now) if path.is_dir() else path)
        made = _taken(storage, file, now, passphrase, progress, as_it_is=as_it_is)
    except BaseException:
        with suppress(UserStatsError):  # the reason of the failure may be that nothing can be written
            _note(storage, failed_at=to_iso(now))
        raise
    with suppress(StorageReadOnly):
        _note(storage, verified_at=to_iso(now))
    audit.note(storage, "backed_up", now=now, actor=None)
    return made


def _taken(
    storage: Storage, path: Path, now: datetime, passphrase: str, progress: Progress, *, as_it_is: bool
) -> Backup:
    lists = sum(1 for log in ALL_LOGS for _ in storage.log_keys(log))
    watched = Watched(progress, lists=lists, readings=READINGS)
    manifest = Manifest(FORMAT, VERSION, to_iso(now), {}, {}, _sealed_key(storage, passphrase))
    with _named_errors(path), in_the_making.new_file(str(path.parent)) as (part, descriptor):
        with storage.snapshot(BACKED_UP_COLLECTIONS, ALL_LOGS) as copy, open(descriptor, "wb", closefd=False) as file:
            write_archive(file, watched.reading(copy), BACKED_UP_COLLECTIONS, ALL_LOGS, manifest)
        os.fsync(descriptor)
        with proven(Path(part), watched=watched) as (side, _, _):
            if not as_it_is:
                refuse_unreadable(side)
            watched.finish()
        os.rename(part, path)
        _sync_folder(path.parent)
        size = os.fstat(descriptor).st_size
    records = sum(part.entries for part in manifest.collections.values())
    return Backup(path, size, records, sum(part.entries for part in manifest.logs.values()))


def find_backup_marks(storage: Storage) -> BackupMarks:
    record = storage.get(SITE, BACKUPS) or {}
    return BackupMarks(record.get("verified_at"), record.get("failed_at"))


def _note(storage: Storage, **moments: str) -> None:
    """For the figures of the site: when a backup was good last, and when one failed."""
    storage.transaction(lambda tx: tx.put(SITE, BACKUPS, {**(tx.get(SITE, BACKUPS) or {}), **moments}))


def _sealed_key(storage: Storage, passphrase: str) -> dict[str, str] | None:
    key = storage.get(VISITOR_KEYS, SITE_KEY)
    return sealed(bytes.fromhex(key["key"]), passphrase) if key is not None and passphrase else None


@contextmanager
def proven(
    path: Path, progress: Progress = no_progress, *, watched: Watched | None = None
) -> Iterator[tuple[Storage, SiteArchive, Watched]]:
    """The backup as a store in a folder beside it (or where temporary files are), which is gone when the block ends.
    Raises UnusableBackup unless everything in it is as the backup says, when it went through a store."""
    place = str(path.parent) if os.access(path.parent, os.W_OK) else tempfile.gettempdir()
    with opened_archive(path, BACKED_UP_COLLECTIONS, ALL_LOGS) as archive, in_the_making.new_folder(place) as folder:
        lists = sum(part.lists for part in archive.manifest.logs.values())
        watched = watched or Watched(progress, lists=lists, readings=READINGS)
        side = open_storage(os.path.join(folder, "store"))
        try:
            try:
                _fill(side, archive, watched)
            except (InvalidInput, AlreadyExists, StorageCorrupt) as error:
                raise UnusableBackup(f"the backup holds what no store takes: {error}") from error
            yield side, archive, watched
        finally:
            side.close()


def _fill(side: Storage, archive: SiteArchive, watched: Watched) -> None:
    """Raises UnusableBackup, and the errors of a store that does not take what the archive holds."""
    side.replace_all(watched.reading(archive), BACKED_UP_COLLECTIONS, ALL_LOGS)
    with side.snapshot(BACKED_UP_COLLECTIONS, ALL_LOGS) as copy:
        found_now = measured(watched.reading(copy), BACKED_UP_COLLECTIONS, ALL_LOGS, archive.manifest.version)
    for told, found in zip((archive.manifest.collections, archive.manifest.logs), found_now, strict=True):
        for name, part in told.items():
            if found[name] != part:
                raise UnusableBackup(f"{name}: what was restored differs from the backup")


def refuse_unreadable(side: Storage) -> None:
    """Raises UnusableBackup where the library could not use what is in a backup."""
    for unreadable in find_unreadable(side):
        raise UnusableBackup(f"what is in it cannot be read: {unreadable}")


def take_scheduled_backup(
    storage: Storage,
    folder: Path,
    *,
    kept: int,
    now: datetime,
    passphrase: str = "",
    progress: Progress = no_progress,
) -> Backup:
    """One more backup in the folder, which is made if it is missing; then the oldest go, see `rotate`."""
    with suppress(OSError):  # what is in the way is named, and noted, where the backup is written
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    backup = take_backup(storage, folder / backup_name(now), now=now, passphrase=passphrase, progress=progress)
    rotate(folder, kept=kept, now=now)
    return backup


def rotate(folder: Path, *, kept: int, now: datetime) -> list[Path]:
    """Removes backups beyond the newest `kept` good ones, and returns them. One is good when all of it can be read; one
    that is not is no reason to remove another, and is named in the log. One from the future was made when the clock was
    wrong and counts as the oldest, so that it pushes no new one out. Only names that we give are looked at."""
    latest = backup_name(now)
    found = [path for path in folder.iterdir() if _is_ours(path.name)]
    found.sort(key=lambda path: (path.name <= latest, path.name), reverse=True)
    good, removed = 0, list[Path]()
    if len(found) <= kept:
        return removed
    for path in found:
        if good >= kept:
            path.unlink(missing_ok=True)
            removed.append(path)
        elif is_readable(path):
            good += 1
    return removed


def list_backups(folder: Path) -> list[BackupFile]:
    """Backups of ours that lie in a folder, the newest first; none where there is no such folder."""
    try:
        found = sorted((path for path in folder.iterdir() if _is_ours(path.name)), reverse=True)
        return [BackupFile(path.name, path.stat().st_size) for path in found]
    except OSError:
        return []


def is_readable(path: Path) -> bool:
    """True where every member has the counts and checksums that the manifest names."""
    try:
        with opened_archive(path, BACKED_UP_COLLECTIONS, ALL_LOGS) as archive:
            archive.check(BACKED_UP_COLLECTIONS, ALL_LOGS)
    except UnusableBackup as error:
        log.warning("the backup %s is of no use: %s", path.name, error)
        return False
    return True


def backup_name(now: datetime) -> str:
    return now.astimezone(UTC).strftime(NAME_FORM)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Errors of the place that the backup goes to; those of the store name themselves."""
    try:
        yield
    except StorageFull as error:
        raise StorageFull(f"no space is left for the backup and its proof ({error.message})") from error
    except OSError as error:
        if isinstance(error, UserStatsError):
            raise
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(f"no space is left for the backup and its proof ({error.strerror})") from error
        raise InvalidInput.of("PATH", str(path), f"a path that can be written ({error.strerror})") from None
