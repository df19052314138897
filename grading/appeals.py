"""Appeals (成绩复核): a candidate asks that a told result be looked at again, and somebody else answers."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.sitting.api import get_sitting
from exam.standards.api import recall_rule_set, working_days_after
from grading.errors import (
    AppealFiledError,
    AppealNotFoundError,
    AppealTextError,
    AppealWindowError,
    ResultNotFoundError,
)
from grading.guards import require_centre
from grading.models import Appeal, Result
from grading.views import ResultView, find_result_by_id

TEXT_LENGTH = 2000


class AppealView(msgspec.Struct, frozen=True, kw_only=True):
    """One appeal; `state` is filed, upheld (a regrade follows) or dismissed."""

    id: UUID
    result_id: UUID
    person_id: UUID
    region: str
    grounds: str
    filed_at: datetime
    state: str
    decided_at: datetime | None
    answer: str | None


def _view(row: Appeal) -> AppealView:
    return AppealView(**{name: getattr(row, name) for name in AppealView.__struct_fields__})


def appeal_until_on(result: ResultView) -> date | None:
    """Return the last Shanghai day to appeal, None before the release or where the rules state no limit."""
    limit = recall_rule_set(result.qualification, result.rule_set).appeal_window_working_days.value
    if result.released_at is None or limit is None:
        return None
    return working_days_after(local_date(result.released_at), limit)


async def file_appeal(
    session: AsyncSession, principal: Principal, result_id: UUID, *, grounds: str, at: datetime
) -> UUID:
    """File an appeal against one's own told result.

    Raises AppealWindowError, AppealFiledError, AppealTextError; a result that is not the caller's is not found.
    """
    result = await find_result_by_id(session, result_id)
    if result is None or principal.person is None or result.person_id != principal.person:
        raise ResultNotFoundError(result_id=str(result_id))
    last_on = appeal_until_on(result)
    if result.released_at is None or (last_on is not None and local_date(at) > last_on):
        raise AppealWindowError(last_on=last_on.isoformat() if last_on else "—")
    if await session.scalar(select(Appeal.id).where(Appeal.result_id == result_id)) is not None:
        raise AppealFiledError(result_id=str(result_id))
    row = Appeal(
        id=new_id(),
        result_id=result_id,
        person_id=result.person_id,
        region=result.region,
        grounds=_text(grounds),
        filed_at=at,
        state="filed",
    )
    session.add(row)
    await session.flush()
    personal = {"grounds": row.grounds}
    subject = ("appeal", row.id)
    await record(session, principal, "appeal.filed", subject, at=at, region=row.region, personal=personal)
    return row.id


async def decide_appeal(
    session: AsyncSession,
    principal: Principal,
    appeal_id: UUID,
    *,
    decision: Literal["upheld", "dismissed"],
    answer: str,
    at: datetime,
) -> AppealView:
    """Answer an appeal once; upholding it changes no marks by itself, a regrade does. Raises AppealFiledError."""
    row = await session.get(Appeal, appeal_id, with_for_update=True, populate_existing=True)
    result = await find_result_by_id(session, row.result_id) if row else None
    if row is None or result is None:
        raise AppealNotFoundError(appeal_id=str(appeal_id))
    require_centre(principal, await get_sitting(session, result.sitting_id))
    if row.state != "filed":
        raise AppealFiledError(appeal_id=str(appeal_id))
    row.state, row.answer, row.decided_by, row.decided_at = decision, _text(answer), principal.account, at
    await session.flush()
    facts = {"decision": decision, "result": str(result.id)}
    await record(session, principal, "appeal.decided", ("appeal", row.id), at=at, region=row.region, facts=facts)
    return _view(row)


async def list_appeals(session: AsyncSession, result_ids: list[UUID]) -> list[AppealView]:
    """Return the appeals against some results within the scope, oldest first."""
    query = select(Appeal).where(Appeal.result_id.in_(result_ids)).order_by(Appeal.filed_at)
    return [_view(row) for row in await session.scalars(query)]


async def list_sitting_appeals(session: AsyncSession, sitting_id: UUID) -> list[AppealView]:
    """Return the appeals against any version of a sitting's results, those without answer first."""
    query = select(Appeal).join(Result, Result.id == Appeal.result_id).where(Result.sitting_id == sitting_id)
    rows = await session.scalars(query.order_by(Appeal.state != "filed", Appeal.filed_at))
    return [_view(row) for row in rows]


async def get_appealed_sitting(session: AsyncSession, appeal_id: UUID) -> UUID:
    """Return the sitting of an appeal of the scope; raises AppealNotFoundError."""
    query = select(Result.sitting_id).join(Appeal, Appeal.result_id == Result.id).where(Appeal.id == appeal_id)
    sitting_id = await session.scalar(query)
    if sitting_id is None:
        raise AppealNotFoundError(appeal_id=str(appeal_id))
    return sitting_id


def _text(text: str) -> str:
    if not 0 < len(text.strip()) <= TEXT_LENGTH:
        raise AppealTextError
    return text.strip()
