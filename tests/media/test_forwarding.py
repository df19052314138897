"""What a publisher sends arrives at every viewer, whole and soon, and nobody else's trouble is theirs."""

import asyncio
import random
from typing import Any

import aioice.ice
import pytest

from exam.core.ids import new_id
from proctor.media.names import Track, seat_source
from tests.builders.media import Publisher, Viewer, until
from tests.media.stage import MediaProcess, tile


def _publish(node: MediaProcess, attempt: Any, *tracks: Track) -> Any:
    sources = [seat_source(attempt, track) for track in tracks or (Track.TILE,)]
    return node.exchange(*sources, direction="publish")


async def test_a_viewer_sees_the_publisher_within_a_second(node: MediaProcess) -> None:
    attempt = new_id()
    publisher, viewer = Publisher(), Viewer()
    await publisher.connect(_publish(node, attempt))
    await asyncio.sleep(1)
    await viewer.connect(node.exchange(tile(attempt)))
    await viewer.until(10)
    assert viewer.first_at is not None
    assert viewer.first_at - viewer.began_at < 1.5  # the clip has a key frame every half second, and cannot be asked
    await asyncio.gather(publisher.close(), viewer.close())


async def test_who_waits_before_the_publisher_comes_sees_it_come(node: MediaProcess) -> None:
    attempt = new_id()
    publisher, viewer = Publisher(), Viewer()
    await viewer.connect(node.exchange(tile(attempt)))
    await asyncio.sleep(0.3)
    assert viewer.frames == [0]
    await publisher.connect(_publish(node, attempt))
    await viewer.until(5)
    await asyncio.gather(publisher.close(), viewer.close())


async def test_a_publisher_that_comes_back_goes_on_in_the_same_picture(node: MediaProcess) -> None:
    attempt = new_id()
    first, second, viewer = Publisher(), Publisher(hue=120), Viewer()
    await first.connect(_publish(node, attempt))
    await viewer.connect(node.exchange(tile(attempt)))
    await viewer.until(5)
    dark = viewer.brightness[0]
    await second.connect(_publish(node, attempt))
    await viewer.until(12)
    assert viewer.brightness[0] > dark + 60
    gauge = await node.gauge()
    assert gauge.publishers == 1
    await asyncio.gather(first.close(), second.close(), viewer.close())


async def test_each_section_shows_its_own_source(node: MediaProcess) -> None:
    attempts = [new_id(), new_id()]
    publishers = [Publisher(), Publisher(hue=120)]
    for publisher, attempt in zip(publishers, attempts, strict=True):
        await publisher.connect(_publish(node, attempt))
    viewer = Viewer(2)
    await viewer.connect(node.exchange(*(tile(attempt) for attempt in attempts)))
    await asyncio.gather(viewer.until(5), viewer.until(5, number=1))
    assert viewer.brightness[1] > viewer.brightness[0] + 60
    await asyncio.gather(viewer.close(), *(publisher.close() for publisher in publishers))


async def test_packets_lost_on_the_way_are_repaired(node: MediaProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of twelve datagrams to the peers of this process is lost, in both roles."""
    attempt = new_id()
    chance = random.Random(7)
    received = aioice.ice.StunProtocol.datagram_received
    lost = 0

    def lossy(self: Any, data: bytes, address: Any) -> None:
        nonlocal lost
        if data[0] > 127 and chance.random() < 0.08:
            lost += 1
            return
        received(self, data, address)

    monkeypatch.setattr(aioice.ice.StunProtocol, "datagram_received", lossy)
    publisher, viewer = Publisher(), Viewer()
    await publisher.connect(_publish(node, attempt))
    await viewer.connect(node.exchange(tile(attempt)))
    await viewer.until(3)
    (track,) = publisher.tracks
    sent, began = track.sent, viewer.frames[0]

    async def enough_sent() -> bool:
        return track.sent - sent >= 40

    async def nearly_all_seen() -> bool:
        return viewer.frames[0] - began >= 0.75 * (track.sent - sent)

    await until(enough_sent)
    assert lost > 2
    await until(nearly_all_seen)
    await asyncio.gather(publisher.close(), viewer.close())


async def test_nothing_is_left_of_peers_that_went(node: MediaProcess) -> None:
    attempt = new_id()
    publisher, viewer = Publisher(2), Viewer()
    await publisher.connect(_publish(node, attempt, Track.TILE, Track.FULL))
    await viewer.connect(node.exchange(tile(attempt)))
    await viewer.until(2)
    await asyncio.gather(publisher.close(), viewer.close())

    async def nothing_left() -> bool:
        gauge = await node.gauge()
        return not (gauge.peers or gauge.sources or gauge.viewers)

    await until(nothing_left)
