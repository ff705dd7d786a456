"""The library over HTTP, in whole: what a program can call, a program elsewhere can ask for."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from user_stats import UserManager, WatchHistoryTracker
from user_stats import api as api_package
from user_stats.audience import Audience
from user_stats.community import Community
from user_stats.content import Content
from user_stats.statistics.service import Statistics

from .conftest import ADMIN, READ, RECORD, Site, key

USERS = "/api/v1/users"
ELSEWHERE: dict[type, dict[str, str]] = {
    UserManager: {
        "find_user": "GET /api/v1/users?search=",
        "count_users": "the total of GET /api/v1/users",
        "has_feature": "GET /api/v1/users/{user_id}/features",
        "get_all_users_stats": "GET /api/v1/stats, in pages, and GET /api/v1/export/{table}",
        "get_platform_sums": "the command line (stats --platform); the rows of GET /api/v1/stats come to it",
        "get_activity": "GET /api/v1/users/{user_id}/archive",
        "verify": "the command line: it works on the whole store",
        "repair": "the command line: it works on the whole store",
    },
    WatchHistoryTracker: {
        "add_watch_entry": "POST /api/v1/users/{user_id}/watches",
        "get_total_watched_hours": "GET /api/v1/users/{user_id}/stats",
    },
    Content: {
        "upload": "POST /api/v1/users/{user_id}/uploads",
        "interact": "POST /api/v1/users/{user_id}/interactions",
    },
    Community: {},
    Statistics: {
        "person_records": "what the figures of a person are made of",
        "site_records": "what the figures of the site are made of",
        "content_records": "what the figures of an item are made of",
        "roll_up": "runs by the clock, and with what is asked",
    },
    Audience: {
        "track_user": "POST /api/stats/track-user, through the queue",
        "check_in": "POST /health, through the queue",
        "active_visitors": "GET /api/v1/audience",
        "active_bot_users": "GET /api/v1/audience",
        "active_everybody": "GET /api/v1/audience",
        "live_visits": "GET /api/v1/audience",
        "count_old": "the command line (cleanup --dry-run) and the page",
        "import_visits": "POST /api/v1/visits; whole logs on the command line",
        "track_bot_user": "the bot counts its own users",
        "submit": "for other parts of the library",
        "destroy_old_keys": "runs by the clock, and with POST /cleanup",
        "drain": "belongs to the process",
        "close": "belongs to the process",
    },
}
"""Calls that no route makes by their name, and where what they do is to be had."""


def called() -> set[str]:
    """Every name that is asked of something in the package of the API."""
    folder = Path(api_package.__file__).parent
    nodes = [node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def public_calls(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_every_public_call_of_the_library_has_a_route(kind: type) -> None:
    missing = public_calls(kind) - called()
    assert missing == ELSEWHERE[kind].keys()


def test_where_else_something_is_to_be_had_is_true(site: Site) -> None:
    described = site.client.get("/api/openapi.json").json()["paths"]
    for reasons in ELSEWHERE.values():
        for reason in reasons.values():
            for word, path in zip(reason.split(), reason.split()[1:], strict=False):
                if word in ("GET", "POST"):
                    assert word.lower() in described[path.partition("?")[0].rstrip(",;")], reason


def answer(site: Site, method: str, path: str, status: int = 200, body: Any = None, *, scope: str = READ) -> Any:
    given = site.client.request(method, path, json=body, headers=key(scope))
    assert given.status_code == status, given.text
    return given.json() if given.content else None


def test_requests_for_a_plan(site: Site) -> None:
    ada = site.manager.create_user("ada", "ada@example.org")
    one = f"{USERS}/{ada}/upgrade-request"
    answer(site, "GET", one, 404)
    asked = answer(site, "POST", one, 201, {"role": "premium"}, scope=RECORD)["request"]
    assert asked == {"user_id": ada, "plan": "premium", "requested_at": "2026-03-04T12:30:00.000000+00:00"}
    assert answer(site, "GET", one)["request"] == asked
    assert answer(site, "GET", "/api/v1/upgrade-requests") == {"requests": [asked]}
    answer(site, "POST", one, 422, {"role": "admin"}, scope=RECORD)
    answer(site, "DELETE", one, 403, scope=RECORD)
    answer(site, "DELETE", one, 204, scope=ADMIN)
    answer(site, "DELETE", one, 404, scope=ADMIN)
    site.manager.upgrade_subscription(ada, "premium")
    plans = answer(site, "GET", "/api/v1/plans?months=2")
    assert plans["running"] == {"subscriber": 0, "premium": 1}
    assert [(month["month"], month["premium"], month["started"]) for month in plans["months"]] == [
        ("2026-02", 0, 0),
        ("2026-03", 1, 1),
    ]


def test_what_the_site_did_and_what_people_chose(site: Site) -> None:
    ada = site.manager.create_user("ada", "ada@example.org")
    site.manager.record_watch_activity(ada, "intro", 600)
    days = answer(site, "GET", "/api/v1/days?days=2")
    assert [(day["date"], day["video_watches"], day["active_people"]) for day in days["days"]] == [
        ("2026-03-04", 1, 1),
        ("2026-03-03", 0, 0),
    ]
    assert days["active"] == {"daily": 1, "weekly": 1, "monthly": 1}
    assert answer(site, "GET", f"{USERS}/{ada}/preferences") == {"preferences": {}}
    answer(site, "PUT", f"{USERS}/{ada}/preferences", 200, {"name": "theme", "value": "dark"}, scope=RECORD)
    assert answer(site, "GET", f"{USERS}/{ada}/preferences") == {"preferences": {"theme": "dark"}}
    assert answer(site, "GET", f"{USERS}/{ada}/place?metric=watches")["place"]["rank"] == 1
    assert answer(site, "GET", f"{USERS}/{ada}/years") == {"years": [2026]}


def test_everybody_who_comes_is_in_the_audience_once(site: Site) -> None:
    site.client.post("/health")
    site.audience.track_bot_user(7)
    overview = answer(site, "GET", "/api/v1/audience")
    active = [overview[name]["monthly"] for name in ("people", "bot_users", "everybody")]
    assert active == [1, 1, 2]
