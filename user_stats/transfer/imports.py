"""`Imports`: histories from elsewhere, previewed, brought in and taken out again. The one door to `transfer/formats`.

imports = get_imports()
report = imports.preview(path, user_id)           what would happen; changes nothing
report = imports.import_file(path, user_id)       the good rows go in; what is wrong is in the report
imports.undo(user_id, report.batch)               as if it had never been
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TypedDict, Unpack

from user_stats import fields
from user_stats.batches import CHUNK, Batch, BatchWriter
from user_stats.collections import ACTIVITY, HISTORY
from user_stats.errors import InvalidInput
from user_stats.manager import UserManager
from user_stats.statistics.viewing import Viewing, viewing
from user_stats.times import Clock, utc_now
from user_stats.transfer.formats import SERVICES, own_export, recognised
from user_stats.transfer.forms import Form
from user_stats.transfer.import_report import OTHER_PROFILE, Report
from user_stats.transfer.rows import Row
from user_stats.transfer.sources import Input, Part, opened
from user_stats.user_records import get_user
from user_stats.watches import CheckedWatch, checked_watch

Progress = Callable[[int, int], None]
"""Called with how many bytes were read, and of how many."""
FINGERPRINT_CHARACTERS = 16
EVERYTHING = "all"
MOST_PROFILES = 20
"""Names that a message lists."""


@dataclass(frozen=True)
class Options:
    """What to import of a file, and how strictly."""

    service: str | None = None
    """The service that the file comes from; None: found out."""
    profile: str | None = None
    """Whose rows, where a file has those of several people."""
    include: Collection[str] = field(default=())
    """Reasons for which rows are skipped by default and that are to be imported all the same; "all" for every one."""
    all_or_nothing: bool = False
    """Whether one bad row keeps everything out."""


class Beside(TypedDict, total=False):
    """What else may be told of a file, and who asks."""

    name: str | None
    """What the file is called, where it was handed over open."""
    progress: Progress | None
    actor: str | None


class Imports:
    """Imports into the histories of a manager's people. `actor` must be the person or an admin (None: trusted code).

    Calls raise InvalidInput for a file that cannot be used at all, TooLarge for one that nobody should open,
    UserNotFound, Forbidden and StorageError."""

    def __init__(self, manager: UserManager, *, clock: Clock = utc_now) -> None:
        self._manager = manager
        self._clock = clock

    def preview(self, file: Input, user_id: str, options: Options = Options(), **beside: Unpack[Beside]) -> Report:
        """What `import_file` would do. A file of several people's rows is counted for all of them."""
        return self._run(file, user_id, options, is_preview=True, **beside)

    def import_file(self, file: Input, user_id: str, options: Options = Options(), **beside: Unpack[Beside]) -> Report:
        """Records what is new, chunk by chunk: each is durable, and after a kill the same call goes on from there."""
        if options.all_or_nothing:
            quietly: Beside = {**beside, "progress": None}
            before = self._run(file, user_id, options, is_preview=True, **quietly)
            if before.rejected_rows:
                before.was_refused, before.imported, before.is_preview = True, 0, False
                return before
        return self._run(file, user_id, options, is_preview=False, **beside)

    def batches(self, user_id: str) -> list[Batch]:
        """The imports of a person that still stand, the oldest first."""
        return self._manager.batches.all_of(user_id)

    def figures(self, user_id: str, batch: str, zone: tzinfo = UTC) -> Viewing:
        """What an import shows: by day, hour and weekday of the zone, the most watched, runs of days, sessions."""
        get_user(self._manager.storage, fields.checked_user_id(user_id))
        events = self._manager.storage.read_log(ACTIVITY, user_id)
        return viewing((event for event in events if event.get("batch") == batch), zone)

    def undo(self, user_id: str, batch: str, *, actor: str | None = None) -> int:
        """How many watches went: everything is as if the batch had never been imported."""
        return self._manager.batches.remove(user_id, batch, actor=actor)

    def _run(
        self,
        file: Input,
        user_id: str,
        options: Options,
        *,
        is_preview: bool,
        name: str | None = None,
        progress: Progress | None = None,
        actor: str | None = None,
    ) -> Report:
        if options.service is not None:
            fields.checked_word("format", options.service, SERVICES)
        with opened(file, name) as source:
            found = recognised(source, options.service)
            form = found[0][0]
            if source.is_zip:
                for _, part in found:
                    part.check()
            if form.has_profiles and options.profile is None and not is_preview:
                _require_one_profile(found)
            if set(options.include) - {EVERYTHING}:
                _require_known_reasons(found, options.include)
            batch = f"{form.service}-{source.fingerprint[:FINGERPRINT_CHARACTERS]}"
            report = Report(form.service, form.title, source.name, batch, is_preview, form.note)
            writer = self._manager.batches.writer(
                user_id, batch, source=f"{form.title}: {source.name}", actor=actor, is_rehearsal=is_preview
            )
            if form.service == own_export.SERVICE:
                writer.leave_out(self._own_rows(user_id))
            _Run(report, writer, options, self._clock, progress).work(found)
            _require_known_profile(report, options.profile)
            return report

    def _own_rows(self, user_id: str) -> Iterator[str]:
        """The digests of what the person watched here, as our own export would have them."""
        storage = self._manager.storage
        events = (event for event in storage.read_log(ACTIVITY, user_id) if event["kind"] == "watch")
        return own_export.digests([*events, *storage.read_log(HISTORY, user_id)])


def _rows(found: list[tuple[Form, Part]]) -> Iterator[Row]:
    """Every row, to be looked at before the rows are taken."""
    for form, part in found:
        yield from form.rows(part)
        part.meter.done = 0


def _require_known_reasons(found: list[tuple[Form, Part]], wanted: Collection[str]) -> None:
    """A reason for which no row is skipped would bring nothing in; whoever asked should know why."""
    reasons = {row.skipped for row in _rows(found) if row.skipped and row.watch is not None}
    for reason in wanted:
        if reason not in reasons and reason != EVERYTHING:
            allowed = ", ".join([EVERYTHING, *sorted(reasons)])
            raise InvalidInput.of("include", reason, f"why rows of this file are skipped: {allowed}")


def _require_one_profile(found: list[tuple[Form, Part]]) -> None:
    """Rows of several people are never taken for those of one by accident."""
    profiles = {row.profile for row in _rows(found) if row.profile}
    if len(profiles) > 1:
        names = ", ".join(sorted(profiles)[:MOST_PROFILES])
        message = f"profile: the file has rows of {len(profiles):,} people; allowed: one of {names}"
        raise InvalidInput(message, field="profile")


def _require_known_profile(report: Report, wanted: str | None) -> None:
    """A name that nobody has in the file brought nothing in; whoever asked should know why."""
    if wanted is not None and wanted not in report.profiles:
        names = ", ".join(list(report.profiles)[:MOST_PROFILES])
        raise InvalidInput.of("profile", wanted, names or "none; the file does not say whose its rows are")


class _Run:
    """One pass over a file: each row is counted, and what is viewing goes to the writer in chunks."""

    def __init__(
        self, report: Report, writer: BatchWriter, options: Options, clock: Clock, progress: Progress | None
    ) -> None:
        self._report = report
        self._writer = writer
        self._options = options
        self._now = clock()
        self._progress = progress
        self._waiting: list[CheckedWatch] = []

    def work(self, found: list[tuple[Form, Part]]) -> None:
        total = sum(part.size for _, part in found)
        before = 0
        for form, part in found:
            for row in form.rows(part):
                self._take(row, part.name)
                if len(self._waiting) >= CHUNK:
                    self._flush()
                    self._tell(min(before + part.meter.done, total), total)
            before += part.size
        self._flush()
        self._tell(total, total)

    def _take(self, row: Row, file: str) -> None:
        report = self._report
        report.rows += 1
        if row.profile:
            report.profiles[row.profile] += 1
        if row.rejected or row.watch is None:
            if row.skipped:
                report.skipped[row.skipped] += 1
            else:
                report.reject(row, row.rejected, file)
            return
        wanted = self._options.profile
        if wanted is not None and row.profile != wanted:
            report.skipped[OTHER_PROFILE] += 1
            return
        included = self._options.include
        if row.skipped:
            report.includable.add(row.skipped)
        if row.skipped and row.skipped not in included and EVERYTHING not in included:
            report.skipped[row.skipped] += 1
            return
        try:
            watch = checked_watch(row.watch, now=self._now)
        except InvalidInput as error:
            report.reject(row, error.message, file)
            return
        report.take(watch)
        self._waiting.append(watch)

    def _flush(self) -> None:
        added = self._writer.add(self._waiting)
        self._report.imported += added.recorded
        self._report.duplicates += added.repeated
        self._waiting.clear()

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total)
