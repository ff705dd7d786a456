"""Visits one by one, crawlers, logs of the past, what goes after its time."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from clocks import FixedClock
from real_data import real_file

from user_stats import UserManager
from user_stats.audience import Audience, Visit, log_imports, log_lines
from user_stats.audience.agents import agent_family, is_crawler
from user_stats.audience.visits import MOST_PATHS_A_DAY, clean_path
from user_stats.audit import newest_entries
from user_stats.collections import AUDIENCE_DAYS, AUDIENCE_PATHS, KNOWN_VISITORS, LOG_IMPORTS, LOG_LINES, SITE, VISITS
from user_stats.errors import Forbidden, InvalidInput, TooLarge
from user_stats.storage import Record, Storage, open_storage

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("header", "family", "crawls"),
    [
        (FIREFOX, "Firefox", False),
        (CHROME, "Chrome", False),
        (CHROME + " Edg/126.0", "Edge", False),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1 Version/17.0 Safari/605.1", "Safari", False),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", "Internet Explorer", False),
        ("Mozilla/5.0 (Linux) Robotica/1.0", "Other", False),
        (GOOGLEBOT, "Crawler", True),
        (
            "Mozilla/5.0 (iPhone) Safari/8536.25 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Crawler",
            True,
        ),
        ("Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)", "Crawler", True),
        ("Feedfetcher-Google; (+http://www.google.com/feedfetcher.html)", "Crawler", True),
        ("curl/8.5.0", "curl", True),
        ("python-requests/2.34", "Python", True),
        ("", "Crawler", True),
        ("-", "Crawler", True),
    ],
)
def test_browsers_and_crawlers_are_told_apart(header: str, family: str, crawls: bool) -> None:
    assert (agent_family(header), is_crawler(header)) == (family, crawls)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/a/b?token=1#x", "/a/b"),
        ("", "/"),
        ("/" + "x" * 500, "/" + "x" * 199),
        ("/ein-straße", "/ein-straße"),
        ("/a\r\nb\x1b[31m", "/a��b�[31m"),
        ("/\ud800", "/?"),
        ("/\u202egnp", "/�gnp"),
    ],
)
def test_paths_are_kept_without_their_query_and_safe_to_print(path: str, kept: str) -> None:
    assert clean_path(path) == kept


def test_pages_that_count_themselves_leave_crawlers_apart(audience: Audience) -> None:
    for user_agent in (FIREFOX, GOOGLEBOT, GOOGLEBOT):
        assert audience.count_page(audience.visit(address="192.0.2.1", user_agent=user_agent))
    assert audience.drain()
    day = audience.day()
    assert (day.visits, day.visitors, day.crawler_visits) == (1, 1, 2)


def test_explicit_calls_count_whoever_calls(audience: Audience) -> None:
    assert audience.track_user(audience.visit(address="192.0.2.1", user_agent=GOOGLEBOT)) == 1
    assert (audience.day().visits, audience.day().crawler_visits) == (1, 1)


def test_the_newest_visits_come_first_whatever_order_they_came_in(audience: Audience, clock: FixedClock) -> None:
    for hour in (3, 9, 6):
        audience.record_visits([audience.visit(path=f"/{hour}", visited_at=f"2026-03-04T{hour:02}:00:00Z")])
    audience.record_visits([audience.visit(path="/before", visited_at="2026-03-03", user_agent=CHROME)])
    assert [visit["path"] for visit in audience.newest_visits()] == ["/9", "/6", "/3", "/before"]
    assert audience.newest_visits(1)[0] == {"at": "2026-03-04T09:00:00.000000+00:00", "path": "/9", "agent": "Crawler"}
    with pytest.raises(InvalidInput, match="limit"):
        audience.newest_visits(0)


def test_many_visits_are_counted_together_or_not_at_all(audience: Audience) -> None:
    visit = audience.visit(address="192.0.2.1", user_agent=FIREFOX)
    assert audience.record_visits([visit] * 1000) == 1000
    with pytest.raises(TooLarge):
        audience.record_visits([visit] * 1001)
    assert audience.totals().visits == 1000


def test_lists_of_visits_stay_short_on_a_busy_day(audience: Audience, storage: Storage) -> None:
    visit = audience.visit(address="192.0.2.1", user_agent=FIREFOX)
    for _ in range(5):
        audience.record_visits([visit] * 1000)
    assert sorted(len(storage.read_log(VISITS, key)) for key in storage.log_keys(VISITS)) == [1000, 2000, 2000]
    assert len(audience.newest_visits(1000)) == 1000


def test_made_up_paths_do_not_fill_the_store(audience: Audience, storage: Storage) -> None:
    visits = [audience.visit(path=f"/{number}", user_agent=FIREFOX) for number in range(MOST_PATHS_A_DAY + 200)]
    audience.record_visits(visits)
    paths = storage.get(AUDIENCE_PATHS, "2026-03-04")
    assert paths is not None
    assert len(paths["paths"]) == MOST_PATHS_A_DAY + 1
    assert paths["paths"]["(other)"] == 200


def test_the_overview_agrees_with_its_parts(audience: Audience, clock: FixedClock) -> None:
    for back, path, user_agent in (
        (0, "/", FIREFOX),
        (0, "/", CHROME),
        (0, "/b", CHROME),
        (2, "/b", CHROME),
        (40, "/c", CHROME),
    ):
        at = (clock.now - timedelta(days=back, seconds=1)).isoformat()
        audience.record_visits([audience.visit(path=path, user_agent=user_agent, address="192.0.2.1", visited_at=at)])
    overview = audience.overview(30)
    assert [day.date for day in overview.days][:2] == ["2026-03-04", "2026-03-03"]
    assert len(overview.days) == 30
    assert sum(day.visits for day in overview.days) == 4
    assert overview.totals.visits == 5
    assert overview.top_paths == [("/", 2), ("/b", 2)]
    assert overview.agents == [("Chrome", 3), ("Firefox", 1)]
    assert overview.live_visits == 3
    assert [(figure.name, figure.value) for figure in overview.three_figures] == [
        ("People by cookie", 0),
        ("Visitor-days by address", 3),
        ("Visits", 5),
    ]
    assert audience.overview(60).top_paths[-1] == ("/c", 1)


def test_an_empty_site_has_an_overview(audience: Audience) -> None:
    overview = audience.overview()
    assert (len(overview.days), overview.people.stickiness, overview.top_paths, overview.instances) == (
        30,
        None,
        [],
        [],
    )


@pytest.mark.parametrize("days", [0, -1, 5000, True, "30", 1.0])
def test_a_period_is_a_number_of_days(audience: Audience, days: object) -> None:
    with pytest.raises(InvalidInput, match="days"):
        audience.overview(days)  # type: ignore[arg-type]


# -- retention ---------------------------------------------------------------------------------------


def test_cleanup_takes_out_old_events_and_keeps_the_figures_of_days(
    audience: Audience, clock: FixedClock, storage: Storage
) -> None:
    for back in (0, 30, 89, 90, 91, 400):
        at = (clock.now - timedelta(days=back)).isoformat()
        audience.record_visits([audience.visit(address="192.0.2.1", user_agent=FIREFOX, visited_at=at)])
        audience.record_job("transcode", True, finished_at=at)
    before = audience.all_days()
    assert audience.count_old(90) == 4
    assert audience.cleanup(90) == 4
    assert audience.cleanup(90) == audience.count_old(90) == 0
    assert [visit["at"][:10] for visit in audience.newest_visits()] == [
        "2026-03-04",
        "2026-02-02",
        "2025-12-05",
        "2025-12-04",
    ]
    assert audience.all_days() == before
    assert audience.totals().visits == 6
    assert min(day for day, _ in storage.scan(AUDIENCE_PATHS)) == "2025-12-04"


def test_admins_clean_up_and_it_is_noted(manager: UserManager, audience: Audience, storage: Storage) -> None:
    ada = manager.create_user("ada", "ada@example.org")
    grace = manager.create_user("grace", "grace@example.org", "admin")
    audience.record_visits([audience.visit(visited_at="2020-01-01")])
    with pytest.raises(Forbidden):
        audience.cleanup(90, actor=ada)
    assert audience.cleanup(90, actor=grace) == 1
    entry = newest_entries(storage, 1)[0]
    assert (entry.kind, entry.actor, entry.facts) == ("cleaned_up", grace, {"days_kept": 90})


@pytest.mark.parametrize("days", [0, -1, None, "90", 10**9, True, 1.5])
def test_cleanup_refuses_other_numbers_of_days(audience: Audience, days: object) -> None:
    audience.record_visits([audience.visit(visited_at="2020-01-01")])
    with pytest.raises(InvalidInput, match="days_to_keep"):
        audience.cleanup(days)  # type: ignore[arg-type]
    assert len(audience.newest_visits()) == 1


def test_visitors_who_come_no_more_are_forgotten_after_their_cookie(
    storage: Storage, audience: Audience, clock: FixedClock
) -> None:
    client_id = "11111111-1111-4111-8111-111111111111"
    audience.check_in(audience.visit(client_id=client_id), is_new=True)
    clock.advance(days=399)
    audience.cleanup()
    assert storage.count(KNOWN_VISITORS) == 1
    clock.advance(days=2)
    audience.cleanup()
    assert storage.count(KNOWN_VISITORS) == 0
    assert audience.totals().people == 1


# -- logs of the past ---------------------------------------------------------------------------------------


def made_up_log(lines: int, *, start: int = 0) -> Iterator[Visit]:
    first = datetime.fromisoformat("2026-02-01T00:00:00+00:00")
    for number in range(start, start + lines):
        yield Visit(
            first + timedelta(minutes=number), f"/{number % 3}", FIREFOX, f"192.0.2.{number % 7}", bytes_sent=10
        )


def test_a_log_counts_once_however_often_it_comes_in(audience: Audience) -> None:
    first = audience.import_visits(made_up_log(2500), fingerprint="abc", name="access.log")
    again = audience.import_visits(made_up_log(2500), fingerprint="abc", name="copy.log")
    assert (first.visits, first.was_known, again.visits, again.was_known) == (2500, False, 0, True)
    assert audience.totals().visits == 2500
    assert sum(first.days.values()) == 2500
    assert sum(day.bytes_sent for day in audience.all_days()) == 25_000


def parts_of(visits: list[Visit], ends: list[tuple[int, int]]) -> list[list[Visit]]:
    return [visits[start:end] for start, end in ends]


@pytest.mark.parametrize(
    "ends",
    [
        [(0, 700), (0, 900)],  # a log that has grown
        [(0, 300), (300, 900), (0, 900)],  # rotated ones, and the whole
        [(0, 900), (300, 500)],
        [(0, 600), (400, 900)],
        [(400, 900), (0, 600), (100, 800)],
    ],
)
def test_of_logs_that_overlap_each_line_counts_once_in_any_order(
    audience: Audience, ends: list[tuple[int, int]]
) -> None:
    whole = list(made_up_log(900))
    whole += whole[200:230]  # these stand in it twice: they were two visits
    whole.sort(key=lambda visit: visit.at)
    random.Random(7).shuffle(whole)
    parts = [*parts_of(whole, ends), whole]
    counted = [audience.import_visits(part, fingerprint=f"log-{number}").visits for number, part in enumerate(parts)]
    assert sum(counted) == len(whole) == audience.totals().visits
    again = audience.import_visits(reversed(whole), fingerprint="backwards")
    assert (again.visits, again.known_visits, again.was_known) == (0, 930, False)
    assert audience.totals().visits == 930


def test_logs_of_other_visits_in_the_same_minutes_count_all(audience: Audience) -> None:
    audience.import_visits(made_up_log(900), fingerprint="one")
    other = (visit._replace(path="/elsewhere") for visit in made_up_log(900))
    assert audience.import_visits(other, fingerprint="other").visits == 900


def test_what_is_known_of_many_minutes_is_packed_away_and_found_again(
    audience: Audience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "MOST_UNPACKED", 3)
    monkeypatch.setattr(log_lines, "MARKS_A_LIST", 50)
    monkeypatch.setattr(log_imports, "CHUNK", 40)
    whole = sorted([*made_up_log(300), *made_up_log(200)], key=lambda visit: visit.path)
    assert audience.import_visits(whole[:350], fingerprint="part").visits == 350
    assert audience.import_visits(whole, fingerprint="whole").visits == 150
    assert audience.import_visits(reversed(whole), fingerprint="backwards").visits == 0


def test_equal_lines_of_other_addresses_are_other_visits(audience: Audience) -> None:
    """Two servers of a site answer the same second, and a log is cut into parts line by line."""
    at = next(made_up_log(1)).at
    for server in (1, 2):
        visits = [Visit(at, "/", FIREFOX, f"192.0.{server}.{number}", bytes_sent=10) for number in range(4)]
        assert audience.import_visits(visits, fingerprint=f"server-{server}").visits == 4
        for part in range(3):
            counted = audience.import_visits(visits[part::3], fingerprint=f"server-{server}-part-{part}")
            assert counted.visits == 0
    assert audience.totals().visits == 8


def test_a_log_counts_once_also_when_the_key_of_its_day_is_gone(
    audience: Audience, storage: Storage, clock: FixedClock
) -> None:
    whole = list(made_up_log(300))
    audience.import_visits(whole[:200], fingerprint="part")
    clock.now += timedelta(days=3)
    assert audience.destroy_old_keys() != []
    assert audience.import_visits(whole, fingerprint="whole").visits == 100
    assert audience.import_visits(reversed(whole), fingerprint="backwards").visits == 0


def test_without_the_key_nothing_tells_the_address_of_a_line(storage: Storage, clock: FixedClock) -> None:
    """Where one key lives for good, two logs that differ in their addresses alone leave the same marks; else what they
    leave differs by the key as well."""

    def kept(address: str, key_days: int) -> dict[str, list[Record]]:
        other = open_storage("memory:")
        visits = (visit._replace(address=address) for visit in made_up_log(50))
        Audience(other, clock=clock, key_days=key_days).import_visits(visits, fingerprint="abc")
        return {key: other.read_log(LOG_LINES, key) for key in other.log_keys(LOG_LINES)}

    assert kept("192.0.2.1", 0) == kept("198.51.100.7", 0) != {}
    assert kept("192.0.2.1", 1) != kept("192.0.2.1", 1)


def test_visits_in_bulk_count_as_one_by_one(audience: Audience, storage: Storage, clock: FixedClock) -> None:
    visits = [visit._replace(client_id=None) for visit in made_up_log(400)]
    visits += [Visit(visits[0].at, "/x", GOOGLEBOT, "192.0.2.1"), Visit(visits[0].at, "/x", FIREFOX, "192.0.2.99")]
    visits.append(Visit(visits[0].at, "/x", FIREFOX, "192.0.2.98", do_not_track=True))
    for visit in visits:
        audience.record_visits([visit])
    one_by_one = audience.all_days(), audience.totals()
    bulk = Audience(open_storage("memory:"), clock=clock)
    bulk.record_visits(visits)
    assert (bulk.all_days(), bulk.totals()) == one_by_one


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_imports, "CHUNK", 1000)


@pytest.mark.usefixtures("small_chunks")
def test_an_import_that_was_cut_short_goes_on_where_it_stopped(audience: Audience) -> None:
    def broken() -> Iterator[Visit]:
        for number, visit in enumerate(made_up_log(2500)):
            if number == 1700:
                raise OSError("the disk is gone")
            yield visit

    with pytest.raises(OSError, match="the disk is gone"):
        audience.import_visits(broken(), fingerprint="abc")
    assert audience.totals().visits == 1000
    assert audience.import_visits(made_up_log(2500), fingerprint="abc").visits == 1500
    assert audience.totals().visits == 2500


@pytest.mark.usefixtures("small_chunks")
def test_two_imports_of_one_log_at_once_count_it_once(audience: Audience, storage: Storage) -> None:
    def overtaken() -> Iterator[Visit]:
        for number, visit in enumerate(made_up_log(1500)):
            if number == 1200:
                audience.import_visits(made_up_log(1500), fingerprint="abc")
            yield visit

    assert audience.import_visits(overtaken(), fingerprint="abc").visits == 1000
    assert audience.totals().visits == 1500
    assert (storage.get(LOG_IMPORTS, "abc") or {})["lines"] == 1500


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("moment", range(0, 3000, 500))
def test_of_two_logs_at_once_that_overlap_each_line_counts_once(
    audience: Audience, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Lines that stand twice in both, in whichever half, are two visits."""
    monkeypatch.setattr(log_lines, "MOST_UNPACKED", 200)
    lines = [visit for visit in made_up_log(1500) for _ in range(2)]
    others = [*lines[2000:], *made_up_log(1000, start=1500)]

    def overtaken() -> Iterator[Visit]:
        for number, visit in enumerate(lines):
            if number == moment:
                audience.import_visits(others, fingerprint="def")
            yield visit

    audience.import_visits(overtaken(), fingerprint="abc")
    assert audience.totals().visits == 4000


def elastic_log() -> Iterator[Visit]:
    path = real_file("raw/weblog_elastic/apache_logs")
    line_parts = re.compile(r'(\S+) \S+ \S+ \[([^]]+)] "\S+ (\S+).*?" \d{3} (\S+) "[^"]*" "(.*)').match
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            parts = line_parts(line)
            assert parts is not None, line
            address, time, path_text, size, user_agent = parts.groups()
            at = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z")
            yield Visit(at, path_text, user_agent, address, bytes_sent=int(size) if size.isdigit() else 0)


EXPECTED = [("2015-05-17", 1632, 341), ("2015-05-18", 2893, 627), ("2015-05-19", 2896, 561), ("2015-05-20", 2579, 505)]


def test_a_real_log_gives_the_known_answers(storage: Storage, clock: FixedClock) -> None:
    audience = Audience(storage, clock=clock)
    imported = audience.import_visits(elastic_log(), fingerprint="elastic")
    assert imported.visits == 10_000
    assert [(day.date, day.visits, day.visitors) for day in audience.all_days()] == EXPECTED
    assert audience.totals().visitor_days == 2034


def test_a_real_log_under_one_key_for_good_gives_distinct_addresses_and_newcomers(
    storage: Storage, clock: FixedClock
) -> None:
    audience = Audience(storage, clock=clock, key_days=0)
    audience.import_visits(elastic_log(), fingerprint="elastic")
    assert [(day.date, day.visits, day.visitors) for day in audience.all_days()] == EXPECTED
    assert [day.new_visitors for day in audience.all_days()] == [341, 549, 460, 403]
    assert (audience.totals().visitor_days, audience.totals().visitor_hashes) == (2034, 1753)


def test_totals_are_the_sums_of_the_days(storage: Storage, clock: FixedClock) -> None:
    audience = Audience(storage, clock=clock)
    audience.import_visits(elastic_log(), fingerprint="elastic")
    audience.check_in(audience.visit(client_id="11111111-1111-4111-8111-111111111111"), is_new=True)
    audience.record_job("transcode", False, error="no space")
    totals = storage.get(SITE, "audience")
    assert totals is not None
    for name, total in totals.items():
        assert total == sum(day.get(name, 0) for _, day in storage.scan(AUDIENCE_DAYS)), name
