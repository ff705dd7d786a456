"""Files and folders that are being made beside the place that they will take: nobody reads them yet, and they are gone
when whoever makes them fails. One whose maker was killed is removed when the next is made there, or by
`remove_abandoned`: a maker holds a lock on it, which ends with the process.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ENDING = ".making"
FILE_MODE, FOLDER_MODE = 0o600, 0o700


@contextmanager
def new_file(folder: str) -> Iterator[tuple[str, int]]:
    """Path and descriptor of an empty file in the folder; rename it away to keep it. Raises OSError."""
    path = _new_name(folder)
    with _alone(folder):
        _sweep(folder)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield path, descriptor
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)
        os.close(descriptor)


@contextmanager
def new_folder(folder: str) -> Iterator[str]:
    """Path of an empty folder in the folder; rename it away to keep it. Make nothing by these functions right in it:
    it is locked itself. Raises OSError."""
    path = _new_name(folder)
    with _alone(folder):
        _sweep(folder)
        os.mkdir(path, FOLDER_MODE)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def remove_abandoned(folder: str) -> None:
    """Removes what killed processes were making in the folder, as far as it can."""
    with suppress(OSError), _alone(folder):
        _sweep(folder)


@contextmanager
def _alone(folder: str) -> Iterator[None]:
    """Between making and locking nobody else looks."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(folder: str) -> None:
    for name in os.listdir(folder):
        if name.startswith(".") and name.endswith(ENDING):
            with suppress(OSError):
                _remove_if_abandoned(os.path.join(folder, name))


def _remove_if_abandoned(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    finally:
        os.close(descriptor)


def _new_name(folder: str) -> str:
    return os.path.join(folder, f".{secrets.token_hex(8)}{ENDING}")
