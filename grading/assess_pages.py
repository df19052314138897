"""The assessor's pages: who waits, a sheet on the tablet, the second signature, the third one where two differ."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import PersonView, list_people, require_region
from exam.sitting.api import get_registration
from exam.standards.api import get_qualification, recall_rule_set
from exam.web.policy import allow
from exam.web.problem import form_again, problem_of
from exam.web.request import done
from grading import words
from grading.practice import list_awaiting_practical, require_practical
from grading.schemas import ConfirmSheet, NoteForm, RecordSheet, SettleSheet, SheetForm, SheetOut, sheet_out
from grading.schemes import get_group
from grading.sheets import (
    confirm_practical_sheet,
    get_sheet,
    list_decided_sheets,
    list_open_sheets,
    record_practical_sheet,
    settle_practical_sheet,
)
from grading.signed import SheetView, dispute_of
from grading.views import list_results_of

ASSESSOR = allow("assessor")
SAID = {
    "recorded": "评分表已提交,等待另一位考评员复核。",
    "confirmed": "两位考评员一致,成绩已确定。",
    "disputed": "两位考评员评分不一致,等待第三位考评员裁定。",
    "settled": "已裁定,成绩已确定。",
}


class AssessController(Controller):
    """Pages for the station: large targets, one candidate at a time."""

    path = "/assess"
    opt = ASSESSOR

    @get("/")
    async def today(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
    ) -> Template:
        waiting = await list_awaiting_practical(session, at=runtime.clock.now())
        open_sheets, decided = await list_open_sheets(session), await list_decided_sheets(session)
        sheets = [*open_sheets, *decided]
        results = await list_results_of(session, [sheet.registration_id for sheet in decided])
        named = [each.person_id for each in waiting] + [each.person_id for each in sheets]
        codes = {each.qualification for each in waiting} | {each.qualification for each in sheets}
        context = {
            "waiting": waiting,
            "to_sign": [each for each in open_sheets if not _signed(each, principal)],
            "signed": [each for each in open_sheets if _signed(each, principal)],
            "decided": decided,
            "results": {each.sheet_id: each for each in results if each.sheet_id},
            "people": await list_people(session, named),
            "titles": {code: get_qualification(code).title for code in codes},
            "words": words,
        }
        return Template("grading/assess.html", context=context)

    @get("/registrations/{registration_id:uuid}")
    async def new(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        registration_id: FromPath[UUID],
    ) -> Template:
        registration = await get_registration(session, registration_id)
        require_region(principal, registration.region, "assessor")
        take = await require_practical(session, registration, at=runtime.clock.now())
        context = await _sheet_form(session, registration_id, {}, [], "")
        return Template("grading/sheet_new.html", context=context | {"take": take})

    @post("/registrations/{registration_id:uuid}")
    async def record(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        registration_id: FromPath[UUID],
        data: URLEncodedBody[SheetForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                sheet_id = await record_practical_sheet(
                    session,
                    principal,
                    registration_id=registration_id,
                    marks=data.hundredths(),
                    vetoes=data.vetoes(),
                    note=data.note,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            context = await _sheet_form(session, registration_id, data.typed(), data.vetoes(), data.note)
            return form_again(request, error, "grading/sheet_new.html", context | {"take": 0})
        return done(f"/assess/sheets/{sheet_id}", SAID["recorded"])

    @get("/sheets/{sheet_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sheet_id: FromPath[UUID],
    ) -> Template:
        return Template("grading/sheet.html", context=await _sheet(session, principal, sheet_id))

    @post("/sheets/{sheet_id:uuid}/confirm")
    async def confirm(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sheet_id: FromPath[UUID],
        data: URLEncodedBody[NoteForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                now = runtime.clock.now()
                view = await confirm_practical_sheet(session, principal, sheet_id, True, now, note=data.note)
        except DomainError as error:
            return await _refused(request, session, principal, sheet_id, error, None)
        return done(f"/assess/sheets/{sheet_id}", SAID[view.state])

    @post("/sheets/{sheet_id:uuid}/differ")
    async def differ(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sheet_id: FromPath[UUID],
        data: URLEncodedBody[SheetForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                view = await confirm_practical_sheet(
                    session,
                    principal,
                    sheet_id,
                    False,
                    runtime.clock.now(),
                    marks=data.hundredths(),
                    vetoes=data.vetoes(),
                    note=data.note,
                )
        except DomainError as error:
            return await _refused(request, session, principal, sheet_id, error, data)
        return done(f"/assess/sheets/{sheet_id}", SAID[view.state])

    @post("/sheets/{sheet_id:uuid}/settle")
    async def settle(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sheet_id: FromPath[UUID],
        data: URLEncodedBody[SheetForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                view = await settle_practical_sheet(
                    session,
                    principal,
                    sheet_id,
                    marks=data.hundredths(),
                    vetoes=data.vetoes(),
                    note=data.note,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            return await _refused(request, session, principal, sheet_id, error, data)
        return done(f"/assess/sheets/{sheet_id}", SAID[view.state])


class AssessApiController(Controller):
    """Sheets for programs."""

    path = "/api/assess/sheets"
    opt = ASSESSOR

    @post("/")
    async def record(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: JSONBody[RecordSheet],
    ) -> SheetOut:
        sheet_id = await record_practical_sheet(
            session,
            principal,
            registration_id=data.registration_id,
            marks=data.marks,
            vetoes=data.vetoes,
            note=data.note,
            at=runtime.clock.now(),
        )
        return sheet_out(await get_sheet(session, sheet_id))

    @get("/{sheet_id:uuid}")
    async def show(self, session: NamedDependency[AsyncSession], sheet_id: FromPath[UUID]) -> SheetOut:
        return await _told(session, await get_sheet(session, sheet_id))

    @post("/{sheet_id:uuid}/confirm", status_code=200)
    async def confirm(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sheet_id: FromPath[UUID],
        data: JSONBody[ConfirmSheet],
    ) -> SheetOut:
        view = await confirm_practical_sheet(
            session,
            principal,
            sheet_id,
            data.agree,
            runtime.clock.now(),
            marks=data.marks,
            vetoes=data.vetoes,
            note=data.note,
        )
        return await _told(session, view)

    @post("/{sheet_id:uuid}/settle", status_code=200)
    async def settle(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sheet_id: FromPath[UUID],
        data: JSONBody[SettleSheet],
    ) -> SheetOut:
        at = runtime.clock.now()
        view = await settle_practical_sheet(
            session, principal, sheet_id, marks=data.marks, vetoes=data.vetoes, note=data.note, at=at
        )
        return await _told(session, view)


async def _told(session: AsyncSession, view: SheetView) -> SheetOut:
    return sheet_out(view, await list_results_of(session, [view.registration_id]))


def _signed(sheet: SheetView, principal: Principal) -> bool:
    return principal.account in {sheet.first_by, sheet.second_by, sheet.settled_by}


async def _person(session: AsyncSession, person_id: UUID) -> PersonView | None:
    return (await list_people(session, [person_id])).get(person_id)


async def _sheet_form(
    session: AsyncSession,
    registration_id: UUID,
    typed: Mapping[str, str],
    vetoes: Sequence[str],
    note: str,
) -> dict[str, Any]:
    registration = await get_registration(session, registration_id)
    rules = recall_rule_set(registration.qualification, registration.rule_set)
    return {
        "registration": registration,
        "qualification": get_qualification(registration.qualification),
        "person": await _person(session, registration.person_id),
        "group": get_group(registration.qualification),
        "pass_marks": rules.practical_pass_mark.require(),
        "typed": typed,
        "vetoes": vetoes,
        "note": note,
        "problem": None,
    }


async def _sheet(session: AsyncSession, principal: Principal, sheet_id: UUID) -> dict[str, Any]:
    sheet = await get_sheet(session, sheet_id)
    require_region(principal, sheet.region, "assessor")
    results = await list_results_of(session, [sheet.registration_id])
    context = await _sheet_form(session, sheet.registration_id, {}, [], "")
    return context | {
        "sheet": sheet,
        "dispute": dispute_of(sheet),
        "result": next((each for each in results if each.sheet_id == sheet.id), None),
        "signed": _signed(sheet, principal),
        "me": principal.account,
        "words": words,
    }


async def _refused(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    principal: Principal,
    sheet_id: UUID,
    error: DomainError,
    data: SheetForm | None,
) -> Template:
    problem = problem_of(error, request.app.state.catalogue)
    context = await _sheet(session, principal, sheet_id) | {"problem": problem}
    if data is not None:
        context |= {"typed": data.typed(), "vetoes": data.vetoes(), "note": data.note}
    return Template("grading/sheet.html", context=context, status_code=problem.status)
