"""Which camera films which room now: rooms are made anew for each sitting, the name is the sign on the door."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.sitting.api import RoomView, SittingState, SittingView, list_rooms, list_sittings
from proctor.cameras.service import CameraView, hangs_in, list_cameras

SITTINGS = 500

Place = tuple[CameraView, SittingView, RoomView]


async def cameras_at_work(session: AsyncSession) -> dict[UUID, Place]:
    """Return the cameras of the scope whose room has an open sitting: of several left open, the one that began last."""
    places: list[Place] = []
    cameras = await list_cameras(session)
    sittings = await list_sittings(session, state=SittingState.OPEN, limit=SITTINGS) if cameras else []
    for sitting in sittings:
        for room in await list_rooms(session, sitting.id):
            hanging = (each for each in cameras if hangs_in(each, sitting.centre_id, room.name))
            places += [(each, sitting, room) for each in hanging]
    return {place[0].id: place for place in sorted(places, key=lambda place: place[1].starts_at)}
