"""What is not an honest offer under a good ticket is refused, and leaves nothing behind."""

import asyncio
import time
from pathlib import Path

import pytest

from exam.core.ids import new_id
from tests.builders.media import Publisher, Viewer, new_connection, offer_of, until
from tests.media.stage import MediaProcess, tile


async def _watch_offer() -> str:
    connection = new_connection()
    connection.addTransceiver("video", "recvonly")
    sdp = await offer_of(connection)
    await connection.close()
    return sdp


WRONG = {
    "another node's": {"node": "0123456789abcdef"},
    "out of time": {"expires_at": int(time.time()) - 1},
    "good for too long": {"expires_at": int(time.time()) + 3600},
    "another certificate's": {"fingerprint": ":".join(["AB"] * 32)},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_wrong_ticket_is_refused(node: MediaProcess, wrong: dict[str, object]) -> None:
    sdp = await _watch_offer()
    answer = await node.connect(node.ticket(sdp, (tile(new_id()),), **wrong), sdp)
    assert (answer.status_code, answer.json()["code"]) == (401, "media_ticket")
    assert (await node.gauge()).peers == 0


async def test_a_ticket_is_good_once(node: MediaProcess) -> None:
    sdp = await _watch_offer()
    ticket = node.ticket(sdp, (tile(new_id()),))
    assert (await node.connect(ticket, sdp)).status_code == 200
    assert (await node.connect(ticket, sdp)).json()["code"] == "media_ticket"


async def test_a_changed_ticket_is_refused(node: MediaProcess) -> None:
    sdp = await _watch_offer()
    ticket = node.ticket(sdp, (tile(new_id()),))
    for changed in (ticket[:-2] + "AA", "A" + ticket, ticket.partition(".")[0], "", "." * 50):
        assert (await node.connect(changed, sdp)).json()["code"] == "media_ticket"


async def test_more_or_fewer_sections_than_the_ticket_names_are_refused(node: MediaProcess) -> None:
    sdp = await _watch_offer()
    for sources in ((), (tile(new_id()), tile(new_id()))):
        assert (await node.connect(node.ticket(sdp, sources), sdp)).json()["code"] == "sdp_invalid"


async def test_who_may_watch_may_not_send(node: MediaProcess) -> None:
    publisher = Publisher()
    sdp = await offer_of(publisher.connection)
    assert (await node.connect(node.ticket(sdp, (tile(new_id()),)), sdp)).json()["code"] == "sdp_invalid"
    await publisher.close()


def _mangled(sdp: str) -> list[str]:
    lines = sdp.split("\r\n")
    without = ["\r\n".join(lines[:n] + lines[n + 1 :]) for n in range(0, len(lines) - 1, 2)]
    changed = [
        "",
        "v=0",
        "garbage" * 300,
        sdp * 300,
        sdp.replace("m=video", "m=audio"),
        sdp.replace("m=video", "m=application"),
        sdp.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        sdp.replace("a=mid:0", "a=mid:" + "9" * 400),
        sdp.replace("a=ice-pwd:", "a=ice-pwd:x\r\na=ice-pwd:"),
        sdp.replace("recvonly", "sendonly"),
        sdp.replace("a=group:BUNDLE 0", "a=group:BUNDLE 7"),
        sdp.replace("\r\n", "\x00\r\n"),
        sdp.replace("VP8/90000", "VP8/4294967296000"),
        sdp.replace("VP8", "AV1").replace("H264", "AV1"),
        sdp.replace("typ host", "typ nowhere"),
    ]
    return [*without, *changed]


async def test_mangled_descriptions_are_refused_and_leave_no_peer(node: MediaProcess) -> None:
    """None of them may harm the node: what is accepted after losing a harmless line goes within the connect time."""
    watched, viewer = Publisher(), Viewer()
    attempt = new_id()
    await watched.connect(node.exchange(tile(attempt), direction="publish"))
    await viewer.connect(node.exchange(tile(attempt)))
    await viewer.until(3)
    before, memory = (await node.gauge()).peers, _resident(node)
    honest = await _watch_offer()
    corpus = _mangled(honest)
    assert len(corpus) >= 30
    codes = []
    for sdp in corpus * 2:
        answer = await node.connect(node.ticket(honest, (tile(new_id()),)), sdp)
        assert answer.status_code in {200, 400, 401, 413}, (answer.status_code, sdp[:200])
        codes.append(answer.status_code)
    assert codes.count(200) < len(codes) / 2
    began = viewer.frames[0]
    await asyncio.sleep(2)
    assert viewer.frames[0] - began >= 18  # of twenty
    assert _resident(node) - memory < 20

    async def only_the_honest_are_left() -> bool:
        return (await node.gauge()).peers <= before

    await until(only_the_honest_are_left, patience_s=25)
    await asyncio.gather(watched.close(), viewer.close())


def _resident(node: MediaProcess) -> float:
    """Return the process's resident memory in MB."""
    status = Path(f"/proc/{node.process.pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def test_a_flood_of_datagrams_hurts_nobody(node: MediaProcess) -> None:
    attempt = new_id()
    publisher, viewer = Publisher(), Viewer()
    await publisher.connect(node.exchange(tile(attempt), direction="publish"))
    await viewer.connect(node.exchange(tile(attempt)))
    await viewer.until(3)
    target = viewer.connection.getTransceivers()[0].receiver.transport.transport._connection._nominated[1].remote_addr
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=target
    )
    began = viewer.frames[0]
    for kind in (b"\x80\x60", b"\x80\xc8", b"\x16\xfe", b"\x00\x01"):
        for _ in range(100):
            transport.sendto(kind + b"\xff" * 1200)
        await asyncio.sleep(0.5)
    transport.close()
    assert viewer.frames[0] - began >= 17  # of twenty
    await asyncio.gather(publisher.close(), viewer.close())
