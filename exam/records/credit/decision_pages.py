"""The authority's acts after looking into a lead: the notice, the decision, and the second person's word on it."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.words import clean_line, require_readable
from exam.identity.api import list_organisations
from exam.records.credit import clues, decisions, notices
from exam.records.credit.decisions import Wording
from exam.records.credit.errors import DecisionDayError, PublicationTermError
from exam.records.credit.limits import load_terms
from exam.records.credit.money import parse_wan
from exam.records.credit.regulator_pages import HOME
from exam.records.credit.schemas import DecisionForm, NoticeForm, PlainForm, WordsForm
from exam.records.credit.wording import evidence_words
from exam.records.regulator_desk import ROLE, Desk, desk_of
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

NOTICE = "records/credit/notice.html"
DECISION = "records/credit/decision.html"
AnyRequest = Request[Principal, Any, Any]


class DecisionController(Controller):
    """Acts on one lead of the regulator's region."""

    path = f"{HOME}/{{clue_id:uuid}}"
    opt = allow(ROLE)

    @get("/notice")
    async def show_notice(
        self, runtime: NamedDependency[Runtime], principal: NamedDependency[Principal], clue_id: FromPath[UUID]
    ) -> Template:
        async with desk_of(runtime, principal, "") as desk:
            context = await _context(desk, clue_id)
        return Template(NOTICE, context={**context, "typed": NoticeForm(), "problem": None})

    @post("/notice", status_code=200)
    async def give_notice(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
        data: URLEncodedBody[NoticeForm],
    ) -> Response[Any]:
        async with desk_of(runtime, principal, "") as desk:
            context = await _context(desk, clue_id)
            try:
                async with desk.session.begin_nested():
                    await notices.give_notice(
                        desk.session, principal, clue_id, document_no=data.document_no, text=data.text, at=desk.now
                    )
            except DomainError as error:
                return form_again(request, error, NOTICE, {**context, "typed": data})
        return done(f"{HOME}/{clue_id}", "已告知,当事人可以在自己的页面陈述申辩。")

    @get("/decision")
    async def show_decision(
        self, runtime: NamedDependency[Runtime], principal: NamedDependency[Principal], clue_id: FromPath[UUID]
    ) -> Template:
        async with desk_of(runtime, principal, "") as desk:
            context = await _context(desk, clue_id)
            typed = await _proposed(desk, context)
        return Template(DECISION, context={**context, "typed": typed, "problem": None})

    @post("/decision", status_code=200)
    async def draft(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
        data: URLEncodedBody[DecisionForm],
    ) -> Response[Any]:
        async with desk_of(runtime, principal, "") as desk:
            context = await _context(desk, clue_id)
            try:
                async with desk.session.begin_nested():
                    await decisions.draft(desk.session, principal, clue_id, read_wording(data), at=desk.now)
            except DomainError as error:
                return form_again(request, error, DECISION, {**context, "typed": data})
        return done(f"{HOME}/{clue_id}", "决定已登记,由另一人复核后生效。")

    @post("/confirm")
    async def confirm(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # read for its CSRF token
    ) -> Redirect:
        async with desk_of(runtime, principal, "") as desk:
            await decisions.confirm(desk.session, principal, clue_id, at=desk.now)
        return done(f"{HOME}/{clue_id}", "决定已复核生效。")

    @post("/return")
    async def give_back(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
        data: URLEncodedBody[WordsForm],
    ) -> Redirect:
        async with desk_of(runtime, principal, "") as desk:
            await decisions.give_back(desk.session, principal, clue_id, reason=data.reason, at=desk.now)
        return done(f"{HOME}/{clue_id}", "决定已退回重拟。")


async def _context(desk: Desk, clue_id: UUID) -> dict[str, Any]:
    clue = await clues.get_clue(desk.session, clue_id)
    return {
        **desk.context,
        "clue": clue,
        "evidence": await clues.list_evidence(desk.session, clue_id),
        "evidence_words": evidence_words,
        "people": {},
        "severities": load_terms().severity,
        "defence_days": load_terms().defence_days.value,
    }


async def _proposed(desk: Desk, context: dict[str, Any]) -> DecisionForm:
    """Fill the form with what is known, or with the draft that came back."""
    clue = context["clue"]
    before = await decisions.find_decision(desk.session, clue.id)
    if before is not None:
        said = {name: getattr(before, name) for name in Wording.__struct_fields__}
        return msgspec.convert({name: _typed(value) for name, value in said.items()}, DecisionForm)
    authorities = await list_organisations(desk.session, kind="authority", limit=1)
    return DecisionForm(
        document_title="行政处罚决定书",
        conduct=clue.terms.title,
        basis=clue.terms.basis,
        kinds="罚款",
        authority=authorities[0].name if authorities else "",
        authority_code=(authorities[0].uscc or "") if authorities else "",
        decided_on=desk.today.isoformat(),
        months="3",
    )


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def read_wording(data: DecisionForm) -> Wording:
    """Return what a form says; raises the errors of days, amounts and months."""
    try:
        decided_on = date.fromisoformat(data.decided_on.strip())
    except ValueError:
        raise DecisionDayError from None
    penalised = data.penalised == "true"
    texts = {name: clean_line(getattr(data, name)) for name in ("document_title", "document_no", "conduct", "kinds")}
    texts |= {name: clean_line(getattr(data, name)) for name in ("licence", "authority", "authority_code")}
    for name in ("facts", "basis", "content"):
        texts[name] = getattr(data, name).strip()
        require_readable(texts[name])
    return Wording(
        **texts,
        penalised=penalised,
        fine=parse_wan(data.fine),
        forfeited=parse_wan(data.forfeited),
        decided_on=decided_on,
        severity=data.severity,
        months=_months(data) if penalised else 0,
        ban_years=int(data.ban_years) if penalised else 0,
    )


def _months(data: DecisionForm) -> int:
    typed = data.months.strip()
    if not typed.isascii() or not typed.isdigit():
        severity = load_terms().of(data.severity)
        raise PublicationTermError(least=severity.min_months, most=severity.max_months)
    return int(typed)
