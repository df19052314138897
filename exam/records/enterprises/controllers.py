"""The base of enterprises for programs: the same rows by the same rules, with a neighbour's token for it."""

from typing import Any

import msgspec
from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from exam.core.audit.ledger import record
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.core.sheets.columns import NamedRow
from exam.records.enterprises.merging import Verdict, merge_all
from exam.records.enterprises.reading import checked
from exam.records.enterprises.schemas import EnterprisesIn, MergedOut, RowOut
from exam.records.exchange.tokens import MERGE, Caller, authenticate
from exam.web.interfaces import BY_TOKEN
from exam.web.judged import told
from exam.web.policy import BY_KEY
from exam.web.problem import Problem

AnyRequest = Request[Any, Any, Any]


class EnterprisesApiController(Controller):
    """What the base of enterprises next door calls; who calls is known by the token alone."""

    path = "/api/enterprises"
    tags = ("enterprises",)
    include_in_schema = True

    @post(opt=BY_KEY, status_code=200, security=BY_TOKEN)
    async def merge(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], data: JSONBody[EnterprisesIn]
    ) -> MergedOut:
        """Bring enterprises of the token's region in, or only judge them on a dry run.

        Texts and verdicts are those of the workbook; the token needs the scope enterprises:write.
        """
        caller = await authenticate(runtime, request.headers.get("authorization", ""), MERGE)
        lines = checked([NamedRow(at, msgspec.structs.asdict(each)) for at, each in enumerate(data.enterprises, 1)])
        verdicts = await _merge(runtime, caller, lines, dry_run=data.dry_run)
        rows = [_row(each, problem, lines) for each, problem in told(verdicts, request.app.state.catalogue)]
        refused = sum(bool(row.code) for row in rows)
        return MergedOut(accepted=len(rows) - refused, refused=refused, written=not data.dry_run, rows=rows)


async def _merge(runtime: Runtime, caller: Caller, lines: list[NamedRow], *, dry_run: bool) -> list[Verdict]:
    """Judge the rows in the scope of the neighbour's region; what is written names it in the ledger."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=caller.region)) as session:
        verdicts = await merge_all(session, SYSTEM, caller.region, lines, dry_run=dry_run, at=at)
        if not dry_run:
            subject, refused = ("neighbour", caller.neighbour_id), sum(each.refused is not None for each in verdicts)
            facts = {"rows": len(verdicts), "refused": refused}
            await record(session, SYSTEM, "enterprises.merged", subject, at=at, region=caller.region, facts=facts)
    return verdicts


def _row(verdict: Verdict, problem: Problem | None, lines: list[NamedRow]) -> RowOut:
    merge = verdict.merge
    return RowOut(
        number=verdict.number,
        uscc=lines[verdict.number - 1].cells["uscc"],
        act=merge.act if merge else "",
        changed=sorted(merge.changes) if merge else [],
        code=problem.code if problem else "",
        message=problem.title if problem else "",
    )
