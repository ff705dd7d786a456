"""YouTube in Google Takeout, as HTML: `watch-history.html`, one cell an entry in a single long line.

Times are written in the words and the zone of the account: those of English exports, and dates in figures, are read;
others are named row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape

from user_stats.errors import InvalidInput
from user_stats.transfer.formats.youtube import ADVERTISEMENT, NOTE, PRODUCT, SERVICE, identity_of, row_of
from user_stats.transfer.rows import Row, RowRejected, clean, row_digest
from user_stats.transfer.sources import Part

BLOCK_CHARACTERS = 1 << 17
LONGEST_CELL = 1 << 20
"""Characters. Whatever they are, reading them takes time in proportion: no search here begins anew at each tag and runs
to the end."""
CELL = '<div class="outer-cell'
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ZONES = {
    **dict.fromkeys(("UTC", "GMT", "Z", "WET"), 0),
    **dict.fromkeys(("BST", "WEST", "CET", "MEZ", "WAT"), 60),
    **dict.fromkeys(("CEST", "MESZ", "EET", "OEZ", "SAST", "CAT"), 120),
    **dict.fromkeys(("EEST", "OESZ", "MSK", "TRT", "EAT"), 180),
    "PKT": 300,
    "IST": 330,
    "ICT": 420,
    "WIB": 420,
    "SGT": 480,
    "HKT": 480,
    "AWST": 480,
    "JST": 540,
    "KST": 540,
    "ACST": 570,
    "AEST": 600,
    "ACDT": 630,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "BRT": -180,
    "ART": -180,
    "ADT": -180,
    "AST": -240,
    "EDT": -240,
    "EST": -300,
    "CDT": -300,
    "CST": -360,
    "MDT": -360,
    "MST": -420,
    "PDT": -420,
    "PST": -480,
    "AKDT": -480,
    "AKST": -540,
    "HST": -600,
    "NST": -210,
    "NDT": -150,
}
"""Minutes east of Greenwich. Some letters stand for several zones: then the one of most people is meant."""
_content = re.compile(r'<div class="content-cell[^"<>]*body-1">').search
_header = re.compile(r'<p class="mdl-typography--title">').search
_link = re.compile(r'<a href="([^"<>]*)">([^<]*)</a>').findall
_tag = re.compile(r"<[^<>]*>")
_long_number = re.compile(r"&#\d{9}").search
_clock = r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s*([AaPp])\.?[Mm]\.?)?\s*([A-Za-z]{1,5}(?:[+-]\d{1,2}(?::?\d\d)?)?)"
_month_first = re.compile(rf"([A-Za-z]{{3}})[a-z]*\.? (\d{{1,2}}), (\d{{4}}),? (?:at )?{_clock}").fullmatch
_day_first = re.compile(rf"(\d{{1,2}}) ([A-Za-z]{{3}})[a-z]*\.? (\d{{4}}),? (?:at )?{_clock}").fullmatch
_figures = re.compile(rf"(\d{{1,4}})[./-](\d{{1,2}})[./-](\d{{1,4}}),? {_clock}").fullmatch
_offset = re.compile(r"(?:GMT|UTC)([+-])(\d{1,2}):?(\d\d)?").fullmatch


@dataclass(frozen=True)
class HtmlForm:
    """The page that Takeout writes."""

    service: str = SERVICE
    title: str = "YouTube history (Takeout, HTML)"
    has_profiles: bool = False
    note: str = NOTE

    def recognise(self, head: str) -> bool:
        return CELL in head and "youtube.com/" in head

    def rows(self, part: Part) -> Iterator[Row]:
        for number, cell in enumerate(_cells(part), 1):
            try:
                row = _row(cell)
            except RowRejected as error:
                row = Row(rejected=str(error))
            row.number = number
            yield row


def _cells(part: Part) -> Iterator[str]:
    """The entries one by one."""
    with part.text() as text:
        kept = ""
        while block := text.read(BLOCK_CHARACTERS):
            *whole, kept = (kept + block).split(CELL)
            yield from (cell for cell in whole if "content-cell" in cell)
            if len(kept) > LONGEST_CELL:
                raise InvalidInput(f"file: an entry is longer than {LONGEST_CELL:,} characters", field="file")
        if "content-cell" in kept:
            yield kept


def _row(cell: str) -> Row:
    content, caption = _within(cell, _content, "</div>")
    if content is None:
        raise RowRejected("the entry ends in the middle")
    parts = [_words(part) for part in re.split(r"<br\s*/?>", content)]
    written = next((part for part in reversed(parts) if part), "")
    links = _link(content)
    title = _words(content.split("<br", 1)[0])
    if not title:
        raise RowRejected("the title is empty")
    address = _unescaped(links[0][0]) if links else ""
    channel = clean(_words(links[1][1])) if len(links) > 1 else None
    at = moment_of_words(written)
    digest = row_digest(SERVICE, identity_of(address, at, [title, channel, written]))
    skipped = ADVERTISEMENT if "Google Ads" in caption else ""
    header, _ = _within(cell, _header, "</p>")
    product = _words(header) if header is not None else PRODUCT
    return row_of(title, address, channel, at, digest, skipped, product)


def _within(cell: str, opening: Callable[[str], re.Match[str] | None], closing: str) -> tuple[str | None, str]:
    """What stands between the two, None where either is missing; and what follows."""
    found = opening(cell)
    end = cell.find(closing, found.end()) if found else -1
    return (cell[found.end() : end], cell[end:]) if found and end >= 0 else (None, "")


def _words(html: str) -> str:
    return " ".join(_unescaped(_tag.sub("", html)).split())


def _unescaped(text: str) -> str:
    """Raises RowRejected for a number of a character that would take the library long, or be more than it reads."""
    if _long_number(text) is not None:
        raise RowRejected("a character has a number that is too long")
    return unescape(text)


def moment_of_words(text: str) -> datetime:
    """The moment of a written time such as `Dec 31, 2018, 8:57:16 PM UTC`. Raises RowRejected."""
    try:
        if found := _month_first(text):
            month, day, year = MONTHS.index(found.group(1).lower()) + 1, int(found.group(2)), int(found.group(3))
        elif found := _day_first(text):
            day, month, year = int(found.group(1)), MONTHS.index(found.group(2).lower()) + 1, int(found.group(3))
        elif found := _figures(text):
            first, month, last = (int(part) for part in found.groups()[:3])
            year, day = (first, last) if len(found.group(1)) == 4 else (last, first)
        else:
            raise ValueError
        hour, minute, second, half, zone = found.groups()[3:]
        hours = int(hour) % 12 + 12 * (half in ("P", "p")) if half else int(hour)
        local = datetime(year, month, day, hours, int(minute), int(second or 0), tzinfo=UTC)
        return local - timedelta(minutes=_minutes_east(zone))
    except (ValueError, KeyError, OverflowError):
        raise RowRejected(f"the time cannot be read: {ascii(text)[:40]}") from None


def _minutes_east(zone: str) -> int:
    if found := _offset(zone):
        sign, hours, minutes = found.groups()
        return (int(hours) * 60 + int(minutes or 0)) * (1 if sign == "+" else -1)
    return ZONES[zone]


FORMS = (HtmlForm(),)
