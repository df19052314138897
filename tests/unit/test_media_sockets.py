"""Media sockets of a node on loopback: batches in and out, real SRTP in their slots, one turn for all of them."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pylibsrtp import Policy, Session

from proctor.media.datagrams import MOST_PAYLOAD, SLOTS, Outgoing, Received, sockaddr
from proctor.media.outbound import HEADER, Outbound
from proctor.media.sender import Sender
from proctor.media.sockets import Gate, NodeSocket
from proctor.media.source import Source
from proctor.media.transport import Inbound

KEY = os.urandom(30)
KEY_FRAME, LATER = bytes.fromhex("101002009d012a10001000"), bytes.fromhex("101102009d012a10001000")


@pytest.fixture
def far() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    made = Gate(asyncio.get_running_loop())
    yield made
    made.close()


class Heard:
    """One of aioice's protocols, with its connection."""

    def __init__(self, last: bytes = b"") -> None:
        self.receiver = SimpleNamespace(on_media=None)
        self.got: list[tuple[bytes, tuple[str, int]]] = []
        self.lost = asyncio.Event()
        self.all = asyncio.Event()
        self._last = last

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost.set()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.got.append((data, address))
        if data == self._last:
            self.all.set()
        if data == b"stumble":
            raise ValueError


def dtls_over(way: NodeSocket, far: socket.socket) -> Any:
    """Return a connected transport as the pinned aiortc has it, with a real session."""
    pair = SimpleNamespace(protocol=SimpleNamespace(transport=way), remote_addr=far.getsockname())
    connection = SimpleNamespace(_nominated={1: pair}, on_media=None, outbound=None)
    sealing = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
    return SimpleNamespace(transport=SimpleNamespace(_connection=connection), state="connected", _tx_srtp=sealing)


def opened(far: socket.socket) -> list[tuple[int, int, int, bytes]]:
    """Return what came, opened: second octet, sequence number, SSRC, payload."""
    opening = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND))
    packets: list[tuple[int, int, int, bytes]] = []
    while True:
        try:
            plain = opening.unprotect(far.recv(2048))
        except BlockingIOError:
            return packets
        _, second, seq, _, ssrc = HEADER.unpack_from(plain)
        packets.append((second, seq, ssrc, plain[HEADER.size :]))


def test_a_batch_goes_out_in_order_and_comes_in_with_its_sender(far: socket.socket) -> None:
    outgoing, received = Outgoing(), Received()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.bind(("127.0.0.1", 0))
        for at in range(SLOTS):
            outgoing.packets[at][: at + 1] = bytes([at]) * (at + 1)
        lengths = [at + 1 for at in range(SLOTS)]
        assert outgoing.send(near.fileno(), sockaddr(*far.getsockname()), lengths) == SLOTS
        assert received.receive(far.fileno()) == SLOTS
        for at in range(SLOTS):
            assert received.packets[at][: received.size(at)] == bytes([at]) * (at + 1)
            assert received.sender(at) == near.getsockname()
    assert received.receive(far.fileno()) == 0
    assert outgoing.send(-1, sockaddr("127.0.0.1", 9), [1]) == 0


def test_an_address_of_the_newer_protocol_is_written_as_the_kernel_reads_it() -> None:
    name = sockaddr("2001:db8::1", 42_000)
    assert int.from_bytes(name[2:4]) == 42_000
    assert socket.inet_ntop(socket.AF_INET6, name[8:24]) == "2001:db8::1"
    assert len(name) == 28


async def test_every_socket_is_read_whatever_another_one_stumbles_over(gate: Gate, far: socket.socket) -> None:
    both = [Heard(b"last"), Heard(b"last")]
    ways = [NodeSocket(gate, ("127.0.0.1", 0), each) for each in both]
    for way in ways:
        for data in (b"stumble", *[b"more"] * SLOTS, b"last"):
            far.sendto(data, way.get_extra_info("sockname"))
    async with asyncio.timeout(10):
        for each in both:
            await each.all.wait()
            assert {address for _, address in each.got} == {far.getsockname()}
    for way in ways:
        way.close()
        way.close()
        way.sendto(b"late", far.getsockname())
    await asyncio.wait_for(both[1].lost.wait(), 10)
    with pytest.raises(BlockingIOError):
        far.recv(10)


async def test_media_is_opened_where_it_lies_and_the_rest_goes_its_way(gate: Gate, far: socket.socket) -> None:
    heard, taken = Heard(b"\x16"), list[tuple[int, int, int, int, int, bytes]]()
    way = NodeSocket(gate, ("127.0.0.1", 0), heard)
    inbound = Inbound(SimpleNamespace(_rx_srtp=Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND))))  # type: ignore[arg-type]
    inbound.register([5], lambda *packet: taken.append(packet))
    heard.receiver.on_media = inbound
    sealing = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
    packets = [HEADER.pack(0x80, 0x80 | 96, seq, 7, 5) + b"picture" for seq in range(3)]
    stranger = HEADER.pack(0x80, 96, 1, 7, 6) + b"picture"
    forged = sealing.protect(packets[2])[:-1] + b"?"
    control = b"\x80\xc9" + bytes(20)
    for data in (b"\x00stun", *map(sealing.protect, packets[:2]), forged, sealing.protect(stranger), control, b"\x16"):
        far.sendto(data, way.get_extra_info("sockname"))
    await asyncio.wait_for(heard.all.wait(), 10)
    assert taken == [(96, 5, seq, 7, 1, b"picture") for seq in range(2)]
    assert [data for data, _ in heard.got] == [b"\x00stun", control, b"\x16"]
    assert inbound.refused == 2
    way.close()


async def test_what_a_turn_has_for_a_connection_is_sealed_and_sent_together(gate: Gate, far: socket.socket) -> None:
    way = NodeSocket(gate, ("127.0.0.1", 0), Heard())
    outbound = Outbound(dtls_over(way, far))
    count = SLOTS + 5
    for seq in range(count):
        outbound.put((None, 96, seq, 7, 5, bytes([seq]) * 300))
    outbound.put((None, 96, count, 7, 5, bytes(MOST_PAYLOAD + 1)))
    assert opened(far) == []
    await asyncio.sleep(0)
    assert opened(far) == [(96, seq, 5, bytes([seq]) * 300) for seq in range(count)]
    way.close()


async def test_after_a_jam_a_viewer_goes_on_with_a_key_frame_in_the_next_number(gate: Gate, far: socket.socket) -> None:
    way = NodeSocket(gate, ("127.0.0.1", 0), Heard())
    dtls = dtls_over(way, far)
    sender, source = Sender("video", dtls), Source("seat/tile")
    source.viewers.append(sender)
    asked: list[int] = []
    source.begin(lambda: asked.append(1))

    async def push(number: int, payload: bytes) -> None:
        source.push(1, number, number * 9000, 1, payload)
        await asyncio.sleep(0)

    await push(1, KEY_FRAME)
    dtls.state = "connecting"
    await push(2, LATER)
    await push(3, LATER)
    dtls.state = "connected"
    await push(4, LATER)
    await push(5, KEY_FRAME)
    await push(6, LATER)
    came = opened(far)
    assert [payload for *_, payload in came] == [KEY_FRAME, KEY_FRAME, LATER]
    assert [(seq - came[0][1]) & 0xFFFF for _, seq, _, _ in came] == [0, 1, 2]
    assert (sender.jams, sender.packets) == (1, 3)
    way.close()
