"""serve: the site on a port of this machine, the pages with the API or the API alone."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from user_stats.bootstrap import check_configuration, http_settings
from user_stats.errors import InvalidInput

ROOT = Path(__file__).parents[2]
MOST_PORT = 65_535


def add_to(commands: Any) -> None:
    serve = commands.add_parser("serve", help="run the site: the pages and the API")
    serve.add_argument("--host", metavar="HOST", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", metavar="PORT", type=int, help="0: any (default: the setting PORT)")
    serve.add_argument("--debug", action="store_true", help="say more in the log")
    serve.add_argument("--api-only", action="store_true", help="without the pages; WEB_CONCURRENCY sets the workers")
    serve.set_defaults(run=run_serve)


def run_serve(arguments: argparse.Namespace) -> int:
    """Becomes the server. Forwarded headers are left to the site, which believes the proxies that its settings name."""
    check_configuration()
    number = http_settings().port if arguments.port is None else arguments.port
    if not 0 <= number <= MOST_PORT:
        raise InvalidInput.of("--port", number, f"a whole number from 0 to {MOST_PORT:,}")
    found = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "FORWARDED_ALLOW_IPS": "", "PYTHONPATH": found}
    if arguments.store is not None:
        environment["STORE_URL"] = arguments.store if "://" in arguments.store else os.path.abspath(arguments.store)
    level = "debug" if arguments.debug else "info"
    host, port = arguments.host, str(number)
    if arguments.api_only:
        words = ["uvicorn", "--factory", "user_stats.api.server:make_app", "--no-proxy-headers"]
        words += ["--host", host, "--port", port, "--log-level", level, "--no-access-log"]
    else:
        words = ["streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.address", host, "--server.port", port]
        words += ["--logger.level", level]
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", *words], environment)
