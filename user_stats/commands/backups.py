"""backup and restore: the whole site in one file, and back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from user_stats.bootstrap import back_up, bring_back, get_user_manager
from user_stats.commands.output import Progress, inert
from user_stats.errors import EXIT_DONE, EXIT_REFUSED, InvalidInput
from user_stats.transfer.restore import Contents


def add_to(commands: Any) -> None:
    backup = commands.add_parser("backup", help="write the whole site to one file, proven by restoring it")
    backup.add_argument("path", metavar="PATH", type=Path, help="the file, or a folder to make one in")
    backup.set_defaults(run=run_backup)
    restore = commands.add_parser(
        "restore", help="replace the site by what a backup holds; the old data are kept aside"
    )
    restore.add_argument("path", metavar="PATH", type=Path, help="the backup")
    restore.add_argument("--yes", action="store_true", help="do not ask")
    restore.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace) -> int:
    done = back_up(arguments.path, arguments.store, progress=Progress("backing up"))
    size = f"{done.size_bytes / 1e6:,.1f} MB"
    print(
        inert(f"{done.records:,} records and {done.entries:,} entries in {done.path} ({size}), proven by restoring it")
    )
    return EXIT_DONE


def run_restore(arguments: argparse.Namespace) -> int:
    if not arguments.yes and not sys.stdin.isatty():
        raise InvalidInput("--yes: it is missing, and nobody can be asked; allowed: --yes, or a terminal")
    here = get_user_manager(arguments.store).count_users()

    def confirm(contents: Contents) -> bool:
        erased = f", of whom {contents.erased:,} were erased since and stay so" if contents.erased else ""
        made_at = inert(contents.made_at[:16].replace("T", " "))
        print(f"the backup of {made_at} UTC is good: {contents.users:,} people{erased}")
        if arguments.yes:
            return True
        answer = input(f"Replace the site with its {here:,} people by it? Type yes: ")
        return answer.strip().lower() == "yes"

    done = bring_back(arguments.path, arguments.store, confirm=confirm, progress=Progress("restoring"))
    if done is None:
        print("nothing was changed")
        return EXIT_REFUSED
    print("the site is restored" + (inert(f"; what was there is in {done.aside}") if done.aside else ""))
    return EXIT_DONE
