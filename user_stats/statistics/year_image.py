"""A year in review as a picture to share: an SVG that loads nothing, with every word made inert; and the same as a PNG,
which chats and social networks take."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape

from user_stats.statistics.year_in_review import YearInReview

WIDTH, HEIGHT, EDGE = 1080, 1350, 80
INK, PALE, PAPER, ACCENT = "#f4f1ea", "#a9b4c2", "#14213d", "#fca311"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BARS_TOP, BARS_HEIGHT = 900, 260
LONGEST_LINE = 44
DRAWN = {"svg", "title", "rect", "text"}
"""The elements of the picture; none of them loads anything."""


def year_svg(review: YearInReview) -> str:
    """The picture, 1080 × 1350."""
    parts = [
        _text(EDGE, 150, 44, f"{review.username}’s year", PALE),
        _text(EDGE, 270, 120, str(review.year), ACCENT, weight=700),
        *_figures(review),
        *_tops(review),
        *_bars(review),
    ]
    name = escape(f"{review.username}: {review.watched_hours:,.0f} hours watched in {review.year}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" font-family="system-ui, sans-serif"><title>{name}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def year_png(review: YearInReview) -> bytes:
    """The same picture, in the fonts of this machine: a letter that none of them has is an empty box. Takes a tenth of
    a second."""
    import vl_convert  # asked for by few

    picture = year_svg(review)
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()}
    if not tags <= DRAWN:  # the converter would load files and addresses that an image names
        raise ValueError(f"the picture holds {sorted(tags - DRAWN)}")
    return vl_convert.svg_to_png(picture)


def _figures(review: YearInReview) -> list[str]:
    columns = (
        (f"{review.watched_hours:,.0f}", "hours watched"),
        (f"{review.watches:,}", "watches"),
        (f"{review.active_days:,}", "active days"),
        (f"{review.longest_streak:,}", "days in a row"),
    )
    step = (WIDTH - 2 * EDGE) // len(columns)
    parts = []
    for number, (value, label) in enumerate(columns):
        parts += [
            _text(EDGE + step * number, 410, 64, value, INK, weight=700),
            _text(EDGE + step * number, 455, 28, label, PALE),
        ]
    return parts


def _tops(review: YearInReview) -> list[str]:
    parts = [_text(EDGE, 550, 34, "Most watched", ACCENT)]
    for number, top in enumerate(review.top_items[:5]):
        parts.append(_text(EDGE, 605 + 48 * number, 34, f"{_cut(top.name)}  ×{top.value:,.0f}", INK))
    return parts


def _bars(review: YearInReview) -> list[str]:
    most = max(review.hours_by_month, default=0.0)
    if not most:
        return []
    step = (WIDTH - 2 * EDGE) / 12
    parts = [_text(EDGE, BARS_TOP - 30, 34, "Hours by month", ACCENT)]
    for number, hours in enumerate(review.hours_by_month):
        height, left = BARS_HEIGHT * hours / most, EDGE + step * number
        top = BARS_TOP + BARS_HEIGHT - height
        parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{step * 0.7:.1f}" height="{height:.1f}" rx="6" fill="{INK}"/>'
        )
        parts.append(_text(left, BARS_TOP + BARS_HEIGHT + 40, 24, MONTHS[number], PALE))
    return parts


def _text(x: float, y: float, size: int, text: str, colour: str, *, weight: int = 400) -> str:
    readable = "".join(one for one in text if one.isprintable())
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}">'
        f"{escape(readable)}</text>"
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"
