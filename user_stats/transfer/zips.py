"""Zips from elsewhere: opened only where the list of their members is no longer than that of any file of people's."""

from __future__ import annotations

import io
import zipfile
from typing import IO

LONGEST_LIST = 1 << 20
"""Bytes: thousands of members. The library reads the list whole, and needs ten times its size for it."""


def opened_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """Raises BadZipFile where it is none, or before a longer list is read, and what else the library raises."""
    guarded = _Guarded(file)
    archive = zipfile.ZipFile(guarded)
    guarded.is_open = True
    return archive


class _Guarded(io.RawIOBase):
    """The same file. While the zip is being opened, the list of members alone is asked for in one long piece: whatever
    the file says of itself, this is what would be read. Closing this leaves the file open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.is_open = False

    def read(self, size: int = -1) -> bytes:
        if not self.is_open and size > LONGEST_LIST:
            raise zipfile.BadZipFile(f"the list of its members has {size:,} bytes; allowed: at most {LONGEST_LIST:,}")
        return self._file.read(size)

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True
