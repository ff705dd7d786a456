"""What becomes of the errors of psycopg: what passes is tried again, the others are named in one line."""

from __future__ import annotations

import re

import psycopg
from psycopg import errors

from user_stats.errors import StorageBusy, StorageError, StorageFull, StorageReadOnly

LONGEST_MESSAGE = 300
_READY_LATER = re.compile("database system is|too many|connection slots|terminating connection")
"""What a server says, without a code, when it takes no connection now but will."""
_READ_ONLY = errors.ReadOnlySqlTransaction | errors.ObjectNotInPrerequisiteState
_GONE = (
    errors.AdminShutdown
    | errors.CrashShutdown
    | errors.CannotConnectNow
    | errors.TooManyConnections
    | errors.IdleInTransactionSessionTimeout
)
_DONE_AGAIN = errors.SerializationFailure | errors.DeadlockDetected | errors.UniqueViolation | errors.OutOfMemory


def passes(error: psycopg.Error) -> bool:
    """True for what may go well when it is done again."""
    return is_lost(error) or isinstance(error, _DONE_AGAIN)


def is_lost(error: psycopg.Error) -> bool:
    """True where the connection is gone, or the server does not take a new one at the moment."""
    if isinstance(error, _GONE):
        return True
    if error.sqlstate is not None:
        return error.sqlstate.startswith("08")
    if not isinstance(error, psycopg.OperationalError):
        return False
    return "FATAL:" not in str(error) or _READY_LATER.search(str(error)) is not None


def named(error: psycopg.Error, *, secret: str) -> StorageError:
    """The error of the package that says the same, without the secret."""
    said = line(error, secret=secret)
    if isinstance(error, errors.DiskFull):
        return StorageFull(f"the database has no space left: {said}")
    if isinstance(error, _READ_ONLY):
        return StorageReadOnly(f"the database cannot be written: {said}")
    if isinstance(error, errors.InsufficientPrivilege):
        return StorageReadOnly(f"the account may not do this in the database: {said}")
    if isinstance(error, errors.LockNotAvailable):
        return StorageBusy("a record was locked by somebody else for too long; try again")
    if passes(error):
        return StorageBusy(f"the database is not ready: {said}")
    return StorageError(f"the database refused: {said}")


def line(error: psycopg.Error, *, secret: str) -> str:
    """What the database said, as one line."""
    lines = (error.diag.message_primary or str(error)).split("\n")
    text = " ".join(part.strip() for part in lines if part.strip())
    return (text.replace(secret, "…") if secret else text)[:LONGEST_MESSAGE] or type(error).__name__
