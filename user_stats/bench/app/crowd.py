"""Fifty people over the wire: each opens a page, looks at it for ten seconds and goes to the next.

They speak the protocol of the pages without drawing them: fifty browsers would measure themselves on a small machine.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from user_stats.accounts import cookies

SECONDS_BETWEEN = 10.0
LONGEST_WAIT_SECONDS = 60.0
FEWEST_CLICKS = 3
PAGES = ("profile", "watch-history", "features", "statistics", "content")


class Crowd:
    """They click from the beginning of a `with` until its end; each clicks three times at least."""

    def __init__(self, address: str, tokens: Sequence[str]) -> None:
        self.times: list[float] = []
        self._address = address.replace("http", "ws", 1) + "/_stcore/stream"
        self._tokens = tokens
        self._is_over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._everybody())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for the thread
            self._failure = error

    async def _everybody(self) -> None:
        await asyncio.gather(*(self._person(number, token) for number, token in enumerate(self._tokens)))

    async def _person(self, number: int, token: str) -> None:
        source = random.Random(number)
        await asyncio.sleep(source.uniform(0, SECONDS_BETWEEN))
        cookie = {"Cookie": f"{cookies.SESSION}={token}"}
        subprotocols = [Subprotocol("streamlit")]
        async with connect(
            self._address, additional_headers=cookie, subprotocols=subprotocols, max_size=None
        ) as socket:
            await self._click(socket, PAGES[number % len(PAGES)])
            clicks = 0
            while clicks < FEWEST_CLICKS or not self._is_over.is_set():
                await asyncio.sleep(source.uniform(0.5, 1.5) * SECONDS_BETWEEN)
                self.times.append(await self._click(socket, source.choice(PAGES)))
                clicks += 1

    async def _click(self, socket: ClientConnection, page: str) -> float:
        start = time.perf_counter()
        await socket.send(BackMsg(rerun_script=ClientState(page_name=page)).SerializeToString())
        async with asyncio.timeout(LONGEST_WAIT_SECONDS):
            while True:
                message = ForwardMsg.FromString(await socket.recv(decode=False))
                if message.WhichOneof("type") == "script_finished":
                    return time.perf_counter() - start
