"""Other instances of the site that report their counts: known, bounded, dated, and apart from our own figures.

An instance belongs to the reporting key from its first report on; one that came without a key, whoever sent it, gives
way to a report with one, which counts as the first. A signed report also carries a time and a
signature under the key; once an instance has signed, it must sign, and each time must be later than the one before, so
that a report that somebody has seen is of no use to them. Nothing is stored for a report that is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from user_stats import fields
from user_stats.collections import INSTANCES
from user_stats.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, RateLimited, UserNotFound
from user_stats.permissions import authorize
from user_stats.storage import Reader, Record, Storage, Transaction
from user_stats.times import from_iso, to_iso

LARGEST_COUNT = 10_000_000
MOST_INSTANCES = 1_000
MOST_UNVERIFIED = 100
"""Of these, instances that reported without a key."""
HOUR = timedelta(hours=1)
COUNTED_FOR = timedelta(days=7)
FRESH_FOR = timedelta(minutes=5)
"""How far the time of a signed report may be from ours."""
LARGEST_GROWTH = 10
"""How many times larger a count may become in an hour; as much again for each further hour without a report."""
FREE_GROWTH = 1_000
"""Counts up to this are taken whatever the last one was."""

_is_instance_id = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}").fullmatch
ALLOWED_INSTANCE_ID = "1 to 64 letters, digits and . _ - with a letter or digit in front"


@dataclass(frozen=True)
class Instance:
    """The newest report of one instance. `is_current`: not older than 7 days, so part of the sum."""

    instance_id: str
    count: int
    reported_at: str
    first_reported_at: str
    trust: str
    """`signed`, `key`, or `unverified` for a report that came without a key."""
    is_current: bool


@dataclass(frozen=True)
class Report:
    """A report as it comes in. `key_id` names the reporting key; None: it came without one."""

    instance_id: str
    count: int
    key_id: str | None = None
    signed_at: datetime | None = None


def signature(key: str, sent_at: str, body: bytes) -> str:
    """What the header `X-Report-Signature` carries for a body sent at `sent_at` (`X-Report-Time`)."""
    return hmac.new(key.encode(), sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()


def checked_signature(key: str, sent_at: str, given: str, body: bytes, now: datetime) -> datetime:
    """The time of a rightly signed, fresh report. Raises NotAuthenticated."""
    expected = signature(key, sent_at, body)
    try:
        moment = from_iso(sent_at)
    except (ValueError, OverflowError):
        raise NotAuthenticated("X-Report-Time: it is no ISO 8601 time", field="X-Report-Time") from None
    if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
        raise NotAuthenticated("X-Report-Signature: it does not fit the key, the time and the body")
    if abs(now - moment) > FRESH_FOR:
        raise NotAuthenticated("X-Report-Time: it is more than 5 minutes from the time here", field="X-Report-Time")
    return moment


def take_report(storage: Storage, report: Report, now: datetime) -> Instance:
    """The instance as it stands now. Raises InvalidInput, Conflict, Forbidden, NotAuthenticated, RateLimited."""
    instance_id = checked_instance_id(report.instance_id)
    count = fields.checked_whole("count", report.count, 0, LARGEST_COUNT)
    others = 0 if _own_record(storage, report) is not None else _others(storage, is_verified=report.key_id is not None)

    def work(tx: Transaction) -> Instance:
        before = _own_record(tx, report)
        if before is None:
            _check_room(others, is_verified=report.key_id is not None)
        else:
            _check_owner(before, report)
        record: Record = {"count": count, "reported_at": to_iso(now), "key_id": report.key_id}
        record |= _growth(before, count, now)
        record["first_reported_at"] = (before or record).get("first_reported_at", record["reported_at"])
        record["signed_at"] = to_iso(report.signed_at) if report.signed_at is not None else None
        tx.put(INSTANCES, instance_id, record)
        return _instance(instance_id, record, now)

    return storage.transaction(work)


def list_instances(storage: Storage, now: datetime) -> list[Instance]:
    """Every instance that ever reported and was not dropped, the newest report first."""
    found = [_instance(key, record, now) for key, record in storage.scan(INSTANCES)]
    return sorted(found, key=lambda one: one.reported_at, reverse=True)


def drop_instance(storage: Storage, instance_id: str, actor: str | None, now: datetime) -> None:
    """Forgets an instance. Raises UserNotFound; Forbidden unless `actor` is an admin or trusted code (None)."""
    checked_instance_id(instance_id)

    def work(tx: Transaction) -> bool:
        authorize(tx, actor, now=now)
        return tx.delete(INSTANCES, instance_id)

    if not storage.transaction(work):
        raise UserNotFound(f"instanceId: no instance {instance_id} reports here", field="instanceId")


def checked_instance_id(value: object) -> str:
    if isinstance(value, str) and _is_instance_id(value):
        return value
    raise InvalidInput.of("instanceId", value, ALLOWED_INSTANCE_ID)


def _own_record(reader: Reader, report: Report) -> Record | None:
    """What the instance reported before. None: nothing, or nothing that holds against a report with a key."""
    record = reader.get(INSTANCES, report.instance_id)
    if record is not None and record["key_id"] is None and report.key_id is not None:
        return None
    return record


def _others(storage: Storage, *, is_verified: bool) -> int:
    return sum((record["key_id"] is not None) == is_verified for _, record in storage.scan(INSTANCES))


def _check_room(others: int, *, is_verified: bool) -> None:
    most = MOST_INSTANCES if is_verified else MOST_UNVERIFIED
    if others >= most:
        message = f"instanceId: {most:,} instances report already; an admin can drop one"
        raise RateLimited(message, retry_after_seconds=3600)


def _check_owner(before: Record, report: Report) -> None:
    if before["key_id"] != report.key_id:
        raise Forbidden("instanceId: another key reports for this instance", field="instanceId")
    if before["signed_at"] is None:
        return
    if report.signed_at is None:
        raise NotAuthenticated("X-Report-Signature: this instance signs its reports; this one is not signed")
    if to_iso(report.signed_at) <= before["signed_at"]:
        raise NotAuthenticated("X-Report-Time: a report of this time or later was taken already")


def _growth(before: Record | None, count: int, now: datetime) -> Record:
    """The largest count that is taken in the running hour, and when that began; many reports may not grow more than
    one. Raises Conflict for a count beyond it."""
    if before is None:
        return {"most": _most(count, 1), "hour_at": to_iso(now)}
    if "hour_at" in before and now - from_iso(before["hour_at"]) < HOUR:
        growth = {name: before[name] for name in ("most", "hour_at")}
    else:
        hours = max(1, (now - from_iso(before["reported_at"])) // HOUR)
        growth = {"most": _most(before["count"], hours), "hour_at": to_iso(now)}
    if count > growth["most"]:
        message = (
            f"count: {count:,} after {before['count']:,} is a jump; allowed: at most {growth['most']:,} now; "
            "an admin can drop the instance, so that its next report counts as its first"
        )
        raise Conflict(message, field="count")
    return growth


def _most(count: int, hours: int) -> int:
    grown: int = count * LARGEST_GROWTH ** min(hours, 8)
    return max(FREE_GROWTH, grown)


def _instance(instance_id: str, record: Record, now: datetime) -> Instance:
    trust = "unverified" if record["key_id"] is None else "signed" if record["signed_at"] is not None else "key"
    is_current = now - from_iso(record["reported_at"]) <= COUNTED_FOR
    return Instance(instance_id, record["count"], record["reported_at"], record["first_reported_at"], trust, is_current)
