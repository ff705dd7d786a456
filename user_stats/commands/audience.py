"""cleanup: take out single visits and jobs after their time."""

from __future__ import annotations

import argparse
from typing import Any

from user_stats.bootstrap import get_audience
from user_stats.errors import EXIT_DONE


def add_to(commands: Any) -> None:
    cleanup = commands.add_parser("cleanup", help="take out old visits and jobs; the figures of days stay")
    cleanup.add_argument("--days", metavar="N", type=int, required=True, help="days to keep, 1 to 3,650")
    cleanup.add_argument("--dry-run", action="store_true", help="say how many would go, and take out none")
    cleanup.set_defaults(run=run_cleanup)


def run_cleanup(arguments: argparse.Namespace) -> int:
    if arguments.dry_run:
        print(f"{get_audience(arguments.store).count_old(arguments.days):,} visits and jobs would be taken out")
        return EXIT_DONE
    count = get_audience(arguments.store).cleanup(arguments.days)
    print(f"{count:,} visits and jobs taken out")
    return EXIT_DONE
