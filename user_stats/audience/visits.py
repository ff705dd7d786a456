"""Visits to pages: what comes in, and what it moves."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from user_stats.audience import event_lists
from user_stats.audience.agents import agent_family, is_crawler
from user_stats.audience.ledger import Ledger
from user_stats.audience.visitors import (
    Counting,
    TagOf,
    count_person,
    count_visitor,
    count_visitors,
    is_client_id,
)
from user_stats.collections import AUDIENCE_DAYS, AUDIENCE_PATHS, VISITS
from user_stats.errors import InvalidInput
from user_stats.storage import Record
from user_stats.times import checked_moment, to_iso

LONGEST_TEXT = 2048
"""Characters of an address, a path or a user agent that are taken."""
LONGEST_PATH = 200
"""Of these, characters of a path that are kept."""
MOST_PATHS_A_DAY = 300
OTHER_PATHS = "(other)"
"""Where visits to further paths of a day are counted, so that made-up paths do not fill the store."""


class Visit(NamedTuple):
    """One visit as it comes in. The address and the cookie are used to count, and kept nowhere."""

    at: datetime
    path: str = "/"
    user_agent: str = ""
    address: str | None = None
    client_id: str | None = None
    bytes_sent: int = 0
    do_not_track: bool = False
    """Counted as a visit and not as a visitor."""


def checked_visit(visit: Visit, visited_at: datetime | str | None) -> Visit:
    """The visit, of a moment of the past where one is given. Raises InvalidInput."""
    for name in ("address", "path", "user_agent"):
        value = getattr(visit, name)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST_TEXT):
            raise InvalidInput.of(name, value, f"a text of at most {LONGEST_TEXT:,} characters")
    if visit.client_id is not None and not is_client_id(visit.client_id):
        raise InvalidInput.of("client_id", visit.client_id, "a UUID4")
    if visited_at is None:
        return visit
    return visit._replace(at=checked_moment("visited_at", visited_at, now=visit.at))


def record_visit(ledger: Ledger, visit: Visit, counting: Counting, *, crawlers_apart: bool) -> None:
    """Counts the visit, and the visitor once a day. A crawler is always counted beside; with `crawlers_apart` it is
    neither a visit nor a visitor."""
    at = to_iso(visit.at)
    day = at[:10]
    if is_crawler(visit.user_agent):
        ledger.add(day, "crawler_visits")
        if crawlers_apart:
            return
    path, family = clean_path(visit.path), agent_family(visit.user_agent)
    entry = {"at": at, "path": path, "agent": family}
    event_lists.append(ledger, VISITS, day, ledger.day(day).get("visits", 0), entry)
    ledger.add(day, "visits")
    if visit.bytes_sent:
        ledger.add(day, "bytes_sent", visit.bytes_sent)
    agents = ledger.day(day).setdefault("agents", {})
    agents[family] = agents.get(family, 0) + 1
    _count_path(ledger, day, path)
    if visit.do_not_track:
        return
    if visit.address is not None:
        count_visitor(ledger, visit.address, day, counting)
    if visit.client_id is not None:
        count_person(ledger, visit.client_id, visit.address, day, counting)


@dataclass
class DaySums:
    """What many visits move of one day."""

    events: list[Record] = field(default_factory=list)
    crawler_visits: int = 0
    bytes_sent: int = 0
    addresses: dict[str, None] = field(default_factory=dict)
    """Each once, in their order."""

    @property
    def visits(self) -> int:
        return len(self.events)


def record_visits(
    ledger: Ledger, visits: Iterable[Visit], counting: Counting, tag_of: TagOf | None = None
) -> dict[str, DaySums]:
    """The same for many visits, crawlers too: each day's record is moved once, each visitor looked up once, and so is
    what a path and a browser are called. Returns what they came to by day; `tag_of` as in `count_visitors`."""
    days = defaultdict[str, DaySums](DaySums)
    paths: dict[str, str] = {}
    agents: dict[str, tuple[str, bool]] = {}
    for visit in visits:
        at = to_iso(visit.at)
        day = at[:10]
        sums = days[day]
        path = paths.get(visit.path)
        if path is None:
            path = paths[visit.path] = clean_path(visit.path)
        agent = agents.get(visit.user_agent)
        if agent is None:
            agent = agents[visit.user_agent] = agent_family(visit.user_agent), is_crawler(visit.user_agent)
        sums.events.append({"at": at, "path": path, "agent": agent[0]})
        sums.crawler_visits += agent[1]
        sums.bytes_sent += visit.bytes_sent
        if visit.address is not None and not visit.do_not_track:
            sums.addresses[visit.address] = None
        if visit.client_id is not None and not visit.do_not_track:
            count_person(ledger, visit.client_id, visit.address, day, counting)
    for day, sums in days.items():
        event_lists.append_all(ledger, VISITS, day, ledger.read(AUDIENCE_DAYS, day).get("visits", 0), sums.events)
        _move(ledger, day, sums)
        count_visitors(ledger, sums.addresses, day, counting, tag_of)
    return days


def _move(ledger: Ledger, day: str, sums: DaySums) -> None:
    for name in ("visits", "crawler_visits", "bytes_sent"):
        if amount := getattr(sums, name):
            ledger.add(day, name, amount)
    agents = ledger.day(day).setdefault("agents", {})
    for family, count in Counter(event["agent"] for event in sums.events).items():
        agents[family] = agents.get(family, 0) + count
    for path, count in Counter(event["path"] for event in sums.events).items():
        _count_path(ledger, day, path, count)


def clean_path(path: str) -> str:
    """The path without its query, which may tell about a person, cut to 200 characters, safe to print."""
    text = path.split("?", 1)[0].split("#", 1)[0][:LONGEST_PATH]
    if text.isascii() and text.isprintable():
        return text or "/"
    text = text.encode(errors="replace").decode()
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(one)[0] == "C" else one for one in text) or "/"


def _count_path(ledger: Ledger, day: str, path: str, count: int = 1) -> None:
    paths = ledger.change(AUDIENCE_PATHS, day).setdefault("paths", {})
    if path not in paths and len(paths) >= MOST_PATHS_A_DAY:
        path = OTHER_PATHS
    paths[path] = paths.get(path, 0) + count
