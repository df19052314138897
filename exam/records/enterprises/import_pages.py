"""Bringing enterprises in by workbook: upload, see what would happen, then let it happen."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Template

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.columns import NamedRow
from exam.core.sheets.writer import WORKBOOK
from exam.core.waiting import WaitingFiles
from exam.records.enterprises.errors import EnterprisesEmptyError
from exam.records.enterprises.merging import Verdict, merge_all
from exam.records.enterprises.reading import MOST, TITLES, read_lines, template_workbook
from exam.records.enterprises.schemas import ImportForm
from exam.records.enterprises.wording import ACTS, shown
from exam.records.regulator_desk import ROLE, desk_of
from exam.web.i18n import Catalogue
from exam.web.judged import judged_page, told
from exam.web.policy import allow
from exam.web.problem import Problem, problem_of
from exam.web.uploads import read_file

FILES = WaitingFiles("enterprise-imports")
PAGE = "records/enterprise_import.html"
AnyRequest = Request[Principal, Any, Any]


class EnterpriseImportController(Controller):
    """Enterprises of the regulator's region."""

    path = "/regulator/enterprises/import"
    opt = allow(ROLE)

    @get()
    async def show(self) -> Template:
        return _page()

    @get("/template.xlsx")
    async def template(self) -> Response[bytes]:
        headers = {"Content-Disposition": 'attachment; filename="enterprises.xlsx"'}
        return Response(template_workbook(), media_type=WORKBOOK, headers=headers)

    @post(status_code=200)
    async def dry_run(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], principal: NamedDependency[Principal]
    ) -> Template:
        catalogue: Catalogue = request.app.state.catalogue
        data = await read_file(request, "file")
        try:
            lines = await asyncio.to_thread(read_lines, _given(data))
        except DomainError as error:
            return _page(problem=problem_of(error, catalogue))
        verdicts = await _merge(runtime, principal, lines, dry_run=True)
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
        lines = await asyncio.to_thread(read_lines, await FILES.get(runtime, principal, data.file))
        verdicts = await _merge(runtime, principal, lines, dry_run=False)
        await FILES.drop(runtime, principal, data.file)
        return _page(told(verdicts, request.app.state.catalogue), written=True)


async def _merge(runtime: Runtime, principal: Principal, lines: list[NamedRow], *, dry_run: bool) -> list[Verdict]:
    async with desk_of(runtime, principal, "") as desk:
        return await merge_all(desk.session, principal, desk.visible, lines, dry_run=dry_run, at=desk.now)


def _given(data: bytes | None) -> bytes:
    if data is None:
        raise EnterprisesEmptyError
    return data


def _page(
    verdicts: Sequence[tuple[Verdict, Problem | None]] = (),
    *,
    file: str = "",
    written: bool = False,
    problem: Problem | None = None,
) -> Template:
    acts = Counter(each.merge.act for each, _ in verdicts if each.merge)
    counted = [(word, acts[act]) for act, word in ACTS.items()]
    more = {"counted": counted, "acts": ACTS, "titles": TITLES, "shown": shown}
    return judged_page(PAGE, verdicts, most=MOST, file=file, written=written, problem=problem, more=more)
