"""The cameras of the rooms that a node carries: begun when their sitting opens, ended with it, moved with the room."""

import asyncio
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from exam.core.db.scope import Scope
from exam.core.errors import DomainError
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.sitting.api import RoomView, SittingView
from proctor.analysis.feed import Feed
from proctor.cameras.intake import Intake
from proctor.cameras.places import Place, cameras_at_work
from proctor.cameras.service import CameraView, address_of
from proctor.media.names import camera_source
from proctor.media.node import Node
from proctor.media.recorder import Recorder
from proctor.media.recording import Recording
from proctor.media.registry import node_of_room
from proctor.media.ticket import MediaTicket

LOOK_S = 5.0

log = structlog.get_logger(__name__)


class Cameras:
    """Keeps one intake and one recorder for every camera of this node's rooms, and feeds analysis from it."""

    def __init__(self, runtime: Runtime, node: Node, recording: Recording, feed: Feed) -> None:
        self._runtime, self._node, self._recording, self._feed = runtime, node, recording, feed
        self.running: dict[UUID, tuple[UUID, Intake, Recorder]] = {}

    async def tend(self) -> None:
        """Look every few seconds; while database or Valkey are away, what runs goes on."""
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, RedisError, DomainError, OSError) as error:
                log.warning("camera.waits", error=type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Begin what should run here, end what should not."""
        wanted = await self._places()
        for camera_id, (room_id, _, _) in list(self.running.items()):
            if camera_id not in wanted or wanted[camera_id][2].id != room_id:
                await self._end(camera_id)
        for camera_id, place in wanted.items():
            if camera_id not in self.running:
                await self._begin(*place)

    async def close(self) -> None:
        """End every camera."""
        for camera_id in list(self.running):
            await self._end(camera_id)

    async def _places(self) -> dict[UUID, Place]:
        """Return the cameras of rooms that are open now and this node's."""
        runtime = self._runtime
        async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
            chosen = await cameras_at_work(session)
        nodes = {room.id: (await node_of_room(runtime.valkey, room.id)).name for _, _, room in chosen.values()}
        return {camera_id: place for camera_id, place in chosen.items() if nodes[place[2].id] == self._node.name}

    async def _begin(self, camera: CameraView, sitting: SittingView, room: RoomView) -> None:
        runtime, name = self._runtime, camera_source(camera.id)
        async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
            url = await address_of(session, runtime.sealer, camera.id)
        intake = Intake(url, self._node.source(name))
        ticket = MediaTicket(
            id=new_id(),
            node=self._node.name,
            direction="publish",
            sitting_id=sitting.id,
            room_id=room.id,
            region=sitting.region,
            sources=(name,),
            fingerprint="",
            expires_at=0,
        )
        recorder = self._recording.recorder(ticket, intake.source)
        intake.frame_sinks += [recorder.take, self._feed.camera_sink(camera.id, ticket)]
        self.running[camera.id] = (room.id, intake, recorder)

    async def _end(self, camera_id: UUID) -> None:
        _, intake, recorder = self.running.pop(camera_id)
        intake.stop()
        self._feed.forget(camera_id)
        await recorder.close()
