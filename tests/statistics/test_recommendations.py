"""What people with similar histories watched comes first; what was watched already never comes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from user_stats.statistics.recommendations import most_popular, recommended, split

HISTORIES = {
    "ada": frozenset({"a", "b"}),
    "similar": frozenset({"a", "b", "c"}),
    "other": frozenset({"x", "y", "hit"}),
    "another": frozenset({"y", "hit"}),
    "third": frozenset({"hit"}),
}


def test_similar_people_come_before_what_everybody_watches() -> None:
    assert recommended(HISTORIES, "ada")[0] == "c"
    assert most_popular(HISTORIES, "ada")[0] == "hit"


def test_who_has_no_history_gets_the_most_popular() -> None:
    assert recommended({**HISTORIES, "new": frozenset()}, "new", 2) == ["hit", "y"]
    assert recommended({}, "nobody") == []


@given(st.dictionaries(st.integers(0, 9).map(str), st.frozensets(st.sampled_from("abcdefgh")), min_size=1))
def test_never_what_was_watched_or_left_out_and_nothing_twice(histories: dict[str, frozenset[str]]) -> None:
    for user_id in histories:
        found = recommended(histories, user_id, 5, left_out={"h"})
        assert not set(found) & (histories[user_id] | {"h"})
        assert len(found) == len(set(found)) <= 5


def test_the_last_new_item_is_held_out() -> None:
    known, held_out = split({"ada": ["a", "b", "a", "c", "b"], "bob": ["a"]})
    assert (known, held_out) == ({"ada": frozenset("ab"), "bob": frozenset("a")}, {"ada": "c"})


def test_over_the_library(site: Any) -> None:
    for person, items in ((site.ada, "ab"), (site.bob, "abc")):
        for item in items:
            site.manager.record_watch_activity(person, item, 60)
    assert site.statistics.recommendations(site.ada) == ["c"]
    assert site.statistics.recommendations(site.bob) == []
    site.manager.content.describe(site.bob, "c")
    site.manager.content.delete(site.bob, "c")
    assert site.statistics.recommendations(site.ada) == []
