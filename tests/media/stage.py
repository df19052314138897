"""`ankao media` as a child process, and tickets for it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import redis

from exam.core.config import Settings
from exam.core.ids import new_id
from exam.core.secrets import load_secrets
from proctor.media.names import Track, seat_source
from proctor.media.node import Gauge
from proctor.media.registry import NodeEntry
from proctor.media.sdp import fingerprint_of
from proctor.media.ticket import TICKET_S, MediaTicket, mint

READY_S = 90
ROOM, SITTING = new_id(), new_id()


class MediaProcess:
    """One node, found as the web process finds it: in Valkey."""

    def __init__(self, settings: Settings, log: Path, *, first_port: int) -> None:
        self._settings = settings
        self._log = log
        self._environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "VALKEY_URL": settings.valkey_url,
            "ANKAO_DATA_DIR": str(settings.data_dir),
            "ANKAO_PROFILE": "test",
            "ANKAO_MEDIA_FIRST_PORT": str(first_port),
            "ANKAO_MEDIA_LAST_PORT": str(first_port + 199),
        }
        self.key = load_secrets(settings).tickets
        self.start()

    def start(self) -> None:
        before = {node.name for node in self._nodes()}
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "exam.cli", "media"]
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self.process.poll() is None:
            for node in self._nodes():
                if node.name not in before:
                    self.name, self.url = node.name, node.url
                    return
            time.sleep(0.05)
        message = f"the media node did not start: {self._log.read_text()[-3000:]}"
        raise AssertionError(message)

    def _nodes(self) -> list[NodeEntry]:
        with redis.Redis.from_url(self._settings.valkey_url, decode_responses=True) as valkey:
            found = [valkey.get(key) for key in valkey.scan_iter("media:node:*")]
        return [msgspec.json.decode(str(text), type=NodeEntry) for text in found if text]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def ticket(self, sdp: str, sources: tuple[str, ...], **changed: object) -> str:
        """Mint a good ticket for an offer, or one that is wrong in what is named."""
        fields: dict[str, object] = {
            "id": new_id(),
            "node": self.name,
            "direction": "watch",
            "sitting_id": SITTING,
            "room_id": ROOM,
            "region": "33/3301",
            "sources": sources,
            "fingerprint": fingerprint_of(sdp),
            "expires_at": int(time.time()) + TICKET_S - 5,
        }
        return mint(msgspec.convert({**fields, **changed}, MediaTicket), self.key)

    async def connect(self, ticket: str, sdp: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(f"{self.url}/connect", json={"ticket": ticket, "sdp": sdp})

    def exchange(self, *sources: str, **fields: object) -> Callable[[str], Awaitable[str]]:
        """Return what gives an offer to the node and brings its answer."""

        async def offer(sdp: str) -> str:
            answer = await self.connect(self.ticket(sdp, sources, **fields), sdp)
            assert answer.status_code == 200, answer.text
            return str(answer.json()["sdp"])

        return offer

    async def gauge(self) -> Gauge:
        async with httpx.AsyncClient(trust_env=False) as client:
            return msgspec.json.decode((await client.get(f"{self.url}/gauge")).content, type=Gauge)


def tile(attempt_id: UUID) -> str:
    """Return the name of a seat's tile."""
    return seat_source(attempt_id, Track.TILE)


@contextmanager
def media_process(settings: Settings, log: Path, *, first_port: int = 43000) -> Iterator[MediaProcess]:
    """Run a node for as long as the block lasts."""
    node = MediaProcess(settings, log, first_port=first_port)
    try:
        yield node
    finally:
        node.stop()
