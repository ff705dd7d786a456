"""`/api/v1/export`: whole tables as CSV or JSON, and a person's archive, the same as on the command line."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, fields
from typing import IO, Any, Literal

from starlette.responses import Response, StreamingResponse

from user_stats import audit
from user_stats.api.operations import ADMIN, Call, Operation
from user_stats.api.values import Input
from user_stats.audience import DayFigures
from user_stats.errors import StorageFull, UserStatsError, shown
from user_stats.models import User, UserStats, WatchHistoryEntry
from user_stats.times import utc_now
from user_stats.transfer.exports import everybody, history_rows, statistics_rows, user_rows
from user_stats.transfer.person_archive import write_person_archive
from user_stats.transfer.site_export import write_site
from user_stats.transfer.tables import Format, write_rows

CHUNK = 1 << 16
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
Rows = Iterable[dict[str, Any]]


class ExportQuery(Input):
    format: Literal["csv", "json"] = "csv"


def _columns(record: type[Any]) -> list[str]:
    return [field.name for field in fields(record)]


def _users(call: Call) -> Rows:
    return user_rows(everybody(call.services.manager))


def _statistics(call: Call) -> Rows:
    return statistics_rows(call.services.manager, everybody(call.services.manager))


def _histories(call: Call) -> Rows:
    return history_rows(call.services.manager, everybody(call.services.manager))


def _days(call: Call) -> Rows:
    return map(asdict, call.services.audience.all_days())


TABLES: dict[str, tuple[list[str], Callable[[Call], Rows]]] = {
    "users": (_columns(User), _users),
    "stats": (_columns(UserStats), _statistics),
    "history": (["user_id", *_columns(WatchHistoryEntry)], _histories),
    "audience": (_columns(DayFigures), _days),
}


def export(call: Call) -> Response:
    """The table is whole before the first byte goes out: an error is an answer, and never half a file."""
    name, form = call.path["table"], call.query.format
    if name == "site":
        return _export_site(call, form)
    if name not in TABLES:
        message = f"table: {shown(name)} is not here; allowed: one of " + ", ".join([*TABLES, "site"])
        raise UserStatsError(message, field="table", code="not_found")
    columns, rows = TABLES[name]
    with _kept_if_whole(lambda: tempfile.TemporaryFile("w+", encoding="utf-8", newline="")) as file:
        write_rows(file, form, columns, rows(call))
        _note(call, name)
    headers = {"content-disposition": f'attachment; filename="{name}.{form}"'}
    return StreamingResponse(_chunks(file), media_type=MEDIA_TYPES[form], headers=headers)


def _export_site(call: Call, form: Format) -> Response:
    with _kept_if_whole(tempfile.TemporaryFile) as file:
        write_site(file, call.services.manager.storage, form, now=utc_now())
        _note(call, "site")
    ending, media_type = ("zip", "application/zip") if form == "csv" else ("json", MEDIA_TYPES["json"])
    headers = {"content-disposition": f'attachment; filename="site.{ending}"'}
    return StreamingResponse(_chunks(file), media_type=media_type, headers=headers)


def export_person(call: Call) -> Response:
    with _kept_if_whole(tempfile.TemporaryFile) as file:
        write_person_archive(file, call.services.manager, call.path["user_id"])
    headers = {"content-disposition": 'attachment; filename="person.zip"'}
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


@contextmanager
def _kept_if_whole(make: Callable[[], IO[Any]]) -> Iterator[IO[Any]]:
    """A file that stays open when all of it was written. Raises StorageFull where there is no space for it."""
    try:
        with ExitStack() as on_error:
            file = on_error.enter_context(make())
            yield file
            file.flush()
            on_error.pop_all()
    except OSError as error:
        if isinstance(error, UserStatsError) or error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise StorageFull(f"no space is left for the export ({error.strerror})") from error


def _note(call: Call, what: str) -> None:
    key_id = call.caller.key_id if call.caller is not None else ""
    audit.note(call.services.manager.storage, "exported", now=utc_now(), actor=None, what=what, key=key_id)


def _chunks(file: IO[Any]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk.encode() if isinstance(chunk, str) else chunk


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/export/{table}",
        export,
        "A whole table, or the site, as CSV or JSON; cells that a spreadsheet would run are made harmless",
        ("text/csv", "application/json", "application/zip"),
        ADMIN,
        query=ExportQuery,
        refusals=("not_found",),
        tag="The site",
    ),
    Operation(
        "GET",
        "/api/v1/users/{user_id}/archive",
        export_person,
        "Everything that is held on a person, as a zip of JSON, CSV and a readme",
        ("application/zip",),
        ADMIN,
        refusals=("not_found",),
        tag="People",
    ),
)
