"""The regulator's pages of national certificates: bring in by file with a dry run, look through, check one by one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from certs.act_pages import Stage
from certs.lifecycle import REGULATOR
from certs.national.errors import NationalFileError
from certs.national.reading import MOST, template_workbook
from certs.national.service import (
    NationalState,
    RowVerdict,
    check_record,
    get_national,
    list_national,
    record_file,
)
from certs.schemas import NationalCheckForm, NationalImportForm
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import WORKBOOK
from exam.core.waiting import WaitingFiles
from exam.identity.api import list_people, names_of_accounts
from exam.web.i18n import Catalogue
from exam.web.judged import judged_page, told
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import Problem, problem_of
from exam.web.uploads import read_file

PATH = "/regulator/national"
PAGE = 50
FILES = WaitingFiles("national-imports")
AnyRequest = Request[Principal, Any, Any]


class NationalController(Controller):
    """Records of national certificates in the regulator's region."""

    path = PATH
    opt = allow(REGULATOR)

    @get()
    async def show_list(
        self, session: NamedDependency[AsyncSession], check: FromQuery[str] = "", page: FromQuery[Page] = 1
    ) -> Template:
        wanted = check if check in set(NationalState) else ""
        rows = await list_national(session, state=wanted, limit=PAGE + 1, offset=(page - 1) * PAGE)
        context = {
            "rows": rows[:PAGE],
            "more": len(rows) > PAGE,
            "page": page,
            "check": wanted,
            "people": await list_people(session, [row.person_id for row in rows]),
        }
        return Template("certs/national.html", context=context)

    @get("/import")
    async def show_import(self) -> Template:
        return _page()

    @get("/import/template.xlsx")
    async def template(self) -> Response[bytes]:
        headers = {"Content-Disposition": 'attachment; filename="national-certificates.xlsx"'}
        return Response(template_workbook(), media_type=WORKBOOK, headers=headers)

    @post("/import", status_code=200)
    async def dry_run(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
    ) -> Template:
        catalogue: Catalogue = request.app.state.catalogue
        data = await read_file(request, "file")
        try:
            if data is None:
                raise NationalFileError
            verdicts = await record_file(session, runtime, principal, data, dry_run=True)
        except DomainError as error:
            return _page(problem=problem_of(error, catalogue))
        return _page(told(verdicts, catalogue), file=await FILES.put(runtime, principal, data))

    @post("/import/confirm", status_code=200)
    async def confirm(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[NationalImportForm],
    ) -> Template:
        """Judge the file anew, for much may have happened since, and keep what holds."""
        content = await FILES.get(runtime, principal, data.file)
        verdicts = await record_file(session, runtime, principal, content, dry_run=False)
        await FILES.drop(runtime, principal, data.file)
        return _page(told(verdicts, request.app.state.catalogue), written=True)

    @get("/{record_id:uuid}")
    async def show_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        record_id: FromPath[UUID],
    ) -> Template:
        return await _detail(request, runtime, session, record_id)

    @post("/{record_id:uuid}/check", status_code=200)
    async def check(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        record_id: FromPath[UUID],
        data: URLEncodedBody[NationalCheckForm],
    ) -> Redirect | Template:
        async def act() -> None:
            at = runtime.clock.now()
            await check_record(session, principal, record_id, found=data.found, note=data.note, at=at)

        stage = Stage(request, runtime, session, record_id, path=PATH, detail=_detail)
        return await stage.do(act, "核对结果已登记。")


def _page(
    verdicts: Sequence[tuple[RowVerdict, Problem | None]] = (),
    *,
    file: str = "",
    written: bool = False,
    problem: Problem | None = None,
) -> Template:
    return judged_page("certs/national_import.html", verdicts, most=MOST, file=file, written=written, problem=problem)


async def _detail(
    request: AnyRequest,
    _runtime: Runtime,
    session: AsyncSession,
    record_id: UUID,
    error: DomainError | None = None,
) -> Template:
    one = await get_national(session, record_id)
    described = problem_of(error, request.app.state.catalogue) if error else None
    accounts = [each for each in (one.imported_by, one.checked_by) if each]
    context = {
        "one": one,
        "person": (await list_people(session, [one.person_id])).get(one.person_id),
        "names": await names_of_accounts(session, accounts),
        "me": request.user.account,
        "problem": described,
    }
    return Template("certs/national_record.html", context=context, status_code=described.status if described else 200)
