"""Who may import whom: strictly downwards, and each third party at home in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    (0, ("user_stats.errors", "user_stats.times", "user_stats.models", "user_stats.fields", "user_stats.features")),
    (1, ("user_stats.storage",)),
    (3, ("user_stats.bootstrap", "user_stats.schedules", "user_stats.following")),
    (
        4,
        (
            "user_stats.ui",
            "user_stats.api",
            "user_stats.telegram",
            "user_stats.commands",
            "user_stats.__main__",
        ),
    ),
    (5, ("streamlit_app", "user_stats.bench")),
)
DOORS = LAYERS[3][1]
MAY_MEET = {
    ("user_stats.__main__", "user_stats.commands"),
    ("user_stats.commands", "user_stats.bench"),
    ("user_stats.commands.bot", "user_stats.telegram"),
    ("user_stats.api.server", "user_stats.telegram"),
}
"""The command line is one door in several files; the bench and the bot are asked for by a command; a server of the site
takes the bot's updates where it is told to."""
HOMES = {
    "streamlit": ("user_stats.ui", "user_stats.bench", "streamlit_app"),
    "playwright": ("user_stats.bench.app",),
    "pandas": ("user_stats.ui", "user_stats.statistics"),
    "altair": ("user_stats.ui", "user_stats.statistics"),
    "starlette": ("user_stats.api", "user_stats.telegram", "user_stats.bench", "streamlit_app"),
    "uvicorn": ("user_stats.bench",),
    "websockets": ("user_stats.bench",),
    "filelock": ("user_stats.storage.json_files", "user_stats.bench"),
    "msgspec": (
        *("user_stats.storage.json_files", "user_stats.api", "user_stats.transfer", "user_stats.statistics"),
        "user_stats.verification",
    ),
    "argon2": ("user_stats.accounts",),
    "zxcvbn": ("user_stats.accounts",),
    "vl_convert": ("user_stats.statistics",),
    "aiogram": ("user_stats.telegram",),
    "psycopg": ("user_stats.storage.postgres", "user_stats.bench"),
    "redis": ("user_stats.storage.redis",),
    "tinydb": ("user_stats.bench",),
    "config": ("user_stats.bootstrap",),
    "config_values": ("config",),
}


def modules() -> Iterator[tuple[str, Path]]:
    for path in [*(ROOT / "user_stats").rglob("*.py"), *ROOT.glob("*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_in(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


def layer(name: str) -> int:
    for number, places in LAYERS:
        if any(is_in(name, place) for place in places):
            return number
    return 2


MODULES = dict(modules())


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"user_stats", "config"}))
def test_imports_go_down(name: str) -> None:
    for imported in imports(MODULES[name]):
        if not is_in(imported, "user_stats") or imported == "user_stats":
            continue
        if any(is_in(name, one) and is_in(imported, other) for one, other in MAY_MEET):
            continue
        here, there = layer(name), layer(imported)
        own_door = [door for door in DOORS if is_in(name, door)]
        assert here >= there, f"{name} imports {imported}, which is above it"
        if here == 4:
            assert there != 1, f"{name} is a door and imports the storage"
            assert there < 4 or any(is_in(imported, door) for door in own_door), f"{name} imports {imported}"
        if here == 2:
            for engine in ("json_files", "memory", "postgres", "redis"):
                assert not is_in(imported, f"user_stats.storage.{engine}"), f"{name} knows an engine"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_third_parties_are_at_home(name: str) -> None:
    for imported in imports(MODULES[name]):
        homes = HOMES.get(imported.split(".")[0])
        assert homes is None or any(is_in(name, home) for home in homes), f"{name} imports {imported}"


def test_the_lowest_layer_needs_the_standard_library_alone() -> None:
    import sys

    for name, path in MODULES.items():
        if layer(name) == 0:
            for imported in imports(path):
                top = imported.split(".")[0]
                assert top in sys.stdlib_module_names or top == "user_stats", f"{name} imports {imported}"


def test_the_library_can_be_imported_without_the_app() -> None:
    import subprocess
    import sys

    code = (
        "import sys\n"
        "for name in ('streamlit', 'pandas', 'altair', 'starlette', 'aiogram', 'psycopg', 'redis'):\n"
        "    sys.modules[name] = None\n"
        "import user_stats; user_stats.get_user_manager; user_stats.open_storage('memory:')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
