"""The record of one session: what was signed and confirmed, corrections proposed and decided; photos for those who teach."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError, ForbiddenError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role, list_people, names_of_accounts
from exam.training.attendance.corrections import decide_correction, list_corrections, propose_correction
from exam.training.attendance.forms import read_presence
from exam.training.attendance.roll import get_session, load_roll, rules_of
from exam.training.classes.service import get_class
from exam.training.classes.views import SessionView
from exam.training.kinds import title_of
from exam.web.forms import Form
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

PAGE = "training/record.html"
AnyRequest = Request[Principal, Any, Any]
STAFF = allow(Role.CENTRE, Role.TEACHER)


class CorrectionForm(Form, frozen=True, kw_only=True):
    """Another attendance as typed; `here` is empty for somebody absent."""

    here: str = ""
    starts: Annotated[str, msgspec.Meta(max_length=8)] = ""
    ends: Annotated[str, msgspec.Meta(max_length=8)] = ""
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class DecisionForm(Form, frozen=True, kw_only=True):
    """What the second person decides."""

    apply: str = ""


class RecordController(Controller):
    """Attendance of one session, for the body's clerks and its teacher; the region's regulator reads along."""

    path = "/training/sessions/{session_id:uuid}"
    opt = STAFF

    @get(opt=allow(Role.CENTRE, Role.TEACHER, Role.REGULATOR))
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        session_id: FromPath[UUID],
    ) -> Template:
        one = await get_session(session, session_id)
        return Template(PAGE, context=await _context(session, principal, one))

    @get("/photos/{enrolment_id:uuid}")
    async def photo(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
        enrolment_id: FromPath[UUID],
    ) -> Response[bytes]:
        one = await get_session(session, session_id)
        await _require_party(session, principal, one)
        for line in await load_roll(session, one):
            if line.enrolment.id == enrolment_id and line.photo_key:
                return Response(await runtime.storage.get(line.photo_key), media_type="image/jpeg")
        raise NotFoundError(enrolment_id=str(enrolment_id))

    @post("/corrections/{enrolment_id:uuid}", status_code=200)
    async def propose(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
        enrolment_id: FromPath[UUID],
        data: URLEncodedBody[CorrectionForm],
    ) -> Redirect | Template:
        one = await get_session(session, session_id)
        await _require_party(session, principal, one)
        try:
            async with session.begin_nested():
                presence = read_presence(bool(data.here), data.starts, data.ends, one)
                at = runtime.clock.now()
                await propose_correction(session, principal, one, enrolment_id, presence, reason=data.reason, at=at)
        except DomainError as error:
            return form_again(request, error, PAGE, await _context(session, principal, one))
        return done(f"/training/sessions/{session_id}", "更正已提出,由本机构另一人处理。")

    @post("/decisions/{correction_id:uuid}", status_code=200)
    async def decide(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        session_id: FromPath[UUID],
        correction_id: FromPath[UUID],
        data: URLEncodedBody[DecisionForm],
    ) -> Redirect | Template:
        one = await get_session(session, session_id)
        await _require_party(session, principal, one)
        known = {each.id for each in await list_corrections(session, session_id)}
        if correction_id not in known:
            raise NotFoundError(correction_id=str(correction_id))
        try:
            async with session.begin_nested():
                at = runtime.clock.now()
                await decide_correction(session, principal, correction_id, apply=bool(data.apply), at=at)
        except DomainError as error:
            return form_again(request, error, PAGE, await _context(session, principal, one))
        return done(f"/training/sessions/{session_id}", "更正已处理。")


async def _require_party(session: AsyncSession, principal: Principal, one: SessionView) -> None:
    """Raise ForbiddenError for whoever neither teaches the session nor works for the body that gives it."""
    if one.teacher_id == principal.account:
        return
    body = (await get_class(session, one.class_id)).organisation_id
    if body not in principal.organisations(Role.CENTRE):
        raise ForbiddenError


def _back(principal: Principal, one: SessionView) -> tuple[str, str]:
    """Return where whoever reads this came from, and what that is called, a msgid."""
    if principal.has_role(Role.CENTRE):
        return f"/centre/training/classes/{one.class_id}", "培训班"
    if principal.has_role(Role.TEACHER):
        return "/teach", "我的课"
    return f"/regulator/training/classes/{one.class_id}", "培训班"


async def _context(session: AsyncSession, principal: Principal, one: SessionView) -> dict[str, Any]:
    lines = await load_roll(session, one)
    corrections = await list_corrections(session, one.id)
    people = {each.proposed_by for each in corrections} | {each.decided_by for each in corrections if each.decided_by}
    party = principal.has_role(Role.CENTRE, Role.TEACHER)
    return {
        "session": one,
        "back": _back(principal, one),
        "one": await get_class(session, one.class_id),
        "lines": lines,
        "people": await list_people(session, [line.enrolment.person_id for line in lines]),
        "person_of": {line.enrolment.id: line.enrolment.person_id for line in lines},
        "corrections": corrections,
        "names": await names_of_accounts(session, people),
        "me": principal.account,
        "party": party,
        "grace_s": rules_of(one).late_s,
        "title_of": title_of,
        "problem": None,
    }
