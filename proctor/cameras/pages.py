"""The centre's page of cameras: what hangs where, and a registration that says what is wrong."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.config import Profile
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from proctor.cameras.address import check_address
from proctor.cameras.errors import CameraTextError, CameraUnfitError
from proctor.cameras.judging import Fault, judge
from proctor.cameras.schemas import CameraForm
from proctor.cameras.service import list_cameras, register_camera, retire_camera
from proctor.cameras.stream import examine
from proctor.media.names import camera_source
from proctor.media.registry import seen_sources

CHECKS_PER_MINUTE = 10
CameraBody = Annotated[CameraForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


class CameraController(Controller):
    """Cameras of the centre's region."""

    path = "/proctor/cameras"
    opt = allow("centre")

    @get("/")
    async def cameras(self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime]) -> Template:
        return Template("proctor/cameras.html", context=await _context(session, runtime))

    @post("/")
    async def register(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        data: CameraBody,
    ) -> Template | Redirect:
        faults: list[Fault] = []
        try:
            await _register(session, runtime, principal, data, faults)
        except DomainError as error:
            context = {**await _context(session, runtime), "typed": data, "faults": faults}
            return form_again(request, error, "proctor/cameras.html", context)
        return done("/proctor/cameras", "摄像机已登记,下一场考试起在监控墙上显示并录像")

    @post("/{camera_id:uuid}/retire")
    async def retire(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        camera_id: FromPath[UUID],
    ) -> Redirect:
        await retire_camera(session, principal, camera_id, at=runtime.clock.now())
        return done("/proctor/cameras", "摄像机已停用,已有的录像按期限保存")


async def _register(
    session: AsyncSession, runtime: Runtime, principal: Principal, data: CameraForm, faults: list[Fault]
) -> None:
    """Check a camera and keep it; what is wrong with its picture goes into `faults`."""
    if not data.room.strip() or not data.name.strip():
        raise CameraTextError
    await require_allowance(runtime.valkey, f"camera:{principal.account}", limit=CHECKS_PER_MINUTE, window_s=60)
    near = runtime.settings.profile is not Profile.PRODUCTION
    host = await asyncio.to_thread(check_address, data.url.strip(), loopback=near)
    facts = await asyncio.to_thread(examine, data.url.strip())
    faults += judge(facts)
    if faults:
        raise CameraUnfitError
    await register_camera(
        session,
        runtime.sealer,
        principal,
        room=data.room,
        name=data.name,
        url=data.url.strip(),
        host=host,
        facts=facts,
        at=runtime.clock.now(),
    )


async def _context(session: AsyncSession, runtime: Runtime) -> dict[str, Any]:
    cameras = await list_cameras(session)
    live = await seen_sources(runtime.valkey, [camera_source(each.id) for each in cameras])
    return {
        "cameras": cameras,
        "live": {each.id for each in cameras if camera_source(each.id) in live},
        "faults": [],
        "problem": None,
        "typed": CameraForm(),
    }
