"""The tab "Possible Stats": the whole catalogue of figures, live, of the site, of one person or of one item."""

from __future__ import annotations

import streamlit as st

from user_stats.bootstrap import get_statistics, get_user_manager
from user_stats.ui.admin.achievement_rules import draw_rules
from user_stats.ui.admin.figure_cards import draw_catalogue
from user_stats.ui.admin.site_catalogue import draw_way_to, site_catalogue
from user_stats.ui.text import shown_time, viewer_zone

SITE, PERSON, ITEM = "The site", "One person", "One item"


def draw_possible_stats() -> None:
    scope = st.segmented_control(
        "Of", [SITE, PERSON, ITEM], default=SITE, required=True, key="figures_scope", label_visibility="collapsed"
    )
    if scope == SITE:
        _draw_site()
    elif scope == PERSON:
        _draw_person()
    else:
        _draw_item()


def _zone() -> str:
    return str(viewer_zone())


def _draw_site() -> None:
    is_stale = st.session_state.pop("figures_stale", False)
    state = site_catalogue(_zone(), is_stale=is_stale)
    if not draw_way_to(state) or state.ready is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        under_way = "; newer figures are under way" if state.is_running else ""
        st.caption(f"As of {shown_time(state.ready.at.isoformat())}, {_zone()}{under_way}.", width="content")
        st.button("Count again", key="figures_again", icon=":material/refresh:", type="tertiary", on_click=_again)
    draw_catalogue(state.ready.catalogue, key="figures_site")
    draw_rules()


def _again() -> None:
    st.session_state["figures_stale"] = True


def _draw_person() -> None:
    name = st.text_input("Name or e-mail", key="figures_person", icon=":material/person_search:").strip()
    if not name:
        st.info("Whose figures? Type a name or an e-mail address as a whole.")
        return
    user = get_user_manager().find_user(name)
    if user is None:
        st.warning("Nobody has this name or address. The directory on “All Users” finds parts of names, too.")
        return
    with st.spinner("Counting …"):
        catalogue = get_statistics().person_catalogue(user.user_id, tz=_zone())
    draw_catalogue(catalogue, key="figures_person_list")


def _draw_item() -> None:
    content_id = st.text_input("Id of the video, stream or picture", key="figures_item", max_chars=256).strip()
    if not content_id:
        st.info("Figures of which item? Its id is what the site passes as video_id.")
        return
    with st.spinner("Counting …"):
        catalogue = get_statistics().content_catalogue(content_id, tz=_zone())
    draw_catalogue(catalogue, key="figures_item_list")
