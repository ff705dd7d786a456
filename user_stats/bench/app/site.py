"""A made-up site, its people signed in, and the server that is measured: a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from user_stats import bootstrap
from user_stats.models import UserRole

ROOT = Path(__file__).parents[3]
PEOPLE = 50
"""Who click at the same time, besides the admin in the browser."""
MOST_DAYS, PERSON_DAYS = 365, 3_000_000
"""A year of everybody's activity, or less of many people: making it up takes about a minute."""
SEED = 7
PASSWORD = "a lamp over seven quiet hills"


def fill(store: Path, size: int) -> list[str]:
    """Makes the people and their activity up; the tokens of one admin and of `PEOPLE` others who are signed in."""
    bootstrap.get_demo(store).create_people(size, min(MOST_DAYS, PERSON_DAYS // size), SEED)
    manager, accounts = bootstrap.get_user_manager(store), bootstrap.get_accounts(store)
    users = manager.find_users(is_active=True, limit=PEOPLE + 1).users
    manager.update_user(users[0].user_id, role=UserRole.ADMIN)
    tokens = []
    for user in users:
        accounts.reset_password(accounts.make_reset_code(user.user_id, actor=None), PASSWORD)
        tokens.append(accounts.sign_in(user.username, PASSWORD).token)
    return tokens


@contextmanager
def started_site(store: Path) -> Iterator[str]:
    """The address of the site on a free port; it may not listen yet."""
    settings = {"STORE_URL": str(store), "STREAMLIT_SERVER_PORT": "0", "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    environment = {**os.environ, **settings}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # people's sites keep what was compiled once
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = (re.search(r"http://\S+:\d+", line) for line in server.stdout)
        yield next(match[0] for match in found if match)
    finally:
        server.terminate()
        server.wait()
