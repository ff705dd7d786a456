"""copy: a whole site from one store into another, and the proof that nothing differs."""

from __future__ import annotations

import argparse
from typing import Any

from user_stats.bootstrap import copy_store
from user_stats.commands.output import Progress, print_json, print_table
from user_stats.errors import EXIT_DONE, EXIT_FINDINGS


def add_to(commands: Any) -> None:
    copy = commands.add_parser("copy", help="copy the whole site into another store, and prove that nothing differs")
    copy.add_argument("from_url", metavar="FROM_URL", help="a folder, postgresql://… or redis://…")
    copy.add_argument("to_url", metavar="TO_URL", help="an empty one, or the same again to go on")
    copy.add_argument("--json", action="store_true", help="print one JSON document")
    copy.set_defaults(run=run_copy)


def run_copy(arguments: argparse.Namespace) -> int:
    """Exit code 1 where something differs, as when the source was written to meanwhile."""
    compared = copy_store(arguments.from_url, arguments.to_url, progress=Progress("copying"))
    different = [one for one in compared if not one.is_same]
    if arguments.json:
        rows = [{"name": one.name, "from": one.source, "to": one.target, "same": one.is_same} for one in compared]
        print_json({"same": not different, "collections": rows})
    else:
        rows_shown = [(one.name, one.source, one.target, "same" if one.is_same else "DIFFERS") for one in compared]
        print_table(("", "from", "to", ""), rows_shown)
        print("nothing differs" if not different else "the source has changed meanwhile: run the same copy again")
    return EXIT_FINDINGS if different else EXIT_DONE
