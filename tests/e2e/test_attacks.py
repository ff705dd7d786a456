"""What others try against who is signed in: all of it is refused."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Route
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from user_stats import UserRole
from user_stats.api.shield import HEADERS

from .conftest import PASSWORD, MakeSite, MakeVisitor, Site, Visitor

OPEN_WITH_ITS_ID = """
([address, id, run]) => new Promise(resolve => {
  const received = [], socket = new WebSocket(address, ["streamlit", "x", id])
  socket.binaryType = "arraybuffer"
  socket.onopen = () => socket.send(new Uint8Array(run))
  socket.onmessage = message => {
    const text = new TextDecoder("latin1").decode(message.data)
    received.push(text)
    if (text.includes("Create account") || text.includes("Sign out")) setTimeout(() => resolve(received.join("")), 500)
  }
  socket.onclose = () => resolve(received.join(""))
})
"""


def test_the_id_of_a_streamlit_session_takes_nothing_over(site: Site, visit: MakeVisitor) -> None:
    victim = visit(site)
    ids: list[str] = []

    def read(frame: Any) -> None:
        message = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())
        if message.WhichOneof("type") == "new_session":
            ids.append(message.new_session.initialize.session_id)

    victim.page.on("websocket", lambda socket: socket.on("framereceived", read))
    victim.sign_up("quentin")
    victim.is_signed_in()
    victim.sees("quentin")
    thief = visit(site)
    run = list(BackMsg(rerun_script={}).SerializeToString())
    socket_address = site.address.replace("http", "ws") + "/_stcore/stream"
    seen = thief.page.evaluate(OPEN_WITH_ITS_ID, [socket_address, ids[-1], run])
    assert "Create account" in seen
    assert "quentin" not in seen
    assert "Sign out" not in seen


def exchange(visitor: Visitor, ticket: str, address: str = "/auth/session") -> int:
    """The status of showing a ticket from a page of this browser."""
    code = """([address, ticket]) => fetch(address, {method: "POST", headers: {"Content-Type": "application/json"},
              body: JSON.stringify({ticket})}).then(answer => answer.status)"""
    status: int = visitor.page.evaluate(code, [address, ticket])
    return status


def test_tickets_that_are_forged_replayed_or_foreign_are_refused(site: Site, visit: MakeVisitor) -> None:
    ada = visit(site)
    tickets: list[str] = []
    ada.page.on("request", lambda request: tickets.append(request.post_data or "") if "/auth/" in request.url else None)
    ada.sign_up("ada")
    ada.is_signed_in()
    used = json.loads(tickets[0])["ticket"]
    thief = visit(site)
    assert exchange(ada, used) == 401
    assert exchange(thief, used) == 401
    assert exchange(thief, "x" * 43) == 401
    assert "app_session" not in thief.cookies


def test_a_ticket_is_good_in_its_own_browser_alone(site: Site, visit: MakeVisitor) -> None:
    attacker, victim = visit(site), visit(site)
    held: list[str] = []
    attacker.page.route("**/auth/session", lambda route: (held.append(route.request.post_data or ""), route.abort()))
    attacker.sign_up("eve")
    attacker.sees("could not be finished")
    ticket = json.loads(held[0])["ticket"]
    assert exchange(victim, ticket) == 401
    assert "app_session" not in victim.cookies
    attacker.page.unroute("**/auth/session")
    assert exchange(attacker, ticket) == 401, "it was shown already"


@pytest.mark.parametrize("address", ["/auth/session", "/auth/leave"])
def test_only_the_sites_own_pages_may_ask_for_a_cookie(site: Site, address: str) -> None:
    body, json_type = json.dumps({"ticket": "x"}), {"Content-Type": "application/json"}
    url = site.address + address
    for headers in (
        {"Origin": "http://evil.test"},
        {"Sec-Fetch-Site": "cross-site", "Origin": site.address},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
        {"Origin": "null"},
        {},
    ):
        assert requests.post(url, body, headers={**json_type, **headers}, timeout=20).status_code == 403
    assert requests.get(url, timeout=20).status_code == 405
    ours = {"Sec-Fetch-Site": "same-origin"}
    if address == "/auth/session":
        assert requests.post(url, body, headers={**ours, "Content-Type": "text/plain"}, timeout=20).status_code == 415
        for bad in (b"", b"[]", b'{"ticket": 7}', b'{"ticket": "x", "token": "y"}', b"\xff"):
            status = requests.post(url, bad, headers={**ours, **json_type}, timeout=20).status_code
            assert status in (400, 422)


def test_cookies_that_make_no_sense_are_nobodys(site: Site, visit: MakeVisitor) -> None:
    site.manager.create_user("ada", "ada@example.org", password=PASSWORD)
    for value in ("x", "a" * 3000, "0" * 36 + "." + "A" * 43, "%00%0d%0a"):
        visitor = visit(site)
        visitor.page.context.add_cookies([{"name": "app_session", "value": value, "url": site.address}])
        visitor.go("/profile")
        visitor.is_signed_out()


def test_another_name_of_the_site_is_refused_for_all_that_it_answers(make_site: MakeSite) -> None:
    site = make_site()
    for path in ("/", "/health", "/_stcore/health", "/auth/session"):
        assert requests.get(site.address + path, headers={"Host": "evil.test"}, timeout=20).status_code == 400
    named = make_site(ALLOWED_HOSTS="stats.example.org")
    assert requests.get(named.address + "/", headers={"Host": "stats.example.org:80"}, timeout=20).status_code == 200
    assert requests.get(named.address + "/", timeout=20).status_code == 400
    told = {"Host": "stats.example.org", "Origin": "https://stats.example.org"}
    assert "101" in handshake(named, **told)
    assert "403" in handshake(named, **{**told, "Origin": "https://evil.test"})
    assert "amazonaws" not in named.log.read_text()


def handshake(site: Site, **headers: str) -> str:
    """The first line of the answer to a websocket handshake."""
    told = {
        "Host": urlsplit(site.address).netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{lines}\r\n".encode())
        return connection.recv(4096).split(b"\r\n")[0].decode()


def test_websockets_of_other_pages_are_refused(site: Site) -> None:
    assert "101" in handshake(site, Origin=site.address)
    for origin in (
        "http://evil.test",
        "http://localhost:1",
        "http://127.0.0.1",
        "null",
        "https://localhost",
        "http://[",
    ):
        assert "403" in handshake(site, Origin=origin), origin
    assert "403" in handshake(site, Host="evil.test", Origin="http://evil.test")


def test_every_answer_carries_the_security_headers(site: Site) -> None:
    for path in ("/", "/profile", "/api/docs", "/api/v1/users", "/api/nothing", "/_stcore/health", "/auth/session"):
        answer = requests.get(site.address + path, timeout=20)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    refused = requests.get(site.address, headers={"Host": "evil.test"}, timeout=20)
    assert (refused.status_code, refused.headers["x-content-type-options"]) == (400, "nosniff")
    assert requests.get(site.address + "/_stcore/metrics", timeout=20).status_code == 404
    assert requests.get(site.address + "/media/x", timeout=20).headers["cache-control"] == "private, no-store"
    assert "Strict-Transport-Security" not in requests.get(site.address, timeout=20).headers


def test_under_https_the_cookies_belong_to_this_host_alone(make_site: MakeSite) -> None:
    site = make_site(TRUSTED_PROXIES="127.0.0.1", FORWARDED_ALLOW_IPS="")
    answer = requests.get(site.address, headers={"X-Forwarded-Proto": "https"}, timeout=20)
    planted = {"X-Forwarded-Proto": "https", "Cookie": f"app_device={'d' * 43}; __Host-app_session=x"}
    assert "__Host-app_device=" in requests.get(site.address, headers=planted, timeout=20).headers["set-cookie"]
    known = {"X-Forwarded-Proto": "https", "Cookie": f"__Host-app_device={'d' * 43}"}
    assert "app_device" not in requests.get(site.address, headers=known, timeout=20).headers["set-cookie"]
    cookie = answer.headers["set-cookie"]
    assert "__Host-app_device=" in cookie
    assert "Secure" in cookie
    assert "max-age" in answer.headers["strict-transport-security"]


def test_a_sign_up_makes_nobody_an_admin_whatever_comes_with_it(site: Site, visit: MakeVisitor) -> None:
    site.manager.create_user("grace", "grace@example.org", UserRole.ADMIN, password=PASSWORD)
    bodies: list[str] = []

    def add_role(route: Route) -> None:
        bodies.append(json.dumps({**json.loads(route.request.post_data or ""), "role": "admin"}))
        route.fulfill(status=500)

    eve = visit(site, "/users-admin?role=admin&sign_up_role=admin&is_admin=true")
    eve.page.route("**/auth/session", add_role)
    eve.sign_up("eve")
    eve.sees("could not be finished")
    told = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
    answer = requests.post(f"{site.address}/auth/session", bodies[0], headers=told, cookies=eve.cookies, timeout=20)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "role")
    eve.page.unroute("**/auth/session")
    eve.go("/users-admin?role=admin")
    eve.sign_in("eve")
    eve.is_signed_in()
    eve.sees("This is for admins only")
    eve.go("/profile?role=admin&profile_role=admin")
    send_surplus_widgets(eve)
    assert {user.username: user.role for user in site.manager.find_users().users} == {
        "eve": UserRole.FREE,
        "grace": UserRole.ADMIN,
    }


def send_surplus_widgets(visitor: Visitor) -> None:
    """A run of the page with values of widgets that it does not show, as an altered page would send it."""
    run = BackMsg(rerun_script={"page_name": "profile", "query_string": "role=admin"})
    for name in ("role", "profile_role", "person_role", "sign_up_role", "create_role"):
        run.rerun_script.widget_states.widgets.add(id=f"$$ID-0-{name}", string_value="admin")
    run.rerun_script.widget_states.widgets.add(id="$$ID-0-person_save", trigger_value=True)
    address = visitor.site.address.replace("http", "ws") + "/_stcore/stream"
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    headers = {"Cookie": cookie, "Origin": visitor.site.address}
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, additional_headers=headers) as socket:
        socket.send(run.SerializeToString())
        while ForwardMsg.FromString(socket.recv(20, decode=False)).WhichOneof("type") != "script_finished":
            pass
