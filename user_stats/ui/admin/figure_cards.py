"""The catalogue of figures on a page: search, one card a figure, and the whole as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from user_stats.statistics.catalogue import GROUPS
from user_stats.statistics.figures import NOT_HERE
from user_stats.statistics.service import Catalogue
from user_stats.transfer.tables import Format, table_file
from user_stats.ui.text import inert

COLUMNS = (
    *("number", "key", "group", "name", "value", "unit", "events", "is_estimate", "missing", "definition", "needs"),
)
WORDLESS_UNITS = {"count", "list", "top 10", "value", "state", "rank", "day", "level", "points"}
"""Units that say nothing beside the value."""
SECONDS_PER_MINUTE = 60
CLOCK_UNITS = {"hour", "hour of day"}
SCALES = {"1–5": "of 5"}
OF_ONE = {**SCALES, "days": "day", "items": "item", "viewers": "viewer"}
"""Units that say something else beside a 1."""
MOST_SHOWN = 4
SERIES = ("minutes_by_hour", "minutes", "weeks", "curve", "shares", "seconds", "people", "gb_by_month")
"""What a figure may have beside its value that is drawn: a list, a mapping, or rows of shares."""
BESIDE = {
    "median": ("median", ""),
    "best": ("best", ""),
    "mode": ("most watched", "p"),
    "viewers": ("viewers", "count"),
    "average_percentage": ("viewed on average", "%"),
    "came_back": ("came back for the next", "%"),
    "still_open": ("still open", "count"),
    "lost": ("lost", "count"),
    "net": ("net", "count"),
    "received": ("received", "count"),
    "closing": ("closing count", "count"),
    "slope": ("slope", "count"),
    "deleted": ("deleted", "count"),
    "shown": ("shown", "count"),
    "click_rate": ("clicked", "%"),
    "of": ("of", "count"),
    "next_at": ("next level at", "points"),
    "tied": ("tied", "list"),
    "tied_hours": ("tied", "list"),
    "by_viewers": ("by viewers", "list"),
}
"""What is told in words beside a value, with its name and its unit; without one it has that of the figure."""
FEWEST_BARS, MOST_BARS, HOURS_OF_A_DAY = 3, 31, 24
BAR_WIDTH, SMALL_WIDTH, SMALL_HEIGHT = 0.8, 300, 56
BAR_COLOUR = "#3b82f6"
"""Three times as light or dark as what is behind it, in both themes."""
Row = Mapping[str, Any]


def draw_catalogue(catalogue: Catalogue, *, key: str) -> None:
    """Every figure that has a form here, group by group, narrowed by what is searched for; `key` keeps widgets of
    several apart."""
    rows = [{"key": name, **row} for name, row in catalogue.items() if row["missing"] != NOT_HERE.missing]
    groups = [one.name for one in GROUPS if any(row["group"] == one.name for row in rows)]
    text = st.text_input("Search", key=f"{key}_text", icon=":material/search:", placeholder="A word of the figure")
    with st.container(horizontal=True, vertical_alignment="center"):
        is_narrowed = st.toggle("Only with data", key=f"{key}_with_data")
        _draw_downloads(catalogue, key)
    group = st.pills("Group", groups, key=f"{key}_group")
    found = [row for row in rows if _matches(row, text, group) and (row["value"] is not None or not is_narrowed)]
    if not found:
        st.info("No figure matches. Search for another word, or take a filter away.")
    for name in groups:
        of_group = [row for row in found if row["group"] == name]
        if of_group:
            st.header(name, anchor=False)
            with st.grid(3, min_column_width=240):
                for row in of_group:
                    _draw_card(row)


def _matches(row: Row, text: str, group: str | None) -> bool:
    words = text.casefold().split()
    place = f"{row['key']} {row['name']} {row['definition']}".casefold()
    return (group is None or row["group"] == group) and all(word in place for word in words)


def _draw_card(row: Row) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"{row['number']} · {row['name']}", help=row["definition"])
        if row["value"] is None:
            _draw_missing(row)
            return
        st.markdown(f"**{shown_value(row['value'], row['detail'].get('currency', row['unit']))}**")
        basis = f"From {row['events']:,} {'event' if row['events'] == 1 else 'events'}" if row["events"] else "Live"
        setting = row["detail"].get("setting")
        _draw_small_chart(row)
        estimate = f" An estimate, by {setting}." if row["is_estimate"] else ""
        st.caption(f"{basis}.{estimate}{told_beside(row['detail'], row['unit'])}")


def told_beside(detail: Mapping[str, Any], unit: str) -> str:
    """The median, the best, ties and the like as a sentence, inert; empty where there is nothing to tell."""
    told = []
    for name, (words, own_unit) in BESIDE.items():
        value = detail.get(name)
        if isinstance(value, list | tuple):
            value = [(one["title"] or one["content_id"]) if isinstance(one, Mapping) else one for one in value]
        if value is not None and not (words == "tied" and len(value) < 2):
            told.append(f"{words} {shown_value(value, own_unit or unit)}")
    return f" Beside it: {', '.join(told)}." if told else ""


def _draw_small_chart(row: Row) -> None:
    bars = small_chart(row["detail"])
    if bars:
        most, amount = max(bars, key=lambda bar: bar[1])
        text = f"{row['name']}, {len(bars)} bars; the highest is {most} with {_number(amount)}"
        st.image(bars_svg([amount for _, amount in bars]), width="stretch", alt=text)


def bars_svg(amounts: Sequence[float]) -> str:
    """Bars as a picture, without words. A page has a dozen of these, and a browser takes as long to draw one chart."""
    highest = max(amounts)
    rects = "".join(
        f'<rect x="{place:g}" y="{1 - amount / highest:g}" width="{BAR_WIDTH}" height="{amount / highest:g}"/>'
        for place, amount in enumerate(amounts)
        if amount > 0
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SMALL_WIDTH}" height="{SMALL_HEIGHT}" '
        f'viewBox="0 0 {len(amounts)} 1" preserveAspectRatio="none" fill="{BAR_COLOUR}">{rects}</svg>'
    )


def small_chart(detail: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The bars of what stands beside a value, each with its name; none where a chart would not help."""
    series = next((detail[name] for name in SERIES if isinstance(detail.get(name), Mapping | list | tuple)), ())
    if isinstance(series, Mapping):
        bars = [(str(name), amount) for name, amount in series.items()]
    else:
        bars = [
            (one["category"], one["share"]) if isinstance(one, Mapping) else (str(number), one)
            for number, one in enumerate(series, 0 if len(series) == HOURS_OF_A_DAY else 1)
        ]
    fits = FEWEST_BARS <= len(bars) <= MOST_BARS and any(amount > 0 for _, amount in bars)
    return bars if fits else []


def _draw_missing(row: Row) -> None:
    if row["missing"] == "no data yet":
        st.caption("No data yet. This call supplies it:")
        st.code(row["needs"], language=None, wrap_lines=True)
    else:
        st.caption(inert(f"{row['missing'][:1].upper()}{row['missing'][1:]}."))


def shown_value(value: Any, unit: str) -> str:
    """A value for people, its unit behind it, inert."""
    if unit in CLOCK_UNITS and isinstance(value, int):
        return f"{value:02}:00"
    if isinstance(value, list | tuple):
        names = ", ".join(inert(str(one)) for one in value[:MOST_SHOWN])
        return names + (f" and {len(value) - MOST_SHOWN} more" if len(value) > MOST_SHOWN else "") if value else "–"
    if isinstance(value, Mapping):
        parts = [f"{inert(str(name))} {_number(amount)}" for name, amount in list(value.items())[:MOST_SHOWN]]
        return ", ".join(parts) + (f" {unit}" if unit == "%" else "")
    if unit == "s" and isinstance(value, int | float) and value >= SECONDS_PER_MINUTE:
        minutes, seconds = divmod(round(value), SECONDS_PER_MINUTE)
        return f"{minutes:,} min" + (f" {seconds} s" if seconds else "")
    words = (OF_ONE if value == 1 else SCALES).get(unit, unit)
    return _number(value) + ("" if unit in WORDLESS_UNITS else f" {inert(words)}")


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return inert(str(value))
    return f"{value:,.1f}".removesuffix(".0")


def _draw_downloads(catalogue: Catalogue, key: str) -> None:
    forms: tuple[tuple[Format, str], ...] = (("csv", "text/csv"), ("json", "application/json"))
    for form, media_type in forms:
        st.download_button(
            form.upper(),
            catalogue_file(catalogue, form),
            file_name=f"figures.{form}",
            mime=media_type,
            key=f"{key}_{form}",
            icon=":material/download:",
            on_click="ignore",
        )


def catalogue_file(catalogue: Catalogue, form: Format) -> bytes:
    """The figures as a table; a value that is a list or a mapping is JSON in its cell."""
    return table_file(form, COLUMNS, _rows(catalogue, form))


def _rows(catalogue: Catalogue, form: Format) -> Iterable[dict[str, Any]]:
    for name, row in catalogue.items():
        value = row["value"]
        if form == "csv" and isinstance(value, list | tuple | dict):
            value = json.dumps(value, ensure_ascii=False)
        yield {"key": name, **row, "value": value}
