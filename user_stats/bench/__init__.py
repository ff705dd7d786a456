"""`python -m user_stats bench`: this machine, measured side by side with other ways to store the same things.

Absolute times differ from machine to machine and from minute to minute; the ratios within one run are what counts.
`contenders.py` has the stores, `measures.py` the work, `visits.py` that over HTTP, `pages.py` the pages meanwhile,
`app/` the pages in a browser, `imports.py` the past, `bot.py` the Telegram bot, `figures.py` the statistics,
`recommendations.py` how good these are, `report.py` the table and the bars.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from user_stats.bench import (
    app,
    backups,
    bot,
    databases,
    figures,
    imports,
    measures,
    pages,
    recommendations,
    report,
    visits,
)
from user_stats.commands.output import Progress, print_json
from user_stats.errors import EXIT_DONE, InvalidInput

PARTS = {
    **measures.PARTS,
    "visits": visits.visits,
    "pages": pages.pages,
    "imports": imports.imports,
    "backups": backups.backups,
    "bot": bot.bot,
    "app": app.app,
    "postgres": databases.postgres,
    "redis": databases.redis,
    "figures": figures.figures,
    "recommendations": recommendations.recommendations,
}
SIZES = (1_000, 10_000, 100_000, 1_000_000)


def run(names: Sequence[str], *, users: Sequence[int] | None, as_json: bool) -> int:
    """Runs the named parts (all: none named) at each size and prints what was measured."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise InvalidInput.of("NAME", unknown[0], "some of " + ", ".join(PARTS))
    for size in users or ():
        if not 100 <= size <= 10_000_000:
            raise InvalidInput.of("--users", size, "a whole number from 100 to 10,000,000")
    parts = {name: part for name, part in PARTS.items() if name in names or not names}
    sizes = tuple(users or SIZES)
    progress = Progress("measuring")
    rows: list[measures.Row] = []
    steps = [(part, size) for size in sizes for part in parts.values()]
    for done, (part, size) in enumerate(steps):
        progress(done, len(steps))
        folder = Path(tempfile.mkdtemp(prefix="user_stats_bench_", dir=Path.cwd()))
        try:
            rows += part(folder, size)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    progress(len(steps), len(steps))
    if as_json:
        print_json(report.document(rows))
    else:
        print(report.text(rows))
    return EXIT_DONE
