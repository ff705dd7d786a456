"""create-admin, users, stats: people on the command line."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from user_stats.audience import Audience
from user_stats.bootstrap import get_audience, get_statistics, get_user_manager
from user_stats.commands.output import Progress, print_json, print_table
from user_stats.errors import EXIT_DONE, InvalidInput, StorageReadOnly, UserNotFound, shown
from user_stats.manager import UserManager
from user_stats.models import COUNTERS, User, UserRole, UserStats
from user_stats.statistics.service import Statistics

LINES_A_PAGE = 1000


def add_to(commands: Any) -> None:
    create = commands.add_parser("create-admin", help="make an admin account")
    create.add_argument("username", metavar="USERNAME")
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    create.set_defaults(run=create_admin)
    users = commands.add_parser("users", help="list people")
    users.add_argument("--search", metavar="TEXT", help="part of a name or an e-mail address")
    users.add_argument("--role", metavar="ROLE", help="one of " + ", ".join(role.value for role in UserRole))
    users.add_argument("--json", action="store_true", help="print one JSON document")
    users.set_defaults(run=list_users)
    stats = commands.add_parser("stats", help="statistics of a person or of everybody")
    stats.add_argument("username", metavar="USERNAME", nargs="?")
    stats.add_argument("--platform", action="store_true", help="the site as a whole")
    stats.add_argument("--audience", action="store_true", help="who came, day by day")
    stats.add_argument("--json", action="store_true", help="print one JSON document")
    stats.set_defaults(run=show_stats)


def create_admin(arguments: argparse.Namespace) -> int:
    """Prints the new admin's user_id."""
    password = sys.stdin.readline().rstrip("\r\n") if arguments.password_stdin else None
    manager = get_user_manager(arguments.store)
    user_id = manager.create_user(
        arguments.username, arguments.email, UserRole.ADMIN, password=password, allow_reserved=True
    )
    print(user_id)
    return EXIT_DONE


def _user_row(user: User) -> dict[str, Any]:
    return user.to_stored()


def list_users(arguments: argparse.Namespace) -> int:
    manager = get_user_manager(arguments.store)
    people: list[User] = []
    while True:
        page = manager.find_users(arguments.search, arguments.role, offset=len(people), limit=LINES_A_PAGE)
        people += page.users
        if not page.users or len(people) >= page.total:
            break
    if arguments.json:
        print_json({"users": [_user_row(user) for user in people], "total": page.total})
        return EXIT_DONE
    rows = [(user.username, user.email, user.role.value, _state(user), user.created_at[:10]) for user in people]
    print_table(("username", "e-mail", "role", "state", "since"), rows)
    print(f"{page.total:,} people")
    return EXIT_DONE


def _state(user: User) -> str:
    return "active" if user.is_active else "inactive"


def show_stats(arguments: argparse.Namespace) -> int:
    manager = get_user_manager(arguments.store)
    if sum((arguments.username is not None, arguments.platform, arguments.audience)) > 1:
        raise InvalidInput.of("stats", arguments.username, "one of a name, --platform and --audience")
    if arguments.audience:
        return _show_audience(get_audience(arguments.store), as_json=arguments.json)
    if arguments.username is None:
        return _show_platform(manager, get_statistics(arguments.store), as_json=arguments.json)
    user = manager.find_user(arguments.username)
    if user is None:
        raise UserNotFound(f"USERNAME: nobody is called {shown(arguments.username)}", field="USERNAME")
    stats = manager.get_user_stats(user.user_id)
    if arguments.json:
        catalogue = get_statistics(arguments.store).person_catalogue(user.user_id)
        print_json({"username": user.username, **stats.to_stored(), "catalogue": catalogue})
        return EXIT_DONE
    print_table(("statistic", user.username), _figures(stats))
    return EXIT_DONE


def _figures(stats: UserStats) -> list[tuple[str, object]]:
    return [
        *((name.replace("_", " "), getattr(stats, name)) for name in COUNTERS),
        ("total watched hours", round(stats.total_watched_hours, 2)),
        ("last activity", stats.last_activity_timestamp),
    ]


def _show_platform(manager: UserManager, statistics: Statistics, *, as_json: bool) -> int:
    sums = manager.get_platform_sums()
    document: dict[str, Any] = {"users": manager.count_users(), "subscribers": len(manager.get_subscribers()), **sums}
    if as_json:
        with suppress(StorageReadOnly):  # then the next look reads as much again
            statistics.roll_up(Progress("reading"))
        catalogue = statistics.platform_catalogue()
        print_json({**document, "catalogue": catalogue})
        return EXIT_DONE
    shown_values = {**document, "total_watched_hours": round(document["total_watched_hours"], 2)}
    print_table(("statistic", "everybody"), [(name.replace("_", " "), value) for name, value in shown_values.items()])
    return EXIT_DONE


def _show_audience(audience: Audience, *, as_json: bool) -> int:
    """Every day that has data, and what they come to; visitors are distinct addresses of a day."""
    days, totals, people = audience.all_days(), audience.totals(), audience.active_people()
    if as_json:
        rows = [
            {"date": day.date, "visits": day.visits, "unique_visitors": day.visitors, **asdict(day)} for day in days
        ]
        print_json({"days": rows, "totals": asdict(totals), "people": asdict(people)})
        return EXIT_DONE
    rows_shown = [(day.date, day.visits, day.visitors, day.people, day.crawler_visits) for day in days]
    print_table(("day", "visits", "visitors", "people", "crawlers"), rows_shown)
    print(f"{totals.visits:,} visits, {totals.visitor_days:,} visitor-days, {totals.people:,} people by cookie")
    return EXIT_DONE
