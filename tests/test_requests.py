"""The requests of fixed shape, each on all its methods, asked of a real server by curl and by requests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from servers import program
from test_serve import KEY, ROOT, serving

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TAKEN = {
    "/api/stats/track-user": {"POST"},
    "/api/stats/users": {"GET"},
    "/api/stats/report-users": {"POST"},
    "/health": {"GET", "POST"},
    "/keepalive": {"POST"},
    "/stats": {"GET"},
    "/cleanup": {"POST"},
    "/api/analytics": {"GET"},
    "/metrics": {"GET"},
}


class Given(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


Ask = Callable[..., Given]


def by_curl(jar: Path) -> Ask:
    """Asks with curl and a cookie jar; words in capitals of a method, the address, a body, a key in a header."""
    curl = program("curl", package="curl")

    def ask(method: str, address: str, body: Any = None, key: str | None = None) -> Given:
        words = [curl, "-s", "-i", "-X", method, "-b", str(jar), "-c", str(jar), address]
        if key is not None:
            words += ["-H", f"Authorization: Bearer {key}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        output = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout
        head, _, text = output.replace("\r\n", "\n").partition("\n\n")
        first, *rest = head.split("\n")
        headers = dict(line.lower().split(": ", 1) for line in rest)
        return Given(int(first.split()[1]), headers, text)

    return ask


def by_requests(jar: Path) -> Ask:
    session = requests.Session()

    def ask(method: str, address: str, body: Any = None, key: str | None = None) -> Given:
        headers = {} if key is None else {"X-API-Key": key}
        answer = session.request(method, address, json=body, headers=headers, timeout=30)
        given = {name.lower(): value.lower() for name, value in answer.headers.items()}
        return Given(answer.status_code, given, answer.text)

    return ask


def add_key(folder: Path, scope: str) -> str:
    words = [sys.executable, "-m", "user_stats", "--store", str(folder), "keys", "add", scope, "--scope", scope]
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, env=dict(os.environ))
    return made.stdout.strip()


@pytest.mark.parametrize("client", [by_curl, by_requests])
def test_the_fixed_requests(tmp_path: Path, client: Callable[[Path], Ask]) -> None:
    folder = tmp_path / "users"
    admin, report = add_key(folder, "admin"), add_key(folder, "report")
    ask = client(tmp_path / "cookies")
    with serving(folder, "--api-only") as site:
        for _ in range(2):
            assert ask("POST", f"{site}/api/stats/track-user").json == {"success": True, "count": 1}
        users = ask("GET", f"{site}/api/stats/users")
        assert users.json == {"count": 1}
        assert users.headers["cache-control"] == "public, max-age=300"
        reported = ask("POST", f"{site}/api/stats/report-users", {"count": 500, "instanceId": "my-instance-id"}, report)
        assert reported.json["success"] is True
        assert ask("GET", f"{site}/health").json == {"status": "healthy"}
        first = ask("POST", f"{site}/health")
        counted = {"daily_active_users": 1, "monthly_active_users": 1}
        assert first.json == {"status": "healthy", "new_client": True, **counted}
        assert re.fullmatch(
            "client_id=[0-9a-f-]{36}; httponly; max-age=31536000; path=/; samesite=lax", first.headers["set-cookie"]
        )
        assert ask("POST", f"{site}/keepalive").json == {"status": "healthy", "new_client": False, **counted}
        stats = ask("GET", f"{site}/stats", key=KEY).json
        assert stats["success"] is True
        assert stats["data"].keys() == {*counted, "total_unique_users", "daily_breakdown", "timestamp"}
        assert [day["users"] for day in stats["data"]["daily_breakdown"]] == [1]
        assert ask("GET", f"{site}/stats?key={KEY}").json["data"]["total_unique_users"] == 1
        assert ask("POST", f"{site}/cleanup", {"days_to_keep": 90}, admin).json == {"success": True, "deleted": 0}
        analytics = ask("GET", f"{site}/api/analytics", key=KEY).json
        jobs = {"successful_generations": 0, "failed_generations": 0}
        assert analytics["total"] == {"visits": 2, "unique_visitors": 1, **jobs, "total_generations": 0}
        assert analytics["today"] == {"total_visits": 2, "unique_visitors": 1, **jobs, "total_generations": 0}
        assert [row.keys() - jobs.keys() for row in analytics["last_7_days"]] == [
            {"date", "unique_visitors", "total_visits"}
        ] * 7
        assert "\nuser_stats_visits_total 2\n" in ask("GET", f"{site}/metrics", key=KEY).text
        for path, taken in TAKEN.items():
            for method in METHODS:
                given = ask(method, f"{site}{path}", key=KEY)
                assert (given.status == 405) is (method not in taken), (method, path, given.status)
                if given.status == 405:
                    assert given.json["error"]["code"] == "method_not_allowed"
                    assert {*given.headers["allow"].upper().split(", ")} - {"HEAD"} == taken
