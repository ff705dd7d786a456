"""The page "My Statistics": a person's own figures, badges and place, their year, and what they may like next."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_statistics, get_user_manager
from user_stats.statistics.achievements import points
from user_stats.statistics.badges import BadgeProgress
from user_stats.statistics.leaderboard import HIDDEN, METRICS, OPT_OUT, PERIODS
from user_stats.statistics.rules import in_words, level_of, points_for_level
from user_stats.statistics.year_image import year_png, year_svg
from user_stats.statistics.year_in_review import YearInReview
from user_stats.ui.actions import act, page, require_owner
from user_stats.ui.admin.figure_cards import draw_catalogue
from user_stats.ui.text import inert, shown_date, viewer_zone

FIGURES, BADGES, LEADERS, YEAR, NEXT = "All figures", "Badges", "Leaderboard", "Year in review", "For you"
PLACES_SHOWN = 20
METRIC_NAMES = {"points": "Points", "watched_hours": "Hours", "watches": "Watches"}
RARITY_COLOURS = {"common": "gray", "uncommon": "green", "rare": "blue", "epic": "yellow", "legendary": "orange"}


@page
def render_my_statistics(user_id: str) -> None:
    """Draws the statistics of the person who is signed in; admins may look at anybody's."""
    require_owner(user_id)
    st.title("My Statistics")
    part = st.segmented_control(
        "Part",
        [BADGES, LEADERS, YEAR, NEXT, FIGURES],
        default=BADGES,
        required=True,
        key="mine_part",
        label_visibility="collapsed",
    )
    if part == FIGURES:
        draw_catalogue(get_statistics().person_catalogue(user_id, tz=_zone()), key="mine")
    elif part == BADGES:
        _draw_badges(user_id)
    elif part == LEADERS:
        _draw_leaders(user_id)
    elif part == YEAR:
        _draw_year(user_id)
    else:
        _draw_next(user_id)


def _zone() -> str:
    return str(viewer_zone())


def _draw_badges(user_id: str) -> None:
    records = get_statistics().person_records(user_id, tz=_zone())
    every, have = records.badges, points(records)
    step = records.settings.level_step
    level = level_of(have, step)
    first, following = points_for_level(level, step), points_for_level(level + 1, step)
    st.progress(
        (have - first) / (following - first), f"Level {level}: {have:,} points, level {level + 1} at {following:,}"
    )
    with st.grid(3, min_column_width=220):
        for one in sorted(every, key=lambda one: (not one.is_earned, -one.share)):
            _draw_badge(one)


def _draw_badge(one: BadgeProgress) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{inert(one.badge.name)}**")
        colour = RARITY_COLOURS.get(one.badge.rarity, "yellow")
        st.badge(inert(f"{one.badge.rarity}, {one.badge.points} points"), color=colour)  # type: ignore[arg-type]
        if one.is_earned:
            st.caption(f"Yours since {shown_date(one.earned_on)}" if one.earned_on else "Yours")
        else:
            st.progress(
                one.share,
                f"{one.value:,.1f}".removesuffix(".0") + f" of {in_words(one.badge.threshold, one.badge.measure)}",
            )


def _draw_leaders(user_id: str) -> None:
    statistics = get_statistics()
    with st.container(horizontal=True):
        metric = st.selectbox("By", METRICS, key="mine_metric", format_func=_metric_name)
        period = st.selectbox(
            "Over", PERIODS, key="mine_period", format_func=lambda one: one.replace("_", " ").capitalize()
        )
    places = statistics.leaderboard(metric, period, PLACES_SHOWN)
    mine = statistics.own_place(user_id, metric, period)
    name = _metric_name(metric)
    if mine is None:
        st.markdown("You have no place here yet.")
    else:
        st.markdown(f"Your place: **{mine.rank}** with {f'{mine.value:,.1f}'.removesuffix('.0')} {name.lower()}")
    if places:
        st.dataframe(
            [{"Place": one.rank, "Name": one.username, name: one.value} for one in places],
            key="mine_leaders",
            hide_index=True,
            column_config={name: st.column_config.NumberColumn(format="localized")},
            alt=f"The first {len(places)} by {name.lower()}, with their places",
        )
    if metric == "points" and period != "all":
        st.caption("Points are counted over all time, whatever the period.")
    hidden = get_user_manager().community.get_preferences(user_id).get(OPT_OUT) == HIDDEN
    chosen = st.toggle("Hide me from others on leaderboards", value=hidden, key="mine_hidden")
    if chosen != hidden and act(lambda actor: _hide(user_id, chosen), "Your choice is kept."):
        st.rerun()


def _metric_name(metric: str) -> str:
    return METRIC_NAMES.get(metric, metric.title())


def _hide(user_id: str, hidden: bool) -> None:
    get_user_manager().community.set_preference(user_id, OPT_OUT, HIDDEN if hidden else "shown")


def _draw_year(user_id: str) -> None:
    statistics = get_statistics()
    known = statistics.years(user_id, tz=_zone())
    if not known:
        st.info("There is no year to look back on yet. Watch something, and come back.")
        return
    year = st.selectbox("Year", known, key="mine_year")
    review = statistics.year_in_review(user_id, year, tz=_zone())
    picture = year_svg(review)
    st.image(picture, width=540, alt=f"The year {year} in a picture")
    st.caption(_told(review))
    with st.container(horizontal=True):
        st.download_button(
            "Save the picture",
            lambda: year_png(review),
            file_name=f"year-{year}.png",
            mime="image/png",
            key="mine_year_png",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "As SVG",
            picture,
            file_name=f"year-{year}.svg",
            mime="image/svg+xml",
            key="mine_year_picture",
            icon=":material/download:",
            help="Sharp at any size, and in the fonts of whoever looks.",
            on_click="ignore",
        )


def _told(review: YearInReview) -> str:
    """The picture in words, for who cannot see it."""
    words = f"{review.watches:,} watches, {review.watched_hours:,.0f} hours, {review.active_days} active days."
    if review.busiest_weekday is not None:
        words += f" Busiest: {review.busiest_weekday}s, around {review.busiest_hour:02}:00."
    return words


def _draw_next(user_id: str) -> None:
    manager = get_user_manager()
    items = get_statistics().recommendations(user_id)
    if not items:
        st.info("Nothing to recommend yet: nobody watched anything that is new to you.")
        return
    if st.session_state.get("mine_shown") != items:
        manager.community.show_recommendations(user_id, items)
        st.session_state["mine_shown"] = items
    st.caption("What people with similar histories watched, and you did not.")
    for number, content_id in enumerate(items):
        about = manager.content.find(content_id)
        title = about.title if about is not None and about.title else content_id
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(inert(title), width="stretch")
            if st.button("I'd like to watch this", key=f"mine_next_{number}") and act(
                lambda actor, item=content_id: manager.community.click_recommendation(user_id, item),  # type: ignore[misc]
                "Noted. Enjoy.",
            ):
                st.rerun()
