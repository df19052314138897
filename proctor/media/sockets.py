"""The node's media sockets, read together: whatever came in a moment is taken in one turn of the loop.

A loop that wakes for each datagram spends nine tenths of its time on waking: a tile's two packets cost as much as fifty
that are read together. So after a turn in which something came the node rests and then reads all that waits; only after a
silence is a datagram read at once.
"""

import asyncio
import contextlib
import select
import socket
from collections.abc import Callable
from typing import Any

import structlog

from proctor.media.datagrams import Name, Received

REST_S = 0.02
"""Between two turns of a busy node: a fifth of what a picture of ten a second lasts."""
BUFFER = 1 << 20
"""Bytes that a socket keeps for its reader and for the network: a node that rests for a moment loses nothing."""

log = structlog.get_logger(__name__)

Media = Callable[[Received, int], bool]
"""Batch and slot; returns whether the datagram there was media."""


class Gate:
    """Reads the sockets of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._batch = Received()
        self._epoll = select.epoll()
        self._open: dict[int, NodeSocket] = {}
        loop.add_reader(self._epoll, self._wake)

    def add(self, opened: "NodeSocket") -> None:
        self._open[opened.descriptor] = opened
        self._epoll.register(opened.descriptor, select.EPOLLIN)

    def remove(self, closed: "NodeSocket") -> None:
        self._epoll.unregister(closed.descriptor)
        del self._open[closed.descriptor]

    def close(self) -> None:
        """Read no more."""
        self.loop.remove_reader(self._epoll)
        self._epoll.close()

    def _wake(self) -> None:
        self.loop.remove_reader(self._epoll)
        self._turn()

    def _turn(self) -> None:
        if self._epoll.closed:
            return
        ready = self._epoll.poll(0)
        if not ready:
            self.loop.add_reader(self._epoll, self._wake)
            return
        self.loop.call_later(REST_S, self._turn)
        for descriptor, _ in ready:
            if (each := self._open.get(descriptor)) is not None:
                try:
                    each.read(self._batch)
                except Exception as error:  # noqa: BLE001  # what one connection stumbles over must not stop the others
                    log.error("media.datagram_failed", error=type(error).__name__)  # noqa: TRY400


class NodeSocket(asyncio.DatagramTransport):
    """The UDP socket of one of aioice's protocols; raises OSError where it cannot be bound."""

    def __init__(self, gate: Gate, address: Name, protocol: Any) -> None:
        super().__init__()
        self._gate, self._protocol = gate, protocol
        self._socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self.descriptor = self._socket.fileno()
        gate.add(self)
        protocol.connection_made(self)

    def read(self, batch: Received) -> None:
        """Give out what waits: media slot by slot, the rest to the protocol."""
        for at in range(batch.receive(self.descriptor)):
            media: Media | None = self._protocol.receiver.on_media
            if media is None or not media(batch, at):
                self._protocol.datagram_received(batch.packets[at][: batch.size(at)], batch.sender(at))

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send one datagram; what a full socket does not take is lost, as it may be anywhere on its way."""
        if not self.is_closing():
            with contextlib.suppress(OSError):
                self._socket.sendto(data, addr)

    def is_closing(self) -> bool:
        return self.descriptor < 0

    def close(self) -> None:
        if self.is_closing():
            return
        self._gate.remove(self)
        self.descriptor = -1
        self._socket.close()
        self._gate.loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._socket.getsockname() if name == "sockname" else default
