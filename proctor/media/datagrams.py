"""Many datagrams by one system call (recvmmsg and sendmmsg of Linux), in memory where SRTP opens and seals them in place."""

import ctypes
import socket
import sys
from typing import Any

from pylibsrtp._binding import ffi

SLOTS = 64
ROOM = 2048
"""Of a slot; a longer datagram is cut, so that its authentication fails."""
MOST_PAYLOAD = ROOM - 12 - 2 - 144
"""What fits with an RTP header, a retransmission's number and the most that SRTP adds."""
_PORT = slice(2, 4)
_HOST = {socket.AF_INET: slice(4, 8), socket.AF_INET6: slice(8, 24)}
_NAME_BYTES = 28
"""Of a struct sockaddr_in6, the longest of the two."""

Name = tuple[str, int]
"""Host and port."""


class _Vector(ctypes.Structure):
    """A struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """A struct msghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    """A struct mmsghdr; `size` tells how much came."""

    _fields_ = (("header", _Header), ("size", ctypes.c_uint))


_WORDS = ctypes.sizeof(_Message) // 4
_SIZE_AT = _Message.size.offset // 4
_libc = ctypes.CDLL(None)


class _Batch:
    """So many slots side by side, each with its message.

    `slots` are their beginnings as SRTP wants them, `packets` the same as buffers, `octets` all of them in a row.
    """

    def __init__(self, *, names: int) -> None:
        memory = ffi.new("char[]", SLOTS * ROOM)
        self.slots: list[Any] = [memory + at * ROOM for at in range(SLOTS)]
        self.packets: list[Any] = [ffi.buffer(slot, ROOM) for slot in self.slots]
        self.octets = memoryview(ffi.buffer(memory)).cast("B")
        vectors, messages = bytearray(SLOTS * ctypes.sizeof(_Vector)), bytearray(SLOTS * ctypes.sizeof(_Message))
        self._names = bytearray(names * _NAME_BYTES)
        self._vectors = (_Vector * SLOTS).from_buffer(vectors)
        self._messages = (_Message * SLOTS).from_buffer(messages)
        self._lengths, self._words = memoryview(vectors).cast("L"), memoryview(messages).cast("I")
        first = int(ffi.cast("uintptr_t", memory))
        name = ctypes.addressof((ctypes.c_char * len(self._names)).from_buffer(self._names))
        for at, (vector, message) in enumerate(zip(self._vectors, self._messages, strict=True)):
            vector.base, vector.size = first + at * ROOM, ROOM
            header = message.header
            header.name, header.name_size = name + at % names * _NAME_BYTES, _NAME_BYTES
            header.vectors, header.vector_count = ctypes.addressof(vector), 1


class Received(_Batch):
    """What came from one socket; all sockets are of one family."""

    def __init__(self) -> None:
        super().__init__(names=SLOTS)

    def receive(self, descriptor: int) -> int:
        """Fill the slots with what waits in a socket and return how many are filled."""
        count: int = _libc.recvmmsg(descriptor, self._messages, SLOTS, socket.MSG_DONTWAIT, None)
        return max(0, count)

    def size(self, at: int) -> int:
        """Return how long the datagram in a slot is."""
        return self._words[at * _WORDS + _SIZE_AT]

    def sender(self, at: int) -> Name:
        """Return whom the datagram in a slot came from."""
        name = self._names[at * _NAME_BYTES : (at + 1) * _NAME_BYTES]
        family = socket.AddressFamily(int.from_bytes(name[:2], sys.byteorder))
        return socket.inet_ntop(family, name[_HOST[family]]), int.from_bytes(name[_PORT])


class Outgoing(_Batch):
    """What goes from one socket to one address."""

    def __init__(self) -> None:
        super().__init__(names=1)

    def send(self, descriptor: int, name: bytes, lengths: list[int]) -> int:
        """Send the first slots, as long as told, to a sockaddr; return how many went before the socket was full."""
        self._names[: len(name)] = name
        for at, length in enumerate(lengths):
            self._lengths[2 * at + 1] = length
        count: int = _libc.sendmmsg(descriptor, self._messages, len(lengths), socket.MSG_DONTWAIT)
        return max(0, count)


def sockaddr(host: str, port: int) -> bytes:
    """Return an address as the kernel reads it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    name = bytearray(_NAME_BYTES)
    name[:2], name[_PORT] = family.to_bytes(2, sys.byteorder), port.to_bytes(2)
    name[_HOST[family]] = socket.inet_pton(family, host)
    return bytes(name)
