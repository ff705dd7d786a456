"""Real input that nobody here wrote. It is no part of the project: where it is missing, tests that need it are skipped,
and fail where everything must run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def real_file(name: str) -> Path:
    folder = Path(os.environ.get("REAL_DATA_DIR") or Path(__file__).parents[1] / "../shared/data")
    path = folder / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"real data is missing: {path}")
        pytest.skip(f"real data is not here: {path}")
    return path
