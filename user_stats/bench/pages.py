"""Pages while visitors are counted: how long a page takes to be sent, and its script to run again, with counting on and
off. The welcome page, as a browser asks for it."""

from __future__ import annotations

import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from user_stats.bench import measures, served
from user_stats.bench.load import FIREFOX

ON, OFF = "counting", "not counting"
REMEMBERED = 50
"""Reruns that are made before any is measured."""


def pages(folder: Path, size: int) -> list[measures.Row]:
    """The two sites take turns in rounds; `size` has no part in it."""
    sent: dict[str, list[float]] = {ON: [], OFF: []}
    rerun: dict[str, list[float]] = {ON: [], OFF: []}
    with ExitStack() as stack:
        sockets = {}
        ports = {}
        for name, is_on in ((ON, "true"), (OFF, "false")):
            port = stack.enter_context(served.site(folder / name.split()[0], ENABLE_USER_ANALYTICS=is_on))
            address = f"ws://127.0.0.1:{port}/_stcore/stream"
            socket = connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None)
            sockets[name], ports[name] = stack.enter_context(socket), port
            for _ in range(REMEMBERED):
                _rerun(sockets[name])
        for _ in range(measures.ROUNDS):
            for name in (ON, OFF):
                end = time.perf_counter() + measures.BUDGET_SECONDS / measures.ROUNDS
                while time.perf_counter() < end:
                    rerun[name].append(_timed_rerun(sockets[name]))
                    sent[name].append(_timed_page(ports[name]))
    return [
        *(measures.Row(size, "page sent", name, _figures(times)) for name, times in sent.items()),
        *(measures.Row(size, "page run again", name, _figures(times)) for name, times in rerun.items()),
    ]


def _figures(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"median_us": median(ordered) * 1e6, "p99_us": ordered[len(ordered) * 99 // 100] * 1e6}


def _timed_rerun(socket: ClientConnection) -> float:
    start = time.perf_counter()
    _rerun(socket)
    return time.perf_counter() - start


def _rerun(socket: ClientConnection) -> None:
    socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
    while True:
        frame = socket.recv()
        assert isinstance(frame, bytes)
        if ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished":
            return


def _timed_page(port: int) -> float:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"User-Agent": FIREFOX})
    start = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        answer.read()
    return time.perf_counter() - start
