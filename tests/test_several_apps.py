"""Two processes of the pages on one PostgreSQL behind nginx, as docs/databases.md has it; one is killed under load."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import chain
from pathlib import Path

import pytest
from nginx import NGINX
from servers import PostgresServer, free_port, program
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from test_several_servers import running
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from user_stats import UserManager
from user_stats.accounts import cookies
from user_stats.accounts.accounts import Accounts
from user_stats.accounts.passwords import PasswordPolicy
from user_stats.storage import open_storage

PRINTED = (Path(__file__).parents[1] / "docs/databases.md").read_text()
PASSWORD = "a lamp over seven quiet hills"
PEOPLE = 12
SECONDS_TO_WAIT = 120
SERVER = "X-Answered-By"
"""The header by which nginx says here which of the two it has asked."""


@dataclass
class Person:
    """Somebody at an address of their own who looks at their profile again and again, and connects again if need be."""

    number: int
    token: str
    address: str = ""
    seen: int = 0
    connections: int = 0

    async def look(self, port: int) -> None:
        while True:
            try:
                async with connect(
                    f"ws://127.0.0.1:{port}/_stcore/stream",
                    additional_headers={"Cookie": f"{cookies.SESSION}={self.token}"},
                    subprotocols=[Subprotocol("streamlit")],
                    max_size=None,
                    ping_interval=None,  # a busy machine may answer late: nobody has died
                    local_addr=(self.address, 0),
                ) as socket:
                    self.connections += 1
                    while True:
                        assert f"person{self.number}@example.org" in await profile(socket), "no longer signed in"
                        self.seen += 1
            except (ConnectionClosed, InvalidHandshake, OSError):
                await asyncio.sleep(0.1)


def addresses_by_server(port: int) -> dict[str, list[str]]:
    """Half as many addresses as there are people for each of the two servers that nginx sends them to."""
    found: dict[str, list[str]] = {}
    for number in range(10, 250):
        address = f"127.0.0.{number}"
        with closing(HTTPConnection("127.0.0.1", port, source_address=(address, 0))) as connection:
            connection.request("GET", "/health")
            found.setdefault(connection.getresponse().headers[SERVER], []).append(address)
        if sorted(min(len(some), PEOPLE // 2) for some in found.values()) == [PEOPLE // 2] * 2:
            break
    return {server: some[: PEOPLE // 2] for server, some in found.items()}


async def profile(socket: ClientConnection) -> str:
    """All that the page says."""
    await socket.send(BackMsg(rerun_script=ClientState(page_name="profile")).SerializeToString())
    said = ""
    while True:
        message = ForwardMsg.FromString(await socket.recv(decode=False))
        said += str(message)
        if message.WhichOneof("type") == "script_finished":
            return said


async def look_meanwhile(people: list[Person], port: int, kill: Callable[[], None]) -> list[int]:
    """Everybody looks twice, one process is killed, everybody looks twice more; who was connected how often by then."""
    tasks = [asyncio.create_task(person.look(port)) for person in people]

    async def until_each_has_seen(counts: list[int]) -> None:
        while any(person.seen < count for person, count in zip(people, counts, strict=True)):
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)

    try:
        async with asyncio.timeout(SECONDS_TO_WAIT):
            await until_each_has_seen([2] * PEOPLE)
            before = [person.connections for person in people]
            kill()
            await until_each_has_seen([person.seen + 2 for person in people])
    finally:
        for task in tasks:
            task.cancel()
    return before


@pytest.mark.timeout(300)
def test_people_stay_signed_in_when_one_of_two_apps_dies(postgres: PostgresServer, tmp_path: Path) -> None:
    nginx, url = program("nginx", package="nginx-light"), postgres.fresh()
    storage, passwords = open_storage(url), PasswordPolicy()
    manager, accounts = UserManager(storage, passwords=passwords), Accounts(storage, passwords=passwords)
    people = []
    for number in range(PEOPLE):
        manager.create_user(f"person{number}", f"person{number}@example.org", password=PASSWORD)
        people.append(Person(number, accounts.sign_in(f"person{number}", PASSWORD).token))
    first, second, port = free_port(), free_port(), free_port()
    (sample,) = re.findall(r"```nginx\n(.*?)```", PRINTED, re.DOTALL)
    sample = sample.replace("10.0.0.11:8501", f"127.0.0.1:{first}").replace("10.0.0.12:8501", f"127.0.0.1:{second}")
    sample = sample.replace("listen 80;", f"listen 127.0.0.1:{port}; add_header {SERVER} $upstream_addr always;")
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, within=sample))
    settings = {"STORE_URL": url, "TRUSTED_PROXIES": "127.0.0.1", "ALLOWED_HOSTS": "127.0.0.1", "HOME": str(tmp_path)}
    words = [sys.executable, "-m", "user_stats", "serve", "--port"]
    with (
        running([*words, str(first)], first, **settings) as killed,
        running([*words, str(second)], second, **settings),
        running([nginx, "-p", str(tmp_path), "-e", f"{tmp_path}/error.log", "-c", str(tmp_path / "nginx.conf")], port),
    ):
        addresses = addresses_by_server(port)
        with_the_first = addresses[f"127.0.0.1:{first}"]
        for person, address in zip(people, chain(*addresses.values()), strict=True):
            person.address = address
        before = asyncio.run(look_meanwhile(people, port, killed.kill))
    assert before == [1] * PEOPLE  # nobody was sent from one process to the other
    assert [one.address for one in people if one.connections > 1] == with_the_first  # who was with the one that died
