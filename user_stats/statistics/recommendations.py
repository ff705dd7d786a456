"""What a person may like to watch: what people with similar histories watched, never what they watched already.

Two histories are as similar as the cosine of their sets of items; an item's score is the sum of the similarities of the
people who watched it, less for what everybody watches (nearest neighbours on implicit data: Aggarwal, Recommender
Systems, 2016, chapter 2). Where nobody is similar, the most popular.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from heapq import nlargest
from math import sqrt

NEIGHBOURS = 60
Histories = Mapping[str, AbstractSet[str]]
"""The items that each person watched."""


def recommended(
    histories: Histories, user_id: str, count: int = 10, *, left_out: AbstractSet[str] = frozenset()
) -> list[str]:
    """Up to so many items, the best first."""
    seen = histories.get(user_id, frozenset()) | left_out
    viewers = Counter(item for items in histories.values() for item in items)
    scores: dict[str, float] = {}
    for similarity, other in _neighbours(histories, user_id):
        for item in histories[other]:
            if item not in seen:
                scores[item] = scores.get(item, 0.0) + similarity
    ranked = nlargest(count, scores, key=lambda item: (scores[item] / viewers[item] ** 0.25, item))
    if len(ranked) < count:
        ranked += [
            item for item in most_popular(histories, user_id, count * 2, left_out=left_out) if item not in ranked
        ]
    return ranked[:count]


def _neighbours(histories: Histories, user_id: str) -> list[tuple[float, str]]:
    mine = histories.get(user_id, frozenset())
    found = (
        (len(mine & items) / sqrt(len(mine) * len(items)), other)
        for other, items in histories.items()
        if other != user_id and items and mine
    )
    return nlargest(NEIGHBOURS, (one for one in found if one[0] > 0))


def most_popular(
    histories: Histories, user_id: str, count: int = 10, *, left_out: AbstractSet[str] = frozenset()
) -> list[str]:
    """What most people watched and this person did not."""
    seen = histories.get(user_id, frozenset()) | left_out
    viewers = Counter(item for items in histories.values() for item in items if item not in seen)
    return nlargest(count, viewers, key=lambda item: (viewers[item], item))


def split(in_order: Mapping[str, Sequence[str]]) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """Of each person with two items or more the last new one, held out, and the others."""
    known: dict[str, frozenset[str]] = {}
    held_out: dict[str, str] = {}
    for user_id, items in in_order.items():
        distinct = list(dict.fromkeys(items))
        if len(distinct) > 1:
            held_out[user_id] = distinct.pop()
        known[user_id] = frozenset(distinct)
    return known, held_out
