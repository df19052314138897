"""The learner's part of a package inside the lesson's page: what it finds again, and what it says."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.lessons.package import PackageItem, Standard, Tracked, is_met
from exam.training.packages.service import PackageVisit, keep_tracked, list_tracked, open_package
from exam.web.policy import allow_candidate


class PackageTold(msgspec.Struct, frozen=True, kw_only=True):
    """A package as the lesson's page needs it: its parts, what each said last, and whether that is enough."""

    items: tuple[PackageItem, ...]
    tracked: list[Tracked]
    met: bool


class PackageController(Controller):
    """The package of a visit, for the learner whose visit it is."""

    path = "/learn/visits/{visit_id:uuid}/package"
    opt = allow_candidate()

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
    ) -> PackageTold:
        visit = await _open(session, principal, visit_id, runtime.clock.now())
        tracked = await list_tracked(session, visit)
        return PackageTold(items=visit.lesson.package.items, tracked=tracked, met=is_met(visit.lesson, tracked))

    @post(status_code=200)
    async def keep(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        data: JSONBody[Tracked],
    ) -> Response[dict[str, bool]]:
        at = runtime.clock.now()
        visit = await _open(session, principal, visit_id, at)
        if visit.lesson.package.standard is Standard.CMI5:  # its units speak to the statement store alone
            raise NotFoundError
        return Response({"met": await keep_tracked(session, visit, data, at=at)})


async def _open(session: AsyncSession, principal: Principal, visit_id: UUID, at: datetime) -> PackageVisit:
    if principal.person is None:
        raise NotFoundError
    return await open_package(session, principal.person, visit_id, at=at)
