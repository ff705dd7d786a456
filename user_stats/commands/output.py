"""What commands print: one JSON document, plain tables, and progress on a terminal alone."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Sequence
from typing import Any

BAR_WIDTH = 30
KILOBYTE = 1024
SECONDS_BETWEEN_DRAWS = 0.1


def print_json(document: Any) -> None:
    """The document and nothing else."""
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as they need to be; numbers to the right. Nothing in a cell can command the terminal."""
    cells = [[inert(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    print("  ".join(head.ljust(width) for head, width in zip(heads, widths, strict=True)).rstrip())
    for row, original in zip(cells, rows, strict=True):
        aligned = [
            cell.rjust(width) if isinstance(value, int | float) else cell.ljust(width)
            for cell, width, value in zip(row, widths, original, strict=True)
        ]
        print("  ".join(aligned).rstrip())


def inert(text: str) -> str:
    """The text with control and direction characters escaped."""
    return "".join(f"\\u{ord(one):04x}" if unicodedata.category(one) in ("Cc", "Cf") else one for one in text)


class Progress:
    """A bar on standard error, on a terminal only."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._is_shown = sys.stderr.isatty()
        self._drawn_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not self._is_shown or (done < total and now - self._drawn_at < SECONDS_BETWEEN_DRAWS):
            return
        self._drawn_at = now
        filled = BAR_WIDTH * done // max(total, 1)
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        end = "\n" if done >= total else ""
        print(f"\r{self._label} {bar} {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)

    def bytes(self, done: int, total: int) -> None:
        """The same for bytes, shown as kB."""
        self(-(-done // KILOBYTE), -(-total // KILOBYTE))
