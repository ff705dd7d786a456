"""The command line of user_stats. Exit codes: 0 done, 1 done with findings, 2 wrong use, 3 refused or failed."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from user_stats.commands import audience, backups, bot, copy, demo, exports, imports, keys, logs, people, serve, upkeep
from user_stats.errors import EXIT_CODE, EXIT_REFUSED, UserStatsError


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    root = argparse.ArgumentParser(prog="python -m user_stats", description=__doc__)
    root.add_argument("--store", metavar="URL", help="the store: a folder (default: the configured one)")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    for family in (people, keys, upkeep, imports, logs, exports, backups, copy, audience, demo, serve, bot):
        family.add_to(commands)
    return root


def main(words: list[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except UserStatsError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return EXIT_CODE.get(error.code, EXIT_REFUSED)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED
    except Exception:
        logging.getLogger(__name__).exception("the command failed")
        print("error: the command failed unexpectedly; the log above says where", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return EXIT_REFUSED
    return code


if __name__ == "__main__":
    sys.exit(main())
