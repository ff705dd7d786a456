"""Files that come from people: opened safely, read piece by piece. Nothing is ever unpacked to the disk.

A source is one file, or the files inside a zip. The names inside are shown and never used as paths; how much is read is
bounded beforehand. What the files say is in `formats/`.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from user_stats.errors import InvalidInput, TooLarge, UserStatsError
from user_stats.transfer.zips import opened_zip

BLOCK = 1 << 18
HEAD_CHARACTERS = 1 << 16
"""What a format is recognised by."""
MOST_PARTS = 2000
LARGEST_PART = 4 << 30
HIGHEST_RATIO = 200
"""Real exports shrink to a tenth or a thirtieth; beyond this a zip is a bomb."""
UNSUSPICIOUS_BYTES = 10 << 20
ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
LONGEST_NAME = 80

Input = Path | IO[bytes]
"""A file on the disk, or one that was handed over open, which is read from its start."""


@dataclass
class Meter:
    """How many bytes were read, of how many."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Part:
    """One file to be read: a plain one, or one in a zip."""

    name: str
    size: int
    open_bytes: Callable[[], IO[bytes]]
    meter: Meter = field(default_factory=Meter)

    @contextmanager
    def text(self) -> Iterator[IO[str]]:
        """The text from its start, as UTF-8 or what its first bytes say. Bytes that are no text become lone
        surrogates, so that the row in which they stand can be named. Raises InvalidInput for a damaged zip."""
        with self._opened() as raw:
            metered = io.BufferedReader(_Metered(raw, self), BLOCK)
            start = metered.peek(4)[:4]
            is_wide = start[:2] in (b"\xff\xfe", b"\xfe\xff")
            encoding, errors = ("utf-16", "replace") if is_wide else ("utf-8-sig", "surrogateescape")
            yield io.TextIOWrapper(metered, encoding=encoding, errors=errors, newline="")

    def head(self) -> str:
        """The beginning of the text."""
        done = self.meter.done
        with self.text() as text:
            found = text.read(HEAD_CHARACTERS)
        self.meter.done = done
        return found

    def check(self) -> None:
        """Reads all of it. Raises InvalidInput where it is damaged or cut short."""
        with self._opened() as raw:
            while self.read(raw, BLOCK):
                pass

    def read(self, raw: IO[bytes], size: int) -> bytes:
        with _whole_zip(self.name):
            return raw.read(size)

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        with _whole_zip(self.name):
            raw = self.open_bytes()
        with raw:
            yield raw


@contextmanager
def _whole_zip(name: str) -> Iterator[None]:
    """Names whatever the library says of a zip that is damaged."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error, lzma.LZMAError) as error:
        raise InvalidInput.of("file", name, f"a whole zip ({error})") from None


class _Metered(io.RawIOBase):
    def __init__(self, raw: IO[bytes], part: Part) -> None:
        self._raw = raw
        self._part = part

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._part.read(self._raw, len(buffer))
        buffer[: len(data)] = data
        self._part.meter.done += len(data)
        return len(data)


@dataclass(frozen=True)
class Source:
    """What was handed over: its parts, and a text that is the same for the same bytes."""

    name: str
    parts: list[Part]
    fingerprint: str
    is_zip: bool


@contextmanager
def opened(file: Input, name: str | None = None) -> Iterator[Source]:
    """The source, for as long as the block lasts. Raises InvalidInput where it cannot be read, TooLarge for a bomb."""
    shown_name = safe_name(name or (file.name if isinstance(file, Path) else "upload"))
    try:
        with _binary(file) as binary:
            fingerprint = _fingerprint(binary)
            if not binary.tell():
                raise InvalidInput.of("file", shown_name, "a file with something in it; it is empty")
            size = binary.tell()
            binary.seek(0)
            if binary.read(4) in ZIP_MARKS:
                with _zip(binary, shown_name) as archive:
                    yield Source(shown_name, _members(archive, size, shown_name), fingerprint, is_zip=True)
            else:
                part = Part(shown_name, size, lambda: _rewound(binary), Meter(total=size))
                yield Source(shown_name, [part], fingerprint, is_zip=False)
    except UserStatsError:  # of whoever uses the source; some are an OSError too
        raise
    except OSError as error:
        raise InvalidInput.of("file", shown_name, f"a file that can be read ({error.strerror})") from None


def safe_name(name: str) -> str:
    """The last part of a file's name as it may be shown."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(one if one.isprintable() else "?" for one in last)[:LONGEST_NAME] or "file"


@contextmanager
def _binary(file: Input) -> Iterator[IO[bytes]]:
    if not isinstance(file, Path):
        file.seek(0)
        yield file
        return
    if not file.is_file():  # a pipe would be waited for
        problem = "no such file" if not os.path.lexists(file) else "it is no plain file"
        raise InvalidInput.of("file", file.name, f"a file that can be read ({problem})")
    with open(file, "rb") as binary:
        yield binary


def _rewound(binary: IO[bytes]) -> IO[bytes]:
    binary.seek(0)
    return _Borrowed(binary)  # type: ignore[return-value]


class _Borrowed(io.RawIOBase):
    """The same file; closing this leaves the file open."""

    def __init__(self, binary: IO[bytes]) -> None:
        self._binary = binary

    def read(self, size: int = -1) -> bytes:
        return self._binary.read(size)


def _fingerprint(binary: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := binary.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


@contextmanager
def _zip(binary: IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    with _whole_zip(name):
        archive = opened_zip(binary)
    with archive:
        yield archive


def _members(archive: zipfile.ZipFile, size: int, name: str) -> list[Part]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_PARTS:
        raise TooLarge(f"file: {name} holds {len(infos):,} files; allowed: at most {MOST_PARTS:,}", field="file")
    _refuse_bomb(name, sum(info.file_size for info in infos), size)
    return [_member(archive, info, name) for info in infos if info.file_size and not _was_deleted(info.filename)]


def _was_deleted(path: str) -> bool:
    """True for what somebody has taken out at the service, which packs it all the same."""
    return bool({"deleted", "orphaned"} & set(path.split("/")[:-1]))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Part:
    if info.flag_bits & 1:
        raise InvalidInput.of("file", name, "a zip without a password")
    _refuse_bomb(f"a part of {name}", info.file_size, info.compress_size)
    if info.file_size > LARGEST_PART:
        message = f"file: a part of {name} has {info.file_size:,} bytes; allowed: at most {LARGEST_PART:,}"
        raise TooLarge(message, field="file")
    return Part(safe_name(info.filename), info.file_size, lambda: archive.open(info), Meter(total=info.file_size))


def _refuse_bomb(what: str, unpacked: int, packed: int) -> None:
    ratio = unpacked / max(packed, 1)
    if unpacked > UNSUSPICIOUS_BYTES and ratio > HIGHEST_RATIO:
        message = f"file: {what} unpacks to {unpacked:,} bytes, {ratio:,.0f} times its size"
        raise TooLarge(f"{message}; allowed: at most {HIGHEST_RATIO} times", field="file")
