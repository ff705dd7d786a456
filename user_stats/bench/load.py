"""Load over HTTP from one process, as light as it can be: it shares the machine with the server that is measured."""

from __future__ import annotations

import asyncio
import random
import time
from typing import NamedTuple

CONNECTIONS = 32
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
TRACK_USER = "/api/stats/track-user"


class Load(NamedTuple):
    """What came of a load: the seconds of each answer, and how many were not 200."""

    times: list[float]
    failures: int


class _Caller(asyncio.Protocol):
    """One connection that sends a request when it is told to, and knows when the whole answer is there."""

    def __init__(self) -> None:
        self._answer = b""
        self._transport: asyncio.WriteTransport
        self._done: asyncio.Future[bool]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        if len(body) >= length:
            self._answer = b""
            self._done.set_result(head.startswith(b"HTTP/1.1 200"))

    def call(self, request: bytes) -> asyncio.Future[bool]:
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._done


async def track(port: int, rate: float, seconds: float) -> Load:
    """Visitors from many addresses over some connections, as fast as they are answered or at a rate a second, in random
    gaps."""
    times: list[float] = []
    failures = 0
    end = time.perf_counter() + seconds

    async def worker(number: int) -> None:
        nonlocal failures
        _, caller = await asyncio.get_running_loop().create_connection(_Caller, "127.0.0.1", port)
        source = random.Random(number)
        while time.perf_counter() < end:
            if rate:
                await asyncio.sleep(source.expovariate(rate / CONNECTIONS))
            address = ".".join(str(source.randrange(1, 223)) for _ in range(4))
            request = (
                f"POST {TRACK_USER} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\n"
                f"User-Agent: {FIREFOX}\r\nContent-Length: 0\r\n\r\n"
            )
            start = time.perf_counter()
            failures += not await caller.call(request.encode())
            times.append(time.perf_counter() - start)

    await asyncio.gather(*(worker(number) for number in range(CONNECTIONS)))
    return Load(times, failures)
