"""The relay takes who has credentials in time to the media node, and nobody anywhere else (TRUST.md C7)."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

import msgspec
import pytest
from aioice import turn
from aioice.stun import TransactionFailed

from exam.core.config import Settings, SettingsError
from exam.core.ids import new_id
from proctor.media.relay import Relay, Relays
from tests.builders.relay import relaying

MEDIA_NODE = "127.0.0.2"
PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104  # where a relay must not go
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
]
QUOTA = 16


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder: Path = tmp_path_factory.mktemp("relay")
    with relaying(Settings(), folder, media_node=MEDIA_NODE) as settings:
        yield settings


class Heard(asyncio.DatagramProtocol):
    """Keeps what comes and what was refused; one that `echoes` sends it back."""

    def __init__(self, *, echoes: bool = False) -> None:
        self.heard: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self._echoes = echoes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait(data)
        if self._echoes:
            self._transport.sendto(data, addr)

    def error_received(self, exc: Exception) -> None:
        self.heard.put_nowait(exc)


def credentials(settings: Settings, *, lasts_s: int = 60) -> Relay:
    found = Relays(settings).until(int(time.time()) + lasts_s, new_id())
    assert found is not None
    return found


@asynccontextmanager
async def allocated(given: Relay) -> AsyncIterator[tuple[turn.TurnTransport, Heard]]:
    host, port = given.urls[0].split(":")[1:]
    transport, heard = await turn.create_turn_endpoint(
        Heard, server_addr=(host, int(port)), username=given.username, password=given.credential
    )
    try:
        yield transport, heard
    finally:
        transport.close()
        await asyncio.sleep(0)


async def test_the_relay_reaches_the_media_node_and_no_private_address(relay: Settings) -> None:
    loop = asyncio.get_running_loop()
    node, _ = await loop.create_datagram_endpoint(lambda: Heard(echoes=True), local_addr=(MEDIA_NODE, 0))
    with closing(node):
        async with allocated(credentials(relay)) as (transport, heard):
            transport.sendto(b"picture", node.get_extra_info("sockname")[:2])
            assert await asyncio.wait_for(heard.heard.get(), 5) == b"picture"
            for address in PRIVATE:
                transport.sendto(b"x", (address, 9))
                refused = await asyncio.wait_for(heard.heard.get(), 5)
                assert isinstance(refused, TransactionFailed), address
                assert refused.response.attributes["ERROR-CODE"][0] in {400, 403, 443}, address


async def test_credentials_end_are_nobodys_elses_and_have_a_quota(relay: Settings) -> None:
    good = credentials(relay)
    over, forged = credentials(relay, lasts_s=-5), msgspec.structs.replace(good, username=f"{2**31}:{new_id()}")
    for given in (over, forged):
        with pytest.raises(TransactionFailed) as refused:
            async with allocated(given):
                pass
        assert refused.value.response.attributes["ERROR-CODE"][0] == 401
    held = [allocated(good) for _ in range(QUOTA)]
    for each in held:
        await each.__aenter__()
    with pytest.raises(TransactionFailed) as refused:
        async with allocated(good):
            pass
    assert refused.value.response.attributes["ERROR-CODE"][0] == 486
    for each in held:
        await each.__aexit__(None, None, None)


def test_a_short_or_missing_secret_stops_the_start(tmp_path: Path) -> None:
    assert Relays(Settings()).until(0, new_id()) is None
    short = tmp_path / "secret"
    short.write_text("too short")
    for path in (short, tmp_path / "none"):
        with pytest.raises(SettingsError, match="settings"):
            Relays(msgspec.structs.replace(Settings(), turn_urls="turn:a:1", turn_secret_file=path))
