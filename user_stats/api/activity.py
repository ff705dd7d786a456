"""`/api/v1`: recording and reading what people do, and the audience and jobs of the site."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from user_stats.api import activity_shapes as shapes
from user_stats.api import bodies
from user_stats.api.operations import ADMIN, READ, RECORD, Answer, Call, Operation
from user_stats.api.values import LimitQuery
from user_stats.audience import Overview
from user_stats.errors import UserStatsError
from user_stats.models import UserStats, WatchHistoryEntry

# -- people -----------------------------------------------------------------------------------------------------------


def record_watch(call: Call) -> Answer:
    return Answer(_record_watch(call, call.path["user_id"], call.body), 201)


def record_watches(call: Call) -> shapes.BulkAnswer:
    rows: list[dict[str, Any]] = call.body.watches
    rejected = []
    for number, row in enumerate(rows):
        try:
            watch: shapes.NewWatchOf = bodies.converted(row, shapes.NewWatchOf, strict=True)
            _record_watch(call, watch.user_id, watch)
        except UserStatsError as error:
            rejected.append(shapes.RejectedRow(number, error.code, error.message, error.field))
    return shapes.BulkAnswer(len(rows) - len(rejected), rejected)


def _record_watch(call: Call, user_id: str, watch: shapes.NewWatch) -> WatchHistoryEntry:
    fields: dict[str, Any] = {name: getattr(watch, name) for name in shapes.NewWatch.__struct_fields__}
    return call.services.manager.record_watch_activity(user_id, **fields)


def get_history(call: Call) -> shapes.WatchList:
    tracker = call.services.manager.history_tracker
    limit = min(call.query.limit, tracker.longest_list)
    return shapes.WatchList(tracker.get_watch_history(call.path["user_id"], limit))


def clear_history(call: Call) -> shapes.Cleared:
    return shapes.Cleared(call.services.manager.history_tracker.clear_watch_history(call.path["user_id"]))


def get_watch_totals(call: Call) -> Any:
    return call.services.manager.history_tracker.get_watch_stats_by_type(call.path["user_id"])


def record_upload(call: Call) -> Answer:
    body: shapes.NewUpload = call.body
    stats = call.services.manager.record_upload(call.path["user_id"], **msgspec.structs.asdict(body))
    return Answer(stats, 201)


def record_interaction(call: Call) -> Answer:
    body: shapes.NewInteraction = call.body
    stats = call.services.manager.record_interaction(
        call.path["user_id"], body.interaction_type, content_id=body.content_id
    )
    return Answer(stats, 201)


# -- the site ---------------------------------------------------------------------------------------------------------


def record_job(call: Call) -> Answer:
    call.services.audience.record_job(**msgspec.structs.asdict(call.body))
    return Answer(shapes.Recorded(1), 201)


def list_jobs(call: Call) -> shapes.JobList:
    return shapes.JobList([shapes.JobRow(**job) for job in call.services.audience.newest_jobs(call.query.limit)])


def record_visits(call: Call) -> Answer:
    audience = call.services.audience
    visits = [audience.visit(**msgspec.structs.asdict(visit)) for visit in call.body.visits]
    return Answer(shapes.Recorded(audience.record_visits(visits)), 201)


def list_visits(call: Call) -> shapes.VisitList:
    return shapes.VisitList([shapes.VisitRow(**row) for row in call.services.audience.newest_visits(call.query.limit)])


def get_audience(call: Call) -> Overview:
    return call.services.audience.overview(call.query.days)


def list_days(call: Call) -> shapes.SiteDays:
    manager, last = call.services.manager, call.services.audience.now().date()
    days = manager.get_day_totals(last - timedelta(days=call.query.days - 1), last)
    return shapes.SiteDays(days[::-1], manager.get_active_people())


def list_instances(call: Call) -> shapes.InstanceList:
    known = call.services.audience.instances()
    return shapes.InstanceList(known, sum(one.count for one in known if one.is_current))


def drop_instance(call: Call) -> None:
    call.services.audience.drop_instance(call.path["instance_id"])


def _of_people(method: str, path: str, handler: Any, summary: str, answer: Any, scope: str, **more: Any) -> Operation:
    more.setdefault("refusals", ("not_found", "forbidden"))
    return Operation(method, f"/api/v1{path}", handler, summary, answer, scope, tag="What people do", **more)


def _of_site(method: str, path: str, handler: Any, summary: str, answer: Any, scope: str, **more: Any) -> Operation:
    return Operation(method, f"/api/v1{path}", handler, summary, answer, scope, tag="The site", **more)


_ONE = "/users/{user_id}"
OPERATIONS = (
    _of_people(
        "POST", _ONE + "/watches", record_watch, "Record a watch: the history and the counters", WatchHistoryEntry,
        RECORD, body=shapes.NewWatch, status=201,
    ),
    _of_people(
        "POST", "/watches", record_watches, "Record many watches, each by itself", shapes.BulkAnswer, RECORD,
        body=shapes.ManyWatches, refusals=(),
    ),
    _of_people(
        "POST", _ONE + "/uploads", record_upload, "Count an upload", UserStats, RECORD,
        body=shapes.NewUpload, status=201, refusals=("not_found", "forbidden", "already_exists"),
    ),
    _of_people(
        "POST", _ONE + "/interactions", record_interaction, "Count a like, comment or share", UserStats, RECORD,
        body=shapes.NewInteraction, status=201,
    ),
    _of_people(
        "GET", _ONE + "/history", get_history, "The newest watches, newest first", shapes.WatchList, READ,
        query=shapes.HistoryQuery,
    ),
    _of_people(
        "DELETE", _ONE + "/history", clear_history, "Empty the list; the counters stay", shapes.Cleared, ADMIN
    ),
    _of_people(
        "GET", _ONE + "/watch-totals", get_watch_totals, "Lifetime watches by content type", shapes.WatchTotals, READ
    ),
    _of_site("POST", "/jobs", record_job, "Record an attempt at a piece of work", shapes.Recorded, RECORD,
        body=shapes.NewJob, status=201,
    ),
    _of_site("GET", "/jobs", list_jobs, "The newest jobs, newest first", shapes.JobList, READ, query=LimitQuery),
    _of_site("POST", "/visits", record_visits, "Count visits, also of the past", shapes.Recorded, RECORD,
        body=shapes.ManyVisits, status=201,
    ),
    _of_site(
        "GET", "/visits", list_visits, "The newest visits, newest first", shapes.VisitList, READ,
        query=LimitQuery,
    ),
    _of_site("GET", "/audience", get_audience, "The audience of the last days", Overview, READ,
        query=shapes.DaysQuery,
    ),
    _of_site(
        "GET", "/days", list_days, "What people did on each of the last days, newest first, and how many were active",
        shapes.SiteDays, READ, query=shapes.DaysQuery,
    ),
    _of_site("GET", "/instances", list_instances, "What other instances reported", shapes.InstanceList, READ),
    _of_site(
        "DELETE", "/instances/{instance_id}", drop_instance, "Forget an instance", None, ADMIN,
        status=204, refusals=("not_found",),
    ),
)  # fmt: skip
