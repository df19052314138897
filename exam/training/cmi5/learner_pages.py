"""Opening a unit of a cmi5 course inside the lesson's page."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.cmi5.launch import StoreKey, endpoint_of, launch_href
from exam.training.cmi5.sessions import launch_unit
from exam.training.lessons.package import Key
from exam.training.packages.frame_pages import origins_of
from exam.training.packages.origin import VALID, mint_package
from exam.training.packages.service import open_package
from exam.web.policy import allow_candidate


class LaunchIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which unit is to be opened."""

    item: Key


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """Where the frame finds it: an address inside the package, with what a launch adds."""

    href: str


class UnitController(Controller):
    """The units of a visit's course, for the learner whose visit it is."""

    path = "/learn/visits/{visit_id:uuid}/package/launch"
    opt = allow_candidate()

    @post(status_code=200)
    async def launch(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        data: JSONBody[LaunchIn],
    ) -> Launch:
        page_url, origin = origins_of(request, runtime)
        if principal.person is None or origin is None:
            raise NotFoundError
        at, secret = runtime.clock.now(), runtime.secrets.lease
        visit = await open_package(session, principal.person, visit_id, at=at)
        package = visit.lesson.package
        base = mint_package(package.folder, package.standard, origin=origin, page_url=page_url, at=at, secret=secret)
        unit = await launch_unit(session, visit, data.item, home=runtime.settings.base_url, base=base, at=at)
        until = int((at + VALID).timestamp())
        key = StoreKey(session=unit.session, region=visit.visit.region, origin=origin, until=until)
        return Launch(href=launch_href(unit, endpoint_of(key, secret)))
