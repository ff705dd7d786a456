"""What a figure is: its entry in the catalogue, its value with what it rests on, and the settings that shape it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from user_stats.statistics.content_records import ContentRecords
    from user_stats.statistics.person_records import PersonRecords
    from user_stats.statistics.site_records import SiteRecords

Scope = Literal["user", "content", "platform"]
PERSON: Literal["user"] = "user"
CONTENT: Literal["content"] = "content"
PLATFORM: Literal["platform"] = "platform"


@dataclass(frozen=True)
class Figure:
    """One value, from `events` recorded events. A value of None is no data; `missing` then says why."""

    value: Any
    events: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What stands beside the value: the median, the count of people, the list behind a top item."""
    is_estimate: bool = False
    missing: str = ""


NO_DATA = Figure(None, missing="no data yet")
NOT_HERE = Figure(None, missing="this figure has no form here")


@dataclass(frozen=True)
class Entry:
    """One figure of the catalogue: what it is called, how it is computed, and what supplies it."""

    number: int
    key: str
    name: str
    unit: str
    scopes: tuple[Scope, ...]
    """Whose figure it is first of all; it may have a form in other scopes too."""
    definition: str
    needs: str
    """The call that records what it is computed from."""
    person: Callable[[PersonRecords], Figure] | None = None
    content: Callable[[ContentRecords], Figure] | None = None
    platform: Callable[[SiteRecords], Figure] | None = None
    group: str = ""

    def to_plain(self, figure: Figure) -> dict[str, Any]:
        """The figure with its entry, ready for JSON."""
        return {
            "number": self.number,
            "name": self.name,
            "group": self.group,
            "value": figure.value,
            "unit": self.unit,
            "events": figure.events,
            "detail": {name: _plain(value) for name, value in figure.detail.items()},
            "is_estimate": figure.is_estimate,
            "definition": self.definition,
            "missing": figure.missing or None,
            "needs": self.needs,
        }


@dataclass(frozen=True)
class Group:
    """A group of figures as the catalogue shows them."""

    name: str
    entries: tuple[Entry, ...]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def share(part: float, whole: float) -> float | None:
    """In per cent; None of nothing."""
    return 100 * part / whole if whole else None
