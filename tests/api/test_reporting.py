"""Two sites: one reports its count to the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from clocks import FixedClock
from serving import served
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

import config
from user_stats import bootstrap
from user_stats.api.routes import make_routes
from user_stats.audience import Visit
from user_stats.audience.reporting import ReportFailed, send_report
from user_stats.collections import SCHEDULES
from user_stats.storage import open_storage
from user_stats.times import from_iso, to_iso, utc_now

from .conftest import READ, REPORT, make_services


def test_a_report_arrives_signed(clock: FixedClock) -> None:
    services = make_services(open_storage("memory:"), clock)
    with served(Starlette(routes=make_routes(services.settings, lambda: services))) as address:
        send_report(address, REPORT, "berlin", 500, clock.now)
        send_report(f"{address}/api/stats/report-users", REPORT, "berlin", 600, clock.now + timedelta(seconds=1))
        with pytest.raises(ReportFailed, match="answered with 401"):
            send_report(address, REPORT, "berlin", 700, clock.now)
        with pytest.raises(ReportFailed, match="answered with 403"):
            send_report(address, READ, "berlin", 700, clock.now)
    known = services.audience.instances()
    assert [(one.instance_id, one.count, one.trust) for one in known] == [("berlin", 600, "signed")]
    assert services.audience.totals().visitor_days == 0


@pytest.mark.parametrize(
    "answer",
    [lambda request: RedirectResponse("/elsewhere", 307), lambda request: PlainTextResponse("no", 500)],
    ids=["a redirect", "an error"],
)
def test_the_key_goes_to_the_named_address_alone(clock: FixedClock, answer: Callable[..., Response]) -> None:
    asked: list[str] = []

    def elsewhere(request: object) -> Response:
        asked.append("elsewhere")
        return PlainTextResponse("ok")

    routes = [
        Route("/api/stats/report-users", answer, methods=["POST"]),
        Route("/elsewhere", elsewhere, methods=["POST"]),
    ]
    with served(Starlette(routes=routes)) as address, pytest.raises(ReportFailed, match="answered with"):
        send_report(address, REPORT, "berlin", 500, clock.now)
    assert asked == []


def test_a_site_reports_every_hour_by_the_clock_and_tries_again_after_some_minutes(
    clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time passes by moving the mark of the last attempt into the past."""
    store = str(tmp_path / "users")
    for name, value in (("REPORT_TO", "http://127.0.0.1:9"), ("REPORT_KEY", REPORT), ("INSTANCE_ID", "berlin")):
        monkeypatch.setattr(config, name, value)
    storage = bootstrap.get_user_manager(store).storage
    runner = bootstrap.get_schedules(store)

    def ran_after(minutes: int) -> bool:
        mark = storage.get(SCHEDULES, "report")
        assert mark is not None
        began_at = to_iso(from_iso(mark["began_at"]) - timedelta(minutes=minutes))
        storage.transaction(lambda tx: tx.put(SCHEDULES, "report", {**mark, "began_at": began_at}))
        return "report" in runner.look()

    assert "report" in runner.look()
    assert "could not be reached" in (storage.get(SCHEDULES, "report") or {})["failed"]
    services = make_services(open_storage("memory:"), clock)
    with served(Starlette(routes=make_routes(services.settings, lambda: services))) as address:
        monkeypatch.setattr(config, "REPORT_TO", address)
        clock.now = utc_now()
        assert not ran_after(4)
        assert ran_after(1)
        bootstrap.get_audience(store).track_user(Visit(utc_now(), address="192.0.2.1"))
        assert not ran_after(59)
        assert services.audience.instances()[0].count == 0
        assert ran_after(1)
    assert [(one.instance_id, one.count, one.trust) for one in services.audience.instances()] == [
        ("berlin", 1, "signed")
    ]


def test_a_site_that_is_not_there_is_named(clock: FixedClock) -> None:
    with pytest.raises(ReportFailed, match="could not be reached"):
        send_report("http://127.0.0.1:9", REPORT, "berlin", 500, clock.now)
