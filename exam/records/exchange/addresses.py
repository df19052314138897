"""Where messages may be sent: public addresses over https, and what the operator has listed as inside.

A name is resolved once, every address of it is judged, and the connection goes to the address that was judged: a name
that means something else a moment later leads nowhere (OWASP SSRF prevention, DNS rebinding).
"""

import asyncio
import ipaddress
import socket
from typing import Any

import httpx
import msgspec

from exam.records.exchange.errors import AddressRefusedError, AddressUnknownError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# these carry an IPv4 address of anybody's choice inside a global one
_TRANSLATED = tuple(ipaddress.IPv6Network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


class Target(msgspec.Struct, frozen=True):
    """A judged address: the URL with the number in it, the Host header, and what TLS must prove."""

    url: httpx.URL
    host: str
    extensions: dict[str, Any]


async def judge_address(address: str, inside: str) -> Target:
    """Return how to reach an address; raises AddressRefusedError and AddressUnknownError.

    `inside` lists hosts and networks, with commas between them.
    """
    listed = [each.strip() for each in inside.split(",") if each.strip()]
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise AddressRefusedError from error
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.fragment:
        raise AddressRefusedError
    found = await _resolve(url)
    within = url.host in listed or all(_is_listed(each, listed) for each in found)
    if not within and (url.scheme != "https" or not all(map(_is_public, found))):
        raise AddressRefusedError
    extensions = {"sni_hostname": url.host} if url.scheme == "https" else {}
    return Target(url.copy_with(host=str(found[0])), url.netloc.decode(), extensions)


async def _resolve(url: httpx.URL) -> list[Address]:
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        return [_plain(ipaddress.ip_address(entry[4][0])) for entry in found]
    except (OSError, UnicodeError, ValueError) as error:
        raise AddressUnknownError from error


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one is another spelling of."""
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def _is_public(address: Address) -> bool:
    translated = isinstance(address, ipaddress.IPv6Address) and any(address in each for each in _TRANSLATED)
    return address.is_global and not address.is_multicast and not translated


def _is_listed(address: Address, listed: list[str]) -> bool:
    return any(address in network for network in map(_network, listed) if network is not None)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
