"""Where a request comes from: the client's address, and whether it came by HTTPS.

What a header says is believed only from the proxies that the settings name. A proxy appends the address of its own
client on the right, so the list is read from there, and whatever a client wrote into it itself stands further left.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN_PEER = "127.0.0.1"
"""Stands for a peer whose address the server does not tell: a local socket, or a local proxy (see `_peer`)."""


class Proxies:
    """The proxies in front of the site: addresses and networks. None: every peer is a client."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Raises ValueError for what is no network."""
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def client_address(self, scope: Scope) -> str:
        """The address of the client; IPv4 addresses in their own form, also when they came as IPv6."""
        headers = Headers(scope=scope)
        peer = self._peer(scope, headers)
        if not self._is_trusted(peer):
            return str(peer)
        hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed(hops):
            address = parsed_address(hop)
            if address is None:
                break
            if not self._is_trusted(address):
                return str(address)
        return str(peer)

    def is_https(self, scope: Scope) -> bool:
        if scope.get("scheme") in ("https", "wss"):
            return True
        headers = Headers(scope=scope)
        proto = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        return proto == "https" and self._is_trusted(self._peer(scope, headers))

    def _peer(self, scope: Scope, headers: Headers) -> Address:
        """Who holds the other end. The server itself may have put what a header says in its place, and marks that with
        port 0; it does so for local peers, unless FORWARDED_ALLOW_IPS is set."""
        host, port = scope.get("client") or (UNKNOWN_PEER, -1)
        if port == 0 and "x-forwarded-for" in headers:
            host = UNKNOWN_PEER
        return parsed_address(host) or ipaddress.IPv4Address(UNKNOWN_PEER)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def parsed_address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def parsed_url(text: str) -> SplitResult:
    """The parts of what stands in a header as a URL; all of them empty where it is none."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def household(address: str) -> str:
    """What shares a limit: an IPv4 address; of an IPv6 one the first 64 bits, for one house has all the rest."""
    if ":" not in address:
        return address
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(address)) >> 64 << 64))


def is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
