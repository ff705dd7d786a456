"""What tests of imports share: a person in a store in memory, and files brought in for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clocks import FixedClock

from user_stats import UserManager
from user_stats.collections import ACTIVITY
from user_stats.storage import Storage, open_storage
from user_stats.transfer.import_report import Report
from user_stats.transfer.imports import Imports, Options


class Importer:
    """One person, and imports for them."""

    def __init__(self, storage: Storage | None = None, *, max_history: int = 1000) -> None:
        self.clock = FixedClock()
        self.clock.advance(days=365)
        self.manager = UserManager(storage or open_storage("memory:"), clock=self.clock, max_history=max_history)
        self.imports = Imports(self.manager, clock=self.clock)
        self.person = self.manager.create_user("ada", "ada@example.org")

    def run(self, path: Path, options: Options | None = None) -> Report:
        """The report, which must be what the preview said."""
        chosen = options or Options()
        preview = self.imports.preview(path, self.person, chosen).to_plain()
        report = self.imports.import_file(path, self.person, chosen)
        if report.was_refused:
            return report
        assert {**report.to_plain(), "is_preview": True} == preview
        assert report.rows == (
            report.imported + report.duplicates + sum(report.skipped.values()) + report.rejected_rows
        )
        return report

    def events(self) -> list[dict[str, Any]]:
        """The watches in the log, the earliest first."""
        events = [event for event in self.manager.storage.read_log(ACTIVITY, self.person) if event["kind"] == "watch"]
        return sorted(events, key=lambda event: (event["watched_at"], event["subject"]))


def written(folder: Path, name: str, content: str | bytes | list[Any] | dict[str, Any]) -> Path:
    path = folder / name
    if isinstance(content, list | dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
