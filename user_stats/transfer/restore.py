"""Bringing a backup back: all of it is checked in a side folder, and made what the site is to be, before anything is
replaced; so that whoever is killed leaves the one site or the other.

People who were erased since the backup was made stay erased, and users whom the bot has forgotten stay forgotten.
Visitors of today are counted once more, for their marks are in no backup. Everybody signs in again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from user_stats import audit, erasures
from user_stats.bot_users.forgetting import forget, forgotten_among
from user_stats.collections import (
    ALL_LOGS,
    BACKED_UP_COLLECTIONS,
    ERASURES,
    SESSIONS,
    SITE,
    USERS,
    VISITOR_KEYS,
    VISITOR_MARKS,
)
from user_stats.permissions import ADMINS
from user_stats.statistics.service import BACKUPS
from user_stats.storage import Storage, Transaction
from user_stats.times import to_iso
from user_stats.transfer.backup import SITE_KEY, backup_name, proven, refuse_unreadable, take_backup
from user_stats.transfer.sealing import unsealed
from user_stats.transfer.watched import Progress, no_progress
from user_stats.user_records import get_user

BEGUN_ANEW = (SESSIONS, VISITOR_MARKS)
"""The marks say who was counted in days that are replaced; and everybody signs in again, with the password of then."""


@dataclass(frozen=True)
class Contents:
    """What a backup holds that was found to be good."""

    made_at: str
    users: int
    erased: int
    """Of these, who was erased since and stays so."""


@dataclass(frozen=True)
class Restored:
    """What a site was replaced by; `aside` is the folder or the backup where the old data are, None where there were
    none."""

    contents: Contents
    aside: str | None


def restore(
    storage: Storage,
    path: Path,
    *,
    now: datetime,
    passphrase: str = "",
    confirm: Callable[[Contents], bool] = lambda contents: True,
    progress: Progress = no_progress,
) -> Restored | None:
    """The site is as it was when the backup was made; None where `confirm` said no, and nothing was changed.

    Raises UnusableBackup and changes nothing where the backup is damaged, not ours, newer than this version, or holds
    what the library cannot read.
    Programs that have the site open go on with what was restored; what they record meanwhile goes. Where the engine
    keeps nothing of what is replaced, a backup of it is made beside this one first."""
    with proven(path, progress) as (side, archive, watched):
        refuse_unreadable(side)
        sealed_key = archive.manifest.visitor_key
        key = unsealed(sealed_key, passphrase) if sealed_key is not None and passphrase else None
        erased = _erase_again(storage, side, now)
        contents = Contents(archive.manifest.made_at, side.count(USERS), erased)
        if not confirm(contents):
            return None
        kept = None
        if not storage.keeps_replaced and storage.count(USERS):
            beside = path.with_name(f"before-restore-{backup_name(now)}")
            kept = str(take_backup(storage, beside, now=now, passphrase=passphrase, as_it_is=True).path)
        replaced = (*BACKED_UP_COLLECTIONS, *BEGUN_ANEW, *((VISITOR_KEYS,) if key is not None else ()))
        _make_ready(side, key, contents, now)
        with side.snapshot(replaced, ALL_LOGS) as source:
            aside = storage.replace_all(watched.reading(source), replaced, ALL_LOGS)
        watched.finish()
    _forget_keys_of_days(storage)
    return Restored(contents, aside or kept)


def _erase_again(storage: Storage, side: Storage, now: datetime) -> int:
    """Erases in the side store whom the site has erased since, and whom its bot has forgotten; returns how many."""
    erased = erasures.erased_among(storage, [user_id for user_id, _ in side.scan(USERS)])
    for user_id in erased:
        side.transaction(lambda tx, user_id=user_id: _erase(tx, user_id, now))  # type: ignore[misc]
    marks = dict(storage.scan(ERASURES))
    for telegram_id in forgotten_among(side, marks):
        side.transaction(lambda tx, telegram_id=telegram_id: forget(tx, telegram_id, now))  # type: ignore[misc]

    def keep(tx: Transaction) -> None:
        for mark, record in marks.items():
            tx.put(ERASURES, mark, record)

    side.transaction(keep)
    return len(erased)


def _erase(tx: Transaction, user_id: str, now: datetime) -> None:
    erasures.erase(tx, get_user(tx, user_id), now=now)
    admins = tx.get(SITE, ADMINS)
    if admins is not None and user_id in admins["user_ids"]:
        tx.put(SITE, ADMINS, {"user_ids": [other for other in admins["user_ids"] if other != user_id]})


def _make_ready(side: Storage, key: bytes | None, contents: Contents, now: datetime) -> None:
    """What is not in the backup and is to be in the site that has been restored."""

    def work(tx: Transaction) -> None:
        if key is not None:
            tx.put(VISITOR_KEYS, SITE_KEY, {"key": key.hex(), "made_at": to_iso(now)})
        tx.put(SITE, BACKUPS, {"verified_at": contents.made_at})
        audit.add(tx, "restored", now=now, actor=None, backup_of=contents.made_at)

    side.transaction(work)


def _forget_keys_of_days(storage: Storage) -> None:
    """They are of no use without the marks of their days. Whoever is killed before leaves them to their end, which is
    near; put aside with what was replaced they would outlive it."""
    days = [name for name, _ in storage.scan(VISITOR_KEYS) if name != SITE_KEY]

    def work(tx: Transaction) -> None:
        for day in days:
            tx.delete(VISITOR_KEYS, day)

    storage.transaction(work)
    storage.forget_deleted()
