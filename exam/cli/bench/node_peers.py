"""The bench's peers on one media node of ours."""

from uuid import UUID

import httpx
from aiortc import RTCPeerConnection, RTCSessionDescription

from exam.cli.bench.load import LoadFailedError
from exam.cli.bench.peers import Peers
from proctor.api import Direction, NodeEntry, TicketPress


class NodePeers(Peers):
    """Everybody in one room of one node."""

    def __init__(self, node: NodeEntry, press: TicketPress) -> None:
        super().__init__()
        self._node, self._press = node, press
        self._client = httpx.AsyncClient(trust_env=False)

    async def close(self) -> None:
        await super().close()
        await self._client.aclose()

    async def _join(self, connection: RTCPeerConnection, seat: UUID) -> None:
        await self._connect(connection, [seat], "publish")

    async def _subscribe(self, connection: RTCPeerConnection, seats: list[UUID]) -> None:
        for _ in seats:
            connection.addTransceiver("video", "recvonly")
        await self._connect(connection, seats, "watch")

    async def _connect(self, connection: RTCPeerConnection, seats: list[UUID], direction: Direction) -> None:
        await connection.setLocalDescription(await connection.createOffer())
        sdp = connection.localDescription.sdp
        ticket = self._press.ticket(self._node.name, sdp, seats, direction=direction)
        answer = await self._client.post(f"{self._node.url}/connect", json={"ticket": ticket, "sdp": sdp})
        if answer.status_code != httpx.codes.OK:
            raise LoadFailedError(reason=answer.text[:200])
        await connection.setRemoteDescription(RTCSessionDescription(answer.json()["sdp"], "answer"))
