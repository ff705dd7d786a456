"""What the events of one person come to for the site, event by event.

Of the person a *tally* (days, months and weeks, plans), their *items* (what they watched, rated, downloaded) and their
*sessions*; of the site the *moves*: amounts that the events add to the totals of a day, of the topics of a day, of an
item and of the time of all. What each kind of event moves is in `kinds.py`; `ledger.py` keeps the folds of all people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from user_stats.day_totals import ACTS
from user_stats.models import CONTENT_TYPES, INTERACTION_TYPES
from user_stats.statistics.day_bits import day_bit, month_of_day, week_of_day
from user_stats.statistics.kinds import KINDS, Amounts
from user_stats.statistics.moments import DAY_QUARTERS, Quarters, seconds_of, session_spans
from user_stats.statistics.rewatches import rewatches
from user_stats.storage import Record

DAYS, QUARTERS, TOPICS, CONTENTS, EDGES = "days", "quarters", "topics", "contents", "edges"
FAMILIES = (DAYS, QUARTERS, TOPICS, CONTENTS, EDGES)
ALL_TIME = "all"
"""The one key of QUARTERS: seconds by quarter of an hour since 1970."""
Moves = dict[str, dict[str, Amounts]]
"""Amounts by family, key and name: of a UTC day, of its topics, of an item, of all time, and of each quarter of an hour
in the first and the last day of a UTC month, so that the months of every zone can be added up."""
KEPT_WEEKS = 10
"""Weeks before the newest of which a tally keeps the amounts; months are kept for good."""
MONTH_BYTES = 31 * DAY_QUARTERS // 8
_COUNTED = (
    *((f"{content_type}_watches", "watches") for content_type in CONTENT_TYPES),
    *((f"{interaction_type}s", "interactions") for interaction_type in INTERACTION_TYPES),
    *((f"{content_type}_uploads", "uploads") for content_type in CONTENT_TYPES),
    *((name, name) for name in ("seconds", "features_used")),
)
"""What a tally keeps by week and month, from the amounts of a day."""


@dataclass(frozen=True)
class Rules:
    """What decides how events are counted."""

    watched_threshold: float
    session_gap_seconds: float


def empty_tally() -> Record:
    """`days` and `viewed` have a bit for each UTC day since 1970 with an act, with a watch; `hours` for each month one
    for each quarter of an hour that was watched; `streams` has start and seconds of each watch of a stream,
    `uploads` the items of which a size was told, `sessions` how many there were and their seconds."""
    numbers = {"days": 0, "viewed": 0, "signed_in": 0, "sessions": [0, 0.0]}
    return {
        **numbers,
        "newest_day": "",
        "hours": {},
        "weeks": {},
        "months": {},
        "plans": [],
        "streams": {},
        "uploads": {},
    }


@dataclass
class Folded:
    """One person as far as their events were folded in."""

    tally: Record = field(default_factory=empty_tally)
    items: Record = field(default_factory=dict)
    sessions: list[list[float]] = field(default_factory=list)
    """Start of the first event, start of the last and end of all, of each in their order; see `moments.sessions`."""
    moves: Moves = field(default_factory=lambda: {family: {} for family in FAMILIES})


class Fold:
    """Folds events into what is known of a person; `close` after the last of them gives what was added."""

    def __init__(self, rules: Rules, known: Folded) -> None:
        self.watched_threshold = rules.watched_threshold
        self.tally, self.items = known.tally, known.items
        self.days: dict[str, Amounts] = defaultdict(_amounts)
        self.topics: dict[str, Amounts] = defaultdict(_amounts)
        self.contents: dict[str, Amounts] = defaultdict(_amounts)
        self.edges: dict[str, Amounts] = defaultdict(_amounts)
        self.quarters: Quarters = defaultdict(int)
        self.viewed: set[str] = set()
        self.rewatched: set[str] = set()
        """Items that were watched to the end."""
        self.spans: list[tuple[float, float]] = []
        """Start and end of what was done."""
        self._known = known
        self._gap_seconds = rules.session_gap_seconds
        self._acted: set[str] = set()

    def add(self, event: Record) -> None:
        kind = event["kind"]
        if (count := KINDS.get(kind)) is not None:
            count(self, event)
        if kind == "watch":
            self._acted.add(event["watched_at"][:10])
        elif kind in ACTS:
            self._acted.add(event["at"][:10])
            moment = seconds_of(event["at"])
            self.spans.append((moment, moment))

    def close(self) -> Moves:
        for name, people, days in (("days", "people", self._acted), ("viewed", "viewers", self.viewed)):
            for day in days:
                bit = day_bit(day)
                if not self.tally[name] & bit:
                    self.tally[name] |= bit
                    self.days[day][people] = 1
        self._count_by_time()
        self._note_hours()
        for content_id in self.rewatched:
            self._count_rewatches(content_id)
        self._merge_sessions()
        quarters: dict[str, Amounts] = {ALL_TIME: self.quarters} if self.quarters else {}
        fresh: Moves = {DAYS: self.days, TOPICS: self.topics, CONTENTS: self.contents, QUARTERS: quarters}
        fresh[EDGES] = self.edges
        for family, rows in fresh.items():
            _add_rows(self._known.moves, family, rows)
        return fresh

    def _count_by_time(self) -> None:
        months, weeks = self.tally["months"], self.tally["weeks"]
        newest = self.tally["newest_day"] = max([*self.days, self.tally["newest_day"]])
        oldest_week = week_of_day(newest, KEPT_WEEKS) if newest else ""
        for day, amounts in self.days.items():
            week = week_of_day(day)
            place = months.setdefault(day[:7], {})
            recent = weeks.setdefault(week, {}) if week > oldest_week else None
            for name, total in _COUNTED:
                if amount := amounts.get(name):
                    place[total] = place.get(total, 0) + amount
                    if recent is not None:
                        recent[total] = recent.get(total, 0) + amount
        for week in [one for one in weeks if one <= oldest_week]:
            del weeks[week]

    def _note_hours(self) -> None:
        months: dict[str, bytearray] = {}
        for quarter in self.quarters:
            day, place = divmod(quarter, DAY_QUARTERS)
            month, before = month_of_day(day)
            if (bits := months.get(month)) is None:
                bits = months[month] = bytearray(MONTH_BYTES)
            place += before
            bits[place >> 3] |= 1 << (place & 7)
        hours = self.tally["hours"]
        for month, bits in months.items():
            hours[month] = hours.get(month, 0) | int.from_bytes(bits, "little")

    def _count_rewatches(self, content_id: str) -> None:
        known = self.items[content_id]
        known["completed"].sort()
        before, now = known.get("rewatches", 0), rewatches(known["completed"])
        if now != before:
            known["rewatches"] = now
            self.contents[content_id]["rewatches"] += now - before

    def _merge_sessions(self) -> None:
        sessions = self._known.sessions
        sessions[:] = session_spans(sessions, self.spans, self._gap_seconds)
        self.tally["sessions"] = [len(sessions), sum(last - first for first, last, _ in sessions)]
        if sessions:
            self.tally["first_session"] = sessions[0][0]


def _amounts() -> Amounts:
    return defaultdict(int)


def _add_rows(moves: Moves, family: str, more: Mapping[str, Amounts]) -> None:
    if not moves[family]:
        moves[family] = dict(more)
        return
    rows = moves[family]
    for key, amounts in more.items():
        row = rows.setdefault(key, {})
        for name, amount in amounts.items():
            row[name] = row.get(name, 0) + amount
