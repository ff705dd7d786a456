"""What made-up people do besides watching: they rate and download what they saw, and take up recommendations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

RATES, DOWNLOADS, IS_SHOWN, CLICKS = 0.07, 0.015, 0.3, 0.22
"""Shares: of finished watches that are rated, of watches that are downloaded, of sittings that begin with
recommendations, and of those that are taken up."""
STARS, STARS_WEIGHTS = (1, 2, 3, 3.5, 4, 4.5, 5), (3, 5, 14, 16, 28, 18, 16)
MOST_SHOWN = 6


@dataclass(frozen=True)
class Deed:
    """An event to be: so many seconds after the moment that it belongs to."""

    seconds_later: int
    kind: str
    subject: str | None
    facts: dict[str, Any] = field(default_factory=dict)


def after_watching(rng: Random, content_id: str, seconds: int, *, completed: bool) -> Iterator[Deed]:
    """What follows the end of a watch."""
    if completed and rng.random() < RATES:
        yield Deed(rng.randint(5, 60), "rating", content_id, {"stars": rng.choices(STARS, STARS_WEIGHTS)[0]})
    if seconds and rng.random() < DOWNLOADS:
        yield Deed(rng.randint(5, 60), "download", content_id, {"bytes": seconds * rng.randint(250_000, 700_000)})


def before_watching(rng: Random, recommended: Sequence[str]) -> Iterator[Deed]:
    """What stands at the beginning of a sitting."""
    yield Deed(-rng.randint(20, 90), "sign_in", None)
    if recommended and rng.random() < IS_SHOWN:
        shown = rng.sample(recommended, min(MOST_SHOWN, len(recommended)))
        yield Deed(-15, "recommendations_shown", None, {"items": shown})
        if rng.random() < CLICKS:
            yield Deed(-5, "recommendation_clicked", rng.choice(shown))
