"""The rules of badges, rarity, milestones and levels as they are in force, for admins to read."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_statistics
from user_stats.statistics.rules import MEASURES, in_words, points_for_level
from user_stats.ui.text import inert

LEVELS_SHOWN = 5


def draw_rules() -> None:
    """Closed at first: a table of the badges, and a line each for rarity, milestones and levels."""
    settings = get_statistics().settings
    with st.expander("Rules of badges, milestones and levels", icon=":material/rule:"):
        st.caption("The settings BADGES, RARITY_POINTS, MILESTONES and LEVEL_STEP add to them or take their place.")
        st.dataframe(
            [
                {
                    "Badge": badge.name,
                    "For": in_words(badge.threshold, badge.measure),
                    "Rarity": badge.rarity,
                    "Points": badge.points,
                }
                for badge in settings.badges
            ],
            key="rules_badges",
            hide_index=True,
            alt=f"The {len(settings.badges)} badges with what each is for, its rarity and its points",
        )
        worth = ", ".join(f"{name} {points:,}" for name, points in settings.rarity_points.items())
        st.markdown(f"**Points by rarity:** {inert(worth)}")
        lists = (
            f"{MEASURES[measure]} {', '.join(f'{one:,.10g}' for one in thresholds)}"
            for measure, thresholds in settings.milestones.items()
            if thresholds
        )
        st.markdown(f"**Milestones:** {inert('; '.join(lists))}")
        starts = (f"level {level} from {points_for_level(level, settings.level_step):,}" for level in _levels())
        st.markdown(f"**Levels by points:** {', '.join(starts)} and so on")


def _levels() -> range:
    return range(2, 2 + LEVELS_SHOWN)
