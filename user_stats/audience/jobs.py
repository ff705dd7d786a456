"""Jobs: attempts at a piece of work of the site, such as making an image or a transcode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from user_stats import fields
from user_stats.audience import event_lists
from user_stats.audience.ledger import Event, Ledger
from user_stats.collections import JOBS
from user_stats.errors import InvalidInput
from user_stats.storage import Record
from user_stats.times import to_iso

LONGEST_KIND, LONGEST_ERROR, LONGEST_LABEL, MOST_LABELS = 64, 500, 64, 10
LONGEST_JOB_SECONDS = 7 * 86_400.0
MOST_KINDS_A_DAY = 30
OTHER_KINDS = "(other)"
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class JobFigures:
    """Jobs of a period. `success_rate` is 0 to 1, `seconds` the percentiles by nearest rank; None: no data yet."""

    succeeded: int
    failed: int
    success_rate: float | None
    seconds: dict[int, float] | None
    kinds: dict[str, tuple[int, int]]
    """Succeeded and failed by kind."""


def checked_job(
    kind: str, succeeded: bool, error: str | None, seconds: float | None, labels: Mapping[str, str] | None
) -> Record:
    """The entry to store, its time still empty."""
    entry: Record = {"at": "", "kind": fields.checked_text("kind", kind, LONGEST_KIND)}
    entry["succeeded"] = fields.checked_flag("succeeded", succeeded)
    if error is not None:
        if succeeded:
            raise InvalidInput.of("error", error, "none, for a job that succeeded")
        entry["error"] = _one_line(error)
    if seconds is not None:
        if type(seconds) not in (int, float) or not 0 <= seconds <= LONGEST_JOB_SECONDS:
            raise InvalidInput.of("seconds", seconds, f"a number from 0 to {LONGEST_JOB_SECONDS:,.0f}")
        entry["seconds"] = float(seconds)
    if labels:
        entry["labels"] = _checked_labels(labels)
    return entry


def _one_line(error: Any) -> str:
    """A message may have many lines and any length; what is kept is one line of it."""
    if not isinstance(error, str) or not error.strip():
        raise InvalidInput.of("error", error, "a text")
    text = " ".join(error[: 2 * LONGEST_ERROR].encode(errors="replace").decode().split())
    return fields.checked_text(
        "error", "".join(one for one in text if one.isprintable())[:LONGEST_ERROR], LONGEST_ERROR
    )


def _checked_labels(labels: Any) -> dict[str, str]:
    if not isinstance(labels, Mapping) or len(labels) > MOST_LABELS:
        raise InvalidInput.of("labels", labels, f"at most {MOST_LABELS} words with a text each")
    checked = {}
    for name, text in labels.items():
        checked[fields.checked_text("labels", name, LONGEST_LABEL)] = fields.checked_text("labels", text, LONGEST_LABEL)
    return checked


def job_event(entry: Record, at: datetime) -> Event:
    moment = to_iso(at)
    day = moment[:10]
    outcome = "jobs_succeeded" if entry["succeeded"] else "jobs_failed"

    def event(ledger: Ledger) -> None:
        totals = ledger.day(day)
        number = totals.get("jobs_succeeded", 0) + totals.get("jobs_failed", 0)
        event_lists.append(ledger, JOBS, day, number, {**entry, "at": moment})
        ledger.add(day, outcome)
        kinds = totals.setdefault("job_kinds", {})
        kind = entry["kind"] if entry["kind"] in kinds or len(kinds) < MOST_KINDS_A_DAY else OTHER_KINDS
        counts = kinds.setdefault(kind, [0, 0])
        counts[0 if entry["succeeded"] else 1] += 1

    return event


def job_figures(days: Iterable[Record], seconds: list[float]) -> JobFigures:
    """The figures of these days; `seconds` are the processing times that percentiles are made of."""
    succeeded, failed = 0, 0
    kinds: dict[str, tuple[int, int]] = {}
    for day in days:
        succeeded += day.get("jobs_succeeded", 0)
        failed += day.get("jobs_failed", 0)
        for kind, (right, wrong) in day.get("job_kinds", {}).items():
            before = kinds.get(kind, (0, 0))
            kinds[kind] = (before[0] + right, before[1] + wrong)
    rate = succeeded / (succeeded + failed) if succeeded + failed else None
    return JobFigures(succeeded, failed, rate, _percentiles(seconds) if seconds else None, kinds)


def _percentiles(seconds: list[float]) -> dict[int, float]:
    ordered = sorted(seconds)
    return {percent: ordered[ceil(len(ordered) * percent / 100) - 1] for percent in PERCENTILES}
