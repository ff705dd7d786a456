"""One person: what is stored of them beside what their log gives, and putting it right."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from user_stats import activity
from user_stats.collections import (
    ACTIVITY,
    HISTORY,
    REPAIRS,
    ROLLUPS,
    SUBSCRIBER_FEATURES,
    USER_STATS,
    USER_TOTALS,
)
from user_stats.day_totals import ACTIVE_ON, ACTS
from user_stats.history import expected_entries
from user_stats.models import CONTENT_TYPES, COUNTERS, User, UserStats
from user_stats.statistics import rollups, shelves
from user_stats.storage import Collection, Reader, Record, Transaction
from user_stats.times import to_iso
from user_stats.user_records import put_user, was_changed_elsewhere
from user_stats.verification.difference import Difference
from user_stats.verification.readers import (
    guarded,
    read_account,
    read_assignments,
    read_events,
    read_history,
    read_statistics,
    read_totals,
    read_version,
)
from user_stats.watches import ENTRY_FIELDS

HOURS_TOLERANCE = 1e-6
"""Sums of hours from hand-made files are no whole seconds; their last digits depend on the order of adding."""


@dataclass
class Findings:
    """What differs, and what would be right."""

    differences: list[Difference] = field(default_factory=list)
    events: list[Record] | None = None
    """The person's log; None where it cannot be counted."""
    puts: list[tuple[Collection, Record]] = field(default_factory=list)
    account: User | None = None
    history: list[Record] | None = None
    has_wrong_rollup: bool = False
    figures: tuple[Record, Record] | None = None
    """Statistics as they are stored and as the log gives them, where these differ."""


def examine(reader: Reader, user_id: str, max_history: int) -> Findings:
    """Compares; a damaged record is one difference, and the rest is looked at all the same."""
    findings = Findings()
    found = findings.differences
    guarded(found, user_id, lambda: _account(reader, user_id, findings))
    events = guarded(found, user_id, lambda: read_events(reader, user_id))
    if events is not None:
        findings.events = events
        counted, totals = activity.recounted(user_id, events)
        guarded(found, user_id, lambda: _figures(reader, user_id, events, counted, findings))
        guarded(found, user_id, lambda: _totals(reader, user_id, events, totals, findings))
        guarded(found, user_id, lambda: _history(reader, user_id, events, max_history, findings))
        guarded(found, user_id, lambda: _feature_uses(reader, user_id, events, findings))
        guarded(found, user_id, lambda: _rollup(reader, user_id, events, findings))
    return findings


def _differs(findings: Findings, place: str, user_id: str, name: str, stored: object, expected: object) -> None:
    findings.differences.append(Difference(place, user_id, name, str(stored), str(expected), True))


def _account(reader: Reader, user_id: str, findings: Findings) -> None:
    user = read_account(reader, user_id)
    if user is not None and was_changed_elsewhere(user, read_version(reader, user_id)):
        _differs(findings, "users.json", user_id, "record", "changed by hand", "as it was written last")
        findings.account = user


def _figures(reader: Reader, user_id: str, events: list[Record], counted: Record, findings: Findings) -> None:
    record = read_statistics(reader, user_id)
    stored = UserStats.from_stored(user_id, dict(record or {})).to_stored()
    if not events:
        return  # from a file without a log: an opening balance
    wrong = [name for name in (*COUNTERS, "total_watched_hours") if not _same(stored[name], counted[name])]
    kinds = {event["kind"] for event in events}
    if kinds & ACTS:
        wrong += [name for name in ("last_activity_timestamp",) if stored[name] != counted[name]]
    if record is None and not wrong:
        wrong = ["record"]
    for name in wrong:
        shown = "missing" if record is None else stored[name]
        _differs(findings, "user_stats.json", user_id, name, shown, counted.get(name, "present"))
    if wrong:
        moments = {name: stored[name] or events[0]["at"] for name in ("created_at", "updated_at")}
        last = stored["last_activity_timestamp"] if "last_activity_timestamp" not in wrong else ""
        moments["last_activity_timestamp"] = last or counted["last_activity_timestamp"] or events[0]["at"]
        findings.figures = (stored, counted)
        findings.puts.append((USER_STATS, {**(record or {}), **counted, **moments}))


def _totals(reader: Reader, user_id: str, events: list[Record], counted: Record, findings: Findings) -> None:
    record = read_totals(reader, user_id)
    if not events and record is None:
        return
    stored = record or activity.empty_totals(user_id)
    if record is None or any(stored.get(name) != counted.get(name) for name in (*CONTENT_TYPES, ACTIVE_ON)):
        _differs(findings, "user_totals.json", user_id, "watches by type", record, counted)
        findings.puts.append((USER_TOTALS, {**stored, **counted}))


def _history(reader: Reader, user_id: str, events: list[Record], max_history: int, findings: Findings) -> None:
    stored = read_history(reader, user_id)
    place = f"history/{user_id}_history.json"
    if len(stored) > max_history:
        _differs(findings, place, user_id, "entries", len(stored), f"at most {max_history}")
    expected = expected_entries(stored, events, max_history)
    if stored != expected and [_entry(one) for one in stored] != [_entry(one) for one in expected]:
        if len(stored) <= max_history:
            shown = f"{len(stored)} entries" if len(stored) != len(expected) else "an entry differs"
            _differs(findings, place, user_id, "entries", shown, f"{len(expected)} as recorded")
        findings.history = expected


def _feature_uses(reader: Reader, user_id: str, events: list[Record], findings: Findings) -> None:
    stored = read_assignments(reader, user_id)
    uses: dict[str, int] = {}
    for event in events:
        if event["kind"] == "feature_use":
            uses[event["subject"]] = uses.get(event["subject"], 0) + 1
    has_brought = any(event["kind"] == "opening" for event in events)
    if stored["uses"] != uses and not has_brought and (events or not stored["uses"]):
        _differs(findings, "subscriber_features.json", user_id, "uses", stored["uses"], uses)
        findings.puts.append((SUBSCRIBER_FEATURES, {**stored, "uses": uses}))


def _rollup(reader: Reader, user_id: str, events: list[Record], findings: Findings) -> None:
    """What is kept of the sums of the statistics, beside a full recount."""
    for stored in reader.read_log(ROLLUPS, user_id):
        if not rollups.is_right(user_id, stored, events):
            place = f"rollups/{user_id}_rollups.json"
            _differs(findings, place, user_id, "sums", "others", "as counted from the log")
            findings.has_wrong_rollup = True


def mend(tx: Transaction, user_id: str, findings: Findings, *, now: datetime, has_lost_events: bool) -> None:
    """Puts right what was found, in the transaction in which it was found."""
    if findings.account is not None:
        put_user(tx, findings.account)
    opening = _opening(findings, now) if has_lost_events else None
    if opening is not None:
        tx.append(ACTIVITY, user_id, opening)
    for collection, record in findings.puts:
        if opening is None or collection is not USER_STATS:
            tx.put(collection, user_id, record)
    if findings.has_wrong_rollup:
        shelves.forget(tx, user_id)  # it is made anew when figures are looked at
    if findings.has_wrong_rollup or findings.puts:
        count_repair(tx, user_id)
    if findings.history is not None:
        tx.clear(HISTORY, user_id)
        for entry in findings.history:
            tx.append(HISTORY, user_id, entry)


def count_repair(tx: Transaction, user_id: str) -> None:
    """Tells processes that run to count this person anew: they may hold what was wrong."""
    totals = tx.get(USER_TOTALS, user_id)
    if totals is not None:
        tx.put(USER_TOTALS, user_id, {**totals, REPAIRS: totals.get(REPAIRS, 0) + 1})


def _opening(findings: Findings, now: datetime) -> Record | None:
    """What the lost events counted, for the log; None where the log gives more than is stored."""
    if findings.figures is None:
        return None
    stored, counted = findings.figures
    missing: Record = {name: stored[name] - counted[name] for name in COUNTERS}
    missing["total_watched_hours"] = max(0.0, stored["total_watched_hours"] - counted["total_watched_hours"])
    if any(missing[name] < 0 for name in COUNTERS):
        return None
    missing["last_activity_timestamp"] = stored["last_activity_timestamp"]
    watched = {name: figures for name, figures in activity.empty_totals("").items() if name in CONTENT_TYPES}
    return {"at": to_iso(now), "kind": "opening", "subject": None, **missing, "watched": watched}


def _same(stored: float, counted: float) -> bool:
    return stored == counted or (isinstance(stored, float) and abs(stored - counted) <= HOURS_TOLERANCE)


def _entry(record: Record) -> Record:
    return {name: record.get(name) for name in ENTRY_FIELDS}
