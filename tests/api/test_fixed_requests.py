"""The requests whose shapes are fixed, each exactly, and on all its methods."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from .conftest import ADMIN, READ, RECORD, REPORT, MakeSite, Site, key

FIXED = {
    "/api/stats/track-user": {"POST"},
    "/api/stats/users": {"GET", "HEAD"},
    "/api/stats/report-users": {"POST"},
    "/health": {"GET", "HEAD", "POST"},
    "/keepalive": {"POST"},
    "/stats": {"GET", "HEAD"},
    "/cleanup": {"POST"},
    "/api/analytics": {"GET", "HEAD"},
    "/metrics": {"GET", "HEAD"},
    "/api/openapi.json": {"GET", "HEAD"},
    "/api/docs": {"GET", "HEAD"},
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", FIXED)
def test_every_other_method_is_refused_with_what_is_allowed(site: Site, path: str, method: str) -> None:
    answer = site.client.request(method, path, headers=key(ADMIN))
    if method in FIXED[path]:
        assert answer.status_code != 405
        return
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == FIXED[path]
    if method != "HEAD":
        assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/api/", "/api", "/api/nope", "/api/v1/nope", "/api/stats", "/api/stats/users/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_is_not_there_is_a_404_in_json(site: Site, method: str, path: str) -> None:
    answer = site.client.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_address"


def test_track_user(site: Site) -> None:
    for _ in range(2):
        answer = site.client.post("/api/stats/track-user")
        assert (answer.status_code, answer.json()) == (200, {"success": True, "count": 1})
    assert "set-cookie" not in answer.headers
    assert site.audience.day().visits == 2


def test_users_says_that_it_may_be_cached(site: Site, make_site: MakeSite) -> None:
    site.client.post("/api/stats/track-user")
    answer = site.client.get("/api/stats/users")
    assert answer.json() == {"count": 1}
    assert answer.headers["cache-control"] == "public, max-age=300"
    again = site.client.get("/api/stats/users", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert make_site(no_cache=True).client.get("/api/stats/users").headers["cache-control"] == "no-store"


def test_report_users(site: Site) -> None:
    body = {"count": 500, "instanceId": "my-instance-id"}
    answer = site.client.post("/api/stats/report-users", json=body, headers=key(REPORT))
    assert answer.json() == {"success": True, "count": 500, "instanceId": "my-instance-id", "trust": "key"}
    assert site.client.get("/api/stats/users").json() == {"count": 0}
    assert site.client.post("/api/stats/report-users", json=body).status_code == 401
    assert site.client.post("/api/stats/report-users", json=body, headers=key(READ)).status_code == 403


@pytest.mark.parametrize("path", ["/health", "/keepalive"])
def test_checking_in(site: Site, path: str) -> None:
    first = site.client.post(path)
    assert first.json() == {
        "status": "healthy",
        "new_client": True,
        "daily_active_users": 1,
        "monthly_active_users": 1,
    }
    cookie = first.headers["set-cookie"]
    assert re.fullmatch(
        r"client_id=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}; HttpOnly; Max-Age=31536000; Path=/; SameSite=Lax", cookie
    )
    second = site.client.post(path)
    assert second.json() == {**first.json(), "new_client": False}
    assert "set-cookie" not in second.headers
    assert (site.audience.totals().visits, site.audience.totals().visitor_days) == (0, 0)


def test_the_cookie_is_secure_under_https(make_site: MakeSite) -> None:
    site = make_site()
    answer = site.client.post("https://localhost/health")
    assert answer.headers["set-cookie"].endswith("; Secure")


def test_health_to_look_at_counts_nothing(site: Site) -> None:
    answer = site.client.get("/health")
    assert answer.json() == {"status": "healthy"}
    assert "set-cookie" not in answer.headers
    assert site.audience.all_days() == []


def test_stats(site: Site) -> None:
    site.client.post("/health")
    site.clock.advance(days=2)
    site.client.post("/health")
    answer = site.client.get("/stats", headers=key(READ))
    assert answer.json() == {
        "success": True,
        "data": {
            "daily_active_users": 1,
            "monthly_active_users": 1,
            "total_unique_users": 1,
            "daily_breakdown": [{"date": "2026-03-06", "users": 1}, {"date": "2026-03-04", "users": 1}],
            "timestamp": "2026-03-06T12:30:00+00:00",
        },
    }


def test_cleanup(site: Site) -> None:
    for days in (0, 100):
        at = (site.clock.now - timedelta(days=days)).isoformat()
        site.audience.record_visits([site.audience.visit(visited_at=at)])
    answer = site.client.post("/cleanup", json={"days_to_keep": 90}, headers=key(ADMIN))
    assert answer.json() == {"success": True, "deleted": 1}
    assert site.client.post("/cleanup", json={"days_to_keep": 90}, headers=key(READ)).status_code == 403


def test_analytics(site: Site) -> None:
    site.client.post("/api/stats/track-user")
    site.client.post("/api/stats/track-user")
    site.audience.record_job("image", True)
    site.audience.record_job("image", False)
    site.clock.advance(days=1)
    site.audience.record_job("image", True)
    answer = site.client.get("/api/analytics", headers=key(READ)).json()
    assert answer["total"] == {
        "visits": 2,
        "unique_visitors": 1,
        "successful_generations": 2,
        "failed_generations": 1,
        "total_generations": 3,
    }
    assert answer["today"] == {
        "unique_visitors": 0,
        "total_visits": 0,
        "successful_generations": 1,
        "failed_generations": 0,
        "total_generations": 1,
    }
    rows = answer["last_7_days"]
    assert [row["date"] for row in rows] == [
        f"2026-0{day}" for day in ("3-05", "3-04", "3-03", "3-02", "3-01", "2-28", "2-27")
    ]
    assert rows[1] == {
        "date": "2026-03-04",
        "unique_visitors": 1,
        "total_visits": 2,
        "successful_generations": 1,
        "failed_generations": 1,
    }
    assert rows[6]["total_visits"] == 0


@pytest.mark.parametrize("path", ["/stats", "/api/analytics", "/metrics"])
def test_a_key_is_taken_from_any_of_its_places(site: Site, path: str) -> None:
    assert site.client.get(path).status_code == 401
    assert site.client.get(path).headers["www-authenticate"].startswith("Bearer")
    assert site.client.get(path, headers=key(READ)).status_code == 200
    assert site.client.get(path, headers={"x-api-key": READ}).status_code == 200
    assert site.client.get(path, params={"key": READ}).status_code == 200
    assert site.client.get(path, headers=key(ADMIN)).status_code == 200
    assert site.client.get(path, headers=key(RECORD)).status_code == 403
    assert site.client.get(path, headers=key("wrong")).status_code == 401
    assert site.client.get(path, params={"key": "wrong"}).status_code == 401


def test_of_several_keys_the_header_decides(site: Site) -> None:
    assert site.client.get("/stats", params={"key": "wrong"}, headers=key(READ)).status_code == 200
    assert site.client.get("/stats", params={"key": READ}, headers=key("wrong")).status_code == 401
    assert site.client.get("/stats", headers={**key("wrong"), "x-api-key": READ}).status_code == 401
    assert site.client.get("/stats", headers=[("x-api-key", READ), ("x-api-key", ADMIN)]).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/stats/track-user"),
        ("GET", "/api/stats/users"),
        ("POST", "/api/stats/report-users"),
        ("POST", "/health"),
        ("GET", "/health"),
        ("POST", "/keepalive"),
        ("POST", "/cleanup"),
        ("GET", "/api/v1/users"),
        ("DELETE", "/api/v1/users/11111111-1111-4111-8111-111111111111"),
    ],
)
def test_elsewhere_a_key_in_the_address_is_refused(site: Site, method: str, path: str) -> None:
    for headers in ({}, key(ADMIN)):
        answer = site.client.request(method, path, params={"key": ADMIN}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "key")


@pytest.mark.parametrize("bad", ["x" * 300, "k\xe9y", "", "key-read key-read"])
def test_odd_keys_are_unknown_keys(site: Site, bad: str) -> None:
    for headers in ({"x-api-key": bad.encode("latin-1")}, {"authorization": b"Bearer " + bad.encode("latin-1")}):
        assert site.client.get("/stats", headers=headers).status_code == 401  # type: ignore[arg-type]


def test_metrics_are_in_the_form_that_prometheus_reads(site: Site) -> None:
    site.client.post("/api/stats/track-user")
    site.client.post("/api/stats/report-users", json={"count": 5, "instanceId": "b-1"}, headers=key(REPORT))
    answer = site.client.get("/metrics", headers=key(READ))
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = {}
    announced: set[str] = set()
    for line in answer.text.splitlines():
        if line.startswith("#"):
            _, word, name, text = line.split(" ", 3)
            assert word in ("HELP", "TYPE")
            assert word == "HELP" or text in ("counter", "gauge")
            assert text != "counter" or name.endswith("_total")
            announced.add(name)
            continue
        found = re.fullmatch(r"([a-z_]+)(\{[a-z]+=\"[^\"]+\"\})? (\d+)", line)
        assert found is not None, line
        assert found[1] in announced
        assert not set(found[1].split("_")) & {"count", "sum", "bucket", "days", "hours", "minutes", "milliseconds"}
        samples[found[1] + (found[2] or "")] = int(found[3])
    assert samples["user_stats_visits_total"] == 1
    assert samples['user_stats_active_people{days="30"}'] == 0
    assert samples['user_stats_instance_reported{instance="b-1"}'] == 5


def test_who_asks_not_to_be_tracked_gets_no_cookie_and_is_no_visitor(site: Site) -> None:
    for headers in ({"dnt": "1"}, {"sec-gpc": "1"}):
        answer = site.client.post("/health", headers=headers)
        assert "set-cookie" not in answer.headers
        assert answer.json()["daily_active_users"] == 0
        assert site.client.post("/api/stats/track-user", headers=headers).json() == {"success": True, "count": 0}
    assert site.audience.day().visits == 2
    assert site.client.post("/api/stats/track-user", headers={"dnt": "0"}).json()["count"] == 1


def test_switched_off_nothing_is_counted(make_site: MakeSite) -> None:
    site = make_site(is_enabled=False)
    assert site.client.post("/api/stats/track-user").json() == {"success": True, "count": 0}
    answer = site.client.post("/health")
    assert answer.json() == {
        "status": "healthy",
        "new_client": False,
        "daily_active_users": 0,
        "monthly_active_users": 0,
    }
    assert "set-cookie" not in answer.headers


def test_a_visit_of_the_past_takes_a_key(site: Site) -> None:
    moment = "2026-01-05T10:00:00Z"
    address = "/api/stats/track-user"
    for more in ({"params": {"visited_at": moment}}, {"json": {"visited_at": moment}}):
        assert site.client.post(address, **more).status_code == 401
        assert site.client.post(address, headers=key(READ), **more).status_code == 403
        assert site.client.post(address, headers=key(RECORD), **more).json() == {"success": True, "count": 1}
    assert [(day.date, day.visits, day.visitors) for day in site.audience.all_days()] == [("2026-01-05", 2, 1)]
    for wrong in ("tomorrow", "2026-03-05T00:00:00Z", ""):
        answer = site.client.post(address, headers=key(RECORD), params={"visited_at": wrong})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "visited_at")


def test_the_path_of_a_tracked_visit_is_that_of_the_page(site: Site) -> None:
    site.client.post("/api/stats/track-user", headers={"referer": "https://site.example/news/1?token=x"})
    assert site.audience.newest_visits()[0]["path"] == "/news/1"
    assert site.audience.newest_visits()[0]["agent"] == "Firefox"


@pytest.mark.parametrize("referer", ["http://[", "http://[::1", "//[", "http://[not-an-address]/a", "\x00", ""])
def test_a_visit_from_no_page_counts_too(site: Site, referer: str) -> None:
    answer = site.client.post("/api/stats/track-user", headers={"referer": referer})
    assert (answer.status_code, answer.json()["count"]) == (200, 1)


def test_the_counter_for_other_pages_is_off_until_it_is_wanted(site: Site, make_site: MakeSite) -> None:
    for path in ("/api/counter", "/api/counter.svg"):
        assert site.client.get(path).status_code == 404
    wanted = make_site(embed_counter=True)
    wanted.client.post("/api/stats/track-user")
    answer = wanted.client.get("/api/counter")
    assert (answer.json(), answer.headers["access-control-allow-origin"]) == ({"count": 1}, "*")
    known = wanted.client.get("/api/counter", headers={"if-none-match": answer.headers["etag"]})
    assert (known.status_code, known.headers["access-control-allow-origin"]) == (304, "*")
    badge = wanted.client.get("/api/counter.svg")
    assert badge.headers["content-type"].startswith("image/svg+xml")
    assert ">1</text>" in badge.text
    assert "http" not in badge.text.replace("http://www.w3.org/2000/svg", "")


def test_the_docs_load_nothing_from_outside(site: Site) -> None:
    page = site.client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/stats/track-user" in page.text
    assert re.findall(r"(?:src|href)=(\S+?)>", page.text) == ['"/api/openapi.json"']
    assert "<script" not in page.text
    assert "@import" not in page.text
