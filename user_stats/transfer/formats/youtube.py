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


def row_of(title: str, address: str, channel: str | None, at: datetime, digest: str, *, is_advertisement: bool) -> Row:
    """The row of one entry of either form; `title` with its verb, an empty address where there is none."""
    found = _video_id(address)
    is_video = found is not None or (not address and not title.startswith(VISITED))
    name = clean(bare_title(title), 500) or title
    watch = Watch(
        found.group(1) if found else content_id(SERVICE, name),
        0,
        quality="unknown",
        watched_at=at,
        title=name,
        creator=channel,
        length_known=False,
        source=SERVICE,
        digest=digest,
    )
    skipped = ADVERTISEMENT if is_advertisement else "" if is_video else NO_VIDEO
    return Row(watch, skipped=skipped)


def _convert(record: Record, digest: str) -> Row:
    channels: list[Record] = record.get("subtitles") or [{}]
    address = record.get("titleUrl") or ""
    channel = channels[0].get("name") if channels[0].get("url") or address else None
    details = record.get("details") or ()
    return row_of(
        text_of(record, "title"),
        address,
        clean(channel) if channel else None,
        moment_of(record, "time"),
        digest,
        is_advertisement=any("Google" in detail.get("name", "") for detail in details),
    )


FORMS = (
    JsonForm(SERVICE, "YouTube history (Takeout, JSON)", frozenset({"header", "title", "time"}), _convert, note=NOTE),
)
