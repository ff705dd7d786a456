"""The catalogue: the 53 figures in nine groups, in their order."""

from __future__ import annotations

from dataclasses import replace

from user_stats.statistics import (
    achievements,
    content,
    customisation,
    growth,
    social,
    space,
    streaming,
    usage,
    watching,
)
from user_stats.statistics.figures import Entry, Group

GROUPS: tuple[Group, ...] = tuple(
    module.GROUP for module in (watching, streaming, content, social, space, growth, usage, customisation, achievements)
)
ENTRIES: tuple[Entry, ...] = tuple(replace(entry, group=group.name) for group in GROUPS for entry in group.entries)
BY_KEY = {entry.key: entry for entry in ENTRIES}
