"""A real access log, told to the API line by line by a program that holds a key, behind a proxy that is trusted."""

from __future__ import annotations

import http.client
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from clocks import FixedClock
from real_data import real_file
from serving import served
from starlette.applications import Starlette

from user_stats.api.routes import make_routes
from user_stats.storage import open_storage

from .conftest import RECORD, make_services

line_parts = re.compile(r'(\S+) \S+ \S+ \[([^]]+)] ".*?" \d{3} \S+ "[^"]*" "([^"]*)').match
DAYS = {"2015-05-17": (1632, 341), "2015-05-18": (2893, 627), "2015-05-19": (2896, 561), "2015-05-20": (2579, 505)}


@pytest.mark.parametrize(("key_days", "distinct"), [(1, 2034), (0, 1753)])
def test_a_real_log_over_http_gives_the_known_answers(tmp_path: Path, key_days: int, distinct: int) -> None:
    log = real_file("raw/weblog_elastic/apache_logs")
    clock = FixedClock()
    storage = open_storage(str(tmp_path / "users"))
    services = make_services(storage, clock, key_days=key_days, trusted_proxies=("127.0.0.1",))
    with served(Starlette(routes=make_routes(services.settings, lambda: services))) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            parts = line_parts(line)
            assert parts is not None
            client, time, user_agent = parts.groups()
            moment = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
            headers = {"X-API-Key": RECORD, "X-Forwarded-For": client, "User-Agent": user_agent}
            headers["Content-Type"] = "application/json"
            body = json.dumps({"visited_at": moment.isoformat()})
            connection.request("POST", "/api/stats/track-user", body, headers)
            answer = connection.getresponse()
            given = json.load(answer)
            assert answer.status == 200, given
        assert given == {"success": True, "count": 2034}
    assert {day.date: (day.visits, day.visitors) for day in services.audience.all_days()} == DAYS
    assert services.audience.totals().visitor_hashes == distinct
    services.audience.close()
    storage.close()
