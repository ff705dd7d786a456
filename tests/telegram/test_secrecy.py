"""The token stands in no log and in no message, whatever happens."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.telegram.conftest import RunBot
from tests.telegram.double import DROPPED, TOKEN, BotApi, starts
from user_stats.telegram.secrecy import HIDDEN, hide_in_logs

ROOT = Path(__file__).parents[2]


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """What any logger writes, at the most talkative level."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root, level, factory = logging.getLogger(), logging.getLogger().level, logging.getLogRecordFactory()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)
    logging.setLogRecordFactory(factory)


def test_no_logger_writes_the_token(everything_logged: io.StringIO) -> None:
    hide_in_logs(TOKEN)
    hide_in_logs(TOKEN)
    log = logging.getLogger("aiohttp.client")
    log.info("POST https://api.telegram.org/bot%s/getMe", TOKEN)
    log.info(f"POST {TOKEN}")
    log.info("%(url)s", {"url": f"/bot{TOKEN}"})
    log.info("wrongly written %s %s", TOKEN)
    log.info("GET /proxy?to=%s", quote(f"https://api.telegram.org/bot{TOKEN}", safe=""))
    log.info("GET /proxy?to=%s", quote(quote(TOKEN, safe=""), safe="").replace("%253A", "%253a"))
    try:
        try:
            raise ValueError(f"https://api.telegram.org/bot{TOKEN}/getMe")
        except ValueError as error:
            raise OSError("no connection") from error
    except OSError:
        log.exception("it failed")
    written = everything_logged.getvalue()
    assert TOKEN.partition(":")[2] not in written
    assert written.count(HIDDEN) == 7
    assert "OSError: no connection" in written


def test_a_bot_in_trouble_does_not_write_it(api: BotApi, run_bot: RunBot, everything_logged: io.StringIO) -> None:
    api.prepared["getUpdates"].append(DROPPED)
    api.prepared["sendMessage"].extend([DROPPED, {"ok": False, "error_code": 500, "description": f"/bot{TOKEN}/x"}])
    with run_bot():
        api.put(*starts([1]))
        api.wait_for_calls("sendMessage", 3)
    assert "Telegram cannot be reached" in everything_logged.getvalue()
    assert TOKEN not in everything_logged.getvalue()


def run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "user_stats", "--store", str(tmp_path / "users"), "bot"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TELEGRAM_")}
    return subprocess.run(words, env={**clean, **environment}, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_without_a_token_one_line_says_how_to_get_one(tmp_path: Path) -> None:
    ended = run(tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "https://t.me/BotFather" in ended.stderr
    assert "TELEGRAM_BOT_TOKEN" in ended.stderr
    assert not (tmp_path / "users").exists()


@pytest.mark.parametrize("token", ["hello-secret", "12:ab cd-secret", "12:äö-secret", "x1:secret"])
def test_what_is_no_token_is_refused_without_being_shown(tmp_path: Path, token: str) -> None:
    ended = run(tmp_path, TELEGRAM_BOT_TOKEN=token)
    assert ended.returncode == 2
    assert "TELEGRAM_BOT_TOKEN" in ended.stderr
    assert "secret" not in ended.stderr


def test_the_token_may_stand_in_a_file(api: BotApi, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("1:of-nobody\n")
    ended = run(tmp_path, TELEGRAM_BOT_TOKEN_FILE=str(tmp_path / "token"), TELEGRAM_API_URL=api.url)
    assert ended.stderr == "error: TELEGRAM_BOT_TOKEN: Telegram does not know this token\n"
    assert ended.returncode == 3


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    ended = run(tmp_path, TELEGRAM_BOT_TOKEN_FILE=str(tmp_path / "nothing"))
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: TELEGRAM_BOT_TOKEN_FILE: the file cannot be read")


def test_without_aiogram_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    code = "import sys; sys.modules['aiogram'] = None; from user_stats.__main__ import main; sys.exit(main(['bot']))"
    environment = {**os.environ, "TELEGRAM_BOT_TOKEN": TOKEN, "USERS_DIR": str(tmp_path / "users")}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "error: aiogram is not installed: python -m pip install aiogram\n"


def test_with_a_webhook_the_command_leaves_the_updates_to_the_site(tmp_path: Path) -> None:
    ended = run(
        tmp_path,
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_WEBHOOK_URL="https://stats.example.org/api/telegram",
        TELEGRAM_WEBHOOK_SECRET="h7Kq2_wZx9-Lm4Vt8Rb3Ny6Pd",
    )
    assert ended.returncode == 2
    assert "TELEGRAM_WEBHOOK_URL" in ended.stderr


def test_a_wrongly_written_line_of_a_log_harms_nobody() -> None:
    class Unspeakable:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    factory = logging.getLogRecordFactory()
    try:
        hide_in_logs("4242:AAAF0-secret-of-the-bot-000000000000")
        for message, arguments in (("%(foo)s", ({"bar": 1},)), ("%s", (Unspeakable(),)), ("%d %d", (1,))):
            logging.getLogger("wrong").makeRecord("wrong", logging.INFO, "file", 1, message, arguments, None)
    finally:
        logging.setLogRecordFactory(factory)
