"""How fast the past comes in: a history of one person and the log of a web server, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from user_stats.bench.measures import Row

MOST_ROWS = 200_000
HISTORY, LOG = "import of a history", "import of a log"


def imports(folder: Path, size: int) -> list[Row]:
    """Rows and lines a second, as many as there are people up to 200,000, and the most memory that it took."""
    found = []
    for work in (HISTORY, LOG):
        words = [sys.executable, "-m", "user_stats.bench.import_child", work, str(folder), str(min(size, MOST_ROWS))]
        answer = subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=600)
        found.append(Row(size, work, "user_stats", json.loads(answer.stdout)))
    return found
