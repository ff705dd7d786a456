"""`JsonStorage`: the storage port on a folder of JSON files. See the other files of this folder for each idea.

A write: threads that want to write queue up (`group_commit.py`); one of them takes the lock, runs the work of all, each
seeing the one before, and writes it (`commit.py`). A read takes no lock.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from user_stats.errors import StorageError, StorageReadOnly
from user_stats.storage import (
    LOCK_NAME,
    Collection,
    Damage,
    Log,
    PageQuery,
    Record,
    Snapshot,
    Transaction,
    in_the_making,
)
from user_stats.storage.counting import sums_of
from user_stats.storage.json_files import repair, replacement
from user_stats.storage.json_files.arrays import Arrays
from user_stats.storage.json_files.commit import Committer
from user_stats.storage.json_files.disk import Disk, can_write_in_place, named_errors, translated
from user_stats.storage.json_files.group_commit import Call, Queue
from user_stats.storage.json_files.indexes import Columns, UniqueIndex
from user_stats.storage.json_files.key_tables import KeyFingerprints, KeyTable, WholeKeys
from user_stats.storage.json_files.lock import StoreLock
from user_stats.storage.json_files.slot_plans import Layout
from user_stats.storage.json_files.slots import SlotFile
from user_stats.storage.json_files.snapshots import Copies
from user_stats.storage.json_files.state import State
from user_stats.storage.json_files.transactions import Batch, JsonTransaction
from user_stats.storage.keys import checked_log_key

T = TypeVar("T")
log = logging.getLogger(__name__)


class JsonStorage:
    """A folder of JSON files, made if it is missing. On a folder that cannot be written it still reads."""

    keeps_replaced = True

    def __init__(self, folder: str, *, lock_timeout_seconds: float = 10.0, disk: Disk | None = None) -> None:
        self.folder = os.path.abspath(folder)
        self._disk = disk or Disk()
        self._files: dict[str, SlotFile] = {}
        self._keys: dict[str, KeyTable] = {}
        self._indexes: dict[tuple[str, str], Any] = {}
        self._making = threading.RLock()
        self._queue = Queue(self._commit, timeout_seconds=lock_timeout_seconds)
        self.arrays = Arrays(self._disk, self.folder)
        with named_errors("opening"):
            self._disk.make_folder(self.folder)
            in_place = can_write_in_place(self.folder)
            self._state = State(self._disk, os.path.join(self.folder, "store.state"))
        self._committer = Committer(self._disk, self.folder, self._state, in_place=in_place)
        if not in_place:
            log.warning("the data folder is not on a local Linux disk: each write rewrites its whole file")
        path = os.path.join(self.folder, LOCK_NAME)
        self._lock = StoreLock(self._disk, path, timeout_seconds=lock_timeout_seconds, portable=not in_place)
        in_the_making.remove_abandoned(self.folder)
        try:
            self._commit([], time.monotonic() + lock_timeout_seconds)
        except StorageReadOnly as error:
            log.warning("%s", error)

    # -- reads --------------------------------------------------------------------------------------------------------

    def get(self, collection: Collection, key: str) -> Record | None:
        if self._committer.unfinished is not None:
            self._settle()
        try:
            return self.file(collection).get(key)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise translated(error, "reading") from error

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        if self._committer.unfinished is not None:
            self._settle()
        try:
            return self.unique_index(collection, field).find(value)
        except OSError as error:
            raise translated(error, "reading") from error

    def scan(self, collection: Collection) -> Iterator[tuple[str, Record]]:
        with self._reading():
            yield from self.file(collection).records()

    def count(self, collection: Collection) -> int:
        with self._reading():
            file = self.file(collection)
            file.refresh()
            file.follow()
            return file.lines.live

    def get_many(self, collection: Collection, keys: Iterable[str]) -> dict[str, Record]:
        return {key: record for key in keys if (record := self.get(collection, key)) is not None}

    def sum_up(self, collection: Collection, fields: Sequence[str]) -> dict[str, float]:
        return sums_of((record for _, record in self.scan(collection)), fields)

    def find_page(self, collection: Collection, query: PageQuery) -> tuple[list[tuple[str, Record]], int]:
        with self._reading():
            return self._columns(collection).page(query)

    def read_log(self, log: Log, key: str, newest: int | None = None) -> list[Record]:
        with self._reading():
            return self.arrays.read(log, checked_log_key(key), newest)

    def log_keys(self, log: Log) -> Iterator[str]:
        with self._reading():
            return self.arrays.keys(log)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        if self._committer.unfinished is not None:
            self._settle()
        with named_errors("reading"):
            yield

    def _settle(self) -> None:
        """Before a read: takes back what a refused write has left, if the disk lets it by now."""
        if not self._queue.is_led_by_this_thread():
            with suppress(StorageError):
                self.transaction(lambda tx: None)

    # -- files and indexes, made when first asked for -----------------------------------------------------------------

    def file(self, collection: Collection) -> SlotFile:
        file = self._files.get(collection.name)
        if file is None:
            with self._making:
                make = KeyFingerprints if collection.is_crowd else WholeKeys
                keys = self._keys.setdefault(collection.keys or f"{collection.name}.json", make())
                made = SlotFile(self._disk, self.folder, collection, keys, self._state)
                file = self._files.setdefault(collection.name, made)
        return file

    def unique_index(self, collection: Collection, field: str) -> UniqueIndex:
        fold = collection.unique[field]
        index: UniqueIndex | None = self._indexes.get((collection.name, field))
        if index is None:
            index = self._index(
                (collection.name, field), lambda: UniqueIndex(self.file(collection), self._state, field, fold)
            )
        return index

    def _columns(self, collection: Collection) -> Columns:
        columns: Columns = self._index(
            (collection.name, ""), lambda: Columns(self.file(collection), self._state, collection)
        )
        return columns

    def _index(self, name: tuple[str, str], make: Callable[[], Any]) -> Any:
        with self._making:
            if name not in self._indexes:
                self._indexes[name] = make()
            return self._indexes[name]

    # -- transactions -------------------------------------------------------------------------------------------------

    def transaction(self, work: Callable[[Transaction], T]) -> T:
        """See the port. Threads that come together share one sync: the first leads, and hands the lead to the next."""
        return self._queue.run(work)

    def _commit(self, batch: list[Call], deadline: float) -> None:
        try:
            self._lock.acquire(deadline)
            try:
                self._committer.make_ready()
                if self._run(batch, gather=True):
                    return
                for call in batch:
                    try:
                        while not call.is_done:
                            self._run([call], gather=False)
                    except (StorageError, OSError) as error:
                        call.fail(translated(error, "writing"))
            finally:
                self._lock.release()
        except OSError as error:
            raise translated(error, "writing") from error

    def _run(self, calls: list[Call], *, gather: bool) -> bool:
        """Runs and commits the calls together, with `gather` also those that queue up meanwhile, which join the list.
        False when they must be run again one by one; nothing has changed then."""
        batch = Batch(self)
        try:
            outcomes = self._planned(batch, calls, gather=gather)
            if outcomes is None:
                return False
            groups = batch.groups()
            if groups:
                self._committer.write(batch, groups)
        except Layout as layout:
            batch.close()
            self._committer.lay_out(layout.file, layout.width)
            return False
        finally:
            batch.close()
        for call, error in outcomes:
            call.error = error
            call.is_done = True
        return True

    def _planned(
        self, batch: Batch, calls: list[Call], *, gather: bool
    ) -> list[tuple[Call, BaseException | None]] | None:
        """How the work of each call ended; None when one of several could not be planned."""
        outcomes: list[tuple[Call, BaseException | None]] = []
        for call in self._queue.growing(calls) if gather else calls:
            transaction = JsonTransaction(batch)
            try:
                call.value = call.work(transaction)
            except BaseException as error:  # noqa: BLE001 - whatever the work raises is for its caller
                outcomes.append((call, error))
                continue
            try:
                transaction.plan()
            except (Layout, StorageError, OSError):
                if len(calls) > 1:
                    return None
                raise
            outcomes.append((call, None))
        return outcomes

    # -- the whole store ----------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Snapshot]:
        with named_errors("copying"):
            copies = Copies(self._disk, self.folder, collections, logs)
        with closing(copies):
            with named_errors("copying"), ExitStack() as locked:
                copies.take(lambda: self._hold(locked))
            yield copies

    def _hold(self, locked: ExitStack) -> None:
        """Keeps writers out; a folder that cannot be written has none."""
        try:
            locked.enter_context(self._lock)
            self._committer.make_ready()
        except OSError as error:
            if not isinstance(translated(error, "copying"), StorageReadOnly):
                raise

    def replace_all(self, source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log]) -> str | None:
        name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        with named_errors("writing"), in_the_making.new_folder(self.folder) as filled:
            replacement.fill(self._disk, filled, source, collections, logs)
            with self._lock:
                self._committer.make_ready()
                self._committer.void()
                self._state.set_dirty()  # from here on it is recovery that completes this, here or after a crash
                try:
                    replacement.announce(self._disk, self.folder, filled, name)
                finally:
                    self._committer.recover(everything=False)
        aside = replacement.place_aside(self.folder, name)
        return aside if os.path.isdir(aside) else None

    # -- damage -------------------------------------------------------------------------------------------------------

    def find_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        with self._reading():
            return list(repair.damages(self._disk, self.folder, collections, logs))

    def mend_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        with named_errors("writing"), self._lock:
            self._committer.make_ready()
            self._committer.void()
            return list(repair.mended(self._disk, self.folder, collections, logs))

    def forget_deleted(self) -> None:
        with named_errors("writing"), self._lock:
            self._committer.make_ready()
            self._committer.erase_journal()

    def close(self) -> None:
        """Everything is durable already; this gives back descriptors and memory."""
        self._committer.close()
        self._lock.close()
        self._files.clear()
        self._indexes.clear()
