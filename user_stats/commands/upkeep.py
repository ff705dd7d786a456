"""verify, repair, bench: is the store right, can it be put right, how fast is it."""

from __future__ import annotations

import argparse
from typing import Any

from user_stats.bootstrap import get_user_manager
from user_stats.commands.output import Progress, inert, print_json
from user_stats.errors import EXIT_DONE, EXIT_FINDINGS
from user_stats.verification import Difference, to_plain


def add_to(commands: Any) -> None:
    verify = commands.add_parser("verify", help="compute every stored figure again and list what differs")
    verify.add_argument("--json", action="store_true", help="print one JSON document")
    verify.set_defaults(run=run_verify)
    repair = commands.add_parser("repair", help="mend what verify finds; damaged originals are kept aside")
    repair.set_defaults(run=run_repair)
    bench = commands.add_parser("bench", help="measure this machine, side by side with other stores")
    bench.add_argument("names", metavar="NAME", nargs="*", help="parts to run (default: all)")
    bench.add_argument("--users", metavar="N", type=int, action="append", help="number of people (may be repeated)")
    bench.add_argument("--json", action="store_true", help="print one JSON document")
    bench.set_defaults(run=run_bench)


def run_verify(arguments: argparse.Namespace) -> int:
    """Exit code 1 where something differs."""
    checked = 0
    show = Progress("checking")

    def progress(done: int, total: int) -> None:
        nonlocal checked
        checked = done
        show(done, total)

    found = get_user_manager(arguments.store).verify(progress=progress)
    if arguments.json:
        print_json({"users": checked, "differences": [to_plain(difference) for difference in found]})
    else:
        _print(found)
        print(f"{checked:,} people checked, {len(found):,} differences")
    return EXIT_FINDINGS if found else EXIT_DONE


def run_repair(arguments: argparse.Namespace) -> int:
    """Exit code 1 where something is left for a person to mend."""
    found = get_user_manager(arguments.store).repair(progress=Progress("repairing"))
    _print(found)
    left = sum(not difference.mendable for difference in found)
    print(f"{len(found) - left:,} mended, {left:,} left")
    return EXIT_FINDINGS if left else EXIT_DONE


def _print(differences: list[Difference]) -> None:
    for one in differences:
        print(inert(str(one)))


def run_bench(arguments: argparse.Namespace) -> int:
    from user_stats.bench import run  # only here: the contenders need libraries that nothing else needs

    return run(arguments.names, users=arguments.users, as_json=arguments.json)
