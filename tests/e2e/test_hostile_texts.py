"""What people write is shown as they wrote it: it calls nothing, links nowhere and formats nothing."""

from __future__ import annotations

import re

from .conftest import MakeSite, MakeVisitor
from .hostile_texts import TEXTS

INVISIBLE = re.compile("[\u2060]")


def test_hostile_texts_are_inert_in_every_element(make_site: MakeSite, visit: MakeVisitor) -> None:
    site = make_site(script="tests/e2e/hostile_texts.py")
    visitor = visit(site)
    main = visitor.page.get_by_test_id("stMain")
    for number, text in enumerate(TEXTS):
        shown = visitor.page.locator(f".st-key-shown_{number}").inner_text()
        assert INVISIBLE.sub("", shown).strip() == re.sub(r"\s+", " ", text).strip()
    for made in ("a:not([href^='#'])", "img", "script", ".katex", "b", "strong", "em", "del", "blockquote", "li"):
        assert [one.evaluate("one => one.outerHTML") for one in main.locator(made).all()] == []
