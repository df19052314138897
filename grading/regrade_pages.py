"""Pages of regrades: find the item, weigh the change, propose it; another person approves."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.sitting.api import get_sitting
from exam.web.policy import allow
from exam.web.problem import form_again, problem_of
from exam.web.request import done
from grading import words
from grading.changes import Action
from grading.errors import RegradeItemError
from grading.guards import is_own_centre, require_centre, require_closed, require_reader
from grading.items import ItemShown, find_item_at, find_shown_item, hardest_items
from grading.regrades import (
    RegradeView,
    approve_regrade,
    get_regrade,
    preview_regrade,
    propose_regrade,
    reject_regrade,
)
from grading.schemas import EmptyForm, ProposeRegrade, RegradeForm, RegradeOut
from grading.weighing import Weighed, effect_of

CENTRE = allow("centre")
READERS = allow("centre", "regulator")


class RegradeController(Controller):
    """Pages of regrades of one sitting."""

    path = "/centre"
    opt = CENTRE

    @get("/sittings/{sitting_id:uuid}/regrades/new")
    async def new(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        item: FromQuery[str] = "",
        seat: FromQuery[str] = "",
        slot: FromQuery[str] = "",
    ) -> Template:
        sitting = await get_sitting(session, sitting_id)
        require_centre(principal, sitting)
        require_closed(sitting)
        now = runtime.clock.now()
        missed = False
        if seat.strip() and slot.strip().isdecimal():
            item = await find_item_at(session, sitting_id, seat=seat.strip(), slot=int(slot), now=now) or ""
            missed = not item
        if item:
            return Template(
                "grading/regrade_new.html", context=await _form(session, principal, runtime, sitting_id, item)
            )
        items = await hardest_items(session, runtime, sitting_id, now=now)
        context = {"sitting": sitting, "contested": items, "seat": seat, "slot": slot, "missed": missed}
        return Template("grading/regrade_items.html", context=context)

    @post("/sittings/{sitting_id:uuid}/regrades/preview", status_code=200)
    async def preview(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        data: URLEncodedBody[RegradeForm],
    ) -> Template:
        context = await _form(session, principal, runtime, sitting_id, data.item, data)
        try:
            weighed = await preview_regrade(
                session, principal, runtime, sitting_id=sitting_id, changes=[data.change()], at=runtime.clock.now()
            )
        except DomainError as error:
            return form_again(request, error, "grading/regrade_new.html", context)
        return Template("grading/regrade_new.html", context=context | _weighed(weighed))

    @post("/sittings/{sitting_id:uuid}/regrades")
    async def propose(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        data: URLEncodedBody[RegradeForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                regrade = await propose_regrade(
                    session,
                    principal,
                    runtime,
                    sitting_id=sitting_id,
                    changes=[data.change()],
                    reason=data.reason,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            context = await _form(session, principal, runtime, sitting_id, data.item, data)
            return form_again(request, error, "grading/regrade_new.html", context)
        return done(f"/centre/regrades/{regrade.id}", "重评方案已提交,等待另一位经办人批准。")

    @get("/regrades/{regrade_id:uuid}", opt=READERS)
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        regrade_id: FromPath[UUID],
    ) -> Template:
        return Template("grading/regrade.html", context=await _shown(session, principal, runtime, regrade_id))

    @post("/regrades/{regrade_id:uuid}/approve")
    async def approve(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        regrade_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await approve_regrade(session, principal, runtime, regrade_id=regrade_id, at=runtime.clock.now())
        except DomainError as error:
            return await _refused(request, session, principal, runtime, regrade_id, error)
        return done(f"/centre/regrades/{regrade_id}", "重评已批准,更正后的成绩已生效。")

    @post("/regrades/{regrade_id:uuid}/reject")
    async def reject(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        regrade_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await reject_regrade(session, principal, regrade_id=regrade_id, at=runtime.clock.now())
        except DomainError as error:
            return await _refused(request, session, principal, runtime, regrade_id, error)
        return done(f"/centre/regrades/{regrade_id}", "重评方案已否决,成绩不变。")


class RegradeApiController(Controller):
    """Regrades for programs."""

    path = "/api/centre"
    opt = CENTRE

    @post("/sittings/{sitting_id:uuid}/regrades")
    async def propose(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        data: JSONBody[ProposeRegrade],
    ) -> RegradeOut:
        at = runtime.clock.now()
        return _out(
            await propose_regrade(
                session, principal, runtime, sitting_id=sitting_id, changes=data.changes, reason=data.reason, at=at
            ),
        )

    @post("/regrades/{regrade_id:uuid}/approve", status_code=200)
    async def approve(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        regrade_id: FromPath[UUID],
    ) -> RegradeOut:
        at = runtime.clock.now()
        return _out(await approve_regrade(session, principal, runtime, regrade_id=regrade_id, at=at))


def _out(view: RegradeView) -> RegradeOut:
    return RegradeOut(regrade_id=view.id, state=view.state, effect=view.effect)


async def _form(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    sitting_id: UUID,
    item: str,
    typed: RegradeForm | None = None,
) -> dict[str, Any]:
    sitting = await get_sitting(session, sitting_id)
    require_centre(principal, sitting)
    require_closed(sitting)
    shown = await find_shown_item(session, runtime, sitting_id, item, now=runtime.clock.now())
    if shown is None:
        raise RegradeItemError(items=[item])
    form = typed or RegradeForm(item=item)
    return {
        "sitting": sitting,
        "item": shown,
        "form": form,
        "keys": form.key if isinstance(form.key, list) else [form.key],
        "actions": [(action.value, words.ACTIONS[action], words.ACTION_EFFECTS[action]) for action in Action],
        "weighed": None,
        "problem": None,
    }


def _weighed(weighed: list[Weighed]) -> dict[str, Any]:
    flips = [each for each in weighed if each.before.passed != each.judgement.passed]
    return {"weighed": weighed, "effect": effect_of(weighed), "flips": flips}


async def _shown(session: AsyncSession, principal: Principal, runtime: Runtime, regrade_id: UUID) -> dict[str, Any]:
    regrade = await get_regrade(session, regrade_id)
    sitting = await get_sitting(session, regrade.sitting_id)
    require_reader(principal, sitting)
    own, now = is_own_centre(principal, sitting), runtime.clock.now()
    items: list[tuple[Any, ItemShown | None]] = [
        (change, await find_shown_item(session, runtime, sitting.id, change.item_id, now=now))
        for change in regrade.changes
    ]
    context: dict[str, Any] = {"regrade": regrade, "sitting": sitting, "changes": items, "own": own, "words": words}
    context |= {"mine": principal.account == regrade.proposed_by, "weighed": None, "problem": None}
    if own and regrade.state == "proposed":
        context |= _weighed(
            await preview_regrade(
                session, principal, runtime, sitting_id=sitting.id, changes=regrade.changes, at=runtime.clock.now()
            ),
        )
    return context


async def _refused(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    regrade_id: UUID,
    error: DomainError,
) -> Template:
    problem = problem_of(error, request.app.state.catalogue)
    context = await _shown(session, principal, runtime, regrade_id) | {"problem": problem}
    return Template("grading/regrade.html", context=context, status_code=problem.status)
