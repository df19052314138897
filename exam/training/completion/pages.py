"""Pages of completed training: the learner signs, the body issues, the regulator reads, anybody verifies."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.db.roles import Role as DatabaseRole
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role, get_person
from exam.training.bodies.service import own_body
from exam.training.classes.class_context import class_context
from exam.training.classes.errors import EnrolmentNotFoundError
from exam.training.classes.service import get_class
from exam.training.completion.document import completion_pdf
from exam.training.completion.errors import CompletionNotFoundError, CompletionStateError
from exam.training.completion.service import (
    CompletionView,
    decide_completion,
    get_completion,
    issue_completion,
    list_completions,
    missing_hours,
    verify_completion,
)
from exam.training.kinds import TITLES, required_hours, title_of
from exam.training.ledger.nodes import cover_programme
from exam.training.schemas import EmptyForm, ReasonForm
from exam.web.policy import PUBLIC, allow, allow_candidate
from exam.web.problem import form_again
from exam.web.request import done

AnyRequest = Request[Principal, Any, Any]
MINE = "/learn/completions"
LIST = "training/completions.html"
ONE = "training/completion.html"


class CompletionController(Controller):
    """The worker's own."""

    path = MINE
    opt = allow_candidate()

    @get("/{completion_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        completion_id: FromPath[UUID],
    ) -> Template:
        context = await _own(session, principal, completion_id)
        return Template(ONE, context={**context, "problem": None})

    @post("/{completion_id:uuid}/sign")
    async def sign(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        completion_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Redirect:
        await decide_completion(session, principal, completion_id, objection=None, at=runtime.clock.now())
        return done(f"{MINE}/{completion_id}", "已签字,证明生效。")

    @post("/{completion_id:uuid}/object", status_code=200)
    async def refuse(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        completion_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                at = runtime.clock.now()
                await decide_completion(session, principal, completion_id, objection=data.reason, at=at)
        except DomainError as error:
            return form_again(request, error, ONE, await _own(session, principal, completion_id))
        return done(f"{MINE}/{completion_id}", "已转告培训机构。")

    @get("/{completion_id:uuid}/certificate.pdf")
    async def pdf(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        completion_id: FromPath[UUID],
    ) -> Response[bytes]:
        found = (await _own(session, principal, completion_id))["completion"]
        return await _pdf(session, principal, runtime, found)


class ClassCompletionsController(Controller):
    """The body's: who has all hours, and who has signed."""

    path = "/centre/training/classes/{class_id:uuid}/completions"
    opt = allow(Role.CENTRE)

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
    ) -> Template:
        await _require_own(session, principal, class_id)
        return Template(LIST, context={**await _list(session, runtime, class_id, "centre"), "problem": None})

    @post("/{enrolment_id:uuid}", status_code=200)
    async def issue(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        enrolment_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Template | Redirect:
        await _require_own(session, principal, class_id)
        try:
            async with session.begin_nested():
                await issue_completion(session, principal, enrolment_id, class_id=class_id, at=runtime.clock.now())
        except DomainError as error:
            return form_again(request, error, LIST, await _list(session, runtime, class_id, "centre"))
        return done(f"/centre/training/classes/{class_id}/completions", "已出具,等待本人核对签字。")

    @get("/{completion_id:uuid}/certificate.pdf")
    async def pdf(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        completion_id: FromPath[UUID],
    ) -> Response[bytes]:
        await _require_own(session, principal, class_id)
        return await _pdf(session, principal, runtime, await _of_class(session, class_id, completion_id))


class RegulatorCompletionsController(Controller):
    """The regulator's: the same, to read."""

    path = "/regulator/training/classes/{class_id:uuid}/completions"
    opt = allow(Role.REGULATOR)

    @get()
    async def show(
        self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime], class_id: FromPath[UUID]
    ) -> Template:
        return Template(LIST, context={**await _list(session, runtime, class_id, "regulator"), "problem": None})

    @get("/{completion_id:uuid}/certificate.pdf")
    async def pdf(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        completion_id: FromPath[UUID],
    ) -> Response[bytes]:
        return await _pdf(session, principal, runtime, await _of_class(session, class_id, completion_id))


class VerifyCompletionController(Controller):
    """Anybody's: whether a certificate of completed training is genuine."""

    path = "/training/verify"
    opt = PUBLIC

    @get()
    async def show(self, runtime: NamedDependency[Runtime], number: FromQuery[str] = "") -> Template:
        found = None
        if number:
            async with runtime.databases.transaction(NOTHING, DatabaseRole.PUBLIC) as session:
                found = await verify_completion(session, number[:64])
        context = {"number": number[:64], "found": found, "title_of": title_of, "kinds": TITLES}
        return Template("training/completion_verify.html", context=context)


async def _own(session: AsyncSession, principal: Principal, completion_id: UUID) -> dict[str, Any]:
    completion = await get_completion(session, completion_id)
    if completion.person_id != principal.person:
        raise CompletionNotFoundError
    return {"completion": completion, "title_of": title_of, "kinds": TITLES}


async def _require_own(session: AsyncSession, principal: Principal, class_id: UUID) -> None:
    body = await own_body(session, principal)
    if (await get_class(session, class_id)).organisation_id != body.id:
        raise EnrolmentNotFoundError


async def _of_class(session: AsyncSession, class_id: UUID, completion_id: UUID) -> CompletionView:
    completion = await get_completion(session, completion_id)
    if completion.class_id != class_id:
        raise CompletionNotFoundError
    return completion


async def _list(session: AsyncSession, runtime: Runtime, class_id: UUID, desk: str) -> dict[str, Any]:
    context = await class_context(session, runtime, class_id)
    one, present = context["one"], context["present"]
    required = (required_hours(one.qualification, one.kind, context["today"]).hours or 0) * 100
    missing = {
        each.id: missing_hours(
            await cover_programme(session, each.person_id, each.qualification, each.kind, on=one.starts_on), required
        )
        for each in present
    }
    completions = await list_completions(session, [each.id for each in present])
    return {**context, "missing": missing, "completions": completions, "desk": desk}


async def _pdf(
    session: AsyncSession, principal: Principal, runtime: Runtime, completion: CompletionView
) -> Response[bytes]:
    """Print what was signed: each print is a logged act, for the name stands on it in full."""
    if completion.state != "signed":
        raise CompletionStateError
    person = await get_person(session, completion.person_id)
    url = f"{runtime.settings.base_url}/training/verify?number={completion.number}"
    content = completion_pdf(completion, person.name, url)
    subject, at = ("completion", completion.id), runtime.clock.now()
    await record(session, principal, "completion.printed", subject, at=at, region=completion.region)
    headers = {"Content-Disposition": f'attachment; filename="training-{completion.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
