"""The page "Activity demo": believable made-up activity, for oneself or for a whole site, and taking it out again."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_demo, page_settings
from user_stats.demo import Made
from user_stats.models import UserRole
from user_stats.ui.actions import act, page, require_owner
from user_stats.ui.session import for_admins, for_people
from user_stats.ui.text import on_primary

MOST_PEOPLE, MOST_DAYS = 10_000, 730


@page
def demo_user_activity(user_id: str) -> None:
    """Draws the generator: for one person, and for admins for the whole site."""
    viewer = require_owner(user_id)
    st.title("Activity Demo")
    if not page_settings().enable_demo:
        st.info("The demo is switched off on this site.")
        return
    st.warning(
        "Everything that is made here is **made up**. It is marked as such, counts in all figures while it is there, "
        "and can be taken out again without a trace.",
        icon=":material/science:",
    )
    _draw_own(user_id)
    if viewer.role is UserRole.ADMIN:
        _draw_site()


def _draw_own(user_id: str) -> None:
    held = get_demo().events_of(user_id)
    with st.container(border=True):
        st.header("For yourself", anchor=False)
        st.write("Evenings with series, live shows and images, likes and comments, as if you had been here for long.")
        with st.grid(3, min_column_width=150, gap="small"):
            days = _draw_days("demo_own_days", 90)
            seed = _draw_seed("demo_own_seed")
        with st.container(horizontal=True):
            st.button(
                on_primary("Make activity up"),
                key="demo_own_make",
                type="primary",
                on_click=_add_own,
                args=(user_id, days, seed),
            )
            if held:
                st.button(
                    f"Take {held:,} made-up events out",
                    key="demo_own_remove",
                    icon=":material/undo:",
                    on_click=_remove_own,
                    args=(user_id,),
                )
        if held:
            st.caption(f"You have {held:,} made-up events. Making activity up again takes their place.")


def _draw_days(key: str, usual: int) -> int:
    return int(st.number_input("Days up to today", 1, MOST_DAYS, usual, 30, key=key))


def _draw_seed(key: str) -> int:
    return int(st.number_input("Seed", 0, 2**31, 1, key=key, help="The same seed tells the same story."))


@for_people
def _add_own(user_id: str, days: int, seed: int) -> None:
    act(
        lambda actor: get_demo().add_activity(user_id, days, seed, actor=actor),
        "Your activity is made up. Look at your profile and your watch history.",
    )


@for_people
def _remove_own(user_id: str) -> None:
    act(lambda actor: get_demo().remove_activity(user_id, actor=actor), "Your made-up activity is gone.")


# -- a whole site -----------------------------------------------------------------------------------------------------


def _draw_site() -> None:
    held = get_demo().held()
    with st.container(border=True):
        st.header("A whole demo site", anchor=False)
        st.write(
            "People who come, find favourites, stay up late, subscribe and leave, over as many days as you like. "
            "They cannot sign in; their addresses end in example.invalid."
        )
        with st.form("demo_site", border=False):
            with st.grid(3, min_column_width=150, gap="small"):
                people = int(st.number_input("People", 1, MOST_PEOPLE, 500, 100, key="demo_people"))
                days = _draw_days("demo_days", 180)
                seed = _draw_seed("demo_seed")
            if st.form_submit_button(on_primary("Make people up"), type="primary"):
                _create_people(people, days, seed)
                st.rerun()
        if held.people or held.real_people:
            _draw_held(held)


def _draw_held(held: Made) -> None:
    others = f" Of the others, {held.real_people:,} have made-up activity." if held.real_people else ""
    st.write(f"**{held.people:,}** made-up people are here, **{held.events:,}** events are made up.{others}")
    if st.button("Take everything made up out", key="demo_remove", icon=":material/delete_sweep:"):
        _remove_everything()
        st.rerun()


@for_admins
def _create_people(people: int, days: int, seed: int) -> None:
    with st.spinner("Making people up …", show_time=True):
        bar = st.progress(0.0)
        act(
            lambda actor: get_demo().create_people(
                people,
                days,
                seed,
                progress=lambda done, total: _show(bar, done, total),
                actor=actor,
            ),
            f"{people:,} people are made up, with all that they did in {days:,} days.",
        )


@for_admins
def _remove_everything() -> None:
    with st.spinner("Taking out …", show_time=True):
        bar = st.progress(0.0)
        act(
            lambda actor: get_demo().remove_all(progress=lambda done, total: _show(bar, done, total), actor=actor),
            "Everything that was made up is gone.",
        )


def _show(bar: st.delta_generator.DeltaGenerator, done: int, total: int) -> None:
    bar.progress(done / total, text=f"{done:,} of {total:,} people")
