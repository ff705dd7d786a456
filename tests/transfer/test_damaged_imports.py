"""Whatever is done to a file: it is refused by name, or every row of it is accounted for; nothing else ever happens."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importing import Importer

from user_stats import InvalidInput
from user_stats.transfer.formats import SERVICES
from user_stats.transfer.imports import Options

PLAY = {"endTime": "2024-03-02 00:01", "artistName": "Ärzte", "trackName": "Öne", "msPlayed": 180_600}
VIDEO = {
    "header": "YouTube",
    "title": "Watched Bread",
    "titleUrl": "https://www.youtube.com/watch?v=aaaaaaaaaa1",
    "subtitles": [{"name": "Oven", "url": "https://www.youtube.com/channel/UCx"}],
    "time": "2024-03-01T10:00:00.250Z",
    "products": ["YouTube"],
}
MOVIE = {"title": "Film", "year": 2024, "ids": {"trakt": 7}}
TRAKT = {"id": 1, "watched_at": "2024-03-01T10:00:00.000Z", "action": "scrobble", "type": "movie", "movie": MOVIE}
TAUTULLI = {
    "row_id": 1,
    "started": 1709287200,
    "stopped": 1709290800,
    "paused_counter": 600,
    "media_type": "movie",
    "full_title": "Film",
    "title": "Film",
    "user": "ann",
    "watched_status": 1,
    "play_duration": 3000,
}
OURS = {
    "video_id": "v",
    "stream_id": None,
    "watched_at": "2024-03-01T10:00:00+00:00",
    "duration_seconds": 60,
    "content_type": "video",
    "session_id": "s",
    "completed": True,
    "quality": "720p",
}
HTML = (
    '<div class="outer-cell"><div class="content-cell mdl-cell mdl-typography--body-1">Watched\xa0'
    '<a href="https://www.youtube.com/watch?v=aaaaaaaaaa1">Bread</a><br><a href="https://www.youtube.com/channel/x">'
    'Oven</a><br>Mar 1, 2024, 10:00:05\u202fAM UTC<br></div><div class="content-cell">Products</div></div>'
)
SAMPLES = {
    "youtube": json.dumps([VIDEO] * 3),
    "youtube html": f"<html><body>{HTML * 3}</body></html>",
    "netflix": "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type\n"
    + 'Ann,2024-03-01 20:00:00,00:44:10,,"The Sea: Season 1",\n' * 3,
    "netflix, short": "Title,Date\n" + '"The Sea: Season 1",3/13/24\n' * 3,
    "spotify": json.dumps([PLAY] * 3, ensure_ascii=False),
    "trakt": json.dumps([TRAKT] * 3),
    "lastfm": json.dumps({"meta": {}, "scrobbles": [{"timestamp": "2024-05-05", "track": "One", "artist": "A"}] * 3}),
    "lastfm, bare": "A,X,One,04 May 2024 18:30\n" * 3,
    "letterboxd": "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    + '2024-03-05,Film,1999,https://boxd.it/1,4.5,,"a, b",2024-03-04\n' * 3,
    "tautulli": json.dumps({"response": {"data": {"data": [TAUTULLI] * 3}}}),
    "jellyfin": "\t".join(("2024-03-01 20:00:00.1234567", *"uitnmcd", "1800")) + "\n",
    "user_stats": json.dumps([OURS] * 3),
    "user_stats, csv": "video_id,watched_at,duration_seconds,content_type\nv,2024-03-01T10:00:00+00:00,60,video\n",
}
JUNK = ('"', "\0", "\\", "[", "{", "}", ",", "\n", "\t", "null", "NaN", "-1", "1e999", "\ud800", "9" * 400, "true", "<")


def accounted(importer: Importer, content: bytes, options: Options) -> None:
    """InvalidInput is the only error that a file may raise."""
    try:
        report = importer.imports.preview(io.BytesIO(content), importer.person, options)
    except InvalidInput as error:
        assert len(error.message) < 1000
        return
    assert report.rows == (report.imported + report.duplicates + sum(report.skipped.values()) + report.rejected_rows)
    json.dumps(report.to_plain())


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))].encode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        until = at + draw(st.integers(0, 12))
        junk = draw(
            st.one_of(
                st.binary(max_size=6), st.sampled_from(JUNK).map(lambda text: text.encode("utf-8", "surrogatepass"))
            )
        )
        content = content[:at] + junk + content[until:]
    return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content


IMPORTER = Importer()
FEW = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(damaged(), st.sampled_from([None, *SERVICES]))
def test_a_damaged_file_is_refused_or_accounted_for(content: bytes, service: str | None) -> None:
    accounted(IMPORTER, content, Options(service))


@FEW
@given(damaged(), st.integers(0, 400), st.binary(max_size=8))
def test_a_damaged_zip_is_refused_or_accounted_for(content: bytes, place: int, junk: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", content)
    data = packed.getvalue()
    accounted(IMPORTER, data[:place] + junk + data[place + len(junk) :], Options())


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_is_known_by_itself(name: str) -> None:
    importer = Importer()
    report = importer.imports.import_file(io.BytesIO(SAMPLES[name].encode()), importer.person)
    assert report.format == name.split(",")[0].split(" ")[0]
    assert (report.imported, report.rejected_rows) == (1, 0)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "0000-00-00", "2024-02-30"])
@pytest.mark.parametrize("name", SAMPLES)
def test_days_outside_of_time_are_accounted_for(name: str, day: str) -> None:
    content = re.sub(r"2024-0\d-\d\d|04 May 2024|3/13/24|Mar 1, 2024", day, SAMPLES[name])
    accounted(Importer(), content.encode(), Options())
    accounted(Importer(), re.sub("2024", day[:4], SAMPLES[name]).encode(), Options())


@pytest.mark.parametrize("person", [["x"], {"a": 1}, 5, None, True, "\ud800"])
def test_whose_row_it_is_may_be_anything(person: object) -> None:
    accounted(Importer(), json.dumps([OURS | {"user_id": person}, OURS | {"user_id": "ann"}]).encode(), Options())


CONTENT = '<div class="content-cell body-1">'


@pytest.mark.parametrize(
    "cell",
    [
        CONTENT + "<" * 1_000_000 + "</div>",
        CONTENT + '<a href="">' * 90_000 + "</div>",
        CONTENT + '<a href="' * 90_000 + "</div>",
        CONTENT * 30_000,
        '<div class="content-cell' * 40_000,
        CONTENT + "x</div>" + '<p class="mdl-typography--title">' * 30_000,
        CONTENT + f"Watched &#{'9' * 5000};<br>Mar 1, 2024, 10:00:05 AM UTC</div>",
    ],
)
def test_a_page_that_is_made_to_be_slow_is_read_like_any_other(cell: str) -> None:
    """A search that begins anew at each tag would take hours, in which nobody else is served."""
    content = f'<html>{HTML}<div class="outer-cell">{cell}{HTML}</html>'
    importer = Importer()
    report = importer.imports.preview(io.BytesIO(content.encode()), importer.person, Options())
    assert (report.imported, report.duplicates, report.rejected_rows) == (1, 1, 1)


def test_a_quote_that_is_not_closed_is_named_not_taken_for_the_rows_behind_it() -> None:
    row = "Ann,2024-03-01 20:00:0{0},00:44:10,,The Sea: E{0},,{1}\n"
    names = "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Country\n"
    content = names + row.format(1, "US") + row.format(2, '"US') + row.format(3, "US") + row.format(4, "US")
    importer = Importer()
    report = importer.imports.import_file(io.BytesIO(content.encode()), importer.person)
    assert (report.imported, [one.row for one in report.rejected]) == (1, [2])
    assert "a quote is not closed" in report.rejected[0].reason
