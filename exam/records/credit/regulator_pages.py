"""The authority's pages of credit: leads by what is due, and one lead with its evidence, its steps and the next one."""

from typing import Any, get_args
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import list_people, names_of_accounts
from exam.records.credit import clues, decisions, notices, register
from exam.records.credit.finding import find_clues
from exam.records.credit.limits import load_terms
from exam.records.credit.money import show_wan
from exam.records.credit.rules import Source
from exam.records.credit.schemas import PlainForm, Show, WordsForm
from exam.records.credit.state import ClueState
from exam.records.credit.wording import PUBLICITY, STATES, STEPS, evidence_page, evidence_words
from exam.records.regulator_desk import ROLE, Desk, desk_of
from exam.records.schemas import RegionPath
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.request import done

HOME = "/regulator/credit"
PAGE = 30
SHOWN = {
    "found": (ClueState.FOUND,),
    "open": (ClueState.NOTICED, ClueState.HEARD, ClueState.DRAFTED),
    "over": (ClueState.DISMISSED, ClueState.DECIDED, ClueState.CLOSED),
}


class ClueController(Controller):
    """Leads of one region, the regulator's own or one below it."""

    path = HOME
    opt = allow(ROLE)

    @get()
    async def show_all(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        show: FromQuery[Show] = "found",
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            rows = await clues.list_clues(desk.session, SHOWN[show], limit=PAGE + 1, offset=(page - 1) * PAGE)
            counted = await clues.count_clues(desk.session)
            context = {
                **desk.context,
                "show": show,
                "rows": rows[:PAGE],
                "more": len(rows) > PAGE,
                "page": page,
                "counts": {name: sum(counted.get(state, 0) for state in states) for name, states in SHOWN.items()},
                "states": STATES,
            }
        return Template("records/credit/clues.html", context=context)

    @post("/find")
    async def find(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # read for its CSRF token
        region: FromQuery[RegionPath] = "",
    ) -> Redirect:
        """Look through the region now instead of tomorrow morning."""
        async with desk_of(runtime, principal, region) as desk:
            found = await find_clues(desk.session, principal, at=desk.now, sources=get_args(Source))
            path = f"{HOME}?region={desk.region.path}"
        return done(path, "已按规则查找,新的线索排在清单中。" if found else "已按规则查找,没有新的线索。")

    @get("/{clue_id:uuid}")
    async def show_one(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
    ) -> Template:
        async with desk_of(runtime, principal, "") as desk:
            return Template("records/credit/clue.html", context=await _context(desk, principal.account, clue_id))

    @post("/{clue_id:uuid}/dismiss")
    async def dismiss(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        clue_id: FromPath[UUID],
        data: URLEncodedBody[WordsForm],
    ) -> Redirect:
        async with desk_of(runtime, principal, "") as desk:
            await clues.dismiss(desk.session, principal, clue_id, reason=data.reason, at=desk.now)
        return done(f"{HOME}/{clue_id}", "已记为核查后不成立。")


async def _context(desk: Desk, account: UUID | None, clue_id: UUID) -> dict[str, Any]:
    clue = await clues.get_clue(desk.session, clue_id)
    evidence = await clues.list_evidence(desk.session, clue_id)
    steps = await clues.list_steps(desk.session, clue_id)
    decision = await decisions.find_decision(desk.session, clue_id)
    return {
        **desk.context,
        "clue": clue,
        "evidence": evidence,
        "evidence_words": evidence_words,
        "evidence_page": evidence_page,
        "people": await list_people(desk.session, [each.person_id for each in evidence]),
        "steps": steps,
        "names": await names_of_accounts(desk.session, [each.by_account for each in steps if each.by_account]),
        "notice": await notices.find_notice(desk.session, clue_id),
        "decision": decision,
        "drafted_here": decision is not None and decision.drafted_by == account,
        "record": await register.find_record_of(desk.session, decision.id) if decision else None,
        "states": STATES,
        "step_words": STEPS,
        "publicity": PUBLICITY,
        "severities": load_terms().severity,
        "show_wan": show_wan,
    }
