"""What `verify` finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the log says, and whether `repair` can mend it."""

    place: str
    subject: str
    field: str
    stored: str
    expected: str
    mendable: bool

    def __str__(self) -> str:
        where = " ".join(word for word in (self.place, self.subject, self.field) if word)
        return f"{where}: {self.stored} (expected: {self.expected})"
