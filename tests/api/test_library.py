"""`/api/v1`: the library over HTTP."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from pathlib import Path

import pytest

from .conftest import ADMIN, READ, RECORD, Site, key

USERS = "/api/v1/users"
NOBODY = "11111111-1111-4111-8111-111111111111"


def create(site: Site, name: str = "ada", **more: object) -> str:
    body = {"username": name, "email": f"{name}@example.org", **more}
    answer = site.client.post(USERS, json=body, headers=key(ADMIN))
    assert answer.status_code == 201, answer.text
    user_id: str = answer.json()["user"]["user_id"]
    assert answer.headers["location"] == f"{USERS}/{user_id}"
    return user_id


def test_an_account_from_making_to_erasing(site: Site) -> None:
    user_id = create(site, role="premium", password="four plain unlikely words")
    one = f"{USERS}/{user_id}"
    before = site.client.get(one, headers=key(READ)).json()
    assert before["user"] == site.manager.get_user(user_id).to_stored()
    changed = site.client.patch(
        one, json={"username": "Grace", "role": "admin", "expected_version": before["version"]}, headers=key(ADMIN)
    )
    assert (changed.json()["user"]["username"], changed.json()["version"]) == ("Grace", before["version"] + 1)
    stale = site.client.patch(one, json={"is_active": False, "expected_version": 1}, headers=key(ADMIN))
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "conflict")
    last = site.client.delete(one, headers=key(ADMIN))
    assert (last.status_code, last.json()["error"]["code"]) == (409, "last_admin")
    create(site, "bob", role="admin")
    assert site.client.delete(one, headers=key(ADMIN)).status_code == 204
    assert site.client.get(one, headers=key(READ)).status_code == 404
    assert site.client.delete(one, headers=key(ADMIN)).status_code == 404


def test_taken_names_and_wrong_values_are_told_apart(site: Site) -> None:
    create(site)
    taken = site.client.post(USERS, json={"username": "ADA", "email": "b@example.org"}, headers=key(ADMIN))
    assert (taken.status_code, taken.json()["error"]["code"], taken.json()["error"]["field"]) == (
        409,
        "already_exists",
        "username",
    )
    for body, field in (
        ({"email": "a@example.org"}, "username"),
        ({"username": "x", "email": "a@example.org"}, "username"),
        ({"username": "bob", "email": "a"}, "email"),
        ({"username": "bob", "email": "a@example.org", "role": "owner"}, "role"),
        ({"username": "bob", "email": "a@example.org", "password": "short"}, "password"),
        ({"username": "bob", "email": 5}, "email"),
    ):
        refused = site.client.post(USERS, json=body, headers=key(ADMIN))
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, field), body
    assert site.manager.count_users() == 1


@pytest.mark.parametrize("user_id", ["x", NOBODY, NOBODY.upper(), "..%2f..%2fetc", "%00", "{user_id}", "a" * 3000])
def test_nobody_has_this_id(site: Site, user_id: str) -> None:
    for path in ("", "/stats", "/history", "/features", "/watch-totals"):
        answer = site.client.get(f"{USERS}/{user_id}{path}", headers=key(READ))
        assert answer.status_code == 404, answer.text
        assert len(answer.content) < 500


def test_people_are_found_in_pages(site: Site) -> None:
    for name in ("ada", "bob", "cem", "dan"):
        create(site, name, role="free" if name < "c" else "premium")
    page = site.client.get(USERS, params={"sort": "-username", "limit": 2, "offset": 1}, headers=key(READ)).json()
    assert ([user["username"] for user in page["users"]], page["total"]) == (["cem", "bob"], 4)
    assert (page["offset"], page["limit"]) == (1, 2)
    for params, names in (
        ({"search": "B"}, ["bob"]),
        ({"search": "%"}, []),
        ({"role": "premium"}, ["cem", "dan"]),
        ({"is_active": "false"}, []),
        ({"created_from": "2026-03-05"}, []),
        ({"created_to": "2026-03-05", "role": "free"}, ["ada", "bob"]),
    ):
        found = site.client.get(USERS, params=params, headers=key(READ)).json()
        assert [user["username"] for user in found["users"]] == names, params
    for name, value in (
        ("limit", "0"),
        ("limit", "1001"),
        ("offset", "-1"),
        ("sort", "password"),
        ("role", "x"),
        ("is_active", "maybe"),
        ("created_from", "yesterday"),
        ("search", "x" * 300),
        ("unknown", "1"),
    ):
        refused = site.client.get(USERS, params={name: value}, headers=key(READ))
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, name), (name, refused.text)
    subscribers = site.client.get("/api/v1/subscribers", params={"limit": 1}, headers=key(READ)).json()
    assert (len(subscribers["users"]), subscribers["total"]) == (1, 2)


def test_many_accounts_change_together_or_not_at_all(site: Site) -> None:
    people = [create(site, name) for name in ("ada", "bob", "cem")]
    body = {"user_ids": people[:2], "is_active": False}
    assert site.client.post(f"{USERS}/update-many", json=body, headers=key(ADMIN)).json() == {"changed": 2}
    assert [site.manager.get_user(one).is_active for one in people] == [False, False, True]
    wrong = {"user_ids": [*people, NOBODY]}
    refused = site.client.post(f"{USERS}/delete-many", json=wrong, headers=key(ADMIN))
    assert (refused.status_code, NOBODY in refused.json()["error"]["message"]) == (404, True)
    assert site.manager.count_users() == 3
    many = {"user_ids": [NOBODY] * 10_001}
    assert site.client.post(f"{USERS}/delete-many", json=many, headers=key(ADMIN)).status_code == 413
    assert site.client.post(f"{USERS}/delete-many", json={"user_ids": people}, headers=key(ADMIN)).json() == {
        "changed": 3
    }


def test_subscriptions_and_features(site: Site) -> None:
    one = f"{USERS}/{create(site)}"

    def feature(name: str) -> dict[str, object]:
        listed = site.client.get(f"{one}/features", headers=key(READ)).json()["features"]
        found: dict[str, object] = next(row for row in listed if row["feature"] == name)
        return found

    assert feature("ad_free") == {"feature": "ad_free", "is_available": False, "reason": "not_in_plan", "uses": 0}
    refused = site.client.post(f"{one}/features/ad_free/uses", headers=key(RECORD))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "feature_not_available")
    plan = site.client.put(f"{one}/subscription", json={"role": "subscriber", "days": 10}, headers=key(ADMIN))
    assert plan.json()["user"]["subscription_expires"] == "2026-03-14T12:30:00.000000+00:00"
    assert site.client.post(f"{one}/features/ad_free/uses", headers=key(RECORD)).json() == {
        "feature": "ad_free",
        "uses": 1,
    }
    for assignment, available in (("revoked", False), ("plan", True), ("granted", True)):
        body = {"assignment": assignment}
        listed = site.client.put(f"{one}/features/ad_free", json=body, headers=key(ADMIN)).json()["features"]
        assert next(row for row in listed if row["feature"] == "ad_free")["is_available"] is available
    assert site.client.delete(f"{one}/subscription", headers=key(ADMIN)).json()["user"]["role"] == "free"
    assert feature("ad_free")["reason"] == "granted"
    for path in ("no_such_feature", "AD_FREE"):
        assert site.client.post(f"{one}/features/{path}/uses", headers=key(RECORD)).status_code == 422


def test_what_people_do(site: Site) -> None:
    user_id = create(site)
    one = f"{USERS}/{user_id}"
    watch = {"video_id": "intro", "duration_seconds": 1800, "completed": True, "title": "Intro", "tags": ["a"],
             "watched_at": "2026-03-01T10:00:00Z"}  # fmt: skip
    recorded = site.client.post(f"{one}/watches", json=watch, headers=key(RECORD))
    assert (recorded.status_code, recorded.json()["watched_at"]) == (201, "2026-03-01T10:00:00.000000+00:00")
    history = site.client.get(f"{one}/history", params={"limit": 5}, headers=key(READ)).json()["history"]
    assert history == [recorded.json()]
    site.client.post(f"{one}/uploads", json={"content_type": "image", "size_bytes": 5}, headers=key(RECORD))
    site.client.post(f"{one}/interactions", json={"interaction_type": "like"}, headers=key(RECORD))
    stats = site.client.get(f"{one}/stats", headers=key(READ)).json()
    assert stats == site.manager.get_user_stats(user_id).to_stored()
    assert (stats["total_watched_hours"], stats["images_uploaded"], stats["total_interactions"]) == (0.5, 1, 1)
    assert site.client.get("/api/v1/stats", headers=key(READ)).json()["stats"] == [stats]
    totals = site.client.get(f"{one}/watch-totals", headers=key(READ)).json()
    assert totals["video"] == {"count": 1, "seconds": 1800, "hours": 0.5, "completed": 1}
    assert site.client.delete(f"{one}/history", headers=key(ADMIN)).json() == {"cleared": 1}
    assert site.client.get(f"{one}/stats", headers=key(READ)).json()["watch_history_entries"] == 1


def test_nobody_inactive_is_recorded(site: Site) -> None:
    one = f"{USERS}/{create(site)}"
    site.client.patch(one, json={"is_active": False}, headers=key(ADMIN))
    for path, body in (("watches", {"video_id": "a", "duration_seconds": 1}), ("uploads", {"content_type": "video"})):
        assert site.client.post(f"{one}/{path}", json=body, headers=key(RECORD)).status_code == 403


@pytest.mark.parametrize("duration", ["-1", "86401", "1.5", '"60"', "true", "1e30", "1000000000000000000"])
def test_a_wrong_duration_is_refused(site: Site, duration: str) -> None:
    one = f"{USERS}/{create(site)}"
    answer = site.client.post(
        f"{one}/watches",
        content=f'{{"video_id": "a", "duration_seconds": {duration}}}',
        headers={**key(RECORD), "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "duration_seconds")


def test_many_watches_go_in_each_by_itself(site: Site) -> None:
    user_id = create(site)
    rows = [
        {"user_id": user_id, "video_id": "a", "duration_seconds": 60},
        {"user_id": NOBODY, "video_id": "a", "duration_seconds": 60},
        {"user_id": user_id, "video_id": "b", "duration_seconds": 99_999},
        {"user_id": user_id, "video_id": "c", "duration_seconds": 60.0},
        {"user_id": user_id, "video_id": "d", "duration_seconds": 60, "is_admin": True},
    ]
    answer = site.client.post("/api/v1/watches", json={"watches": rows}, headers=key(RECORD)).json()
    assert answer["recorded"] == 2
    assert [(row["row"], row["code"], row["field"]) for row in answer["rejected"]] == [
        (1, "not_found", "user_id"),
        (2, "invalid_input", "duration_seconds"),
        (4, "invalid_input", "is_admin"),
    ]
    for body in ({"watches": [rows[0]] * 1001}, {"watches": [rows[0], 5]}, {"watches": rows[0]}):
        assert site.client.post("/api/v1/watches", json=body, headers=key(RECORD)).status_code == 422
    assert site.manager.get_user_stats(user_id).watch_history_entries == 2


def test_jobs_and_visits(site: Site) -> None:
    job = {"kind": "image", "succeeded": False, "error": "no model", "seconds": 2.5, "labels": {"model": "xl"}}
    assert site.client.post("/api/v1/jobs", json=job, headers=key(RECORD)).status_code == 201
    listed = site.client.get("/api/v1/jobs", headers=key(READ)).json()["jobs"]
    assert listed == [{"at": "2026-03-04T12:30:00.000000+00:00", **job}]
    visits = {"visits": [{"address": "198.51.100.7", "path": "/a", "user_agent": "Mozilla/5.0 Firefox/1",
                          "visited_at": "2026-01-01T00:00:00Z"}] * 2}  # fmt: skip
    assert site.client.post("/api/v1/visits", json=visits, headers=key(RECORD)).json() == {"recorded": 2}
    assert site.client.get("/api/v1/visits", headers=key(READ)).json()["visits"][0] == {
        "at": "2026-01-01T00:00:00.000000+00:00",
        "path": "/a",
        "agent": "Firefox",
    }
    overview = site.client.get("/api/v1/audience", params={"days": 90}, headers=key(READ)).json()
    assert overview["totals"]["visitor_days"] == 1
    assert overview["jobs"]["failed"] == 1
    assert len(overview["days"]) == 90


def test_instances_are_listed_and_dropped(site: Site) -> None:
    site.client.post("/api/stats/report-users", json={"count": 7, "instanceId": "b-1"}, headers=key(ADMIN))
    listed = site.client.get("/api/v1/instances", headers=key(READ)).json()
    assert (listed["sum"], listed["instances"][0]["instance_id"], listed["instances"][0]["trust"]) == (7, "b-1", "key")
    assert site.client.delete("/api/v1/instances/b-1", headers=key(ADMIN)).status_code == 204
    assert site.client.delete("/api/v1/instances/b-1", headers=key(ADMIN)).status_code == 404


def test_what_was_seen_already_is_not_sent_again(site: Site) -> None:
    create(site)
    first = site.client.get(USERS, headers=key(READ))
    assert first.headers["cache-control"] == "no-store"
    same = {**key(READ), "if-none-match": first.headers["etag"]}
    assert site.client.get(USERS, headers=same).status_code == 304
    create(site, "bob")
    assert site.client.get(USERS, headers=same).status_code == 200
    head = site.client.head(USERS, headers=key(READ))
    assert (head.content, int(head.headers["content-length"]) > 100) == (b"", True)


def test_every_operation_that_shows_or_changes_people_needs_a_key(site: Site) -> None:
    document = site.client.get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            is_open = not operation.get("security") or {} in operation["security"]
            real = path.replace("{user_id}", NOBODY).replace("{feature}", "ad_free").replace("{instance_id}", "a")
            answer = site.client.request(method, real)
            if path.startswith("/api/v1"):
                assert not is_open, path
            if not is_open:
                assert answer.status_code == 401, (method, path)


def test_tables_go_out_whole_and_harmless(site: Site) -> None:
    user_id = create(site)
    watch = {"video_id": "=1+1", "duration_seconds": 60, "title": "Ünïcode"}
    site.client.post(f"{USERS}/{user_id}/watches", json=watch, headers=key(RECORD))
    site.client.post("/api/stats/track-user")
    answer = site.client.get("/api/v1/export/history", headers=key(ADMIN))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="history.csv"'
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["user_id"], row["video_id"], row["title"]) for row in rows] == [(user_id, "'=1+1", "Ünïcode")]
    stats = site.client.get("/api/v1/export/stats", params={"format": "json"}, headers=key(ADMIN))
    assert stats.json() == [site.manager.get_user_stats(user_id).to_stored()]
    users = site.client.get("/api/v1/export/users", params={"format": "json"}, headers=key(ADMIN)).json()
    assert [user["username"] for user in users] == ["ada"]
    days = site.client.get("/api/v1/export/audience", params={"format": "json"}, headers=key(ADMIN)).json()
    assert [(day["date"], day["visits"]) for day in days] == [("2026-03-04", 1)]
    assert site.client.get("/api/v1/export/passwords", headers=key(ADMIN)).status_code == 404
    assert site.client.get("/api/v1/export/users", headers=key(READ)).status_code == 403
    assert site.client.get("/api/v1/export/users", params={"format": "xml"}, headers=key(ADMIN)).status_code == 422
    head = site.client.head("/api/v1/export/users", headers=key(ADMIN))
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("table", ["users", "site"])
def test_an_export_without_space_is_named(site: Site, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **__: full.open("wb" if table == "site" else "w"))
    answer = site.client.get(f"/api/v1/export/{table}", params={"format": "json"}, headers=key(ADMIN))
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")


def test_the_archive_of_a_person_is_a_zip_for_an_admin(site: Site) -> None:
    user_id = site.manager.create_user("ada", "ada@example.org")
    answer = site.client.get(f"/api/v1/users/{user_id}/archive", headers=key(ADMIN))
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "readme.txt" in archive.namelist()
    assert site.client.get(f"/api/v1/users/{user_id}/archive", headers=key(READ)).status_code == 403
    assert site.client.get("/api/v1/users/nobody/archive", headers=key(ADMIN)).status_code == 404


def test_the_whole_site_goes_out_to_an_admin(site: Site) -> None:
    site.manager.create_user("ada", "ada@example.org", password="a long enough password")
    answer = site.client.get("/api/v1/export/site", params={"format": "json"}, headers=key(ADMIN))
    assert [user["username"] for user in answer.json()["collections"]["users"].values()] == ["ada"]
    assert "argon2id" not in answer.text
    tables = site.client.get("/api/v1/export/site", headers=key(ADMIN))
    assert tables.headers["content-type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(tables.content)).testzip() is None
    assert site.client.get("/api/v1/export/site", headers=key(READ)).status_code == 403
