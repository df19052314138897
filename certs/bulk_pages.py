"""The enterprise's bulk check: a workbook of names and numbers in, a workbook of statuses out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from certs.answers import Verdict
from certs.bulk import (
    RESULT_COLUMNS,
    STATUSES,
    BulkLine,
    Words,
    check_rows,
    read_rows,
    result_workbook,
    template_workbook,
)
from exam.core.audit.ledger import record
from exam.core.audit.publication import LogPublication
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError, ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import WORKBOOK
from exam.core.valkey import require_allowance
from exam.identity.api import get_organisation
from exam.standards.api import list_qualifications
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import form_again, problem_of
from exam.web.uploads import read_file

ENTERPRISE = "enterprise"
PATH = "/enterprise/verify"
PAGE = "certs/bulk.html"
PER_HOUR = 6
"""Workbooks an hour of one enterprise: its whole staff, and nobody else's numbers by trying."""
MISSES = 50
"""So many rows of one workbook that find nothing are worth an operator's look, where they are the most of it."""

AnyRequest = Request[Principal, Any, Any]


def _enterprise(principal: Principal) -> UUID:
    enterprises = principal.organisations(ENTERPRISE)
    if not enterprises:
        raise ForbiddenError
    return enterprises[0]


class BulkController(Controller):
    """Checking the certificates of many by the public rules."""

    path = PATH
    opt = allow(ENTERPRISE)

    @get()
    async def show(self) -> Template:
        return Template(PAGE, context={"problem": None})

    @get("/template.xlsx")
    async def template(self) -> Response[bytes]:
        return _workbook(template_workbook(), "certificates.xlsx")

    @post(status_code=200)
    async def check(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
    ) -> Response[Any]:
        data = await read_file(request, "file")
        enterprise = _enterprise(principal)
        at = runtime.clock.now()
        try:
            rows = await read_rows(data)
            await require_allowance(runtime.valkey, f"verify-bulk:{enterprise}", limit=PER_HOUR, window_s=3600)
        except DomainError as error:
            return form_again(request, error, PAGE, {})
        async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as public:
            lines = await check_rows(public, runtime.sealer, rows, at=at, log=LogPublication(runtime.storage))
        missed = sum(line.word in {Verdict.NOT_FOUND, "refused"} for line in lines)
        if missed > MISSES and 2 * missed > len(lines):
            structlog.get_logger().warning("bulk_check_misses", organisation=str(enterprise), missed=missed)
        region = (await get_organisation(session, enterprise)).region
        facts = {"rows": len(lines), "missed": missed}
        subject = ("organisation", enterprise)
        await record(session, principal, "credential.bulk_checked", subject, at=at, region=region, facts={**facts})
        return _workbook(_told(lines, request.app.state.catalogue), "results.xlsx")


def _workbook(content: bytes, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=WORKBOOK, headers=headers)


def _told(lines: Sequence[BulkLine], catalogue: Catalogue) -> bytes:
    words = Words(
        [catalogue.gettext(heading, "certs") for heading in RESULT_COLUMNS],
        {code: catalogue.gettext(word, "certs") for code, word in STATUSES.items()},
    )
    refusals = [problem_of(line.error, catalogue).title if line.error else "" for line in lines]
    titles = {each.code: catalogue.gettext(each.title, "standards") for each in list_qualifications()}
    return result_workbook(lines, words, refusals, titles)
