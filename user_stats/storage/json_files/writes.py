"""How planned writes reach the data files: readers see each file before or after, and an error takes all back.

What can run out of space comes first (new files under other names, lines and entries that make a file grow), then the
renames, then the removals; until the last of them, what was there before is remembered.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from user_stats.storage.json_files.disk import Disk
from user_stats.storage.json_files.journal import Write

OBJECT_TAIL = b"}\n"
LINE_PATIENCE_SECONDS = 0.2e-3
"""How long a changed line waits for readers to close the file; written anyway it is never seen as invalid JSON."""
GROWTH_PATIENCE_SECONDS = 50e-3
"""The same for a line at the end or a blanked one, which move a brace or a comma."""
ARRAY_PATIENCE_SECONDS = 2e-3
"""The same for an array, which is then written anew and renamed."""


def by_path(writes: list[Write]) -> dict[str, list[Write]]:
    groups: dict[str, list[Write]] = {}
    for write in writes:
        if write.kind in "fd":
            groups[write.path] = [write]
        else:
            groups.setdefault(write.path, []).append(write)
    return groups


def patched(content: bytes, writes: list[Write]) -> bytes:
    """The content of a file after writes; f starts it anew."""
    image = bytearray(content)
    for write in writes:
        if write.kind == "f":
            image = bytearray(write.data)
            continue
        data = write.image()
        image.extend(b" " * (write.offset - len(image)))
        image[write.offset : write.offset + len(data)] = data
    return bytes(image)


class Writer:
    """Applies one batch. After an error of the system, `take_back` restores what was there."""

    def __init__(self, disk: Disk, folder: str, *, in_place: bool) -> None:
        self._disk = disk
        self._folder = folder
        self._in_place = in_place
        self._changed: list[list[Write]] = []
        self._replaced: list[tuple[str, bytes | None]] = []
        self._temporary: list[str] = []

    def apply(self, groups: Iterable[tuple[list[Write], int]], *, sync_new: bool = False) -> None:
        """Writes each group, which is all of one file, with a descriptor of the file as it was when the writes were
        planned (or -1). `sync_new`: whole files are not in the journal, so they are made durable before they replace
        others. Raises OSError with everything that was written so far still to be taken back."""
        renames, removals, changes = [], [], []
        for writes, descriptor in groups:
            kind, name = writes[0].kind, writes[0].path
            if kind == "f":
                renames.append(self._prepared(name, patched(b"", writes)))
            elif kind == "d":
                removals.append(self._path(name))
            elif self._in_place:
                changes.append((writes, descriptor))
            else:
                renames.append(self._prepared(name, patched(self._disk.read_whole(self._path(name)), writes)))
        for writes, descriptor in changes:
            self._change(writes, descriptor)
        if sync_new and renames:
            self._disk.sync_all(self._folder)
        for path in renames:
            self._remember(path)
            self._disk.rename(path + ".tmp", path)
        for path in removals:
            self._remove(path)

    def take_back(self) -> None:
        """Restores the files, durably. Raises OSError when that fails too; it may be tried again."""
        for path, content in reversed(self._replaced):
            if content is not None:
                self._disk.replace(path, [content], sync=True)
            elif self._disk.stamp(path) is not None:
                self._disk.unlink(path)
        for writes in self._changed:
            self._restore(self._path(writes[0].path), writes)
        for path in self._temporary:
            self._disk.discard(path)
        self._disk.sync_all(self._folder)

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _prepared(self, name: str, content: bytes) -> str:
        path = self._path(name)
        self._temporary.append(path + ".tmp")
        try:
            self._disk.write_new(path + ".tmp", [content], sync=not self._in_place)
        except FileNotFoundError:
            self._disk.make_folder(os.path.dirname(path))
            self._disk.write_new(path + ".tmp", [content], sync=not self._in_place)
        return path

    def _change(self, writes: list[Write], descriptor: int) -> None:
        disk, path = self._disk, self._path(writes[0].path)
        is_array = writes[0].kind in "wb"
        patches = _patches(writes)
        opened = descriptor < 0
        if opened:
            descriptor = disk.open(path, os.O_RDWR)
        try:
            alone = disk.take_lease(descriptor, _patience_seconds(writes))
            if alone or not is_array:
                self._changed.append(writes)
                try:
                    for offset, image in patches:
                        disk.pwrite(descriptor, image, offset)
                finally:
                    if alone:
                        disk.release_lease(descriptor)
                return
        finally:
            if opened:
                disk.close(descriptor)
        self._remember(path)
        self._disk.replace(path, [patched(self._disk.read_whole(path), writes)], sync=True)

    def _restore(self, path: str, writes: list[Write]) -> None:
        descriptor = self._disk.open(path, os.O_RDWR)
        try:
            for write in reversed(writes):
                self._disk.pwrite(descriptor, write.before, write.offset)
            first_at_end = min((write for write in writes if write.kind in "gw"), key=_offset, default=None)
            if first_at_end is not None:
                self._disk.truncate(descriptor, first_at_end.offset + len(first_at_end.before))
        finally:
            self._disk.close(descriptor)

    def _remember(self, path: str) -> None:
        content = self._disk.read_whole(path) if self._disk.stamp(path) is not None else None
        self._replaced.append((path, content))

    def _remove(self, path: str) -> None:
        if self._disk.stamp(path) is not None:
            self._remember(path)
            self._disk.unlink(path)


def _patches(writes: list[Write]) -> list[tuple[int, bytes]]:
    """What to write where, in an order in which the file is valid JSON after each step, should it be the last.

    The first member of an object has no comma. When it goes, the next one loses its comma in the same step, for the
    plan covers all lines between; and members further down go before it. Lines at the end come last."""
    if len(writes) == 1 or writes[0].kind not in "sg":
        return [(write.offset, write.image()) for write in writes]
    runs: list[list[Write]] = []
    for write in sorted((write for write in writes if write.kind == "s"), key=_offset):
        if runs and runs[-1][-1].offset + write.length == write.offset:
            runs[-1].append(write)
        else:
            runs.append([write])
    patches = [(run[0].offset, b"".join([write.image() for write in run])) for run in reversed(runs)]
    grown = sorted((write for write in writes if write.kind == "g"), key=_offset)
    if grown:
        lines = b"".join([write.image()[: write.length] for write in grown])
        patches.append((grown[0].offset, lines + OBJECT_TAIL))
    return patches


def _patience_seconds(writes: list[Write]) -> float:
    if writes[0].kind in "wb":
        return ARRAY_PATIENCE_SECONDS
    for write in writes:
        if write.kind == "g" or not write.data:
            return GROWTH_PATIENCE_SECONDS
    return LINE_PATIENCE_SECONDS


def _offset(write: Write) -> int:
    return write.offset
