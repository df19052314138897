"""Bringing in what the credit platform has told: upload, see what would happen, then let it happen."""

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Template

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.waiting import WaitingFiles
from exam.records.credit.errors import ImportEmptyError
from exam.records.credit.importing import MOST, Verdict, read_lines, run
from exam.records.credit.regulator_pages import HOME
from exam.records.credit.schemas import ImportForm
from exam.records.regulator_desk import ROLE, desk_of
from exam.web.i18n import Catalogue
from exam.web.judged import judged_page, told
from exam.web.policy import allow
from exam.web.problem import Problem, problem_of
from exam.web.uploads import read_file

FILES = WaitingFiles("credit-imports")
PAGE = "records/credit/import.html"
AnyRequest = Request[Principal, Any, Any]


class PlatformNoticeController(Controller):
    """Notices of listing and repair for the organisations of the regulator's region."""

    path = f"{HOME}/import"
    opt = allow(ROLE)

    @get()
    async def show(self) -> Template:
        return _page()

    @post(status_code=200)
    async def dry_run(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], principal: NamedDependency[Principal]
    ) -> Template:
        data = await read_file(request, "file")
        catalogue: Catalogue = request.app.state.catalogue
        try:
            lines = await asyncio.to_thread(read_lines, _given(data))
        except DomainError as error:
            return _page(problem=problem_of(error, catalogue))
        async with desk_of(runtime, principal, "") as desk:
            verdicts = await run(desk.session, principal, lines, dry_run=True, at=desk.now)
        return _page(told(verdicts, catalogue), file=await FILES.put(runtime, principal, _given(data)))

    @post("/confirm", status_code=200)
    async def confirm(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[ImportForm],
    ) -> Template:
        """Judge the file anew, for much may have happened since, and write what holds."""
        content = await FILES.get(runtime, principal, data.file)
        lines = await asyncio.to_thread(read_lines, content)
        async with desk_of(runtime, principal, "") as desk:
            verdicts = await run(desk.session, principal, lines, dry_run=False, at=desk.now)
        await FILES.drop(runtime, principal, data.file)
        return _page(told(verdicts, request.app.state.catalogue), written=True)


def _given(data: bytes | None) -> bytes:
    if data is None:
        raise ImportEmptyError
    return data


def _page(
    verdicts: Sequence[tuple[Verdict, Problem | None]] = (),
    *,
    file: str = "",
    written: bool = False,
    problem: Problem | None = None,
) -> Template:
    return judged_page(PAGE, verdicts, most=MOST, file=file, written=written, problem=problem)
