"""Every error that user_stats raises on purpose, each with a code for programs and a message for people.

The two tables at the end are the only places where a code becomes an HTTP status or an exit code.
"""

from __future__ import annotations

SHOWN_CHARACTERS = 40


def shown(value: object) -> str:
    """The value as an error message may show it: what cannot be printed is escaped, at most 40 characters."""
    try:
        text = repr(value if isinstance(value, str | int | float | None) else str(value))
    except Exception:  # noqa: BLE001 - a number of thousands of digits, or an object that cannot say what it is
        text = f"a value of the type {type(value).__name__}"
    if len(text) > SHOWN_CHARACTERS:
        text = text[:SHOWN_CHARACTERS] + "…"
    return text


class UserStatsError(Exception):
    """The base of all: `code` for programs, `message` for people, `field` where one input is at fault."""

    code = "internal"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.message


class InvalidInput(UserStatsError, ValueError):
    """A value from outside is not allowed; nothing was changed."""

    code = "invalid_input"

    @classmethod
    def of(cls, field: str, value: object, allowed: str) -> InvalidInput:
        """The usual message: the field, the value and what is allowed."""
        return cls(f"{field}: {shown(value)} is not allowed; allowed: {allowed}", field=field)


class TooLarge(InvalidInput):
    """An input is larger than is taken at all."""

    code = "too_large"


class BadRequest(InvalidInput):
    """What came over HTTP cannot be read at all: no JSON, or a key where none may stand."""

    code = "bad_request"


class InvalidConfiguration(UserStatsError, ValueError):
    """A setting is wrong: the start is refused; one line a fault."""

    code = "invalid_configuration"


class UserNotFound(UserStatsError, KeyError):
    """Nobody has this id; `invalid_id` says that it is no UUID at all."""

    code = "not_found"


class AlreadyExists(UserStatsError, ValueError):
    """A name or an address that must be unique is taken."""

    code = "already_exists"


class Conflict(UserStatsError):
    """The record was changed by somebody else since it was read."""

    code = "conflict"


class LastAdmin(UserStatsError):
    """The last active admin can be neither removed nor demoted."""

    code = "last_admin"


class FeatureNotAvailable(UserStatsError, PermissionError):
    """The person does not have this feature now."""

    code = "feature_not_available"


class Forbidden(UserStatsError, PermissionError):
    """The person who acts may not do this, or the account is inactive."""

    code = "forbidden"


class NotAuthenticated(UserStatsError, PermissionError):
    """Nobody is signed in, or what was presented proves nothing."""

    code = "not_authenticated"


class RateLimited(UserStatsError):
    """Too many attempts; `retry_after_seconds` says when the next one is taken."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class UnusableBackup(UserStatsError, ValueError):
    """A backup is damaged, not ours, or of a newer version; nothing was changed."""

    code = "unusable_backup"


class StorageError(UserStatsError, OSError):
    """The store could not do its work; a refused write has changed nothing."""

    code = "storage_error"


class StorageBusy(StorageError):
    """The lock, or the database, was not free in time."""

    code = "storage_busy"


class StorageFull(StorageError):
    """No space is left."""

    code = "storage_full"


class StorageReadOnly(StorageError):
    """The store cannot be written."""

    code = "storage_read_only"


class StorageCorrupt(StorageError):
    """What lies on the disk is damaged; `path` and the message say where. It is never overwritten."""

    code = "storage_corrupt"

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


HTTP_STATUS = {
    "bad_request": 400,
    "unknown_address": 404,
    "method_not_allowed": 405,
    "unsupported_media_type": 415,
    "invalid_input": 422,
    "too_large": 413,
    "invalid_id": 404,
    "not_found": 404,
    "unusable_backup": 422,
    "already_exists": 409,
    "conflict": 409,
    "last_admin": 409,
    "feature_not_available": 403,
    "forbidden": 403,
    "not_authenticated": 401,
    "rate_limited": 429,
    "storage_error": 503,
    "storage_busy": 503,
    "storage_full": 507,
    "storage_read_only": 503,
    "storage_corrupt": 500,
    "internal": 500,
}

EXIT_DONE, EXIT_FINDINGS, EXIT_USAGE, EXIT_REFUSED = 0, 1, 2, 3
EXIT_CODE = {
    "invalid_input": EXIT_USAGE,
    "bad_request": EXIT_USAGE,
    "too_large": EXIT_USAGE,
    "invalid_configuration": EXIT_USAGE,
}  # every other code: EXIT_REFUSED
