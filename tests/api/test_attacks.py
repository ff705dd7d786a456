"""What strangers try: spoofed addresses, cookie farms, floods, forged and repeated reports, hostile bodies."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from user_stats.api.addresses import Proxies
from user_stats.audience.instances import signature
from user_stats.collections import ALL_COLLECTIONS, INSTANCES
from user_stats.errors import StorageFull

from .conftest import ADMIN, READ, RECORD, REPORT, MakeSite, Site, key

STRANGER = ("203.0.113.9", 40_000)
REPORTS = "/api/stats/report-users"
JSON = {"content-type": "application/json"}


def stored(site: Site) -> int:
    """How many records the store has."""
    return sum(site.storage.count(collection) for collection in ALL_COLLECTIONS)


# -- addresses --------------------------------------------------------------------------------------


def address(peer: tuple[str, int] | None, header: str | None, *trusted: str) -> str:
    headers = [] if header is None else [(b"x-forwarded-for", header.encode())]
    return Proxies(trusted).client_address({"type": "http", "client": peer, "headers": headers})


@pytest.mark.parametrize(
    ("peer", "header", "trusted", "client"),
    [
        (STRANGER, "198.51.100.1", (), "203.0.113.9"),
        (STRANGER, "198.51.100.1", ("10.0.0.0/8",), "203.0.113.9"),
        (("10.0.0.1", 5), "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        (("::ffff:10.0.0.1", 5), "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        (("10.0.0.1", 5), "1.1.1.1, 198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        (("10.0.0.1", 5), "1.1.1.1, 198.51.100.1, 10.0.0.7", ("10.0.0.0/8",), "198.51.100.1"),
        (("10.0.0.1", 5), "10.0.0.2, 10.0.0.3", ("10.0.0.0/8",), "10.0.0.1"),
        (("10.0.0.1", 5), "1.1.1.1, x, ::1%eth0, 999.1.1.1", ("10.0.0.0/8",), "10.0.0.1"),
        (("10.0.0.1", 5), "198.51.100.1:1234", ("10.0.0.0/8",), "10.0.0.1"),
        (("10.0.0.1", 5), "", ("10.0.0.0/8",), "10.0.0.1"),
        (("10.0.0.1", 5), None, ("10.0.0.0/8",), "10.0.0.1"),
        (("10.0.0.1", 5), "::ffff:198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        (("10.0.0.1", 5), "2001:db8::7", ("10.0.0.0/8",), "2001:db8::7"),
        (("198.51.100.1", 0), "198.51.100.1", (), "127.0.0.1"),
        (("198.51.100.1", 0), "1.1.1.1, 198.51.100.1", ("127.0.0.1",), "198.51.100.1"),
        (None, "198.51.100.1", ("127.0.0.1",), "198.51.100.1"),
        (("testclient", 5), None, (), "127.0.0.1"),
    ],
)
def test_a_forwarded_address_is_believed_from_trusted_proxies_alone(
    peer: tuple[str, int] | None, header: str | None, trusted: tuple[str, ...], client: str
) -> None:
    assert address(peer, header, *trusted) == client


def test_several_headers_are_one_list() -> None:
    headers = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"198.51.100.1")]
    assert Proxies(["10.0.0.1"]).client_address({"client": ("10.0.0.1", 5), "headers": headers}) == "198.51.100.1"


@pytest.mark.parametrize(
    ("peer", "proto", "is_https"),
    [(("10.0.0.1", 5), b"https", True), (("10.0.0.1", 5), b"http", False), (STRANGER, b"https", False)],
)
def test_https_is_believed_from_trusted_proxies_alone(peer: tuple[str, int], proto: bytes, is_https: bool) -> None:
    scope = {"client": peer, "scheme": "http", "headers": [(b"x-forwarded-proto", proto)]}
    assert Proxies(["10.0.0.1"]).is_https(scope) is is_https


def test_spoofed_addresses_add_no_visitors(make_site: MakeSite) -> None:
    site = make_site(client=STRANGER)
    for number in range(50):
        answer = site.client.post("/api/stats/track-user", headers={"x-forwarded-for": f"198.51.100.{number}"})
    assert answer.json()["count"] == 1


# -- cookies and floods --------------------------------------------------------------------------------------


def test_a_cookie_farm_adds_50_people_a_day(make_site: MakeSite) -> None:
    site = make_site(client=STRANGER)
    for _ in range(200):
        site.client.cookies.clear()
        answer = site.client.post("/health")
    assert answer.json()["daily_active_users"] == 50
    assert answer.json()["new_client"] is True


@pytest.mark.parametrize("cookie", ["x", "x" * 10_000, "11111111-1111-1111-1111-111111111111", "\xff", '"; Path=/', ""])
def test_a_wrong_cookie_is_replaced_silently(site: Site, cookie: str) -> None:
    answer = site.client.post("/health", headers={"cookie": b"client_id=" + cookie.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.json()["new_client"] is True
    assert answer.headers["set-cookie"].startswith("client_id=")


def test_one_address_without_a_key_is_slowed_down(make_site: MakeSite) -> None:
    site = make_site(client=STRANGER, requests_per_minute=20)
    codes = [site.client.post("/api/stats/track-user").status_code for _ in range(25)]
    assert codes == [200] * 20 + [429] * 5
    answer = site.client.post("/api/stats/track-user")
    assert answer.json()["error"]["code"] == "rate_limited"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert site.client.get("/stats", headers=key(READ)).status_code == 200


def test_a_house_with_ipv6_is_one_address(make_site: MakeSite) -> None:
    site = make_site(client=("10.0.0.1", 5), trusted_proxies=("10.0.0.1",), requests_per_minute=20)

    def ask(address: str) -> int:
        return site.client.get("/api/stats/users", headers={"x-forwarded-for": address}).status_code

    codes = [ask(f"2001:db8:1:2::{number:x}") for number in range(1, 26)]
    assert codes == [200] * 20 + [429] * 5
    assert ask("2001:db8:1:3::1") == 200


def test_one_key_is_slowed_down(make_site: MakeSite) -> None:
    site = make_site(key_requests_per_minute=3)
    assert [site.client.get("/stats", headers=key(READ)).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert site.client.get("/stats", headers=key(ADMIN)).status_code == 200


def test_guessing_keys_is_slowed_down(make_site: MakeSite) -> None:
    site = make_site(client=STRANGER)
    codes = [site.client.get("/stats", headers=key(f"guess-{number}")).status_code for number in range(40)]
    assert codes == [401] * 30 + [429] * 10
    assert site.client.get("/stats", headers=key(READ)).status_code == 429


# -- reports --------------------------------------------------------------------------------------


def signed(site: Site, body: bytes, *, late: timedelta = timedelta(0), with_key: str = REPORT) -> dict[str, str]:
    sent_at = (site.clock.now - late).isoformat()
    return {
        **key(REPORT),
        **JSON,
        "x-report-time": sent_at,
        "x-report-signature": signature(with_key, sent_at, body),
    }


def test_a_signed_report_counts_once(site: Site) -> None:
    body = b'{"count": 500, "instanceId": "berlin"}'
    headers = signed(site, body)
    assert site.client.post(REPORTS, content=body, headers=headers).json()["trust"] == "signed"
    assert site.client.post(REPORTS, content=body, headers=headers).status_code == 401
    forged = b'{"count": 501, "instanceId": "berlin"}'
    site.clock.advance(seconds=1)
    assert site.client.post(REPORTS, content=forged, headers=headers).status_code == 401
    assert site.client.post(REPORTS, content=forged, headers=signed(site, forged, with_key="guess")).status_code == 401
    assert site.client.post(REPORTS, content=forged, headers={**key(REPORT), **JSON}).status_code == 401
    site.clock.advance(minutes=6)
    late = signed(site, forged, late=timedelta(minutes=5, seconds=1))
    assert site.client.post(REPORTS, content=forged, headers=late).status_code == 401
    assert site.audience.instances()[0].count == 500


def test_a_report_for_the_instance_of_another_key_is_refused(site: Site) -> None:
    body = {"count": 500, "instanceId": "berlin"}
    assert site.client.post(REPORTS, json=body, headers=key(REPORT)).status_code == 200
    assert site.client.post(REPORTS, json=body, headers=key("key-report-2")).status_code == 403


def test_nothing_is_stored_for_unknown_senders(site: Site) -> None:
    before = stored(site)
    for number in range(300):
        body = {"count": number, "instanceId": f"flood-{number}"}
        assert site.client.post(REPORTS, json=body, headers=key("unknown")).status_code in (401, 429)
        assert site.client.post(REPORTS, json=body).status_code == 401
    assert stored(site) == before


def test_open_reporting_is_marked_as_unverified(make_site: MakeSite) -> None:
    site = make_site(open_reporting=True)
    answer = site.client.post(REPORTS, json={"count": 500, "instanceId": "berlin"})
    assert answer.json() == {"success": True, "count": 500, "instanceId": "berlin", "trust": "unverified"}
    assert site.client.post(REPORTS, json={"count": 1, "instanceId": "x"}, headers=key("wrong")).status_code == 401


@pytest.mark.parametrize("count", ["-1", "0.5", '"5"', "true", "null", "1000000000000000000", "10000001", "0.0001"])
def test_a_wrong_count_is_refused(site: Site, count: str) -> None:
    body = f'{{"count": {count}, "instanceId": "berlin"}}'
    answer = site.client.post(REPORTS, content=body, headers={**key(REPORT), **JSON})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "count")
    assert site.storage.count(INSTANCES) == 0


@pytest.mark.parametrize("name", ["x" * 65, "a:b", "../x", "a\nb", "![a](b)", "", 5, None])
def test_a_wrong_instance_is_refused(site: Site, name: object) -> None:
    answer = site.client.post(REPORTS, json={"count": 5, "instanceId": name}, headers=key(REPORT))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "instanceId")
    assert site.storage.count(INSTANCES) == 0


# -- bodies --------------------------------------------------------------------------------------

NO_JSON = {
    "nothing": b"",
    "blanks": b"  \n",
    "half": b'{"count": 5',
    "two": b"{}{}",
    "comment": b'{"count": 5} // five',
    "single quotes": b"{'count': 5}",
    "invalid UTF-8": b'{"count": "\xff"}',
    "byte order mark": b'\xef\xbb\xbf{"count": 5, "instanceId": "a"}',
    "UTF-16": '{"count": 5}'.encode("utf-16"),
    "the same member twice": b'{"count": 5, "instanceId": "a", "count": 6}',
    "a member twice among very many": b"{" + b"".join(b'"%d":0,' % n for n in range(300_000)) + b'"299999":0}',
    "NaN": b'{"count": NaN, "instanceId": "a"}',
    "Infinity": b'{"count": -Infinity, "instanceId": "a"}',
    "a number beyond all": b'{"count": 1e999, "instanceId": "a"}',
    "a number of 5,000 digits": b'{"count": ' + b"9" * 5000 + b', "instanceId": "a"}',
    "half a character": b'{"count": 5, "instanceId": "\\ud800"}',
    "half a character as a name": b'{"count": 5, "instanceId": "a", "\\ud800": 1}',
    "depth 100,000": b"[" * 100_000 + b"]" * 100_000,
    "depth in objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
@pytest.mark.parametrize("path", [REPORTS, "/cleanup", "/api/v1/users", "/api/v1/jobs"])
def test_what_is_no_strict_json_is_a_400_that_names_the_fault(site: Site, path: str, body: bytes) -> None:
    answer = site.client.post(path, content=body, headers={**key(ADMIN), **JSON})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"].startswith("body: ")


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "5", "true", "[{}]"])
def test_another_value_than_an_object_is_refused(site: Site, body: str) -> None:
    answer = site.client.post(REPORTS, content=body, headers={**key(REPORT), **JSON})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "body")


@pytest.mark.parametrize("name", ["is_admin", "user_id", "created_at", "role\n", "x" * 5000])
def test_unknown_members_are_refused(site: Site, name: str) -> None:
    body = {"username": "ada", "email": "ada@example.org", name: True}
    answer = site.client.post("/api/v1/users", json=body, headers=key(ADMIN))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, name[:100])
    assert len(answer.content) < 1000
    assert site.manager.count_users() == 0


def test_a_body_is_json_and_says_so(site: Site) -> None:
    body = b'{"days_to_keep": 90}'
    for headers in (
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json-patch+json"},
        {"content-type": ""},
    ):
        answer = site.client.post("/cleanup", content=body, headers={**key(ADMIN), **headers})
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
    headers = {**key(ADMIN), "content-type": "Application/JSON; charset=utf-8"}
    assert site.client.post("/cleanup", content=body, headers=headers).status_code == 200


def test_a_compressed_body_is_not_unpacked(site: Site) -> None:
    bomb = gzip.compress(b"[" + b"0," * 5_000_000 + b"0]")
    headers = {**key(ADMIN), **JSON, "content-encoding": "gzip"}
    assert site.client.post("/api/v1/users", content=bomb, headers=headers).status_code == 415


def test_a_huge_body_is_refused(site: Site) -> None:
    body = b'{"days_to_keep": 90' + b" " * 11 * 2**20 + b"}"
    answer = site.client.post("/cleanup", content=body, headers={**key(ADMIN), **JSON})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/api/stats/track-user", REPORTS, "/health", "/keepalive"])
def test_a_stranger_may_send_little(make_site: MakeSite, path: str) -> None:
    client = make_site(open_reporting=True).client
    answer = client.post(path, content=b" " * (64 * 2**10 + 1), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_stranger_gets_no_look_at_a_body(site: Site) -> None:
    assert site.client.post("/cleanup", content=b"{", headers=JSON).status_code == 401


async def raw(site: Site, headers: list[tuple[bytes, bytes]], *parts: bytes, cut: bool = False) -> dict[str, Any]:
    """The start of the answer to a request that no client library would send."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"} if cut else {"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/cleanup", "raw_path": b"/cleanup", "query_string": b"",
        "headers": [(b"authorization", b"Bearer key-admin"), (b"content-type", b"application/json"), *headers],
        "client": ("127.0.0.1", 5), "scheme": "http", "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    await site.client.app(scope, receive, send)  # type: ignore[arg-type]
    return sent[0] if sent else {}


def test_a_wrong_content_length_is_a_400(site: Site) -> None:
    assert asyncio.run(raw(site, [(b"content-length", b"500")], b'{"days_to_keep": 9}'))["status"] == 400


def test_who_hangs_up_gets_no_answer_and_leaves_no_error(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert asyncio.run(raw(site, [], b'{"days', cut=True)) == {}
    assert caplog.records == []


@pytest.mark.parametrize("days", ["0", "-1", "null", '"90"', "1000000000", "true", "1.5"])
def test_cleanup_takes_1_to_3650_days(site: Site, days: str) -> None:
    site.audience.record_visits([site.audience.visit(visited_at="2020-01-01")])
    answer = site.client.post("/cleanup", content=f'{{"days_to_keep": {days}}}', headers={**key(ADMIN), **JSON})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "days_to_keep")
    assert len(site.audience.newest_visits()) == 1


@pytest.mark.parametrize("query", ["days=0", "days=x", "days=1&days=2", "days=9999", "format=xml", "cursor=1", "days="])
def test_a_wrong_query_is_refused(site: Site, query: str) -> None:
    answer = site.client.get(f"/api/v1/audience?{query}", headers=key(READ))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, query.partition("=")[0])


@pytest.mark.parametrize("path", ["/stats", "/api/analytics", "/metrics"])
def test_figures_of_a_fixed_shape_take_no_query_but_the_key(site: Site, path: str) -> None:
    for query in ("days=x", "format=xml", "cursor=1"):
        answer = site.client.get(f"{path}?key={READ}&{query}")
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, query.partition("=")[0])


# -- a store that fails --------------------------------------------------------------------------------------


def test_a_failing_store_is_named_plainly_and_health_says_degraded(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(work: object) -> None:
        raise StorageFull("no space is left in the data folder (writing users.json)")

    site.client.post("/health")
    with monkeypatch.context() as broken:
        broken.setattr(site.storage, "transaction", full)
        answer = site.client.post("/api/stats/track-user")
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
        assert "users.json" not in answer.text
        assert "users.json" in caplog.text
        degraded = {"status": "degraded", "new_client": False, "daily_active_users": None, "monthly_active_users": None}
        assert site.client.post("/health").json() == degraded
        assert site.client.get("/health").json() == {"status": "degraded"}
        assert site.client.get("/api/stats/users").json() == {"count": 0}
    assert site.client.post("/health").json()["status"] == "healthy"


def test_a_mistake_of_ours_shows_a_reference_and_no_trace(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(site.audience, "totals", wrong)
    answer = site.client.get("/api/stats/users")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert "secret detail" not in answer.text
    assert error["message"].split("reference ")[1].rstrip(")") in caplog.text


# -- other sites --------------------------------------------------------------------------------------


def test_pages_of_other_sites_are_let_in_by_name_alone(make_site: MakeSite) -> None:
    site = make_site(cors_origins=("https://friend.example",))
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    for origin, allowed in (("https://friend.example", True), ("https://evil.example", False)):
        asked = site.client.options("/api/v1/users", headers={"origin": origin, **preflight})
        assert (asked.headers.get("access-control-allow-origin") == origin) is allowed
        answer = site.client.get("/api/stats/users", headers={"origin": origin})
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
        assert "access-control-allow-credentials" not in answer.headers


def test_without_the_setting_no_other_site_is_let_in(site: Site) -> None:
    answer = site.client.options(
        "/api/v1/users", headers={"origin": "https://x.example", "access-control-request-method": "GET"}
    )
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_record_key_cannot_read_and_a_read_key_cannot_record(site: Site) -> None:
    assert site.client.get("/api/v1/users", headers=key(RECORD)).status_code == 403
    assert site.client.post("/api/v1/jobs", json={"kind": "a", "succeeded": True}, headers=key(READ)).status_code == 403
    assert json.loads(site.client.get("/api/v1/users").content)["error"]["code"] == "not_authenticated"
