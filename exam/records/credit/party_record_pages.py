"""The party's own credit records: what stands, until when it is published, objection and repair, who has read it."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.credit import parties, register, requests
from exam.records.credit.party_pages import for_each_party
from exam.records.credit.schemas import ObjectionForm, RepairForm
from exam.records.credit.wording import PUBLICITY, READERS, REQUESTS
from exam.sitting.api import find_bans
from exam.web.problem import form_again
from exam.web.request import done

PAGE = "records/credit/own_record.html"
READINGS = 20
AnyRequest = Request[Principal, Any, Any]


class PartyRecords(Controller):
    """Records of the party that a role acts for."""

    role: str

    @get("/{record_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        record_id: FromPath[UUID],
    ) -> Template:
        context = await self._context(session, runtime, principal, record_id)
        await register.note_reading(session, principal, [context["record"]], self.role, at=runtime.clock.now())
        return Template(PAGE, context={**context, "problem": None, "objection": "", "repair": ""})

    @post("/{record_id:uuid}/objection", status_code=200)
    async def object_to(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        record_id: FromPath[UUID],
        data: URLEncodedBody[ObjectionForm],
    ) -> Response[Any]:
        party = parties.party_of(principal, self.role)
        context = await self._context(session, runtime, principal, record_id)
        try:
            async with session.begin_nested():
                await requests.object_to(session, principal, party, record_id, text=data.text, at=runtime.clock.now())
        except DomainError as error:
            return form_again(request, error, PAGE, {**context, "objection": data.text, "repair": ""})
        return done(f"{self.path}/{record_id}", "异议已提交,答复会显示在这里。")

    @post("/{record_id:uuid}/repair", status_code=200)
    async def ask_for_repair(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        record_id: FromPath[UUID],
        data: URLEncodedBody[RepairForm],
    ) -> Response[Any]:
        party, promised = parties.party_of(principal, self.role), data.promised == "true"
        context = await self._context(session, runtime, principal, record_id)
        try:
            async with session.begin_nested():
                await requests.ask_for_repair(
                    session, principal, party, record_id, text=data.text, promised=promised, at=runtime.clock.now()
                )
        except DomainError as error:
            return form_again(request, error, PAGE, {**context, "objection": "", "repair": data.text})
        return done(f"{self.path}/{record_id}", "修复申请已提交,答复会显示在这里。")

    async def _context(
        self, session: AsyncSession, runtime: Runtime, principal: Principal, record_id: UUID
    ) -> dict[str, Any]:
        record = await register.get_record(session, record_id)
        parties.party_of(principal, self.role).require(record.organisation_id, record.person_id)
        asked = await requests.list_requests(session, record_id)
        return {
            "home": self.path,
            "back": self.path.removesuffix("/records"),
            "record": record,
            "ban": (await find_bans(session, [record.ban_id])).get(record.ban_id) if record.ban_id else None,
            "asked": asked,
            "waiting": {each.kind for each in asked if each.state == "filed"},
            "readings": await register.list_readings(session, record_id, limit=READINGS),
            "names": {},
            "publicity": PUBLICITY,
            "request_words": REQUESTS,
            "readers": READERS,
            "today": local_date(runtime.clock.now()),
        }


CONTROLLERS = for_each_party(PartyRecords, "/records")
