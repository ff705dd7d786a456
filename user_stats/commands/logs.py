"""import-logs: the past of a site from the access logs of its web server."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from user_stats.audience import Visit
from user_stats.bootstrap import get_audience
from user_stats.commands.output import Progress, inert, print_json
from user_stats.errors import EXIT_DONE, EXIT_FINDINGS
from user_stats.times import utc_now
from user_stats.transfer.access_logs import LogCounts, fingerprint_of, read_log


def add_to(commands: Any) -> None:
    imports = commands.add_parser("import-logs", help="count the visits in access logs, each line once")
    imports.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="Common or Combined format, plain or gzip, in any order"
    )
    imports.add_argument("--json", action="store_true", help="print one JSON document")
    imports.set_defaults(run=run_import_logs)


def run_import_logs(arguments: argparse.Namespace) -> int:
    """Exit code 1 where lines are broken. Every file is read to its end before the first is imported."""
    fingerprints = [fingerprint_of(path) for path in arguments.files]
    reports = [_import(arguments.store, *log) for log in zip(arguments.files, fingerprints, strict=True)]
    if arguments.json:
        print_json({"files": reports})
    else:
        for report in reports:
            _print(report)
    return EXIT_FINDINGS if any(report["broken"] for report in reports) else EXIT_DONE


def _import(store: str | None, path: Path, fingerprint: str) -> dict[str, Any]:
    counts = LogCounts()
    done = get_audience(store).import_visits(_visits(path, counts), fingerprint=fingerprint, name=path.name)
    return {
        "file": str(path),
        "lines": counts.lines,
        "visits": done.visits,
        "crawler_visits": done.crawler_visits,
        "was_known": done.was_known,
        "known_visits": done.known_visits,
        "broken": counts.broken,
        "rejected": [{"row": line.row, "reason": line.reason} for line in counts.named],
        "days": done.days,
    }


def _visits(path: Path, counts: LogCounts) -> Iterator[Visit]:
    bar = Progress("counting, kB")
    for line in read_log(path, counts, now=utc_now(), progress=bar.bytes):
        yield Visit(line.at, line.path, line.user_agent, line.address, bytes_sent=line.bytes_sent)


def _print(report: dict[str, Any]) -> None:
    name = inert(report["file"])
    if report["was_known"]:
        print(f"{name}: was imported before; nothing is counted twice")
        return
    print(
        f"{name}: {report['visits']:,} visits on {len(report['days']):,} days, "
        f"{report['crawler_visits']:,} of them by crawlers; {report['broken']:,} broken lines"
    )
    if report["known_visits"]:
        print(f"  {report['known_visits']:,} of its visits were imported before; they are not counted again")
    for line in report["rejected"]:
        print(f"  line {line['row']:,}: {inert(line['reason'])}")
