"""The catalogue as a whole: 53 entries in nine groups, each with what it says of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from user_stats.errors import InvalidInput, UserNotFound
from user_stats.statistics.catalogue import ENTRIES, GROUPS


def test_there_are_53_figures_in_nine_groups_in_order() -> None:
    assert [entry.number for entry in ENTRIES] == list(range(1, 54))
    assert len({entry.key for entry in ENTRIES}) == 53
    assert len(GROUPS) == 9


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_each_entry_says_how_it_is_computed_and_what_supplies_it(entry: Any) -> None:
    assert entry.definition.endswith(".")
    assert "(" in entry.needs or entry.needs.startswith("python -m user_stats")
    assert entry.unit
    functions = {"user": entry.person, "content": entry.content, "platform": entry.platform}
    assert all(functions[scope] is not None for scope in entry.scopes)


def test_every_scope_has_all_53_keys_ready_for_json(site: Any) -> None:
    site.manager.record_watch_activity(site.ada, "intro", 1800, "stream")
    statistics = site.statistics
    for catalogue in (
        statistics.person_catalogue(site.ada),
        statistics.platform_catalogue(),
        statistics.content_catalogue("intro"),
    ):
        assert list(catalogue) == [entry.key for entry in ENTRIES]
        json.dumps(catalogue, allow_nan=False)


def test_an_empty_site_has_no_data_and_no_invented_zeros(site: Any) -> None:
    for catalogue in (site.statistics.person_catalogue(site.ada), site.statistics.content_catalogue("unknown")):
        for key, figure in catalogue.items():
            if key not in ("theme_preference", "badges", "milestones", "points", "level"):
                assert figure["value"] is None, key
                assert figure["missing"], key


def test_who_is_not_there_and_zones_that_do_not_exist_are_refused(site: Any) -> None:
    with pytest.raises(UserNotFound):
        site.statistics.person_catalogue("00000000-0000-4000-8000-000000000000")
    for name in ("Mars/Olympus", "../etc/passwd", "", "/etc/localtime"):
        with pytest.raises(InvalidInput):
            site.statistics.platform_catalogue(tz=name)
