"""`/api/v1`: items, what people do besides watching, and the statistics that come of it."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import READ, RECORD, Site, key

USERS = "/api/v1/users"


@pytest.fixture
def people(site: Site) -> tuple[str, str]:
    return tuple(site.manager.create_user(name, f"{name}@example.org") for name in ("ada", "bob"))  # type: ignore[return-value]


def send(site: Site, method: str, path: str, status: int, body: Any = None) -> Any:
    answer = site.client.request(method, path, json=body, headers=key(RECORD if method != "GET" else READ))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_what_people_do_is_recorded_and_shows_in_the_figures(site: Site, people: tuple[str, str]) -> None:
    ada, bob = (f"{USERS}/{one}" for one in people)
    told = {"title": "Intro", "category": "science", "size_bytes": 10**9, "collaborators": [people[1]]}
    item = send(site, "PUT", f"{ada}/content/intro", 200, told)["item"]
    assert (item["owners"], item["title"]) == (list(people), "Intro")
    assert send(site, "GET", "/api/v1/content/intro", 200)["item"] == item
    send(site, "GET", "/api/v1/content/unknown", 404)
    send(site, "POST", f"{bob}/ratings", 204, {"content_id": "intro", "stars": 4.5})
    send(site, "POST", f"{bob}/ratings", 422, {"content_id": "intro", "stars": 4.4})
    send(site, "POST", f"{bob}/downloads", 204, {"content_id": "intro"})
    send(site, "POST", f"{bob}/following", 204, {"user_id": people[0]})
    send(site, "POST", f"{bob}/following", 409, {"user_id": people[0]})
    assert send(site, "GET", f"{ada}/followers", 200) == {"user_ids": [people[1]]}
    send(site, "PUT", f"{bob}/preferences", 200, {"name": "theme", "value": "dark"})
    send(site, "PUT", f"{bob}/referrer", 204, {"user_id": people[0]})
    send(site, "POST", f"{bob}/sign-ins", 204)
    send(site, "POST", f"{bob}/payments", 204, {"amount": 9.99, "currency": "USD"})
    send(site, "POST", f"{bob}/recommendations/shown", 204, {"items": ["a", "b"]})
    send(site, "POST", f"{bob}/recommendations/clicked", 204, {"content_id": "a"})
    playlist = send(site, "POST", f"{bob}/playlists", 201, {"name": "Evening", "items": ["intro"]})["playlist_id"]
    send(site, "PATCH", f"{bob}/playlists/{playlist}", 204, {"items": ["intro", "b"]})
    send(site, "POST", f"{ada}/content/live/start", 201, {"title": "Live"})
    send(site, "POST", f"{ada}/content/live/end", 200, {})
    figures = send(site, "GET", f"{bob}/figures?tz=Europe/Berlin", 200)["catalogue"]
    assert len(figures) == 53
    found = {name: figures[name]["value"] for name in ("average_rating", "downloads", "following", "theme_preference")}
    assert found == {"average_rating": 4.5, "downloads": 1, "following": 1, "theme_preference": "dark"}
    assert figures["playlist_size"]["value"] == 2
    site_figures = send(site, "GET", "/api/v1/figures", 200)["catalogue"]
    assert (site_figures["storage_used"]["value"], site_figures["referrals"]["value"]) == (1, 1)
    assert site_figures["subscription_revenue"]["value"] == 9.99
    assert send(site, "GET", "/api/v1/content/intro/figures", 200)["catalogue"]["average_rating"]["events"] == 1
    send(site, "DELETE", f"{bob}/playlists/{playlist}", 204)
    send(site, "DELETE", f"{bob}/following/{people[0]}", 204)
    send(site, "DELETE", f"{ada}/content/intro", 200)
    send(site, "DELETE", f"{ada}/content/intro/like", 409)


def test_leaders_and_recommendations(site: Site, people: tuple[str, str]) -> None:
    for person, items in zip(people, ("ab", "abc"), strict=True):
        for item in items:
            site.manager.record_watch_activity(person, item, 600)
    places = send(site, "GET", "/api/v1/leaderboard?metric=watches&period=month", 200)["places"]
    assert [(place["rank"], place["username"], place["value"]) for place in places] == [(1, "bob", 3), (2, "ada", 2)]
    send(site, "GET", "/api/v1/leaderboard?metric=secrets", 422)
    year = send(site, "GET", f"{USERS}/{people[1]}/year?year=2026", 200)
    assert (year["watches"], year["watched_hours"]) == (3, 0.5)
    assert send(site, "GET", "/api/v1/weekly-digest", 200)["week"] == "2026-W09"
    assert send(site, "GET", f"{USERS}/{people[0]}/recommendations", 200) == {"items": ["c"]}


def test_a_read_key_records_nothing_and_a_wrong_zone_is_refused(site: Site, people: tuple[str, str]) -> None:
    answer = site.client.post(f"{USERS}/{people[0]}/ratings", json={"content_id": "a", "stars": 5}, headers=key(READ))
    assert answer.status_code == 403
    send(site, "GET", f"{USERS}/{people[0]}/figures?tz=Mars/Olympus", 422)
    send(site, "GET", f"{USERS}/{people[0]}/figures?tz=../../etc/passwd", 422)
