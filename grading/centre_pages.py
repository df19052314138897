"""The centre's pages over results: what waits for release, one sitting's results; the regulator reads along."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import list_attempts
from exam.sitting.api import SittingState, get_sitting, list_sittings
from exam.standards.api import get_qualification
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import problem_of
from exam.web.request import done
from grading import words
from grading.appeals import decide_appeal, get_appealed_sitting, list_sitting_appeals
from grading.guards import is_own_centre, require_reader
from grading.regrades import list_regrades, propose_withdrawn_regrade
from grading.release import release_sitting, standing_of
from grading.schemas import AnswerForm, EmptyForm, ReleaseOut, StandingOut, candidates_out
from grading.tables import build_table
from grading.views import list_results
from grading.withdrawn import list_withdrawn
from grading.written import list_unsettled

CENTRE = allow("centre")
READERS = allow("centre", "regulator")
PAGE = 10


class ResultsController(Controller):
    """Pages of results."""

    opt = READERS

    @get("/results")
    async def overview(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        page: FromQuery[Page] = 1,
    ) -> Template:
        now = runtime.clock.now()
        waiting = await list_sittings(session, state=SittingState.CLOSED, limit=PAGE)
        start = (page - 1) * PAGE
        told = await list_sittings(session, state=SittingState.RELEASED, limit=PAGE + 1, offset=start)
        sittings = [*(waiting if page == 1 else []), *told[:PAGE]]
        standings = {}
        for sitting in sittings:
            attempts = await list_attempts(session, sitting.id, now=now)
            standings[sitting.id] = standing_of(attempts, await list_results(session, sitting.id))
        context = {
            "waiting": waiting if page == 1 else [],
            "told": told[:PAGE],
            "more": len(told) > PAGE,
            "page": page,
            "standings": standings,
            "own": {sitting.id for sitting in sittings if is_own_centre(principal, sitting)},
        }
        return Template("grading/overview.html", context=context)

    @get("/centre/sittings/{sitting_id:uuid}/results")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> Template:
        return Template("grading/results.html", context=await results_context(session, principal, runtime, sitting_id))

    @post("/centre/sittings/{sitting_id:uuid}/release", opt=CENTRE)
    async def release(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                told = await release_sitting(session, principal, runtime, sitting_id, runtime.clock.now())
        except DomainError as error:
            problem = problem_of(error, request.app.state.catalogue)
            context = await results_context(session, principal, runtime, sitting_id) | {"problem": problem}
            return Template("grading/results.html", context=context, status_code=problem.status)
        return done(f"/centre/sittings/{sitting_id}/results", "成绩已公布。" if told else "没有可以公布的成绩。")

    @post("/centre/sittings/{sitting_id:uuid}/withdrawn", opt=CENTRE)
    async def regrade_withdrawn(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Template | Redirect:
        at = runtime.clock.now()
        try:
            async with session.begin_nested():
                regrade = await propose_withdrawn_regrade(session, principal, runtime, sitting_id=sitting_id, at=at)
        except DomainError as error:
            problem = problem_of(error, request.app.state.catalogue)
            context = await results_context(session, principal, runtime, sitting_id) | {"problem": problem}
            return Template("grading/results.html", context=context, status_code=problem.status)
        return done(f"/centre/regrades/{regrade.id}", "重评方案已提交,等待另一位经办人批准。")

    @post("/centre/appeals/{appeal_id:uuid}", opt=CENTRE)
    async def answer_appeal(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        appeal_id: FromPath[UUID],
        data: URLEncodedBody[AnswerForm],
    ) -> Template | Redirect:
        sitting_id, at = await get_appealed_sitting(session, appeal_id), runtime.clock.now()
        try:
            async with session.begin_nested():
                await decide_appeal(session, principal, appeal_id, decision=data.decision, answer=data.answer, at=at)
        except DomainError as error:
            problem = problem_of(error, request.app.state.catalogue)
            context = await results_context(session, principal, runtime, sitting_id)
            context |= {"problem": problem, "typed": {appeal_id: data}}
            return Template("grading/results.html", context=context, status_code=problem.status)
        return done(f"/centre/sittings/{sitting_id}/results#appeals", "复核申请已答复。")


class ResultsApiController(Controller):
    """Results for programs."""

    path = "/api/centre/sittings/{sitting_id:uuid}"
    opt = READERS

    @get("/results")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> StandingOut:
        sitting = await get_sitting(session, sitting_id)
        require_reader(principal, sitting)
        results = await list_results(session, sitting_id)
        standing = standing_of(await list_attempts(session, sitting_id, now=runtime.clock.now()), results)
        return StandingOut(
            sitting_id=sitting_id,
            state=sitting.state.value,
            candidates=standing.candidates,
            ready=standing.ready,
            held=standing.held,
            unscored=standing.unscored,
            voided=standing.voided,
            released=standing.released,
            results=candidates_out(results),
        )

    @post("/release", opt=CENTRE, status_code=200)
    async def release(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> ReleaseOut:
        now = runtime.clock.now()
        told = await release_sitting(session, principal, runtime, sitting_id, now)
        attempts = await list_attempts(session, sitting_id, now=now)
        standing = standing_of(attempts, await list_results(session, sitting_id))
        return ReleaseOut(released=told, held=standing.held, unscored=standing.unscored)


async def results_context(
    session: AsyncSession, principal: Principal, runtime: Runtime, sitting_id: UUID
) -> dict[str, Any]:
    """Return what the results page shows."""
    sitting = await get_sitting(session, sitting_id)
    require_reader(principal, sitting)
    return {
        "sitting": sitting,
        "qualification": get_qualification(sitting.qualification),
        "table": await build_table(session, sitting_id, now=runtime.clock.now()),
        "regrades": await list_regrades(session, sitting_id),
        "appeals": await list_sitting_appeals(session, sitting_id),
        "withdrawn": await list_withdrawn(session, sitting_id, at=runtime.clock.now()),
        "unmarked": len(await list_unsettled(session, sitting_id)),
        "typed": {},
        "own": is_own_centre(principal, sitting),
        "words": words,
        "problem": None,
    }
