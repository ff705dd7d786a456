"""YouTube in Google Takeout, as JSON: `watch-history.json`. Its HTML form is in `youtube_html.py`.

There are no lengths. A removed video has no address, or the address as its title, and no channel. The verb is written
in the language of the account, so what a row is shows in its address. Advertisements say so in their details.
"""

from __future__ import annotations

import re
from datetime import datetime

from user_stats.transfer.json_rows import JsonForm
from user_stats.transfer.rows import Record, Row, clean, content_id, moment_of, text_of
from user_stats.watches import Watch

SERVICE = "youtube"
NOTE = "The file has no lengths."
ADVERTISEMENT, NO_VIDEO = "advertisement", "not a video"
PRODUCT, MUSIC = "YouTube", "YouTube Music"
_video_id = re.compile(
    r"https?://(?:www\.|m\.|music\.)?(?:youtube\.com/(?:watch\?(?:.*&)?v=|shorts/|live/|embed/)|youtu\.be/)([\w-]{5,64})"
).match
VERBS_BEFORE = (
    *("Watched ", "Has visto ", "Vous avez regardé ", "Hai guardato ", "Você assistiu a ", "Assistiu a ", "Viu "),
    *("Je hebt gekeken naar ", "Bekeken: ", "Просмотрено: ", "Вы посмотрели ", "Du har sett ", "Har set "),
    *("Obejrzano ", "Đã xem ", "Telah menonton ", "Zhlédli jste ", "已观看 ", "已觀看 ", "Katsottu: ", "İzlenen: "),
)
VERBS_BEHIND = (
    *(" angesehen", " bekeken", " を視聴しました", " を視聴", "을(를) 시청했습니다", " adlı videoyu izlediniz"),
)
VISITED = ("Visited ", "Viewed ", "Searched for ", "Answered ", "Used ")


def bare_title(text: str) -> str:
    """The title without the verb in the languages that are known."""
    for verb in VERBS_BEFORE:
        if text.startswith(verb) and len(text) > len(verb):
            return text[len(verb) :]
    for verb in VERBS_BEHIND:
        if text.endswith(verb) and len(text) > len(verb):
            return text[: -len(verb)]
    return text


def row_of(title: str, address: str, channel: str | None, at: datetime, digest: str, skipped: str, header: str) -> Row:
    """The row of one entry of either form; `title` with its verb, an empty address where there is none."""
    found = _video_id(address)
    name = clean(bare_title(title), 500) or title
    watch = Watch(
        found.group(1) if found else content_id(SERVICE, name),
        0,
        quality="unknown",
        watched_at=at,
        title=name,
        category="music" if header == MUSIC else None,
        creator=channel,
        length_known=False,
        source=SERVICE,
        digest=digest,
    )
    is_removed = not address and not title.startswith(VISITED)
    if not header.startswith(PRODUCT) or not (found or is_removed):
        skipped = skipped or NO_VIDEO
    return Row(watch, skipped=skipped)


def _convert(record: Record, digest: str) -> Row:
    """A place or the weather stands where the channel of a video would be: then something else was opened."""
    beside: list[Record] = record.get("subtitles") or []
    address = record.get("titleUrl") or ""
    skipped = NO_VIDEO if beside and not address and not beside[0].get("url") else ""
    if any("Google" in detail.get("name", "") for detail in record.get("details") or ()):
        skipped = ADVERTISEMENT
    return row_of(
        text_of(record, "title"),
        address,
        clean(beside[0].get("name") or "") if beside else None,
        moment_of(record, "time"),
        digest,
        skipped,
        text_of(record, "header"),
    )


def identity_of(address: str, at: datetime, rest: object) -> object:
    """What a row is known by in either form, whatever the video is called by now and in whatever language: the address
    and the second; where there is no address, all of the row."""
    return [address, int(at.timestamp())] if address else rest


def _identity(record: Record) -> object:
    return identity_of(record.get("titleUrl") or "", moment_of(record, "time"), record)


FORMS = (
    JsonForm(
        SERVICE,
        "YouTube history (Takeout, JSON)",
        frozenset({"header", "title", "time"}),
        _convert,
        identity=_identity,
        note=NOTE,
    ),
)
