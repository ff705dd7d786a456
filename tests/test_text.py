"""What people wrote stays what they wrote; moments are told in the viewer's zone."""

from __future__ import annotations

from pathlib import Path

import pytest

from user_stats import ui
from user_stats.errors import InvalidInput, RateLimited, StorageCorrupt
from user_stats.ui import text


@pytest.mark.parametrize(
    "written",
    ["plain", "a_b", "*bold*", "# title", "![x](http://e/x.png)", ":red[x]", "$x$", "<b>", "1. one", "~~x~~", "|a|b|"],
)
def test_inert_text_reads_the_same(written: str) -> None:
    made = text.inert(written).replace("\\", "").replace(text.WORD_JOINER, "")
    assert made == written


@pytest.mark.parametrize("written", ["http://evil.test", "www.evil.test", "mailto:a@b.test", ":smile:", "a@b.test"])
def test_links_and_shortcodes_are_taken_apart(written: str) -> None:
    made = text.inert(written)
    for found in ("://", "www\\.", ":smile", "@b"):
        assert found not in made


def test_lines_become_one() -> None:
    assert text.inert("a\n\n# b\r\n    c") == "a \\# b c"


def test_moments_are_told_in_the_viewers_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Context:
        timezone: object = "Asia/Tokyo"

    monkeypatch.setattr(text.st, "context", Context)
    moment = "2026-03-04T20:30:00.000000+00:00"
    assert (text.shown_time(moment), text.shown_day(moment)) == ("5 Mar 2026, 05:30", "5 Mar 2026")
    for unknown in (None, "No/Where", "../etc", ""):
        Context.timezone = unknown
        assert text.shown_time(moment) == "4 Mar 2026, 20:30"
    assert text.shown_time(None) == text.shown_day("") == "–"


def test_refusals_are_sentences_without_paths() -> None:
    assert text.refusal(InvalidInput.of("email", "![x](y)", "an address")).startswith("Email")
    assert "![" not in text.refusal(InvalidInput.of("email", "![x](y)", "an address"))
    assert text.refusal(RateLimited("slow", retry_after_seconds=61.5)) == "Too many attempts. Try again in 62 s."
    assert "/srv" not in text.refusal(StorageCorrupt("/srv/users.json: line 3", path="/srv/users.json"))


def test_the_colour_on_primary_buttons_stands_for_nothing_else() -> None:
    """It is white in the light theme, where nothing else in it could be read."""
    pages = Path(ui.__file__).parent.rglob("*.py")
    assert [page.name for page in pages if "violet" in page.read_text()] == ["text.py"]
