"""Zips with a list of members that is too long: refused before it is read, whatever the file says of itself."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from importing import Importer

from user_stats.errors import InvalidInput, UnusableBackup
from user_stats.transfer.site_archive.reading import opened_archive

END = 22
"""Bytes of the end of a zip that has no comment."""


def packed(path: Path, members: int) -> Path:
    """Members of nothing, with names of 60,000 characters in the list."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(members):
            archive.writestr(f"{number:060000}", b"")
    return path


def as_it_is(data: bytearray) -> None:
    pass


def one_member_it_says(data: bytearray) -> None:
    struct.pack_into("<HH", data, len(data) - END + 8, 1, 1)


def another_end_in_the_end(data: bytearray) -> None:
    struct.pack_into("<4s", data, len(data) - END + 4, b"PK\x05\x06")


@pytest.mark.parametrize("disguise", [as_it_is, one_member_it_says, another_end_in_the_end])
def test_a_long_list_of_members_is_not_read(tmp_path: Path, disguise: Callable[[bytearray], None]) -> None:
    path = packed(tmp_path / "a.zip", 20)
    data = bytearray(path.read_bytes())
    disguise(data)
    path.write_bytes(data)
    importer = Importer()
    with pytest.raises(InvalidInput, match="the list of its members has 1,200,920 bytes"):
        importer.imports.preview(path, importer.person)
    with (
        pytest.raises(UnusableBackup, match="the list of its members has 1,200,920 bytes"),
        opened_archive(path, [], []),
    ):
        pass


def test_a_list_that_is_just_short_enough_is_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", 17)
    importer = Importer()
    with pytest.raises(InvalidInput, match="in no known format"):
        importer.imports.preview(path, importer.person)
    with pytest.raises(UnusableBackup, match="no manifest"), opened_archive(path, [], []):
        pass
