"""export: people, their statistics, their histories and the days of the audience, as CSV or JSON; one person whole."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from user_stats import audit
from user_stats.audience import DayFigures
from user_stats.bootstrap import get_audience, get_user_manager
from user_stats.commands.output import Progress
from user_stats.errors import EXIT_DONE, InvalidInput
from user_stats.manager import UserManager
from user_stats.models import User, UserStats, WatchHistoryEntry
from user_stats.times import utc_now
from user_stats.transfer.exports import everybody, history_rows, statistics_rows, user_rows
from user_stats.transfer.person_archive import save_person_archive
from user_stats.transfer.site_export import save_site
from user_stats.transfer.tables import write_table


def _names(record: type[Any]) -> list[str]:
    return [field.name for field in fields(record)]


COLUMNS = {
    "users": _names(User),
    "stats": _names(UserStats),
    "history": ["user_id", *_names(WatchHistoryEntry)],
    "audience": _names(DayFigures),
}


def add_to(commands: Any) -> None:
    export = commands.add_parser(
        "export", help="write people, statistics, histories or the audience to a file, or one person's archive"
    )
    export.add_argument("what", choices=[*COLUMNS, "person", "site"])
    export.add_argument("--user", metavar="USERNAME", help="of one person only")
    export.add_argument("--format", choices=["csv", "json"], help="(default: csv; of a site json, its csv is a zip)")
    export.add_argument("--out", metavar="PATH", type=Path, required=True, help="the file; it is replaced")
    export.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace) -> int:
    if arguments.what in ("person", "site"):
        return _export_person(arguments) if arguments.what == "person" else _export_site(arguments)
    count = write_table(arguments.out, arguments.format or "csv", COLUMNS[arguments.what], _rows(arguments))
    audit.note(get_user_manager(arguments.store).storage, "exported", now=utc_now(), actor=None, what=arguments.what)
    print(f"{count:,} rows written")
    return EXIT_DONE


def _export_site(arguments: argparse.Namespace) -> int:
    if arguments.user is not None:
        raise InvalidInput.of("--user", arguments.user, "no person: the site goes out as a whole")
    storage = get_user_manager(arguments.store).storage
    save_site(arguments.out, storage, arguments.format or "json", now=utc_now(), progress=Progress("exporting"))
    print(f"the site is {arguments.out}, without its secrets")
    return EXIT_DONE


def _export_person(arguments: argparse.Namespace) -> int:
    if arguments.format is not None:
        raise InvalidInput.of("--format", arguments.format, "no format: the archive of a person has both")
    manager = get_user_manager(arguments.store)
    save_person_archive(arguments.out, manager, _person(manager, arguments.user).user_id)
    print(f"the archive is {arguments.out}")
    return EXIT_DONE


def _rows(arguments: argparse.Namespace) -> Iterable[dict[str, Any]]:
    if arguments.what == "audience":
        if arguments.user is not None:
            raise InvalidInput.of("--user", arguments.user, "no person: the audience is counted as a whole")
        return [asdict(day) for day in get_audience(arguments.store).all_days()]
    manager = get_user_manager(arguments.store)
    users: Iterable[User] = everybody(manager)
    if arguments.user is not None:
        users = [_person(manager, arguments.user)]
    if arguments.what == "users":
        return user_rows(users)
    return statistics_rows(manager, users) if arguments.what == "stats" else history_rows(manager, users)


def _person(manager: UserManager, name: str | None) -> User:
    allowed = "a username or an e-mail address of an account"
    if name is None:
        raise InvalidInput(f"--user: it is missing; allowed: {allowed}", field="--user")
    user = manager.find_user(name)
    if user is None:
        raise InvalidInput.of("--user", name, allowed)
    return user
