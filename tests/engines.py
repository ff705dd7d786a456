"""Empty stores of each engine that has a place: a folder, or a server that the session has started."""

from __future__ import annotations

from pathlib import Path

import pytest


def fresh_store(request: pytest.FixtureRequest, engine: str, folder: Path) -> str:
    """The URL of an empty store of an engine; its server is started if need be."""
    if engine == "json":
        return str(folder / "users")
    address: str = request.getfixturevalue(engine).fresh()
    return address
