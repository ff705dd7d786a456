"""import, imports: watch histories from elsewhere, and the list of those that came."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from user_stats.bootstrap import get_imports, get_user_manager
from user_stats.commands.output import Progress, inert, print_json, print_table
from user_stats.errors import EXIT_DONE, EXIT_FINDINGS, EXIT_REFUSED, InvalidInput
from user_stats.statistics.moments import checked_zone
from user_stats.statistics.settings import StatisticsSettings
from user_stats.statistics.viewing import to_plain
from user_stats.times import utc_now
from user_stats.transfer.formats import SERVICES
from user_stats.transfer.import_report import Report
from user_stats.transfer.imports import Options

MOST_PRINTED = 20


def add_to(commands: Any) -> None:
    one = commands.add_parser("import", help="bring in a watch history from another service")
    one.add_argument("file", metavar="FILE", type=Path, help="the export, also the zip as the service sends it")
    one.add_argument("--user", metavar="USERNAME", required=True, help="whose history it becomes")
    one.add_argument("--profile", metavar="NAME", help="whose rows, where the file has those of several people")
    one.add_argument("--format", metavar="NAME", help="(default: found out) one of " + ", ".join(SERVICES))
    one.add_argument(
        "--include",
        metavar="REASON",
        action="append",
        default=[],
        help="import rows that are skipped for this reason, too (or: all); may stand more than once",
    )
    one.add_argument("--dry-run", action="store_true", help="only say what would happen")
    one.add_argument("--all-or-nothing", action="store_true", help="import nothing if one row is bad")
    one.add_argument("--json", action="store_true", help="print one JSON document")
    one.set_defaults(run=run_import)
    listed = commands.add_parser("imports", help="list the imports of a person, or take one out again")
    listed.add_argument("--user", metavar="USERNAME", required=True)
    listed.add_argument("--show", metavar="BATCH", help="the figures of this one, as its service would give them")
    listed.add_argument("--tz", metavar="ZONE", default="UTC", help="the zone of its days and hours (default: UTC)")
    listed.add_argument("--undo", metavar="BATCH", help="take this one out, as if it had never been")
    listed.add_argument("--json", action="store_true", help="print one JSON document")
    listed.set_defaults(run=run_imports)


def run_import(arguments: argparse.Namespace) -> int:
    """Exit code 1 where rows were rejected, 3 where that kept everything out."""
    imports, user_id = get_imports(arguments.store), _user_id(arguments)
    options = Options(arguments.format, arguments.profile, tuple(arguments.include), arguments.all_or_nothing)
    bar = Progress("reading, kB" if arguments.dry_run else "importing, kB")
    call = imports.preview if arguments.dry_run else imports.import_file
    report = call(arguments.file, user_id, options, progress=bar.bytes)
    if arguments.json:
        print_json(report.to_plain())
    else:
        _print(report)
    if report.was_refused:
        return EXIT_REFUSED
    return EXIT_FINDINGS if report.rejected_rows else EXIT_DONE


def run_imports(arguments: argparse.Namespace) -> int:
    imports, user_id = get_imports(arguments.store), _user_id(arguments)
    if arguments.undo is not None:
        gone = imports.undo(user_id, arguments.undo)
        if not gone:
            raise InvalidInput.of("--undo", arguments.undo, "the batch of an import that still stands")
        print_json({"undone": gone}) if arguments.json else print(f"{gone:,} watches taken out")
        return EXIT_DONE
    batches = imports.batches(user_id)
    if arguments.show is not None:
        return _show(arguments, user_id, [one.name for one in batches])
    if arguments.json:
        print_json({"imports": [asdict(batch) for batch in batches]})
        return EXIT_DONE
    rows = [
        (
            one.name,
            one.recorded_at[:10],
            one.watches,
            round(one.seconds / 3600, 1),
            one.first_on,
            one.last_on,
            one.source,
        )
        for one in batches
    ]
    print_table(("batch", "imported", "watches", "hours", "from", "to", "source"), rows)
    return EXIT_DONE


def _show(arguments: argparse.Namespace, user_id: str, known: Sequence[str]) -> int:
    if arguments.show not in known:
        raise InvalidInput.of("--show", arguments.show, "the batch of an import that still stands")
    figures = get_imports(arguments.store).figures(user_id, arguments.show, checked_zone(arguments.tz))
    document = to_plain(figures, today=utc_now().date(), gap=StatisticsSettings().session_gap)
    if arguments.json:
        print_json(document)
        return EXIT_DONE
    streak = document["longest_streak"]
    print(f"{figures.watches:,} watches, {figures.hours:,.1f} hours on {len(figures.days):,} days ({arguments.tz})")
    print(f"the longest run: {streak['days']:,} days from {streak['first']}; {document['sessions']:,} sessions")
    items, creators = document["items"]["by_watches"], document["creators"]["by_watches"]
    print()
    print_table(
        ("title", "creator", "watches"),
        [(one["title"] or one["video_id"], one["creator"] or "", one["watches"]) for one in items],
    )
    if creators:
        print()
        print_table(("creator", "watches"), [(one["creator"], one["watches"]) for one in creators])
    return EXIT_DONE


def _user_id(arguments: argparse.Namespace) -> str:
    user = get_user_manager(arguments.store).find_user(arguments.user)
    if user is None:
        raise InvalidInput.of("--user", arguments.user, "a username or an e-mail address of an account")
    return user.user_id


def _print(report: Report) -> None:
    verb = "would be imported" if report.is_preview else "imported"
    print(f"{inert(report.file)}: {report.title}")
    if report.first is not None and report.last is not None:
        hours = f", {report.hours:,.1f} hours" if report.seconds else ""
        print(f"  {report.first[:10]} to {report.last[:10]}, {len(report.days):,} days{hours}")
    print(f"  {report.rows:,} rows: {report.imported:,} {verb}, {report.duplicates:,} known already")
    for reason, count in report.skipped.most_common():
        way_in = f" (--include {shlex.quote(inert(reason))} brings them in)" if reason in report.includable else ""
        print(f"  {count:,} skipped: {inert(reason)}{way_in}")
    if len(report.profiles) > 1:
        print("  profiles: " + ", ".join(f"{inert(name)} ({count:,})" for name, count in report.profiles.items()))
    if report.without_length:
        print(f"  {report.without_length:,} rows without a length count as watches and add no hours")
    if report.note:
        print(f"  {report.note}")
    for one in report.rejected[:MOST_PRINTED]:
        print(f"  row {one.row:,} rejected: {inert(one.reason)}")
    if report.rejected_rows > MOST_PRINTED:
        print(f"  and {report.rejected_rows - MOST_PRINTED:,} more rows were rejected")
    if report.was_refused:
        print("  nothing was imported, because of the bad rows")
    elif report.imported and not report.is_preview:
        print(f"  to take it out again: imports --user … --undo {report.batch}")
