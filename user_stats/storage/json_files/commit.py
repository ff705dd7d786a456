"""What is done under the store's lock: making ready after a crash, writing a batch, taking a refused one back.

One batch is one record of the journal with one sync; then the data files are written. Everything here expects that the
lock is held.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import NamedTuple

from user_stats.storage.json_files import recovery
from user_stats.storage.json_files.disk import Disk, translated
from user_stats.storage.json_files.journal import Journal, Write, encoded_record
from user_stats.storage.json_files.lines import laid_out
from user_stats.storage.json_files.slots import SlotFile
from user_stats.storage.json_files.state import Head, State
from user_stats.storage.json_files.transactions import Batch
from user_stats.storage.json_files.writes import Writer

log = logging.getLogger(__name__)


class _Unfinished(NamedTuple):
    """A refused write of which something may still be on the disk."""

    head: Head
    size: int
    writer: Writer


class Committer:
    """Writes to one folder for this process."""

    def __init__(self, disk: Disk, folder: str, state: State, *, in_place: bool) -> None:
        self.unfinished: _Unfinished | None = None
        self._disk = disk
        self._folder = folder
        self._state = state
        self._in_place = in_place
        self._flushed_epoch = 0
        self._flush_failed = False
        self._flusher: threading.Thread | None = None
        self._is_open = False
        self._journal: Journal

    def make_ready(self) -> None:
        """Opens what a writer needs, finishes what was left unfinished, and recovers after a crash."""
        if not self._is_open:
            self._journal = Journal(self._disk, self._folder)
            self._is_open = True
        if self.unfinished is not None:
            self._take_back()
        if self._flush_failed or not self._state.is_in_order():
            self.recover(everything=self._flush_failed)

    def recover(self, *, everything: bool) -> None:
        recovery.recover(
            self._disk, self._folder, self._journal, self._state, everything=everything, in_place=self._in_place
        )
        self._flush_failed = False

    def void(self) -> None:
        """Flushes the data files and empties the journal."""
        recovery.void(self._disk, self._folder, self._journal, self._state)

    def erase_journal(self) -> None:
        """Leaves no byte of what was written before."""
        recovery.void(self._disk, self._folder, self._journal, self._state, has_changed=False)
        self._journal.erase()

    def write(self, batch: Batch, groups: list[tuple[list[Write], int]]) -> None:
        """The batch, durably; when this raises, nothing of it is there, or the next call takes it back."""
        head = self._state.head
        writes = [write for group, _ in groups for write in group]
        record = encoded_record(head.epoch, head.sequence, writes)
        if not self._journal.has_room(head.tail, len(record)):
            self._state.head = head = self._in_other_half(head)
            record = encoded_record(head.epoch, head.sequence, writes)
        self._state.set_dirty()
        writer = Writer(self._disk, self._folder, in_place=self._in_place)
        try:
            self._journal.write(head.epoch, head.tail, record)
            writer.apply(groups)
        except BaseException as error:
            self.unfinished = _Unfinished(head, len(record), writer)
            with suppress(OSError):  # tried again before the next write
                self._take_back()
            if isinstance(error, OSError):
                raise translated(error, "writing") from error
            raise
        flushed = max(head.flushed_epoch, self._flushed_epoch)
        self._state.head = Head(0, head.epoch, head.tail + len(record), head.sequence + 1, flushed)
        batch.committed(self._state)

    def _take_back(self) -> None:
        """Makes a refused write undone, unless another process has completed it since."""
        unfinished = self.unfinished
        if unfinished is None:
            return
        if self._state.head == unfinished.head._replace(dirty=1):
            unfinished.writer.take_back()
            self._journal.take_back(unfinished.head.epoch, unfinished.head.tail, unfinished.size)
            self._state.head = unfinished.head
        self.unfinished = None

    def _in_other_half(self, head: Head) -> Head:
        """The next epoch; what the other half holds must be flushed by now, what this one holds is from now on."""
        flushed = max(head.flushed_epoch, self._flushed_epoch)
        if flushed < head.epoch - 1:
            self._disk.sync_all(self._folder)
            flushed = head.epoch - 1
        self._flusher = threading.Thread(target=self._flush, args=(head.epoch,), daemon=True)
        self._flusher.start()
        return Head(0, head.epoch + 1, 0, head.sequence, flushed)

    def _flush(self, epoch: int) -> None:
        try:
            self._disk.sync_all(self._folder)
        except OSError as error:
            log.error("flushing the data folder failed, its journal will be replayed: %s", error)
            self._flush_failed = True
        else:
            self._flushed_epoch = epoch

    def lay_out(self, file: SlotFile, width: int) -> None:
        """Writes the file anew in lines of at least this width; it holds what it held, so nothing is journalled."""
        if file.lines.damaged:
            raise file.damage()
        members = [(file.checked_key(key), file.compacted(key, raw)) for _, key, raw in file.members()]
        while members and max(len(key) + len(raw) for key, raw in members) + 5 > width:
            width *= 2
        self.void()
        head = self._state.head
        self._state.head = head._replace(dirty=1)
        self._disk.replace(file.path, laid_out(members, width), sync=True)
        self._state.report_layout()
        self._state.head = head

    def close(self) -> None:
        if self._flusher is not None:
            self._flusher.join()
        if self._is_open:
            self._is_open = False
            self._journal.close()
