"""Jobs: what is recorded and what is made of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from clocks import FixedClock

from user_stats.audience import Audience
from user_stats.audience.jobs import MOST_KINDS_A_DAY
from user_stats.errors import InvalidInput


def test_a_job_is_kept_with_all_that_was_said(audience: Audience, clock: FixedClock) -> None:
    audience.record_job("image", False, error="no\n  model\x00 found", seconds=2.5, labels={"model": "xl"})
    audience.record_job("transcode", True)
    clock.advance(seconds=1)
    audience.record_job("image", True, seconds=1)
    assert audience.newest_jobs() == [
        {"at": "2026-03-04T12:30:01.000000+00:00", "kind": "image", "succeeded": True, "seconds": 1.0},
        {
            "at": "2026-03-04T12:30:00.000000+00:00",
            "kind": "image",
            "succeeded": False,
            "error": "no model found",
            "seconds": 2.5,
            "labels": {"model": "xl"},
        },
        {"at": "2026-03-04T12:30:00.000000+00:00", "kind": "transcode", "succeeded": True},
    ]


def test_success_rate_and_percentiles_of_a_period(audience: Audience, clock: FixedClock) -> None:
    for number in range(1, 101):
        audience.record_job("image", number % 4 != 0, seconds=float(number))
    audience.record_job("transcode", True, seconds=9000, finished_at=clock.now - timedelta(days=40))
    jobs = audience.overview(30).jobs
    assert (jobs.succeeded, jobs.failed, jobs.success_rate) == (75, 25, 0.75)
    assert jobs.seconds == {50: 50.0, 95: 95.0, 99: 99.0}
    assert jobs.kinds == {"image": (75, 25)}
    assert audience.overview(60).jobs.kinds == {"image": (75, 25), "transcode": (1, 0)}
    assert audience.totals().jobs_succeeded == 76


def test_no_jobs_are_no_data_and_not_zero(audience: Audience) -> None:
    jobs = audience.overview().jobs
    assert (jobs.succeeded, jobs.success_rate, jobs.seconds) == (0, None, None)


def test_kinds_without_end_are_counted_together(audience: Audience) -> None:
    for number in range(MOST_KINDS_A_DAY + 5):
        audience.record_job(f"kind-{number}", True)
    kinds = audience.overview().jobs.kinds
    assert len(kinds) == MOST_KINDS_A_DAY + 1
    assert kinds["(other)"] == (5, 0)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("kind", {"kind": ""}),
        ("kind", {"kind": "x" * 65}),
        ("kind", {"kind": "a\nb"}),
        ("kind", {"kind": None}),
        ("succeeded", {"succeeded": "yes"}),
        ("succeeded", {"succeeded": 1}),
        ("seconds", {"seconds": -1}),
        ("seconds", {"seconds": float("nan")}),
        ("seconds", {"seconds": float("inf")}),
        ("seconds", {"seconds": "3"}),
        ("seconds", {"seconds": True}),
        ("error", {"error": ""}),
        ("error", {"error": 5}),
        ("error", {"error": "why", "succeeded": True}),
        ("labels", {"labels": {str(number): "x" for number in range(11)}}),
        ("labels", {"labels": {"a": 5}}),
        ("labels", {"labels": ["a"]}),
        ("finished_at", {"finished_at": "2026-03-04T13:00:00Z"}),
    ],
)
def test_a_wrong_job_is_refused_and_nothing_is_recorded(
    audience: Audience, field: str, values: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        audience.record_job(**{"kind": "image", "succeeded": False, **values})  # type: ignore[arg-type]
    assert refused.value.field == field
    assert audience.newest_jobs() == []
