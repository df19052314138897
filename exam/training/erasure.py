"""Erasing what packages kept of a learner once the years that training records must be kept are over.

Hours, their evidence and certificates are records and stay. What a course package said or wanted to find again is not:
it adds nothing to an hour, and personal information is kept no longer than its purpose needs (个人信息保护法 art 19).
"""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date, years_after
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.standards.api import Mark, NoRuleSetError, UnknownQualificationError, resolve_rule_set
from exam.training.cmi5.models import StatementRow, UnitDocument, UnitSession
from exam.training.lessons.models import Progress, VisitRow
from exam.training.packages.models import PackageState

Kind = type[StatementRow | UnitDocument | UnitSession | PackageState]
KEPT: Final[dict[str, Kind]] = {
    "statements": StatementRow,
    "documents": UnitDocument,
    "sessions": UnitSession,
    "parts": PackageState,
}
"""What is erased, in the order that its references allow."""
MOST: Final = 500
"""Copies in one run; the next night goes on."""


async def run_erase(runtime: Runtime) -> None:
    """Erase what packages kept in copies of lessons whose years are over; safe to run again."""
    scope = Scope(region=runtime.settings.root_region)
    today = local_date(runtime.clock.now())
    async with runtime.databases.session(scope) as session:
        due = [row for row in await _kept(session) if _is_due(row.qualification, local_date(row.last), today)]
    for row in due[:MOST]:
        async with runtime.databases.transaction(scope) as session:
            await _erase(session, runtime, row.id, row.region)


async def _kept(session: AsyncSession) -> list[Row[Any]]:
    """Return the copies that packages keep something of, the longest unopened first."""
    last = func.max(VisitRow.opened_at)
    something = or_(*(exists().where(kind.progress_id == Progress.id) for kind in KEPT.values()))
    query = select(Progress.id, Progress.region, VisitRow.qualification, last.label("last"))
    joined = query.join(VisitRow, VisitRow.progress_id == Progress.id).where(something)
    return list(await session.execute(joined.group_by(Progress.id, VisitRow.qualification).order_by(last)))


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    years: Annotated[int, msgspec.Meta(ge=1, le=100)]
    source: str
    mark: Mark


@cache
def _own_years() -> int:
    text = (files("exam.training") / "data" / "retention.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, _Kept])["package_state"].years


def _is_due(qualification: str, last: date, today: date) -> bool:
    """Tell whether the years are over: our own, or those that the rules of the last day state for records, if longer."""
    try:
        stated = resolve_rule_set(qualification, last).training_record_retention_years.value
    except (NoRuleSetError, UnknownQualificationError):
        stated = None
    return today > years_after(last, max(stated or 0, _own_years()))


async def _erase(session: AsyncSession, runtime: Runtime, progress: UUID, region: str) -> None:
    facts: dict[str, Fact] = {}
    for name, kind in KEPT.items():
        gone = await session.scalars(delete(kind).where(kind.progress_id == progress).returning(kind.progress_id))
        facts[name] = len(gone.all())
    at = runtime.clock.now()
    await record(session, SYSTEM, "package.erased", ("progress", progress), at=at, region=region, facts=facts)
