"""`JsonStorage`: the storage port on a folder of JSON files. See the other files of this folder for each idea.

A write: threads that want to write queue up; one of them takes the lock, runs the work of all (each sees the one
before), writes one journal record with one sync, then the data files. A read takes no lock.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from user_stats.errors import StorageError, StorageReadOnly
from user_stats.storage import Collection, Damage, Log, PageQuery, Record, Snapshot, Transaction, in_the_making
from user_stats.storage.json_files import recovery, repair, replacement
from user_stats.storage.json_files.arrays import Arrays
from user_stats.storage.json_files.disk import Disk, can_write_in_place, translated
from user_stats.storage.json_files.indexes import Columns, UniqueIndex
from user_stats.storage.json_files.journal import Journal, Write, encoded_record
from user_stats.storage.json_files.lines import KeyTable
from user_stats.storage.json_files.lock import StoreLock
from user_stats.storage.json_files.slot_plans import Layout
from user_stats.storage.json_files.slots import SlotFile, compact, laid_out
from user_stats.storage.json_files.snapshots import Copies
from user_stats.storage.json_files.state import Head, State
from user_stats.storage.json_files.transactions import Batch, JsonTransaction
from user_stats.storage.json_files.writes import Writer
from user_stats.storage.keys import checked_log_key

T = TypeVar("T")
LARGEST_BATCH = 64
"""Transactions that share one sync at most, so that the first does not wait long for the last."""

log = logging.getLogger(__name__)


class _Call:
    """One transaction on its way through the queue."""

    __slots__ = ("deadline", "error", "is_done", "thread", "turn", "value", "work")

    def __init__(self, work: Callable[[Transaction], Any], deadline: float) -> None:
        self.work = work
        self.deadline = deadline
        self.thread = threading.get_ident()
        self.turn: threading.Lock | None = None
        self.is_done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        self.error = error
        self.is_done = True


class _Unfinished(NamedTuple):
    """A refused write of which something may still be on the disk."""

    head: Head
    size: int
    writer: Writer


class JsonStorage:
    """A folder of JSON files, made if it is missing. On a folder that cannot be written it still reads."""

    def __init__(self, folder: str, *, lock_timeout_seconds: float = 10.0, disk: Disk | None = None) -> None:
        self.folder = os.path.abspath(folder)
        self._disk = disk or Disk()
        self._files: dict[str, SlotFile] = {}
        self._keys: dict[str, KeyTable] = {}
        self._indexes: dict[tuple[str, str], Any] = {}
        self._making = threading.RLock()
        self._queue: list[_Call] = []
        self._queueing = threading.Lock()
        self._leader: _Call | None = None
        self._lock_timeout_seconds = lock_timeout_seconds
        self._unfinished: _Unfinished | None = None
        self._flushed_epoch = 0
        self._flush_failed = False
        self._flusher: threading.Thread | None = None
        self._is_open = False
        self._journal: Journal
        self.arrays = Arrays(self._disk, self.folder)
        with _named_errors("opening"):
            self._disk.make_folder(self.folder)
            self._in_place = can_write_in_place(self.folder)
            self._state = State(self._disk, os.path.join(self.folder, "store.state"))
        if not self._in_place:
            log.warning("the data folder is not on a local Linux disk: each write rewrites its whole file")
        path = os.path.join(self.folder, "store.lock")
        self._lock = StoreLock(self._disk, path, timeout_seconds=lock_timeout_seconds, portable=not self._in_place)
        in_the_making.remove_abandoned(self.folder)
        try:
            self._commit_batch([], time.monotonic() + lock_timeout_seconds)
        except StorageReadOnly as error:
            log.warning("%s", error)

    # -- reads --------------------------------------------------------------------------------------------------------

    def get(self, collection: Collection, key: str) -> Record | None:
        if self._unfinished is not None:
            self._settle()
        try:
            return self.file(collection).get(key)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise translated(error, "reading") from error

    def find(self, collection: Collection, field: str, value: str) -> str | None:
        if self._unfinished is not None:
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
        if self._unfinished is not None:
            self._settle()
        with _named_errors("reading"):
            yield

    def _settle(self) -> None:
        """Before a read: takes back what a refused write has left, if the disk lets it by now."""
        leader = self._leader
        if leader is None or leader.thread != threading.get_ident():
            with suppress(StorageError):
                self.transaction(lambda tx: None)

    # -- files and indexes, made when first asked for -----------------------------------------------------------------

    def file(self, collection: Collection) -> SlotFile:
        file = self._files.get(collection.name)
        if file is None:
            with self._making:
                keys = self._keys.setdefault(collection.keys or f"{collection.name}.json", KeyTable())
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
        call = _Call(work, time.monotonic() + self._lock_timeout_seconds)
        try:
            with self._queueing:
                leader = self._leader
                if leader is None:
                    self._leader = call
                elif leader.thread == call.thread:
                    raise RuntimeError("a transaction cannot be started inside another one")
                else:
                    call.turn = threading.Lock()
                    call.turn.acquire()
                    self._queue.append(call)
            if call.turn is not None:
                call.turn.acquire()  # released when the call is done, or when it is to lead
            if not call.is_done:
                self._lead(call)
        except BaseException:
            self._leave(call)
            raise
        if call.error is not None:
            raise call.error
        value: T = call.value
        return value

    def _leave(self, call: _Call) -> None:
        """Whoever is interrupted, say by Ctrl-C while waiting, keeps nobody else waiting for ever."""
        with self._queueing:
            if call in self._queue:
                self._queue.remove(call)
                return
        if self._leader is call:
            self._hand_over([call])
        elif call.turn is not None and not call.is_done:
            call.turn.acquire()  # another thread is just doing it

    def _lead(self, call: _Call) -> None:
        batch = [call]
        try:
            self._commit_batch(batch, call.deadline)
        except BaseException as error:
            for waiting in batch:
                if not waiting.is_done:
                    waiting.fail(error if isinstance(error, Exception) else StorageError("the write was interrupted"))
            if not isinstance(error, Exception):
                raise
        finally:
            self._hand_over(batch)

    def _hand_over(self, batch: list[_Call]) -> None:
        """The lead goes to the next one in the queue; who shared the batch of the leader goes on."""
        with self._queueing:
            following = self._leader = self._queue.pop(0) if self._queue else None
        if following is not None and following.turn is not None:
            following.turn.release()
        for waiting in batch[1:]:
            if waiting.turn is not None:
                waiting.turn.release()

    def _commit_batch(self, batch: list[_Call], deadline: float) -> None:
        try:
            self._lock.acquire(deadline)
            try:
                self._make_ready()
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

    def _run(self, calls: list[_Call], *, gather: bool) -> bool:
        """Runs and commits the calls together, with `gather` also those that queue up meanwhile, which join the list.
        False when they must be run again one by one; nothing has changed then."""
        batch = Batch(self)
        try:
            outcomes = self._planned(batch, calls, gather=gather)
            if outcomes is None:
                return False
            groups = batch.groups()
            if groups:
                self._write(batch, groups)
        except Layout as layout:
            batch.close()
            self._lay_out(layout.file, layout.width)
            return False
        finally:
            batch.close()
        for call, error in outcomes:
            call.error = error
            call.is_done = True
        return True

    def _planned(
        self, batch: Batch, calls: list[_Call], *, gather: bool
    ) -> list[tuple[_Call, BaseException | None]] | None:
        """How the work of each call ended; None when one of several could not be planned."""
        outcomes: list[tuple[_Call, BaseException | None]] = []
        for call in self._growing(calls) if gather else calls:
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

    def _growing(self, calls: list[_Call]) -> Iterator[_Call]:
        """Each call, and those that have queued up when the last one is done, which join the list."""
        done = 0
        while done < len(calls):
            yield calls[done]
            done += 1
            if done == len(calls):
                with self._queueing:
                    room = LARGEST_BATCH - done
                    calls += self._queue[:room]
                    del self._queue[:room]

    def _write(self, batch: Batch, groups: list[tuple[list[Write], int]]) -> None:
        head = self._state.head
        writes = [write for group, _ in groups for write in group]
        record = encoded_record(head.epoch, head.sequence, writes)
        if not self._journal.has_room(head.tail, len(record)):
            self._state.head = head = self._in_other_half(head)
            record = encoded_record(head.epoch, head.sequence, writes)
        self._state.set_dirty()
        writer = Writer(self._disk, self.folder, in_place=self._in_place)
        try:
            self._journal.write(head.epoch, head.tail, record)
            writer.apply(groups)
        except OSError as error:
            self._unfinished = _Unfinished(head, len(record), writer)
            with suppress(OSError):  # tried again before the next write
                self._take_back()
            raise translated(error, "writing") from error
        flushed = max(head.flushed_epoch, self._flushed_epoch)
        self._state.head = Head(0, head.epoch, head.tail + len(record), head.sequence + 1, flushed)
        batch.committed(self._state)

    # -- under the lock, besides transactions -------------------------------------------------------------------------

    def _make_ready(self) -> None:
        """Opens what a writer needs, finishes what was left unfinished, and recovers after a crash."""
        if not self._is_open:
            self._journal = Journal(self._disk, self.folder)
            self._is_open = True
        if self._unfinished is not None:
            self._take_back()
        if self._flush_failed or not self._state.is_in_order():
            self._recover(everything=self._flush_failed)

    def _recover(self, *, everything: bool) -> None:
        recovery.recover(
            self._disk, self.folder, self._journal, self._state, everything=everything, in_place=self._in_place
        )
        self._flush_failed = False

    def _take_back(self) -> None:
        """Makes a refused write undone, unless another process has completed it since."""
        unfinished = self._unfinished
        if unfinished is None:
            return
        if self._state.head == unfinished.head._replace(dirty=1):
            unfinished.writer.take_back()
            self._journal.take_back(unfinished.head.epoch, unfinished.head.tail, unfinished.size)
            self._state.head = unfinished.head
        self._unfinished = None

    def _in_other_half(self, head: Head) -> Head:
        """The next epoch; what the other half holds must be flushed by now, what this one holds is from now on."""
        flushed = max(head.flushed_epoch, self._flushed_epoch)
        if flushed < head.epoch - 1:
            self._disk.sync_all(self.folder)
            flushed = head.epoch - 1
        self._flusher = threading.Thread(target=self._flush, args=(head.epoch,), daemon=True)
        self._flusher.start()
        return Head(0, head.epoch + 1, 0, head.sequence, flushed)

    def _flush(self, epoch: int) -> None:
        try:
            self._disk.sync_all(self.folder)
        except OSError as error:
            log.error("flushing the data folder failed, its journal will be replayed: %s", error)
            self._flush_failed = True
        else:
            self._flushed_epoch = epoch

    def _lay_out(self, file: SlotFile, width: int) -> None:
        """Writes the file anew in lines of at least this width; it holds what it held, so nothing is journalled."""
        if file.lines.damaged:
            raise file.damage()
        members = [(key, compact(raw)) for _, key, raw in file.members()]
        while members and max(len(key) + len(raw) for key, raw in members) + 5 > width:
            width *= 2
        recovery.void(self._disk, self.folder, self._journal, self._state)
        head = self._state.head
        self._state.head = head._replace(dirty=1)
        self._disk.replace(file.path, laid_out(members, width), sync=True)
        self._state.head = head

    # -- the whole store ----------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self, collections: Iterable[Collection], logs: Iterable[Log]) -> Iterator[Snapshot]:
        with _named_errors("copying"):
            copies = Copies(self._disk, self.folder, collections, logs)
        with closing(copies):
            with _named_errors("copying"), ExitStack() as locked:
                copies.take(lambda: self._hold(locked))
            yield copies

    def _hold(self, locked: ExitStack) -> None:
        """Keeps writers out; a folder that cannot be written has none."""
        try:
            locked.enter_context(self._lock)
            self._make_ready()
        except OSError as error:
            if not isinstance(translated(error, "copying"), StorageReadOnly):
                raise

    def replace_all(self, source: Snapshot, collections: Iterable[Collection], logs: Iterable[Log]) -> str | None:
        name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        with _named_errors("writing"), in_the_making.new_folder(self.folder) as filled:
            replacement.fill(self._disk, filled, source, collections, logs)
            with self._lock:
                self._make_ready()
                recovery.void(self._disk, self.folder, self._journal, self._state)
                self._state.set_dirty()  # from here on it is recovery that completes this, here or after a crash
                try:
                    replacement.announce(self._disk, self.folder, filled, name)
                finally:
                    self._recover(everything=False)
        aside = replacement.place_aside(self.folder, name)
        return aside if os.path.isdir(aside) else None

    # -- damage -------------------------------------------------------------------------------------------------------

    def find_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        with self._reading():
            return list(repair.damages(self._disk, self.folder, collections, logs))

    def mend_damage(self, collections: Iterable[Collection], logs: Iterable[Log]) -> list[Damage]:
        with _named_errors("writing"), self._lock:
            self._make_ready()
            recovery.void(self._disk, self.folder, self._journal, self._state)
            return list(repair.mended(self._disk, self.folder, collections, logs))

    def forget_deleted(self) -> None:
        with _named_errors("writing"), self._lock:
            self._make_ready()
            recovery.void(self._disk, self.folder, self._journal, self._state)
            self._journal.erase()

    def close(self) -> None:
        """Everything is durable already; this gives back descriptors and memory."""
        if self._flusher is not None:
            self._flusher.join()
        if self._is_open:
            self._is_open = False
            self._journal.close()
        self._lock.close()
        self._files.clear()
        self._indexes.clear()


@contextmanager
def _named_errors(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise translated(error, doing) from error
