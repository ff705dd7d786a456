"""What happens at the first lock after a crash: the journal is replayed, and the store is as after its last commit.

When a process died, the files are those of the running system: only the record that it was applying is missing. After
a loss of power everything since the last flush may be missing or torn: both halves are replayed. Replaying twice, or
being killed while replaying, does no harm: a record holds what the bytes are to be, not how they change.
"""

from __future__ import annotations

import os

import msgspec

from user_stats.errors import StorageCorrupt
from user_stats.storage.json_files import replacement
from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.journal import Journal, Write
from user_stats.storage.json_files.state import Head, State
from user_stats.storage.json_files.writes import Writer, by_path, patched


def recover(disk: Disk, folder: str, journal: Journal, state: State, *, everything: bool, in_place: bool) -> None:
    """Brings the data files up to the journal, and empties it. Raises OSError, or StorageCorrupt for a file that the
    journal does not fit; the store then stays as it is, and the next call tries again."""
    replacement.finish(disk, folder)
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
    Writer(disk, folder, in_place=in_place).apply(((group, -1) for group in by_path(fitting).values()), sync_new=True)
    sweep(disk, folder)
    last = records[-1] if records else None
    void(disk, folder, journal, state, after=Head(0, last.epoch, 0, last.sequence + 1, 0) if last else head)


def void(
    disk: Disk, folder: str, journal: Journal, state: State, *, after: Head | None = None, has_changed: bool = True
) -> None:
    """Flushes the data files and empties the journal: from here on nothing older is replayed. With `has_changed` every
    process reads the files again."""
    head = after or state.head
    disk.sync_all(folder)
    journal.reset(head.epoch)
    epoch = head.epoch + 2
    if has_changed:
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
    """The writes that still belong to this file: none when somebody has put another valid one in its place since."""
    if writes[0].kind in "fd":
        return writes
    path = os.path.join(folder, name)
    if disk.stamp(path) is None:
        return []
    if writes[0].kind in "sg":
        lines = _last_lines(writes)
        if _are_at_home(disk, path, lines):
            return lines
        shape: type = dict
    else:
        image = patched(disk.read_whole(path), writes)
        if _is_json(image, list):
            return [Write("f", name, 0, 0, image)]
        shape = list
    if _is_json(disk.read_whole(path), shape):
        return []
    raise StorageCorrupt(f"{name} is damaged and does not fit its journal: repair it first", path=name)


def _are_at_home(disk: Disk, path: str, lines: list[Write]) -> bool:
    """True where the file has lines of this width, and none of the places holds another key."""
    width = lines[0].length
    if disk.read(path, width, 0) != b"{".ljust(width - 1) + b"\n":
        return False
    descriptor = disk.open(path, os.O_RDONLY)
    try:
        for line in lines:
            there = disk.pread(descriptor, width, line.offset)
            mine, its = (text[: text.find(b'":') + 2] for text in (line.data, there))
            if mine and there[1:2] == b'"' and its.endswith(b'":') and mine[1:] != its[1:]:
                return False
    finally:
        disk.close(descriptor)
    return True


def _last_lines(writes: list[Write]) -> list[Write]:
    """The last write of each line; those that made the file grow stand together at its end."""
    lines = {write.offset: write for write in writes}
    grown_from = min((write.offset for write in writes if write.kind == "g"), default=None)
    if grown_from is not None:
        for offset, line in lines.items():
            lines[offset] = line._replace(kind="g" if offset >= grown_from else "s")
    return list(lines.values())


def _is_json(data: bytes, shape: type) -> bool:
    try:
        msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
