"""demo: made-up people with believable activity, and taking all of it out again."""

from __future__ import annotations

import argparse
from typing import Any

from user_stats.bootstrap import get_demo
from user_stats.commands.output import Progress, print_json
from user_stats.errors import EXIT_DONE, InvalidInput

DAYS, SEED = 180, 1
"""What is meant where nothing is said."""


def add_to(commands: Any) -> None:
    demo = commands.add_parser("demo", help="make people and their activity up, or take all that is made up out again")
    demo.add_argument("--users", metavar="N", type=int, help="how many people to make up")
    demo.add_argument("--days", metavar="N", type=int, help=f"over how many days up to today (default: {DAYS})")
    demo.add_argument("--seed", metavar="N", type=int, help=f"the same seed tells the same lives (default: {SEED})")
    demo.add_argument("--remove", action="store_true", help="take everything out that is made up")
    demo.add_argument("--json", action="store_true", help="print one JSON document")
    demo.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    generating = (arguments.users, arguments.days, arguments.seed)
    if arguments.remove == (arguments.users is not None) or (arguments.remove and any(generating)):
        raise InvalidInput("demo: it takes either --users N, with --days and --seed, or --remove", field="demo")
    demo = get_demo(arguments.store)
    if arguments.remove:
        made = demo.remove_all(progress=Progress("taking out"))
    else:
        days = DAYS if arguments.days is None else arguments.days
        seed = SEED if arguments.seed is None else arguments.seed
        made = demo.create_people(arguments.users, days, seed, progress=Progress("making up"))
    if arguments.json:
        print_json({"people": made.people, "events": made.events, "is_removed": arguments.remove})
    elif arguments.remove:
        print(f"{made.people:,} made-up people and {made.events:,} made-up events taken out")
    else:
        print(f"{made.people:,} people with {made.events:,} events made up; --remove takes all of it out again")
    return EXIT_DONE
