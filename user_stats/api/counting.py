"""The requests whose shapes are fixed: counting, reports of other instances, figures for one's own eyes."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import UNSET
from starlette.responses import Response

from user_stats.api import badge, client_ids, metrics
from user_stats.api import counting_shapes as shapes
from user_stats.api.addresses import parsed_url
from user_stats.api.operations import ADMIN, READ, RECORD, REPORT, Answer, Call, Operation
from user_stats.api.values import NoQuery
from user_stats.audience import CheckIn, Report, Visit
from user_stats.errors import NotAuthenticated, StorageError

TAG = "Audience"
BREAKDOWN_DAYS, ANALYTICS_DAYS = 30, 7


# -- counting ---------------------------------------------------------------------------------------------------------


async def track_user(call: Call) -> shapes.Tracked:
    audience = call.services.audience
    given = [options.visited_at for options in (call.query, call.body) if options is not None]
    moments = [moment for moment in given if moment is not UNSET and moment is not None]
    if moments and call.caller is None:
        raise NotAuthenticated("visited_at: the past takes a key with the scope record", field="visited_at")
    for visited_at in moments or [None]:
        visit = audience.visit(
            address=call.address,
            path=parsed_url(call.headers.get("referer", "/")[:2000]).path or "/",
            user_agent=call.user_agent[:512],
            visited_at=visited_at,
            do_not_track=call.do_not_track,
        )
    return shapes.Tracked(True, await asyncio.wrap_future(audience.track_user_soon(visit)))


def count_users(call: Call) -> shapes.UserCount:
    return shapes.UserCount(call.services.audience.totals().visitor_days)


def report_users(call: Call) -> shapes.Reported:
    audience = call.services.audience
    if call.caller is None and not call.services.settings.open_reporting:
        raise NotAuthenticated("a key with the scope report is needed; this site takes no reports without one")
    signed_at, given = None, call.headers.get("x-report-signature")
    if given is not None and call.key is not None:
        sent_at = call.headers.get("x-report-time", "")
        signed_at = audience.check_signature(call.key, sent_at, given, call.raw_body)
    key_id = call.caller.key_id if call.caller is not None else None
    taken = audience.take_report(Report(call.body.instanceId, call.body.count, key_id, signed_at))
    return shapes.Reported(True, taken.count, taken.instance_id, taken.trust)


def say_healthy(call: Call) -> shapes.Health:
    return shapes.Health("degraded" if call.services.audience.is_failing else "healthy")


async def check_in(call: Call) -> Answer:
    """Counts the cookie, a fresh one at once. A store that fails is no reason to call the site unhealthy to a
    visitor: the answer says that it is degraded."""
    audience = call.services.audience
    known = client_ids.find_client_id(call.scope)
    client_id, headers = known, {}
    if known is None and audience.is_enabled and not call.do_not_track:
        client_id = client_ids.new_client_id()
        is_https = call.services.proxies.is_https(call.scope)
        headers["set-cookie"] = client_ids.client_id_cookie(client_id, is_https=is_https)
    visit: Visit = audience.visit(client_id=client_id, address=call.address, do_not_track=call.do_not_track)
    is_new = client_id is not None and known is None
    try:
        given: CheckIn = await asyncio.wrap_future(audience.check_in_soon(visit, is_new=is_new))
    except StorageError:
        return Answer(shapes.CheckedIn("degraded", is_new, None, None), headers=headers)
    content = shapes.CheckedIn("healthy", given.is_new, given.daily_active_users, given.monthly_active_users)
    return Answer(content, headers=headers)


# -- figures ----------------------------------------------------------------------------------------------------------


def give_stats(call: Call) -> shapes.Stats:
    audience = call.services.audience
    people = audience.active_people()
    days = audience.last_days(BREAKDOWN_DAYS)
    data = shapes.StatsData(
        daily_active_users=people.daily,
        monthly_active_users=people.monthly,
        total_unique_users=audience.totals().people,
        daily_breakdown=[shapes.DayUsers(day.date, day.people) for day in days if day.people],
        timestamp=audience.now().isoformat(),
    )
    return shapes.Stats(True, data)


def give_analytics(call: Call) -> shapes.Analytics:
    audience = call.services.audience
    totals, days = audience.totals(), audience.last_days(ANALYTICS_DAYS)
    today = days[0]
    return shapes.Analytics(
        shapes.TotalFigures(
            totals.visits,
            totals.visitor_hashes,
            totals.jobs_succeeded,
            totals.jobs_failed,
            totals.jobs_succeeded + totals.jobs_failed,
        ),
        shapes.TodayFigures(
            today.visitors,
            today.visits,
            today.jobs_succeeded,
            today.jobs_failed,
            today.jobs_succeeded + today.jobs_failed,
        ),
        [shapes.DayRow(day.date, day.visitors, day.visits, day.jobs_succeeded, day.jobs_failed) for day in days],
    )


def clean_up(call: Call) -> shapes.CleanedUp:
    return shapes.CleanedUp(True, call.services.audience.cleanup(call.body.days_to_keep))


def give_metrics(call: Call) -> Response:
    return Response(metrics.render(call.services.audience), media_type=metrics.MEDIA_TYPE)


def give_counter(call: Call) -> Answer:
    return Answer(count_users(call), headers={"access-control-allow-origin": "*"})


def give_badge(call: Call) -> Response:
    count = call.services.audience.totals().visitor_days
    headers = {"cross-origin-resource-policy": "cross-origin"}
    return Response(badge.render("visitors", f"{count:,}"), media_type="image/svg+xml", headers=headers)


def _operation(method: str, path: str, handler: Any, summary: str, answer: Any, **more: Any) -> Operation:
    return Operation(method, path, handler, summary, answer, tag=TAG, **more)


_CACHED = "public, max-age=300"
OPERATIONS = (
    _operation(
        "POST",
        "/api/stats/track-user",
        track_user,
        "Count the caller by hashed address, once a day; `count` is the visitor-days so far",
        shapes.Tracked,
        scope=RECORD,
        key_is_optional=True,
        query=shapes.TrackQuery,
        body=shapes.TrackBody,
        body_is_optional=True,
    ),
    _operation(
        "GET", "/api/stats/users", count_users, "The visitor-days of this site so far", shapes.UserCount, cache=_CACHED
    ),
    _operation(
        "POST",
        "/api/stats/report-users",
        report_users,
        "Report the count of another instance",
        shapes.Reported,
        scope=REPORT,
        key_is_optional=True,
        body=shapes.ReportBody,
        refusals=("conflict", "forbidden"),
    ),
    _operation("GET", "/health", say_healthy, "Whether the site works; counts nothing", shapes.Health),
    _operation(
        "POST",
        "/health",
        check_in,
        "Count the browser by its cookie, which is set where there is none",
        shapes.CheckedIn,
    ),
    _operation("POST", "/keepalive", check_in, "The same as `POST /health`", shapes.CheckedIn),
    _operation(
        "GET",
        "/stats",
        give_stats,
        "People by cookie: today, 30 days, ever",
        shapes.Stats,
        scope=READ,
        query=NoQuery,
        is_for_browsers=True,
    ),
    _operation(
        "POST",
        "/cleanup",
        clean_up,
        "Take out visits and jobs of earlier days; the figures of days stay",
        shapes.CleanedUp,
        scope=ADMIN,
        body=shapes.CleanupBody,
    ),
    _operation(
        "GET",
        "/api/analytics",
        give_analytics,
        "Visits, visitors by address and jobs: ever, today, seven days",
        shapes.Analytics,
        scope=READ,
        query=NoQuery,
        is_for_browsers=True,
    ),
    _operation(
        "GET",
        "/metrics",
        give_metrics,
        "The figures for Prometheus",
        ("text/plain",),
        scope=READ,
        query=NoQuery,
        is_for_browsers=True,
    ),
    _operation(
        "GET",
        "/api/counter",
        give_counter,
        "The visitor-days, for other pages",
        shapes.UserCount,
        cache=_CACHED,
        is_enabled=lambda settings: settings.embed_counter,
    ),
    _operation(
        "GET",
        "/api/counter.svg",
        give_badge,
        "The same as a picture",
        ("image/svg+xml",),
        cache=_CACHED,
        is_enabled=lambda settings: settings.embed_counter,
    ),
)
