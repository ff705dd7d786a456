"""The page "Watch history": list, filters, figures, charts, import, download and clearing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from user_stats import UserManager
from user_stats.bootstrap import get_demo
from user_stats.times import utc_now
from user_stats.ui import watch_history
from user_stats.ui.history_files import made_list

from .conftest import OpenPage, texts

PAGE = "render_watch_history"


def listed(shown: AppTest) -> list[str]:
    return list(shown.dataframe[0].value["Title"])


def tab(shown: AppTest, name: str) -> AppTest:
    shown.session_state["history_tab"] = name
    return shown.run()


@pytest.fixture
def watched(ada: str, manager: UserManager) -> str:
    """ada, after three videos, a stream and a picture over the last days."""
    now = utc_now()
    for number, quality in enumerate(("480p", "1080p", "1080p")):
        start = now - timedelta(days=number * 20 + 1)
        manager.record_watch_activity(
            ada, f"v{number}", 600 * (number + 1), completed=number == 0, quality=quality, watched_at=start
        )
    manager.record_watch_activity(ada, "show", 7200, "stream", watched_at=now - timedelta(days=2), title="The Show")
    manager.record_watch_activity(ada, "sunset", 0, "image", quality="original", watched_at=now - timedelta(days=3))
    return ada


def test_who_has_watched_nothing_is_told_how_to_begin(open_page: OpenPage, ada: str) -> None:
    shown = open_page(PAGE)
    assert "Nothing watched yet" in texts(shown)
    assert "Netflix" in texts(shown)


def test_watches_are_listed_newest_first_with_figures_by_type(open_page: OpenPage, watched: str) -> None:
    shown = open_page(PAGE)
    assert listed(shown) == ["v0", "The Show", "sunset", "v1", "v2"]
    assert {one.label: one.value for one in shown.metric} == {
        "All watches": "5",
        "Videos": "3",
        "Streams": "1",
        "Images": "1",
    }
    assert "**3.0 h** in all" in texts(shown)
    assert "**25 min** median" in texts(shown)
    assert "**2 h 00 min** the longest" in texts(shown)


@pytest.mark.parametrize(
    ("widget", "value", "left"),
    [
        ("history_text", "SHOW", ["The Show"]),
        ("history_period", "Last 7 days", ["v0", "The Show", "sunset"]),
        ("history_quality", ["1080p"], ["v1", "v2"]),
        ("history_finished", "Finished", ["v0"]),
        ("history_types", ["stream", "image"], ["The Show", "sunset"]),
    ],
)
def test_a_filter_lets_through_what_it_says(
    open_page: OpenPage, watched: str, widget: str, value: object, left: list[str]
) -> None:
    shown = open_page(PAGE)
    shown.session_state[widget] = value
    assert listed(shown.run()) == left
    assert f"**{len(left)}** of 5 watches" in texts(shown)


def test_filters_that_leave_nothing_say_so(open_page: OpenPage, watched: str) -> None:
    shown = open_page(PAGE)
    shown.text_input(key="history_text").set_value("no such title").run()
    assert "No watch fits" in texts(shown)


def test_fifty_are_shown_at_a_time(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    get_demo().add_activity(ada, 300, 1)
    total = len(manager.history_tracker.get_watch_history(ada, 1000))
    assert total > watch_history.ROWS
    shown = open_page(PAGE)
    first = listed(shown)
    assert len(first) == 50
    shown.session_state["history_page"] = 2
    assert listed(shown.run()) != first
    shown.text_input(key="history_text").set_value("episode 1").run()
    assert not shown.exception, "a page beyond the end is the last one"


def test_the_charts_are_drawn_with_texts_for_those_who_cannot_see_them(open_page: OpenPage, ada: str) -> None:
    get_demo().add_activity(ada, 200, 1)
    shown = tab(open_page(PAGE), "Charts")
    assert not shown.exception
    assert "Hours watched, week by week" in texts(shown)
    assert "mostly on" in texts(shown)
    assert "What you watch most" in texts(shown)


def test_watches_without_lengths_are_counted_in_the_charts(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    manager.record_watch_activity(ada, "sunset", 0, "image", title="Sunset")
    shown = tab(open_page(PAGE), "Charts")
    assert not shown.exception
    for text in ("count watches and no hours", "Watches, day by day", "mostly on", "What you watch most: Sunset"):
        assert text in texts(shown)


def test_the_list_is_cleared_only_when_confirmed_and_the_figures_stay(
    open_page: OpenPage, watched: str, manager: UserManager
) -> None:
    shown = tab(open_page(PAGE), "Download and clear")
    shown.button(key="history_clear").click().run()
    assert len(manager.history_tracker.get_watch_history(watched)) == 5
    shown.button(key="history_clear_confirmed").click().run()
    assert manager.history_tracker.get_watch_history(watched) == []
    assert "Your figures are kept" in texts(shown)
    shown = open_page(PAGE)
    assert "it was cleared" in texts(shown)
    assert shown.metric[0].value == "5"


def test_a_session_that_has_ended_clears_nothing(
    open_page: OpenPage, watched: str, manager: UserManager, sign_in: Callable[[str | None], str | None]
) -> None:
    shown = tab(open_page(PAGE), "Download and clear")
    shown.button(key="history_clear").click().run()
    sign_in(None)
    shown.button(key="history_clear_confirmed").click().run()
    assert len(manager.history_tracker.get_watch_history(watched)) == 5


def test_the_list_can_be_taken_along(watched: str) -> None:
    rows = list(csv.DictReader(io.StringIO(made_list(watched, "csv").decode("utf-8-sig"))))
    assert len(rows) == 5
    assert rows[-1]["title"] == ""
    assert len(json.loads(made_list(watched, "json"))) == 5


def netflix(*rows: str) -> tuple[str, bytes, str]:
    return ("NetflixViewingHistory.csv", "\n".join(["Title,Date", *rows, ""]).encode(), "text/csv")


def test_a_history_from_elsewhere_is_looked_at_brought_in_and_taken_out(
    open_page: OpenPage, ada: str, manager: UserManager
) -> None:
    shown = open_page(PAGE)
    shown.file_uploader[0].set_value(netflix('"Dark: Season 1: Secrets","1/5/24"', '"Okja","1/6/24"', '"Bad","?"'))
    shown.run()
    assert not shown.exception
    assert {one.label: one.value for one in shown.metric}["New watches"] == "2"
    assert {one.label: one.value for one in shown.metric}["Bad rows"] == "1"
    assert manager.get_user_stats(ada).watch_history_entries == 0
    shown.button(key="history_import").click().run()
    assert "2 watches are imported" in texts(shown)
    assert manager.get_user_stats(ada).watch_history_entries == 2
    shown = tab(open_page(PAGE), "Import")
    assert "Imported so far" in texts(shown)
    undo = next(one for one in shown.button if one.label == "Take out")
    undo.click().run()
    assert manager.get_user_stats(ada).watch_history_entries == 0
    assert manager.verify() == []


def test_a_file_that_is_no_history_is_refused_in_plain_words(open_page: OpenPage, ada: str) -> None:
    shown = open_page(PAGE)
    shown.file_uploader[0].set_value(("x.json", b'{"a": 1}', "application/json")).run()
    assert not shown.exception
    assert shown.warning
    assert "Traceback" not in texts(shown)


def test_a_damaged_history_is_one_plain_line(open_page: OpenPage, watched: str, manager: UserManager) -> None:
    from user_stats.bootstrap import config

    (config.USERS_DIR / "history" / f"{watched}_history.json").write_text('[{"video_id": 3}]')
    shown = open_page(PAGE)
    assert len(shown.error) == 1
    assert watched not in texts(shown)


def test_titles_are_not_run_as_markdown(open_page: OpenPage, ada: str, manager: UserManager) -> None:
    manager.record_watch_activity(ada, "x", 600, title="![x](https://evil.example/a.png)")
    assert "![x](" not in texts(tab(open_page(PAGE), "Charts"))
