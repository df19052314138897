"""Pages of batch registration: upload, see what would happen, then let it happen."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import WORKBOOK
from exam.core.waiting import WaitingFiles
from exam.sitting.batch import BatchVerdict, read_lines, run_batch, template_workbook
from exam.sitting.desk import own_sitting
from exam.sitting.errors import BatchEmptyError, NotEligibleError
from exam.sitting.registration_pages import reason_lines
from exam.sitting.schemas import BatchForm
from exam.sitting.views import SittingView
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import Problem, problem_of
from exam.web.uploads import read_file

FILES = WaitingFiles("registration-imports")


class BatchController(Controller):
    """Registering many from one workbook."""

    path = "/centre/sittings/{sitting_id:uuid}/batch"
    opt = allow("centre")

    @get("/")
    async def new(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
    ) -> Template:
        return _page(await own_sitting(session, principal, sitting_id))

    @get("/template.xlsx")
    async def template(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
    ) -> Response[bytes]:
        await own_sitting(session, principal, sitting_id)
        headers = {"Content-Disposition": 'attachment; filename="registrations.xlsx"'}
        return Response(template_workbook(), media_type=WORKBOOK, headers=headers)

    @post("/", status_code=200)
    async def dry_run(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> Template:
        sitting = await own_sitting(session, principal, sitting_id)
        data = await read_file(request, "file")
        catalogue: Catalogue = request.app.state.catalogue
        try:
            lines = await read_lines(_given(data))
        except DomainError as error:
            return _page(sitting, problem=problem_of(error, catalogue))
        now = runtime.clock.now()
        verdicts = await run_batch(session, principal, runtime, sitting_id, lines, dry_run=True, at=now)
        name = await FILES.put(runtime, principal, _given(data))
        return _page(sitting, verdicts=_told(verdicts, catalogue), file=name)

    @post("/confirm", status_code=200)
    async def confirm(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        data: URLEncodedBody[BatchForm],
    ) -> Template:
        sitting = await own_sitting(session, principal, sitting_id)
        lines = await read_lines(await FILES.get(runtime, principal, data.file))
        now = runtime.clock.now()
        verdicts = await run_batch(session, principal, runtime, sitting_id, lines, dry_run=False, at=now)
        return _page(sitting, verdicts=_told(verdicts, request.app.state.catalogue), written=True)


def _given(data: bytes | None) -> bytes:
    if data is None:
        raise BatchEmptyError
    return data


def _told(verdicts: list[BatchVerdict], catalogue: Catalogue) -> list[tuple[BatchVerdict, Problem | None]]:
    return [(verdict, _told_why(verdict.error, catalogue) if verdict.error else None) for verdict in verdicts]


def _told_why(error: DomainError, catalogue: Catalogue) -> Problem:
    problem = problem_of(error, catalogue)
    if isinstance(error, NotEligibleError):
        problem.title = " ".join(text for text, _ in reason_lines(error.decision, catalogue))
    return problem


def _page(
    sitting: SittingView,
    *,
    verdicts: list[tuple[BatchVerdict, Problem | None]] | None = None,
    problem: Problem | None = None,
    file: str = "",
    written: bool = False,
) -> Template:
    told = verdicts or []
    context = {
        "sitting": sitting,
        "verdicts": told,
        "accepted": sum(1 for _, refused in told if refused is None),
        "refused": sum(1 for _, refused in told if refused is not None),
        "problem": problem,
        "file": file,
        "written": written,
    }
    return Template("sitting/batch.html", context=context, status_code=problem.status if problem else 200)
