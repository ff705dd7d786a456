"""docs/statistics.md says what the catalogue and the rules say."""

from __future__ import annotations

from pathlib import Path

import pytest

from user_stats.statistics.catalogue import GROUPS
from user_stats.statistics.figures import Group
from user_stats.statistics.rules import BADGES, in_words

DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"
HEAD = "| # | key | name | of | unit | how it is computed | what supplies it |\n|---|---|---|---|---|---|---|\n"


def table(group: Group) -> str:
    """A group of the catalogue as it stands in the document."""
    rows = []
    for entry in group.entries:
        forms = {"user": entry.person, "content": entry.content, "platform": entry.platform}
        others = [name for name, function in forms.items() if function is not None and name not in entry.scopes]
        scopes = ", ".join(entry.scopes) + (f" ({', '.join(others)})" if others else "")
        cells = (entry.key, entry.name, scopes, entry.unit, entry.definition, f"`{entry.needs}`")
        rows.append(f"| {entry.number} | " + " | ".join(cells) + " |\n")
    return f"## {group.name}\n\n{HEAD}{''.join(rows)}"


def badge_table() -> str:
    rows = (
        f"| {badge.name} | {in_words(badge.threshold, badge.measure)} | {badge.rarity} | {badge.points} |\n"
        for badge in BADGES
    )
    return "| badge | for | rarity | points |\n|---|---|---|---|\n" + "".join(rows)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_the_document_has_every_figure_as_the_catalogue_has_it(group: Group) -> None:
    assert table(group) in DOCUMENT.read_text()


def test_the_document_has_every_badge() -> None:
    assert badge_table() in DOCUMENT.read_text()
