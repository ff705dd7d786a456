"""The pages "My Statistics" and "Content", for who is signed in."""

from __future__ import annotations

import pytest

from user_stats import UserManager
from user_stats.ui.my_statistics import FIGURES, LEADERS, NEXT, YEAR

from .conftest import OpenPage, texts


@pytest.fixture
def watched(manager: UserManager, ada: str) -> str:
    bob = manager.create_user("bob", "bob@example.org")
    for person, items in ((ada, ("intro", "live")), (bob, ("intro", "sequel"))):
        for item in items:
            manager.record_watch_activity(person, item, 1800, "stream" if item == "live" else "video")
    manager.content.describe(bob, "sequel", title="The *sequel* ![x](http://example.org/x.png)")
    return ada


def test_badges_and_the_level_come_first(watched: str, open_page: OpenPage) -> None:
    shown = open_page("render_my_statistics")
    assert "First watch" in texts(shown)
    assert "Level 1: 10 points" in shown.get("progress")[0].proto.text  # type: ignore[union-attr]


def test_who_hides_is_not_on_the_leaderboard_and_sees_their_own_place(
    watched: str, manager: UserManager, open_page: OpenPage
) -> None:
    shown = open_page("render_my_statistics")
    shown.segmented_control(key="mine_part").set_value(LEADERS).run()
    assert set(shown.dataframe[0].value["Name"]) == {"ada", "bob"}
    shown.toggle(key="mine_hidden").set_value(True).run()
    assert manager.community.get_preferences(watched) == {"privacy.leaderboard": "hidden"}
    assert list(shown.dataframe[0].value["Name"]) == ["bob"]
    assert "Your place: **1**" in texts(shown)


def test_the_year_can_be_saved_as_a_picture(watched: str, open_page: OpenPage) -> None:
    shown = open_page("render_my_statistics")
    shown.segmented_control(key="mine_part").set_value(YEAR).run()
    assert not shown.exception
    assert "2 watches, 1 hours, 1 active days." in texts(shown)
    assert len(shown.get("download_button")) == 2


def test_recommendations_are_shown_inert_and_a_click_counts(
    watched: str, manager: UserManager, open_page: OpenPage
) -> None:
    shown = open_page("render_my_statistics")
    shown.segmented_control(key="mine_part").set_value(NEXT).run()
    assert "![x](" not in texts(shown)
    assert "sequel" in texts(shown)
    shown.button(key="mine_next_0").click().run()
    assert not shown.exception
    kinds = [event["kind"] for event in manager.get_activity(watched)]
    assert (kinds.count("recommendations_shown"), kinds.count("recommendation_clicked")) == (1, 1)


def test_all_figures_are_there(watched: str, open_page: OpenPage) -> None:
    shown = open_page("render_my_statistics")
    shown.segmented_control(key="mine_part").set_value(FIGURES).run()
    assert not shown.exception
    assert "Leaderboard position" in texts(shown)


def test_a_stream_shows_who_was_there_when(watched: str, open_page: OpenPage) -> None:
    shown = open_page("render_content")
    assert "Figures of which item?" in texts(shown)
    shown.text_input(key="content_id").set_value("live").run()
    assert not shown.exception
    assert "How many people watched at the same time?" in texts(shown)
    assert "Peak viewer count" in texts(shown)
    assert "Leaderboard position" not in texts(shown)  # it has no form of an item
    shown.text_input(key="content_id").set_value("nothing <b>").run()
    assert "Nobody did anything" in texts(shown)


def test_what_was_watched_last_is_offered_as_content(watched: str, open_page: OpenPage) -> None:
    shown = open_page("render_content")
    first = shown.button(key="content_offer_0")
    first.click().run()
    assert not shown.exception
    assert "Peak viewer count" in texts(shown) or "Average watch duration" in texts(shown)
    assert not [button for button in shown.button if str(button.key).startswith("content_offer")]


def test_nobody_sees_the_statistics_of_another(watched: str, manager: UserManager, open_page: OpenPage) -> None:
    bob = manager.find_user("bob")
    assert bob is not None
    shown = open_page("render_my_statistics", "ada", bob.user_id)
    assert "belongs to somebody else" in texts(shown)
    assert "First watch" not in texts(shown)
