"""Each format by a small sample with its traps: what becomes a watch, what is skipped and what is rejected, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from importing import Importer, written

from user_stats import InvalidInput
from user_stats.transfer.formats.youtube_html import moment_of_words
from user_stats.transfer.import_report import Report
from user_stats.transfer.imports import Options
from user_stats.transfer.rows import RowRejected


@pytest.fixture
def importer() -> Importer:
    return Importer()


def outcome(report: Report) -> tuple[str, int, dict[str, int], list[tuple[int, str]]]:
    rejected = [(one.row, one.reason) for one in report.rejected]
    return report.format, report.imported, dict(report.skipped), rejected


def picked(events: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(event.get(name) for name in names) for event in events]


# -- YouTube ----------------------------------------------------------------------------------------------------------


def entry(title: str, time: str, video: str | None = None, channel: str | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"header": "YouTube", "title": title, "time": time, "products": ["YouTube"], **more}
    if video is not None:
        made["titleUrl"] = f"https://www.youtube.com/watch?v={video}"
    if channel is not None:
        made["subtitles"] = [{"name": channel, "url": "https://www.youtube.com/channel/UCx"}]
    return made


def test_youtube(importer: Importer, tmp_path: Path) -> None:
    content = [
        entry("Watched Bread, slowly", "2024-03-01T10:00:00.250Z", "aaaaaaaaaa1", "The Oven"),
        entry("Brot, langsam angesehen", "2024-03-01T09:00:00Z", "aaaaaaaaaa2", "Der Ofen"),
        entry("Watched a video that has been removed", "2024-03-01T08:00:00Z"),
        entry("Watched https://www.youtube.com/watch?v=aaaaaaaaaa3", "2024-03-01T07:00:00Z", "aaaaaaaaaa3"),
        entry("Visited YouTube Music", "2024-03-01T06:00:00Z", subtitles=[{"name": "Weather: Clear"}]),
        entry("YouTube Music aufgerufen", "2024-03-01T06:00:00Z", subtitles=[{"name": "Wetter: klar"}]),
        entry("Said something", "2024-03-01T06:00:00Z") | {"header": "Assistant"},
        entry("Watched Buy this", "2024-03-01T05:00:00Z", "adadadadada", details=[{"name": "From Google Ads"}]),
        entry("Viewed a post", "2024-03-01T04:00:00Z") | {"titleUrl": "https://www.youtube.com/post/Ugx"},
        entry("Watched Shorts", "2024-03-01T03:00:00+02:00")
        | {"titleUrl": "https://www.youtube.com/shorts/aaaaaaaaaa4"},
        entry("Watched no time", "yesterday", "aaaaaaaaaa5"),
        {"header": "YouTube", "title": "Watched it"},
        ["not an object"],
    ]
    report = importer.run(written(tmp_path, "renamed.txt", content))
    assert outcome(report) == (
        "youtube",
        5,
        {"not a video": 4, "advertisement": 1},
        [(11, "time is no time: 'yesterday'"), (12, "time is missing"), (13, "not an object")],
    )
    assert report.without_length == 5
    assert report.hours == 0
    assert picked(importer.events(), "subject", "title", "creator", "watched_at", "length_known")[-2:] == [
        ("aaaaaaaaaa2", "Brot, langsam", "Der Ofen", "2024-03-01T09:00:00.000000+00:00", False),
        ("aaaaaaaaaa1", "Bread, slowly", "The Oven", "2024-03-01T10:00:00.250000+00:00", False),
    ]
    assert importer.events()[0]["watched_at"] == "2024-03-01T01:00:00.000000+00:00"
    removed = next(event for event in importer.events() if "removed" in event["title"])
    assert removed["subject"].startswith("youtube:")


CELL = (
    '<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid"><div class="header-cell'
    ' mdl-cell mdl-cell--12-col"><p class="mdl-typography--title">YouTube<br></p></div><div class="content-cell'
    ' mdl-cell mdl-cell--6-col mdl-typography--body-1">{content}</div><div class="content-cell mdl-cell mdl-cell--6-col'
    ' mdl-typography--body-1 mdl-typography--text-right"></div><div class="content-cell mdl-cell mdl-cell--12-col'
    ' mdl-typography--caption"><b>Products:</b><br>&emsp;YouTube<br>{caption}</div></div></div>'
)
VIDEO = (
    '<a href="https://www.youtube.com/watch?v={0}">{1}</a><br><a href="https://www.youtube.com/channel/UCx">{2}</a><br>'
)


def test_youtube_html(importer: Importer, tmp_path: Path) -> None:
    def cell(content: str, caption: str = "") -> str:
        return CELL.format(content=content, caption=caption)

    video = "Watched\xa0" + VIDEO.format("aaaaaaaaaa1", "Bread &amp; butter", "The Oven")
    content = "<html><body>" + "".join(
        [
            cell(video + "Mar 1, 2024, 10:00:05\u202fAM UTC<br>"),
            cell(video + "1 Mar 2024, 21:00:05 CET<br>"),
            cell(video + "31.03.2024, 21:00:05 MESZ<br>"),
            cell("Watched a video that has been removed<br>Mar 1, 2024, 12:30:00 PM GMT+05:30<br>"),
            cell(video + "Mar 1, 2024, 9:00:00 AM UTC<br>", "<b>Details:</b><br>&emsp;From Google Ads<br>"),
            cell('Visited\xa0<a href="https://www.youtube.com/">YouTube</a><br>Mar 1, 2024, 8:00:00 AM UTC<br>'),
            cell(video + "1er mars 2024 &agrave; 10 h<br>"),
        ]
    )
    report = importer.run(written(tmp_path, "watch-history.html", content + "</body></html>"))
    assert outcome(report)[:3] == ("youtube", 4, {"advertisement": 1, "not a video": 1})
    assert [one.row for one in report.rejected] == [7]
    assert picked(importer.events(), "subject", "title", "creator", "watched_at")[1:] == [
        ("aaaaaaaaaa1", "Bread & butter", "The Oven", "2024-03-01T10:00:05.000000+00:00"),
        ("aaaaaaaaaa1", "Bread & butter", "The Oven", "2024-03-01T20:00:05.000000+00:00"),
        ("aaaaaaaaaa1", "Bread & butter", "The Oven", "2024-03-31T19:00:05.000000+00:00"),
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Dec 31, 2018, 12:00:01 AM UTC", "2018-12-31T00:00:01+00:00"),
        ("Dec 31, 2018, 12:00:01 PM PST", "2018-12-31T20:00:01+00:00"),
        ("31 December 2018 at 23:59 GMT", "2018-12-31T23:59:00+00:00"),
        ("2018-12-31 23:59:59 UTC-3", "2019-01-01T02:59:59+00:00"),
    ],
)
def test_written_times(text: str, moment: str) -> None:
    assert moment_of_words(text).isoformat() == moment


@pytest.mark.parametrize(
    "text", ["", "Dec 32, 2018, 1:00:00 AM UTC", "Dez 31, 2018, 1:00 AM UTC", "31.12.2018, 9:00 XYZ"]
)
def test_written_times_that_cannot_be_read(text: str) -> None:
    with pytest.raises(RowRejected, match="the time cannot be read"):
        moment_of_words(text)


# -- Netflix ----------------------------------------------------------------------------------------------------------

NETFLIX = (
    "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark,Latest Bookmark,"
    "Country\n"
)


def viewing(profile: str, start: str, duration: str, title: str, kind: str = "") -> str:
    return f'{profile},{start},{duration},,"{title}",{kind},TV,00:10:00,Not latest view,DE (Germany)\n'


def test_netflix(importer: Importer, tmp_path: Path) -> None:
    content = NETFLIX + "".join(
        [
            viewing("Ann", "2024-03-01 20:00:00", "00:44:10", "The Sea: Season 1: Waves (Episode 1)"),
            viewing("Ann", "2024-03-01 21:00:00", "00:00:20", "The Sea: Season 1: Waves (Episode 1)"),
            viewing("Ann", "2024-03-01 19:59:00", "00:00:09", "The Sea_hook_primary", "HOOK"),
            viewing("Ann", "2024-03-01 19:58:00", "00:01:00", "Land (Trailer)", "TRAILER"),
            "\n",
            viewing("Ann", "2024-02-30 19:58:00", "00:01:00", "No such day"),
            viewing("Ann", "2024-02-01 19:58:00", "1 hour", "No such duration"),
            viewing("Ann", "2024-02-01 19:58:00", "25:00:00", "Longer than a day"),
            "Ann,too,few\n",
            viewing("Ann", "2031-02-01 19:58:00", "00:01:00", "The future"),
        ]
    )
    report = importer.run(written(tmp_path, "ViewingActivity.csv", "\ufeff" + content))
    assert outcome(report)[:3] == ("netflix", 2, {"hook": 1, "trailer": 1})
    assert [one.row for one in report.rejected] == [5, 6, 7, 8, 9]
    assert (report.seconds, report.days) == (2670, {"2024-03-01": (2, 2670)})
    first = importer.events()[0]
    assert picked([first], "watched_at", "duration_seconds", "creator", "quality", "completed") == [
        ("2024-03-01T20:00:00.000000+00:00", 2650, "The Sea", "unknown", False)
    ]
    with_trailers = importer.run(tmp_path / "ViewingActivity.csv", Options(include=("trailer",)))
    assert (with_trailers.imported, with_trailers.duplicates, dict(with_trailers.skipped)) == (1, 2, {"hook": 1})
    assert importer.run(tmp_path / "ViewingActivity.csv", Options(include=("all",))).imported == 1


def test_netflix_of_several_people_is_imported_for_one_of_them_alone(importer: Importer, tmp_path: Path) -> None:
    content = NETFLIX + "".join(
        viewing(name, f"2024-03-0{day} 20:00:00", "00:44:10", "The Sea")
        for day in (1, 2)
        for name in ("Ann", "Bob", "Ann2")
    )
    path = written(tmp_path, "ViewingActivity.csv", content)
    with pytest.raises(InvalidInput, match="3 people; allowed: one of Ann, Ann2, Bob"):
        importer.imports.import_file(path, importer.person)
    assert importer.events() == []
    preview = importer.imports.preview(path, importer.person)
    assert preview.profiles == {"Ann": 2, "Bob": 2, "Ann2": 2}
    report = importer.run(path, Options(profile="Ann"))
    assert outcome(report) == ("netflix", 2, {"other profile": 4}, [])
    with pytest.raises(InvalidInput, match="profile: 'Eve' is not allowed; allowed: Ann, Bob, Ann2"):
        importer.imports.import_file(path, importer.person, Options(profile="Eve"))
    assert len(importer.events()) == 2


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (["3/13/24", "3/2/24", "2/28/24"], ["2024-02-28", "2024-03-02", "2024-03-13"]),
        (["13/3/24", "2/3/24", "28/2/24"], ["2024-02-28", "2024-03-02", "2024-03-13"]),
        (["13.03.2024", "02.03.2024"], ["2024-03-02", "2024-03-13"]),
        (["2024-03-13", "2024-03-02"], ["2024-03-02", "2024-03-13"]),
        (["5/1/24", "4/12/24", "4/2/24", "3/10/24"], ["2024-03-10", "2024-04-02", "2024-04-12", "2024-05-01"]),
        (["1/5/24", "12/4/24", "2/4/24", "10/3/24"], ["2024-03-10", "2024-04-02", "2024-04-12", "2024-05-01"]),
    ],
)
def test_netflix_in_two_columns_finds_the_order_of_its_dates(
    importer: Importer, tmp_path: Path, dates: list[str], days: list[str]
) -> None:
    content = "Title,Date\n" + "".join(f'"The Sea: Season 1: Waves","{date}"\n' for date in dates)
    report = importer.run(written(tmp_path, "NetflixViewingHistory.csv", content))
    assert outcome(report) == ("netflix", len(days), {}, [])
    assert [event["watched_at"][:10] for event in importer.events()] == days
    assert {event["stamp"] for event in importer.events()} == {"day"}
    assert report.without_length == len(days)


# -- Spotify ----------------------------------------------------------------------------------------------------------


def test_spotify_account_data(importer: Importer, tmp_path: Path) -> None:
    content = [
        {"endTime": "2024-03-02 00:01", "artistName": "A", "trackName": "One", "msPlayed": 180_600},
        {"endTime": "2024-03-02 00:01", "artistName": "A", "trackName": "One", "msPlayed": 0},
        {"endTime": "2024-03-02 00:01", "artistName": "A", "trackName": "One", "msPlayed": 0},
        {"endTime": "2024-03-02 00:02", "artistName": "A", "trackName": "Two", "msPlayed": -5},
        {"endTime": "2024-03-02 00:02", "artistName": "A", "trackName": "Two", "msPlayed": "5"},
        {"endTime": "2024-03-02 00:02", "artistName": "", "trackName": "Two", "msPlayed": 5},
    ]
    report = importer.run(written(tmp_path, "StreamingHistory0.json", content))
    assert (report.imported, report.duplicates, report.rejected_rows) == (2, 1, 3)
    assert report.days == {"2024-03-02": (3, 181)}, "a play counts for the day of its end"
    names = ("watched_at", "duration_seconds", "category", "creator", "stamp", "content_type", "quality")
    assert picked(importer.events(), *names)[0] == (
        "2024-03-01T23:57:59.000000+00:00",
        181,
        "music",
        "A",
        "end",
        "video",
        "audio",
    )


def test_spotify_extended_history(importer: Importer, tmp_path: Path) -> None:
    def played(**facts: Any) -> dict[str, Any]:
        empty = dict.fromkeys(
            ("master_metadata_track_name", "master_metadata_album_artist_name", "spotify_track_uri", "episode_name")
        )
        base = {"ts": "2024-03-01T10:00:00Z", "ms_played": 60_000, "reason_end": "trackdone", "ip_addr": "192.0.2.7"}
        return {**base, **empty, **facts}

    song = {
        "master_metadata_track_name": "One",
        "master_metadata_album_artist_name": "A",
        "spotify_track_uri": "spotify:track:1",
    }
    content = [
        played(**song),
        played(**song, ts="2024-03-01T11:00:00Z", reason_end="fwdbtn"),
        played(episode_name="Talk", episode_show_name="Show", spotify_episode_uri="spotify:episode:2"),
        played(),
    ]
    report = importer.run(written(tmp_path, "Streaming_History_Audio_2024_0.json", content))
    assert outcome(report) == ("spotify", 3, {}, [(4, "neither a title nor an address")])
    assert sorted(picked(importer.events(), "subject", "completed", "category", "creator")) == [
        ("spotify:episode:2", True, "podcast", "Show"),
        ("spotify:track:1", False, "music", "A"),
        ("spotify:track:1", True, "music", "A"),
    ]
    assert "192.0.2.7" not in str(importer.events())


# -- Trakt, Last.fm, Letterboxd ---------------------------------------------------------------------------------------


def test_trakt(importer: Importer, tmp_path: Path) -> None:
    def watched(number: int, action: str = "scrobble", **more: Any) -> dict[str, Any]:
        movie = {"title": "Film", "year": 2024, "ids": {"trakt": 7}}
        return {
            "id": number,
            "watched_at": "2024-03-01T10:00:00.000Z",
            "action": action,
            "type": "movie",
            "movie": movie,
            **more,
        }

    show = {"title": "Show", "ids": {"trakt": 8}}
    episode = {"title": "Pilot", "season": 1, "number": 2, "ids": {"trakt": 9}}
    content = [
        watched(1),
        watched(2, "checkin"),
        watched(3, "watch"),
        watched(1, year=2025),
        {**watched(4), "type": "episode", "show": show, "episode": episode},
        {**watched(5), "type": "season"},
    ]
    report = importer.run(written(tmp_path, "history.json", content))
    assert outcome(report)[:3] == ("trakt", 3, {"marked by hand": 1})
    assert (report.duplicates, [one.row for one in report.rejected]) == (1, [6])
    assert sorted(set(picked(importer.events(), "subject", "title", "creator", "category"))) == [
        ("trakt:episode:9", "Show S01E02: Pilot", "Show", "series"),
        ("trakt:movie:7", "Film", None, "movie"),
    ]
    assert importer.run(tmp_path / "history.json", Options(include=("marked by hand",))).imported == 1


LASTFM = {
    "memory.fm": {
        "meta": {"tz": "Asia/Kolkata", "list": [1, {"scrobbles": []}]},
        "scrobbles": [{"timestamp": "2024-05-05T00:00:45+05:30", "track": "One", "artist": "A", "album": "X"}],
    },
    "lastfmstats": {
        "username": "ann",
        "scrobbles": [{"track": "One", "artist": "A", "album": "X", "albumId": "", "date": 1714847445000}],
    },
    "api": {
        "recenttracks": {
            "track": [
                {"artist": {"#text": "A"}, "name": "Now", "@attr": {"nowplaying": "true"}},
                {"artist": {"#text": "A", "mbid": ""}, "name": "One", "date": {"uts": "1714847445", "#text": "…"}},
            ]
        }
    },
    "csv with names": "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    '"1714847445","x","A","","X","","One",""\n',
    "csv with semicolons": 'Artist;Album;AlbumId;Track;Date#ann\n"A";"X";"";"One";"1714847445000"\n',
}


@pytest.mark.parametrize("kind", LASTFM)
def test_lastfm(importer: Importer, tmp_path: Path, kind: str) -> None:
    report = importer.run(written(tmp_path, "scrobbles", LASTFM[kind]))
    assert outcome(report) == ("lastfm", 1, {"still playing": 1} if kind == "api" else {}, [])
    assert picked(importer.events(), "watched_at", "title", "creator", "category", "length_known") == [
        ("2024-05-04T18:30:45.000000+00:00", "One", "A", "music", False)
    ]


def test_lastfm_csv_without_names(importer: Importer, tmp_path: Path) -> None:
    content = 'A,X,One,04 May 2024 18:30\n"B, C",,Two,"4 May 2024, 18:31"\nA,X,Three,04 Mai 2024 18:30\n'
    report = importer.run(written(tmp_path, "ann.csv", content))
    assert outcome(report) == ("lastfm", 2, {}, [(3, "date is no time: '04 Mai 2024 18:30'")])
    assert picked(importer.events(), "watched_at", "creator")[1] == ("2024-05-04T18:31:00.000000+00:00", "B, C")


def test_letterboxd(importer: Importer, tmp_path: Path) -> None:
    content = (
        "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
        '2024-03-05,Film,1999,https://boxd.it/1,4.5,,"cinema, with Bo",2024-03-04\n'
        "2024-03-05,Other,2001,https://boxd.it/2,,Yes,,\n"
        "2024-03-05,,2001,https://boxd.it/3,,,,2024-03-04\n"
    )
    report = importer.run(written(tmp_path, "diary.csv", content))
    assert outcome(report) == ("letterboxd", 2, {}, [(3, "Name is empty")])
    assert picked(importer.events(), "watched_at", "title", "tags", "stamp", "completed", "length_known") == [
        ("2024-03-04T00:00:00.000000+00:00", "Film (1999)", ["cinema", "with Bo"], "day", True, False),
        ("2024-03-05T00:00:00.000000+00:00", "Other (2001)", None, "day", True, False),
    ]


# -- Tautulli, Jellyfin -----------------------------------------------------------------------------------------------


def test_tautulli(importer: Importer, tmp_path: Path) -> None:
    def play(number: int | None, **more: Any) -> dict[str, Any]:
        base = {
            "row_id": number,
            "reference_id": 1,
            "started": 1709287200,
            "stopped": 1709290800,
            "paused_counter": 600,
        }
        base |= {"media_type": "episode", "full_title": "Show - Pilot", "title": "Pilot", "grandparent_title": "Show"}
        base |= {
            "user": "ann",
            "user_id": 5,
            "friendly_name": "Ann",
            "rating_key": 77,
            "watched_status": 1,
            "state": None,
        }
        return base | more

    rows = [
        play(1, play_duration=3000),
        play(2, watched_status=0.5),
        play(2, platform="TV"),
        play(None, state="playing", stopped=None),
        play(3, media_type="photo"),
        play(4, stopped=1709287100),
        play(5, started="soon"),
    ]
    content = {"response": {"result": "success", "message": None, "data": {"draw": 1, "data": rows, "recordsTotal": 7}}}
    report = importer.run(written(tmp_path, "history.json", content))
    assert outcome(report)[:3] == ("tautulli", 2, {"still playing": 1, "photo": 1})
    assert (report.duplicates, [one.row for one in report.rejected]) == (1, [6, 7])
    assert picked(importer.events(), "subject", "duration_seconds", "completed", "creator", "watched_at") == [
        ("plex:77", 3000, True, "Show", "2024-03-01T10:00:00.000000+00:00"),
        ("plex:77", 3000, False, "Show", "2024-03-01T10:00:00.000000+00:00"),
    ]


def test_jellyfin(importer: Importer, tmp_path: Path) -> None:
    def play(at: str, seconds: str, item: str = "i1", user: str = "u1") -> str:
        cells = (at, user, item, "Episode", "Show - s01e02 - Pilot", "DirectPlay", "Web", "Firefox", seconds)
        return "\t".join(cells) + "\r\n"

    content = "".join(
        [
            play("2024-03-01 20:00:00.1234567", "1800"),
            play("2024-03-01 20:00:00.1234567", "1900"),
            play("2024-03-01 22:00:00.1234567", "2700000", "i2"),
            play("2024-03-01 23:00:00.0000000", "-3"),
            play("2024-03-01 23:30:00", "12.6"),
            play("2024-03-01", "12"),
        ]
    )
    report = importer.run(written(tmp_path, "backup.tsv", content))
    assert (report.format, report.imported, report.duplicates) == ("jellyfin", 3, 1)
    assert [(one.row, one.reason) for one in report.rejected] == [
        (4, "PlayDuration is negative: -3"),
        (6, "DateCreated is no time: '2024-03-01'"),
    ]
    assert picked(importer.events(), "watched_at", "duration_seconds", "creator") == [
        ("2024-03-01T20:00:00.123456+00:00", 1800, "Show"),
        ("2024-03-01T22:00:00.123456+00:00", 2700, "Show"),
        ("2024-03-01T23:30:00.000000+00:00", 13, "Show"),
    ]


def test_jellyfin_writes_quotes_as_they_are(importer: Importer, tmp_path: Path) -> None:
    titles = ('"Crocodile" Dundee', '"Weird Al" Story', '"Half a quote', "Plain")
    lines = [
        "\t".join((f"2024-03-0{n} 20:00:00", "u", f"i{n}", "Movie", title, "D", "W", "F", "60"))
        for n, title in enumerate(titles, 1)
    ]
    importer.run(written(tmp_path, "backup.tsv", "\n".join(lines)))
    assert tuple(event["title"] for event in importer.events()) == titles


# -- our own ----------------------------------------------------------------------------------------------------------


def filled(folder: Path) -> Importer:
    """Somebody with a list that has let most of what was watched go."""
    other = Importer(max_history=3)
    other.clock.advance(days=-30)
    other.manager.record_watch_activity(other.person, "=v0", 60, title="=cmd()", completed=True, tags=["a"])
    for number in range(1, 6):
        other.clock.advance(hours=1)
        other.manager.record_watch_activity(other.person, f"v{number}", 60 + number, "stream")
    other.manager.record_interaction(other.person, "like")
    return other


@pytest.mark.parametrize("form", ["csv", "json"])
def test_our_own_history(importer: Importer, tmp_path: Path, form: str) -> None:
    from user_stats.transfer.exports import everybody, history_rows
    from user_stats.transfer.tables import write_table

    other = filled(tmp_path)
    path = tmp_path / f"history.{form}"
    columns = ["user_id", *other.manager.history_tracker.get_watch_history(other.person)[0].__dataclass_fields__]
    write_table(path, form, columns, history_rows(other.manager, everybody(other.manager)))  # type: ignore[arg-type]
    report = importer.run(path)
    assert outcome(report) == ("user_stats", 3, {}, [])
    assert importer.manager.history_tracker.get_watch_history(importer.person) == (
        other.manager.history_tracker.get_watch_history(other.person)
    )


def test_our_own_archive_brings_every_watch_that_was_ever_recorded(importer: Importer, tmp_path: Path) -> None:
    from user_stats.transfer.person_archive import person_archive

    other = filled(tmp_path)
    path = written(tmp_path, "ada.zip", person_archive(other.manager, other.person))
    report = importer.run(path)
    assert outcome(report) == ("user_stats", 6, {"not a watch": 2}, [])
    assert picked(importer.events(), "subject", "title", "tags", "completed")[0] == ("=v0", "=cmd()", ["a"], True)
    assert importer.run(path).duplicates == 6


def test_our_own_export_brings_nothing_back_to_whom_it_came_from(tmp_path: Path) -> None:
    from user_stats.transfer.person_archive import person_archive

    other = filled(tmp_path)
    path = written(tmp_path, "ada.zip", person_archive(other.manager, other.person))
    report = other.run(path)
    assert (report.imported, report.duplicates) == (0, 6)


# -- newer exports ----------------------------------------------------------------------------------------------------


def test_a_video_of_another_name_by_now_or_in_the_other_form_is_the_same_watch(
    importer: Importer, tmp_path: Path
) -> None:
    first = entry("Watched Bread, slowly", "2024-03-01T10:00:05.250Z", "aaaaaaaaaa1", "The Oven")
    assert importer.run(written(tmp_path, "1.json", [first])).imported == 1
    link = first["titleUrl"]
    later = [
        entry(f"Watched {link}", first["time"], "aaaaaaaaaa1"),
        entry("Bread, slowly angesehen", first["time"], "aaaaaaaaaa1", "The Bakery"),
        entry("Watched Bread, slowly", "2024-03-01T10:00:06.250Z", "aaaaaaaaaa1", "The Oven"),
    ]
    report = importer.run(written(tmp_path, "2.json", later))
    assert (report.imported, report.duplicates) == (1, 2)
    content = (
        f"Watched\xa0{VIDEO.format('aaaaaaaaaa1', 'Bread, slowly', 'The Oven')}Mar 1, 2024, 10:00:05\u202fAM UTC<br>"
    )
    page = f"<html><body>{CELL.format(content=content, caption='')}</body></html>"
    report = importer.run(written(tmp_path, "3.html", page))
    assert (report.rows, report.imported, report.duplicates) == (1, 0, 1)


def test_netflix_moves_the_latest_bookmark_of_older_rows(importer: Importer, tmp_path: Path) -> None:
    names = "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Bookmark,Latest Bookmark\n"
    row = "Ann,2024-03-01 20:00:00,00:44:10,,The Sea,,00:44:10,{}\n"
    newer = "Ann,2024-03-02 20:00:00,00:10:00,,The Sea,,00:54:10,00:54:10\n"
    assert importer.run(written(tmp_path, "1.csv", names + row.format("00:44:10"))).imported == 1
    report = importer.run(written(tmp_path, "2.csv", names + newer + row.format("Not latest view")))
    assert (report.imported, report.duplicates) == (1, 1)
