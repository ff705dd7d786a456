"""The served description is true: requests made from it are answered as it says, and wrong ones are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from clocks import FixedClock
from serving import served
from starlette.applications import Starlette

from user_stats.api.routes import make_routes
from user_stats.storage import open_storage

from .conftest import ADMIN, READ, Site, make_services

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("key", "options"),
    [
        (ADMIN, ["--config-file", str(ROOT / "schemathesis.toml")]),
        (READ, []),
    ],
    ids=["an admin, where 422 is right for rules that a schema cannot say", "a reader, to the last rule"],
)
def test_the_description_is_true_for(key: str, options: list[str], tmp_path: Path) -> None:
    services = make_services(open_storage("memory:"), FixedClock(), embed_counter=True)
    with served(Starlette(routes=make_routes(services.settings, lambda: services))) as address:
        words = [
            "run",
            f"{address}/api/openapi.json",
            "--header",
            f"Authorization: Bearer {key}",
            "--max-examples",
            "5",
        ]
        run = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *options, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=400,
        )
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    assert " passed" in run.stdout


def test_every_route_is_described(site: Site) -> None:
    described = set(site.client.get("/api/openapi.json").json()["paths"])
    routes = {route.path for route in site.client.app.routes}  # type: ignore[attr-defined]
    own = {"/api/openapi.json", "/api/docs", "/api", "/api/{rest:path}"}
    assert routes - own == described
