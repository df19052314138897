"""The party's pages: what it was told, its statement and defence, what was decided; one set for each kind of party."""

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
from exam.identity.api import list_people
from exam.records.credit import clues, decisions, notices, parties, register
from exam.records.credit.limits import load_terms
from exam.records.credit.money import show_wan
from exam.records.credit.schemas import AnswerForm
from exam.records.credit.state import ClueState
from exam.records.credit.wording import PUBLICITY, STATES, STEPS, evidence_words
from exam.web.policy import allow, allow_candidate
from exam.web.problem import form_again
from exam.web.request import done

CASE = "records/credit/case.html"
MOST = 100
"""Records on one page: more than a party ever has."""
AnyRequest = Request[Principal, Any, Any]


class PartyCases(Controller):
    """Pages of the party that a role acts for."""

    role: str

    @get()
    async def show_all(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
    ) -> Template:
        party = parties.party_of(principal, self.role)
        records = await register.list_records(session, limit=MOST, party=party)
        await register.note_reading(session, principal, records, self.role, at=runtime.clock.now())
        context = {
            "home": self.path,
            "role": self.role,
            "cases": await parties.list_cases(session, party),
            "records": records,
            "publicity": PUBLICITY,
            "states": STATES,
            "today": local_date(runtime.clock.now()),
        }
        return Template("records/credit/cases.html", context=context)

    @get("/{clue_id:uuid}")
    async def show_one(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
    ) -> Template:
        context = await self._context(session, runtime, principal, clue_id)
        return Template(CASE, context={**context, "typed": AnswerForm(), "problem": None})

    @post("/{clue_id:uuid}/answer", status_code=200)
    async def answer(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
        data: URLEncodedBody[AnswerForm],
    ) -> Response[Any]:
        """Take the statement, or by the other button that there is none."""
        party = parties.party_of(principal, self.role)
        context = await self._context(session, runtime, principal, clue_id)
        text = None if data.waived else data.text
        try:
            async with session.begin_nested():
                await parties.answer(session, principal, party, clue_id, text=text, at=runtime.clock.now())
        except DomainError as error:
            return form_again(request, error, CASE, {**context, "typed": data})
        return done(f"{self.path}/{clue_id}", "已提交,办理机关会看到您的意见。")

    async def _context(
        self, session: AsyncSession, runtime: Runtime, principal: Principal, clue_id: UUID
    ) -> dict[str, Any]:
        case = await parties.get_case(session, parties.party_of(principal, self.role), clue_id)
        evidence = await clues.list_evidence(session, clue_id)
        decision = await decisions.find_decision(session, clue_id) if case.state in _DECIDED else None
        return {
            "home": self.path,
            "role": self.role,
            "clue": case,
            "evidence": evidence,
            "evidence_words": evidence_words,
            "people": await list_people(session, [each.person_id for each in evidence]),
            "steps": [each for each in await clues.list_steps(session, clue_id) if not each.act.startswith("decision")],
            "names": {},
            "notice": await notices.find_notice(session, clue_id),
            "decision": decision,
            "record": await register.find_record_of(session, decision.id) if decision else None,
            "states": STATES,
            "step_words": STEPS,
            "publicity": PUBLICITY,
            "severities": load_terms().severity,
            "show_wan": show_wan,
            "today": local_date(runtime.clock.now()),
        }


_DECIDED = frozenset({ClueState.DECIDED, ClueState.CLOSED})

# who may come, and where: an enterprise, a training body, and a person at home
_KINDS = (
    ("enterprise", "/enterprise/credit", allow("enterprise")),
    ("centre", "/centre/credit", allow("centre")),
    (parties.CANDIDATE, "/me/credit", allow_candidate()),
)


def for_each_party(base: type[Controller], below: str = "") -> tuple[type[Controller], ...]:
    """Return one controller with a `role` for each kind of party, at its address and `below`."""
    return tuple(
        type(f"{role.title()}{base.__name__}", (base,), {"role": role, "path": path + below, "opt": opt})
        for role, path, opt in _KINDS
    )


CONTROLLERS = for_each_party(PartyCases)
