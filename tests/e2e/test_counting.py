"""The site counts its own pages from the first minute, and programs use it with the keys that its admins made."""

from __future__ import annotations

import requests

from .conftest import MakeSite, Site

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
CRAWLER = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
KEY = "bQ7fPzX0mVw2KcT9sLrY4hNd"


def analytics(site: Site, key: str = KEY) -> dict[str, dict[str, int]]:
    answer = requests.get(f"{site.address}/api/analytics", headers={"X-API-Key": key}, timeout=60)
    assert answer.status_code == 200
    figures: dict[str, dict[str, int]] = answer.json()
    return figures


def test_pages_are_counted_and_what_belongs_to_them_is_not(make_site: MakeSite) -> None:
    site = make_site(ANALYTICS_KEY=KEY)
    for path in ("/", "/profile", "/_stcore/health", "/_stcore/host-config", "/favicon.png", "/api/docs", "/health"):
        requests.get(site.address + path, headers=FIREFOX, timeout=60)
    requests.get(site.address, headers=CRAWLER, timeout=60)
    requests.get(site.address, headers={**FIREFOX, "DNT": "1"}, timeout=60)
    while (total := analytics(site)["total"])["visits"] < 3:
        pass  # pages count a moment later
    assert (total["visits"], total["unique_visitors"]) == (3, 1)


def test_with_analytics_off_no_cookie_counts_anybody(make_site: MakeSite) -> None:
    site = make_site(ENABLE_USER_ANALYTICS="false", ANALYTICS_KEY=KEY)
    answer = requests.get(site.address, headers=FIREFOX, timeout=60)
    assert "client_id" not in answer.cookies
    assert analytics(site)["total"]["visits"] == 0


def test_a_key_works_until_it_is_revoked(site: Site) -> None:
    key = site.accounts.add_key("dashboard", "record", actor=None)
    user_id = site.manager.create_user("ada", "ada@example.org")
    watch = {"video_id": "intro", "duration_seconds": 60}

    def record() -> int:
        address = f"{site.address}/api/v1/users/{user_id}/watches"
        return requests.post(address, json=watch, headers={"Authorization": f"Bearer {key}"}, timeout=60).status_code

    assert record() in (200, 201)
    assert requests.get(f"{site.address}/stats", headers={"X-API-Key": key}, timeout=60).status_code == 403
    site.accounts.revoke_key("dashboard", actor=None)
    assert record() == 401
