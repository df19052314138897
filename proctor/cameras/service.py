"""Cameras as facts: registered after a check, found by room, retired."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.crypto import Sealer
from exam.core.principal import Principal
from exam.sitting.api import RoomView, get_sitting
from proctor.cameras.errors import CameraNotFoundError, CameraTextError
from proctor.cameras.judging import Facts
from proctor.cameras.models import Camera

PLACE = "proctor_camera.url_sealed"
MAX_NAME = 60


class CameraView(msgspec.Struct, frozen=True, kw_only=True):
    """One camera; its address stays sealed."""

    id: UUID
    centre_id: UUID
    room: str
    name: str
    host: str
    facts: Facts


def _view(row: Camera) -> CameraView:
    return CameraView(
        id=row.id,
        centre_id=row.centre_id,
        room=row.room,
        name=row.name,
        host=row.host,
        facts=msgspec.convert(row.facts, Facts),
    )


async def register_camera(
    session: AsyncSession,
    sealer: Sealer,
    principal: Principal,
    *,
    room: str,
    name: str,
    url: str,
    host: str,
    facts: Facts,
    at: datetime,
) -> UUID:
    """Keep a camera that was found fit."""
    room, name = room.strip(), name.strip()
    if (
        not 0 < len(room) <= MAX_NAME
        or not 0 < len(name) <= MAX_NAME
        or not principal.account
        or not principal.organisation
    ):
        raise CameraTextError
    row = Camera(
        centre_id=principal.organisation,
        region=principal.region,
        room=room,
        name=name,
        url_sealed=sealer.seal(url, PLACE),
        host=host,
        facts=msgspec.to_builtins(facts),
        registered_by=principal.account,
        registered_at=at,
    )
    session.add(row)
    await session.flush()
    noted: dict[str, Fact] = {"room": room, "name": name}
    await record(session, principal, "camera.registered", ("camera", row.id), at=at, region=row.region, facts=noted)
    return row.id


async def retire_camera(session: AsyncSession, principal: Principal, camera_id: UUID, *, at: datetime) -> None:
    """Take a camera out of use; its recordings stay."""
    row = await session.get(Camera, camera_id, with_for_update=True)
    if row is None or row.retired_at is not None or principal.account is None:
        raise CameraNotFoundError(camera_id=str(camera_id))
    row.retired_by, row.retired_at = principal.account, at
    await session.flush()
    noted: dict[str, Fact] = {"room": row.room, "name": row.name}
    await record(session, principal, "camera.retired", ("camera", row.id), at=at, region=row.region, facts=noted)


async def list_cameras(session: AsyncSession) -> list[CameraView]:
    """Return the cameras in use of the scope."""
    query = select(Camera).where(Camera.retired_at.is_(None)).order_by(Camera.room, Camera.name)
    return [_view(row) for row in await session.scalars(query)]


async def cameras_of_room(session: AsyncSession, room: RoomView) -> list[CameraView]:
    """Return the cameras that hang in a sitting's room."""
    centre_id = (await get_sitting(session, room.sitting_id)).centre_id
    return [each for each in await list_cameras(session) if hangs_in(each, centre_id, room.name)]


def hangs_in(camera: CameraView, centre_id: UUID, room: str) -> bool:
    """Tell whether a camera is a room's: rooms are made anew for each sitting, the name is the sign on the door."""
    return camera.room == room and camera.centre_id == centre_id


async def address_of(session: AsyncSession, sealer: Sealer, camera_id: UUID) -> str:
    """Return a camera's address, with its password: for the node alone."""
    row = await session.get(Camera, camera_id)
    if row is None:
        raise CameraNotFoundError(camera_id=str(camera_id))
    return sealer.open(row.url_sealed, PLACE)
