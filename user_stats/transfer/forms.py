"""What a kind of file is: how it is recognised, and how its rows are read. The kinds are in `formats/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from user_stats.transfer.rows import Record, Row, RowRejected, row_digest
from user_stats.transfer.sources import Part

Convert = Callable[[Record, str], Row]
"""A row out of a record and its digest. It may raise RowRejected, and KeyError for what is missing."""


class Form(Protocol):
    """One kind of file of a service."""

    @property
    def service(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def has_profiles(self) -> bool:
        """True where rows of several people may stand in one file."""
        ...

    @property
    def note(self) -> str:
        """What a reader of the report should know of files of this kind, or nothing."""
        ...

    def recognise(self, head: str) -> bool:
        """Whether the beginning of a file looks like this."""
        ...

    def rows(self, part: Part) -> Iterator[Row]: ...


def whole(record: Record) -> object:
    """The identity of a row that is known by all its fields."""
    return record


def converted(service: str, record: Record, convert: Convert, identity: Callable[[Record], object]) -> Row:
    """The row of one record; what is wrong with it is in the row."""
    try:
        return convert(record, row_digest(service, identity(record)))
    except RowRejected as error:
        return Row(rejected=str(error))
    except KeyError as error:
        return Row(rejected=f"{error.args[0]} is missing")
    except OverflowError:
        return Row(rejected="a time or a number lies outside of what there is")
    except (TypeError, ValueError, AttributeError, LookupError):
        return Row(rejected="not of the expected shape")
