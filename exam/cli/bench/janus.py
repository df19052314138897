"""Janus (Debian's package) on the same work: one VideoRoom that forwards and records, over its HTTP interface."""

import asyncio
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from aiortc import RTCPeerConnection, RTCSessionDescription

from exam.cli.bench.load import LoadFailedError
from exam.cli.bench.peers import Peers
from exam.cli.bench.preload import build_library
from exam.cli.bench.stack import HOST, free_port
from exam.core.embedded.process import end, spawn

ROOM = 1
PATIENCE_S = 20
POLL_S = 30
_MODULES = "/usr/lib/*/janus"
_CORE = """general: {{
  configs_folder = "{folder}"
  plugins_folder = "{modules}/plugins"
  transports_folder = "{modules}/transports"
  loggers_folder = "{folder}"
  events_folder = "{folder}"
  debug_level = 2
}}
nat: {{ ice_enforce_list = "{host}" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_HTTP = """general: {{ json = "compact" base_path = "/janus" http = true port = {port} ip = "{host}" https = false }}
admin: {{ admin_http = false }}
"""


def find_janus() -> str | None:
    """Return where Janus is installed."""
    return shutil.which("janus")


@contextmanager
def janus(program: str, folder: Path) -> Iterator[tuple[int, str]]:
    """Run Janus on loopback for as long as the block lasts; yields its process and the address of its interface."""
    port = free_port()
    modules = next(Path("/").glob(_MODULES.lstrip("/")))
    core = _CORE.format(
        folder=folder,
        modules=modules,
        host=HOST,
        plugins=_all_but(modules / "plugins", "videoroom"),
        transports=_all_but(modules / "transports", "http"),
    )
    (folder / "janus.jcfg").write_text(core, encoding="utf-8")
    (folder / "janus.transport.http.jcfg").write_text(_HTTP.format(port=port, host=HOST), encoding="utf-8")
    environment = os.environ | {"LD_PRELOAD": str(build_library("janus_loopback", folder))}
    with (folder / "janus.log").open("ab") as log:
        process = spawn([program, "--configs-folder", str(folder)], log=log, env=environment)
    try:
        yield process.pid, f"http://{HOST}:{port}/janus"
    finally:
        end(process)


def _all_but(folder: Path, wanted: str) -> str:
    return ",".join(each.name for each in sorted(folder.glob("*.so")) if wanted not in each.name)


class JanusPeers(Peers):
    """Everybody in one VideoRoom; each publisher is recorded into `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__()
        self._url, self._folder = url, folder
        self._client = httpx.AsyncClient(trust_env=False, timeout=POLL_S + PATIENCE_S)
        self._numbers = itertools.count(1)
        self._feeds: dict[UUID, int] = {}
        self._awaited: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._session = ""
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Wait for Janus, open a session and make the room."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    made = await self._post("", {"janus": "create"})
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        self._session = f"/{made['data']['id']}"
        self._listening = asyncio.create_task(self._listen())
        handle = await self._attach()
        room = {"request": "create", "room": ROOM, "publishers": 200, "videocodec": "vp8", "fir_freq": 4}
        await self._post(handle, {"janus": "message", "body": room | {"record": True, "rec_dir": str(self._folder)}})

    async def close(self) -> None:
        await super().close()
        if self._listening is not None:
            self._listening.cancel()
        await self._client.aclose()

    async def _join(self, connection: RTCPeerConnection, seat: UUID) -> None:
        handle, feed = await self._attach(), next(self._numbers)
        await self._ask(handle, {"request": "join", "ptype": "publisher", "room": ROOM, "id": feed})
        await connection.setLocalDescription(await connection.createOffer())
        sdp = _one_fingerprint(connection.localDescription.sdp)
        told = await self._ask(handle, {"request": "publish"}, {"type": "offer", "sdp": sdp})
        await connection.setRemoteDescription(RTCSessionDescription(**told["jsep"]))
        self._feeds[seat] = feed

    async def _subscribe(self, connection: RTCPeerConnection, seats: list[UUID]) -> None:
        handle = await self._attach()
        streams = [{"feed": self._feeds[seat]} for seat in seats]
        told = await self._ask(handle, {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": streams})
        await connection.setRemoteDescription(RTCSessionDescription(**told["jsep"]))
        await connection.setLocalDescription(await connection.createAnswer())
        sdp = _one_fingerprint(connection.localDescription.sdp)
        await self._ask(handle, {"request": "start", "room": ROOM}, {"type": "answer", "sdp": sdp})

    async def _attach(self) -> str:
        made = await self._post(self._session, {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return f"{self._session}/{made['data']['id']}"

    async def _ask(self, handle: str, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        """Send a message whose answer comes as an event."""
        number = f"b{next(self._numbers)}"
        self._awaited[number] = waited = asyncio.get_running_loop().create_future()
        message = {"janus": "message", "body": body, "transaction": number} | ({"jsep": jsep} if jsep else {})
        await self._post(handle, message)
        async with asyncio.timeout(PATIENCE_S):
            told: dict[str, Any] = await waited
        if "error" in told["plugindata"]["data"]:
            raise LoadFailedError(reason=str(told["plugindata"]["data"])[:200])
        return told

    async def _post(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(self._url + path, json={"transaction": "t"} | message)
        told: dict[str, Any] = answer.json()
        if told["janus"] not in {"success", "ack"}:
            raise LoadFailedError(reason=answer.text[:200])
        return told

    async def _listen(self) -> None:
        while True:
            events = (await self._client.get(self._url + self._session, params={"maxev": 10})).json()
            for event in events if isinstance(events, list) else [events]:
                if event.get("janus") == "event" and (waited := self._awaited.pop(event.get("transaction", ""), None)):
                    waited.set_result(event)


def _one_fingerprint(sdp: str) -> str:
    """Leave the SHA-256 fingerprint alone: Janus takes the last one for the only one."""
    others = ("a=fingerprint:sha-384", "a=fingerprint:sha-512")
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith(others))
