"""The address of a camera: RTSP to a host that may be a camera's, and never this machine or a metadata service."""

import ipaddress
import socket
from urllib.parse import urlsplit

from proctor.cameras.errors import CameraAddressError

MAX_LENGTH = 500
PORT = 554


def check_address(url: str, *, loopback: bool) -> str:
    """Return the host of a camera's address; raises CameraAddressError. `loopback` is for demonstrations and tests.

    Looks names up, so that a name is no way around: for threads alone.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError as error:
        raise CameraAddressError from error
    if parts.scheme not in {"rtsp", "rtsps"} or not host or len(url) > MAX_LENGTH or not url.isprintable():
        raise CameraAddressError
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise CameraAddressError from error
    if not all(_is_reachable(ipaddress.ip_address(each.partition("%")[0]), loopback=loopback) for each in found):
        raise CameraAddressError
    return host


def _is_reachable(address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, loopback: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return loopback
    return not (address.is_unspecified or address.is_link_local or address.is_multicast or address.is_reserved)
