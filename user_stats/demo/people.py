"""Who the made-up people are: names, when they come and leave, and their habits. Everything follows from the seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

from user_stats.demo.catalogue import CATEGORIES

DOMAIN = "example.invalid"
"""A domain that can never exist (RFC 2606), so that nobody is ever written to."""
FIRST_NAMES = (
    *("ada", "amir", "anna", "bela", "bruno", "carla", "chen", "dario", "ebba", "elif", "emil", "fadi", "finn"),
    *("greta", "hana", "hugo", "ida", "iman", "ines", "ivo", "jana", "jonas", "kaja", "karim", "lena", "leo", "lina"),
    *("luca", "mara", "mateo", "mila", "nadia", "nils", "nora", "olga", "omar", "otto", "paula", "petra", "quinn"),
    *("rafael", "rosa", "sami", "sara", "sven", "tara", "theo", "tilda", "umut", "vera", "viktor", "yara", "zoe"),
)
SECOND_NAMES = (
    *("alder", "berg", "brook", "cedar", "dahl", "elm", "falk", "field", "fox", "frost", "gale", "hart", "heath"),
    *("holm", "jansen", "kestrel", "lake", "lark", "lind", "marsh", "moon", "north", "oak", "park", "pine", "reed"),
    *("rivera", "sand", "sato", "silva", "sky", "snow", "stone", "storm", "swan", "thorn", "vale", "west", "wolf"),
)


@dataclass(frozen=True)
class Kind:
    """A kind of viewer: how often they come, for how long they stay with the site, and what they are like."""

    name: str
    share: float
    sittings_a_week: float
    stays_days: float
    """Half of them have left after this many days."""
    weekend: float
    """How much more likely a sitting is on a weekend."""
    binge: float
    """Share of sittings in which one episode leads to the next."""
    chatty: float
    """Interactions a watch."""
    uploads_a_week: float
    subscribes: float
    """Share who ever take a plan."""


KINDS = (
    Kind("regular", 0.30, 4.0, 400, 1.3, 0.10, 0.18, 0.02, 0.38),
    Kind("weekender", 0.20, 1.6, 260, 3.4, 0.28, 0.10, 0.01, 0.22),
    Kind("binger", 0.10, 2.6, 220, 1.6, 0.62, 0.12, 0.00, 0.42),
    Kind("casual", 0.22, 0.8, 150, 1.2, 0.05, 0.05, 0.01, 0.06),
    Kind("curious", 0.13, 2.2, 9, 1.0, 0.08, 0.04, 0.00, 0.01),
    Kind("creator", 0.05, 3.0, 600, 1.1, 0.08, 0.55, 1.40, 0.70),
)


@dataclass(frozen=True)
class Person:
    """One made-up person. Days are counted from the start of the period."""

    username: str
    kind: Kind
    joins_on: int
    leaves_on: int
    pauses: tuple[tuple[int, int], ...]
    """Half-open spans of days without any activity, such as holidays."""
    hours: tuple[tuple[float, float], ...]
    """Favourite hours of the day (UTC), each with how often a sitting begins around it."""
    categories: tuple[str, ...]
    """The favourite first."""
    picture_height: int
    """What the screen can show at most."""
    streams: float
    pictures: float
    """Shares of sittings with a live show, and with pictures."""


def joining_day(rng: Random, days: int) -> int:
    """Growth over the period: three times as many come at its end as at its beginning; more come on a few days."""
    day = int(days * (math.sqrt(1 + 8 * rng.random()) - 1) / 2)
    if rng.random() < 0.12:
        day = int(days * rng.choice((0.18, 0.42, 0.71, 0.9))) + rng.randint(0, 4)
    return min(max(day, 0), days - 1)


def made_up_person(rng: Random, number: int, days: int) -> Person:
    """`number` keeps the names apart."""
    joins_on = joining_day(rng, days)
    kind = rng.choices(KINDS, [one.share for one in KINDS])[0]
    stays = int(rng.expovariate(math.log(2) / kind.stays_days)) + 1
    return living(rng, _name(rng, number), kind, joins_on, min(days, joins_on + stays))


def versatile(rng: Random, username: str, days: int) -> Person:
    """Somebody who does a little of everything throughout."""
    kind = replace(rng.choice(KINDS[:3]), uploads_a_week=0.6)
    return replace(living(rng, username, kind, 0, days), streams=0.12, pictures=0.08)


def living(rng: Random, username: str, kind: Kind, joins_on: int, leaves_on: int) -> Person:
    """A person of this kind with habits of their own."""
    zone = rng.choice((0, 1, 1, 1, 2, 2, -5, -8, 8))
    favourite = rng.gauss(20.2, 1.4) if rng.random() < 0.8 else rng.choice((7.5, 12.5, 23.5))
    hours = ((favourite - zone, 0.72), (12.5 - zone, 0.13), (rng.choice((7.6, 16.5, 22.8)) - zone, 0.15))
    return Person(
        username,
        kind,
        joins_on,
        leaves_on,
        _pauses(rng, joins_on, leaves_on),
        hours,
        tuple(rng.sample(list(CATEGORIES), 4)),
        rng.choices((480, 720, 1080, 1440, 2160), (5, 20, 45, 10, 20))[0],
        rng.choice((0.0, 0.05, 0.1, 0.15, 0.35)),
        rng.choice((0.0, 0.05, 0.05, 0.1, 0.3)),
    )


def _name(rng: Random, number: int) -> str:
    first, second = rng.choice(FIRST_NAMES), rng.choice(SECOND_NAMES)
    mark = rng.choice((".", "_", "-", ""))
    return f"{first}{mark}{second}{number}" if number >= 150 or rng.random() < 0.2 else f"{first}{mark}{second}"


def _pauses(rng: Random, joins_on: int, leaves_on: int) -> tuple[tuple[int, int], ...]:
    """A break of one to four weeks about twice a year."""
    pauses = []
    for _ in range(int((leaves_on - joins_on) / 180 + rng.random())):
        start = rng.randint(joins_on, leaves_on)
        pauses.append((start, start + rng.randint(6, 28)))
    return tuple(pauses)
