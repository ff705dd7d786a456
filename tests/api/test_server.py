"""What stands around the API when it is served alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from user_stats import bootstrap
from user_stats.api.server import make_app


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Not entered, so that nothing runs by the clock."""
    monkeypatch.setattr(bootstrap.config, "USERS_DIR", tmp_path)
    made = TestClient(make_app(), "http://localhost:8501", follow_redirects=False)
    yield made
    made.close()


@pytest.mark.parametrize("path", ["/", "/nothing", "/stats/", "/openapi.json", "/api/v2"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_what_is_not_there_is_json_and_sets_no_cookie(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_address")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


def test_an_answer_that_is_no_page_sets_no_cookie(client: TestClient) -> None:
    for path in ("/stats", "/metrics"):
        answer = client.get(path)
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


@pytest.mark.parametrize("origin", ["http://[x", "null", "http://evil.example", "localhost:8501"])
def test_a_websocket_of_another_page_is_closed(client: TestClient, origin: str) -> None:
    with pytest.raises(WebSocketDisconnect) as refusal, client.websocket_connect("/", headers={"origin": origin}):
        pass
    assert refusal.value.code == 1008


def test_another_name_of_the_site_is_refused_like_all_else(client: TestClient) -> None:
    answer = client.get("/api/v1/users", headers={"host": "evil.test"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "host")
    assert "ALLOWED_HOSTS" in answer.json()["error"]["message"]
