"""The Telegram bot: how many updates a second it handles in polling mode, and what memory it takes for many people.

The bot is a process of its own, as `python -m user_stats bot` starts it; this one stands in for Telegram over the
loopback: it hands out one /start of each person, and counts the answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

from user_stats.bench import measures

TOKEN = "1:bench"
MOST_PEOPLE = 100_000
"""More take as long again."""
WARM_SHARE = 10
"""The memory is first looked at when one in so many people was answered."""
POLL_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 60.0
"""Without a further answer for so long, it has failed."""
WORK = "bot, /start by polling"


def bot(folder: Path, size: int) -> list[measures.Row]:
    """A /start each of `size` people, 100,000 at most, all of them new."""
    figures = asyncio.run(_measure(folder / "users", min(size, MOST_PEOPLE)))
    return [measures.Row(size, WORK, "user_stats", figures)]


async def _measure(store: Path, people: int) -> dict[str, float]:
    telegram = _Telegram(people)
    server = await asyncio.start_server(telegram.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environment = {**os.environ, "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
    words = [sys.executable, "-m", "user_stats", "--store", str(store), "bot"]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
    try:
        await telegram.answered(people // WARM_SHARE)
        warm_at, warm = time.perf_counter(), _megabytes(process.pid)
        await telegram.answered(people)
        seconds = time.perf_counter() - warm_at
        counted = people - people // WARM_SHARE
        full = _megabytes(process.pid)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
        server.close()
    return {"calls_a_second": counted / seconds, "memory_mb": full, "memory_growth_mb": full - warm}


def _megabytes(process_id: int) -> float:
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class _Telegram:
    """As much of the Bot API as the bot needs."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._answers = 0
        self._changed = asyncio.Condition()

    async def answered(self, count: int) -> None:
        """Until so many answers have come."""
        async with self._changed:
            while self._answers < count:
                await asyncio.wait_for(self._changed.wait(), LONGEST_WAIT_SECONDS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.partition("content-length: ")[2].partition("\r")[0] or 0)
                body = await reader.readexactly(length)
                result = await self._result(head.partition(" http")[0].rpartition("/")[2], body.decode())
                answer = json.dumps({"ok": True, "result": result}).encode()
                kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                writer.write(kind + str(len(answer)).encode() + b"\r\n\r\n" + answer)
        writer.close()

    async def _result(self, method: str, body: str) -> object:
        if method == "getupdates":
            return await self._updates(int(parse_qs(body).get("offset", ["1"])[0]))
        if method == "getme":
            return {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
        if method != "sendmessage":
            return True
        async with self._changed:
            self._answers += 1
            self._changed.notify_all()
        return {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}

    async def _updates(self, first: int) -> list[object]:
        if first > self._people:
            await asyncio.sleep(POLL_SECONDS)
        return [_start(number) for number in range(first, min(first + 100, self._people + 1))]


def _start(number: int) -> dict[str, object]:
    person = {"id": number, "is_bot": False, "first_name": f"Person {number}", "username": f"person_{number}"}
    chat = {"id": number, "type": "private", "first_name": f"Person {number}"}
    message = {"message_id": number, "date": 1_700_000_000, "from": person, "chat": chat, "text": "/start"}
    return {"update_id": number, "message": message}
