"""What happens at the first lock after a crash: the journal is replayed, and the store is as after its last commit.

When a process died, the files are those of the running system: only the record that it was applying is missing. After
a loss of power everything since the last flush may be missing or torn: both halves are replayed. Replaying twice, or
being killed while replaying, does no harm: a record holds what the bytes are to be, not how they change.
"""

from __future__ import annotations

import os

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.journal import Journal, Write
from user_stats.storage.json_files.state import Head, State
from user_stats.storage.json_files.writes import Writer, by_path, patched


def recover(disk: Disk, folder: str, journal: Journal, state: State, *, everything: bool, in_place: bool) -> None:
    """Brings the data files up to the journal, and empties it. Raises OSError, or StorageCorrupt for a file that the
    journal does not fit; the store then stays as it is, and the next call tries again."""
    head = state.head
    if everything or not state.is_of_this_boot():
        records = journal.all_records()
    else:
        records = [record for record in journal.records(head.epoch, head.tail) if record.epoch == head.epoch]
    state.adopt_boot()
    state.head = head._replace(dirty=1)
    writes = [write for record in records for write in record.writes]
    fitting: list[Write] = []
    for name, group in by_path(writes).items():
        fitting += _fitting(disk, folder, name, group)
    Writer(disk, folder, in_place=in_place).apply(fitting, {})
    sweep(disk, folder)
    last = records[-1] if records else None
    void(disk, folder, journal, state, after=Head(0, last.epoch, 0, last.sequence + 1, 0) if last else head)


def void(disk: Disk, folder: str, journal: Journal, state: State, *, after: Head | None = None) -> None:
    """Flushes the data files and empties the journal: from here on nothing older is replayed."""
    head = after or state.head
    disk.sync_all(folder)
    journal.reset()
    epoch = head.epoch + 2
    state.forget_changes()
    state.head = Head(0, epoch, 0, head.sequence, epoch - 1)


def sweep(disk: Disk, folder: str) -> None:
    """Removes files that were being written when a process died."""
    for name in ["", *sorted(disk.names(folder))]:
        inner = os.path.join(folder, name)
        if os.path.isdir(inner) and not os.path.islink(inner):
            for file in disk.names(inner):
                if file.endswith(".tmp"):
                    disk.discard(os.path.join(inner, file))


def _fitting(disk: Disk, folder: str, name: str, writes: list[Write]) -> list[Write]:
    """The writes that still belong to this file: none when somebody replaced it since by another valid one."""
    if writes[0].kind in "fd":
        return writes
    path = os.path.join(folder, name)
    stamp = disk.stamp(path)
    if stamp is None:
        return []
    is_slotted = writes[0].kind in "sg"
    if stamp[0] == writes[-1].inode:
        if is_slotted:
            width = writes[0].length
            if disk.read(path, width, 0) == b"{".ljust(width - 1) + b"\n":
                return _last_lines(writes)
        else:
            image = patched(disk.read_whole(path), writes)
            if _is_json(image, list):
                return [Write("f", name, 0, 0, 0, image)]
    if _is_json(disk.read_whole(path), dict if is_slotted else list):
        return []
    raise StorageCorrupt(f"{name} is damaged and was not written since the last start: repair it first", path=name)


def _last_lines(writes: list[Write]) -> list[Write]:
    """The last write of each line, from the top down, so that the one at the end closes the file."""
    lines = {write.offset: write for write in writes}
    end = max((write.offset for write in writes if write.kind == "g"), default=-1)
    if end >= 0:
        lines[end] = lines[end]._replace(kind="g")
    return [lines[offset] for offset in sorted(lines)]


def _is_json(data: bytes, shape: type) -> bool:
    try:
        msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
