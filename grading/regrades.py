"""Regrade (重评): keys or rules changed after the close, weighed before, approved by a second person, told as corrections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.errors import SamePersonError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.sitting.api import SittingView, get_sitting
from grading.changes import RuleChange
from grading.corrections import append_correction, next_version
from grading.errors import RegradeDecidedError, RegradeEmptyError, RegradeNotFoundError
from grading.guards import require_centre, require_closed
from grading.models import Regrade
from grading.scores import newest_scores, score_row
from grading.statistics import ask_for_statistics
from grading.weighing import Weighed, effect_of, weigh
from grading.withdrawn import list_withdrawn

REASON_LENGTH = 2000
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('grading.release:' || :sitting, 0))")


class RegradeView(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal; `effect` counts results: affected, raised, lowered, up (fail → pass), down (pass → fail)."""

    id: UUID
    sitting_id: UUID
    region: str
    changes: tuple[RuleChange, ...]
    reason: str
    effect: dict[str, int]
    state: str
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None


def _view(row: Regrade) -> RegradeView:
    values: dict[str, Any] = {name: getattr(row, name) for name in RegradeView.__struct_fields__}
    return RegradeView(**values | {"changes": msgspec.convert(row.changes, tuple[RuleChange, ...])})


async def preview_regrade(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    *,
    sitting_id: UUID,
    changes: Sequence[RuleChange],
    at: datetime,
) -> list[Weighed]:
    """Return what each affected result would become; nothing is written."""
    sitting = await _closed_sitting(session, principal, sitting_id)
    return await weigh(session, runtime, sitting, changes, at=at)


async def propose_regrade(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    *,
    sitting_id: UUID,
    changes: Sequence[RuleChange],
    reason: str,
    at: datetime,
) -> RegradeView:
    """Propose changes of items of a closed sitting, with their effect as it is now.

    Raises RegradeEmptyError, RegradeItemError, RegradeKeyError, NotOwnSittingError, SittingNotClosedError.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH or principal.account is None:
        raise RegradeEmptyError
    sitting = await _closed_sitting(session, principal, sitting_id)
    effect = effect_of(await weigh(session, runtime, sitting, changes, at=at))
    row = Regrade(
        id=new_id(),
        sitting_id=sitting_id,
        region=sitting.region,
        changes=msgspec.to_builtins(list(changes)),
        reason=reason,
        effect=effect,
        state="proposed",
        proposed_by=principal.account,
        proposed_at=at,
    )
    session.add(row)
    await session.flush()
    await _note(session, principal, "regrade.proposed", row, at)
    return _view(row)


async def propose_withdrawn_regrade(
    session: AsyncSession, principal: Principal, runtime: Runtime, *, sitting_id: UUID, at: datetime
) -> RegradeView:
    """Propose what the bank's withdrawals want and nobody has proposed yet; raises as `propose_regrade` does."""
    found = await list_withdrawn(session, sitting_id, at=at)
    waiting = [each for each in found if each.held and each.regrade_id is None]
    changes = [each.change for each in waiting]
    reason = ";".join(dict.fromkeys(each.reason for each in waiting))[:REASON_LENGTH]
    return await propose_regrade(
        session, principal, runtime, sitting_id=sitting_id, changes=changes, reason=reason, at=at
    )


async def approve_regrade(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    *,
    regrade_id: UUID,
    at: datetime,
) -> RegradeView:
    """Approve another person's proposal: new scores and result versions, told where the old ones were told.

    Raises SamePersonError, RegradeDecidedError; the effect is weighed again, for results may have changed since.
    """
    row = await _open_row(session, regrade_id)
    sitting = await _closed_sitting(session, principal, row.sitting_id)
    if principal.account is None or principal.account == row.proposed_by:
        raise SamePersonError
    await session.execute(_LOCK, {"sitting": str(sitting.id)})
    weighed = await weigh(session, runtime, sitting, msgspec.convert(row.changes, list[RuleChange]), at=at)
    row.effect, row.state, row.decided_by, row.decided_at = effect_of(weighed), "approved", principal.account, at
    await session.flush()
    scores = await newest_scores(session, sitting.id)
    for each in weighed:
        await _apply(session, principal, row, each, version=scores[each.attempt.id].version + 1, at=at)
    await _note(session, principal, "regrade.approved", row, at)
    await ask_for_statistics(session, sitting.id)
    return _view(row)


async def _apply(
    session: AsyncSession,
    principal: Principal,
    row: Regrade,
    each: Weighed,
    *,
    version: int,
    at: datetime,
) -> None:
    score = score_row(each.attempt, each.found, version=version, regrade_id=row.id, at=at)
    session.add(score)
    correction = next_version(
        each.before,
        marks=each.marks,
        pass_marks=each.judgement.pass_marks,
        passed=each.judgement.passed,
        outcome=each.judgement.outcome,
        reason="regraded",
        at=at,
        score_id=score.id,
        regrade_id=row.id,
        made_by=row.proposed_by,
        approved_by=row.decided_by,
    )
    await session.flush()
    await append_correction(session, principal, each.before, correction, score=score)


async def reject_regrade(session: AsyncSession, principal: Principal, *, regrade_id: UUID, at: datetime) -> RegradeView:
    """Turn a proposal down, or take back one's own; nothing changes."""
    row = await _open_row(session, regrade_id)
    require_centre(principal, await get_sitting(session, row.sitting_id))
    row.state, row.decided_by, row.decided_at = "rejected", principal.account, at
    await session.flush()
    await _note(session, principal, "regrade.rejected", row, at)
    return _view(row)


async def get_regrade(session: AsyncSession, regrade_id: UUID) -> RegradeView:
    """Return one proposal of the scope; raises RegradeNotFoundError."""
    row = await session.get(Regrade, regrade_id)
    if row is None:
        raise RegradeNotFoundError(regrade_id=str(regrade_id))
    return _view(row)


async def list_regrades(session: AsyncSession, sitting_id: UUID) -> list[RegradeView]:
    """Return the proposals of a sitting, the latest first."""
    query = select(Regrade).where(Regrade.sitting_id == sitting_id).order_by(Regrade.proposed_at.desc(), Regrade.id)
    return [_view(row) for row in await session.scalars(query)]


async def _open_row(session: AsyncSession, regrade_id: UUID) -> Regrade:
    row = await session.get(Regrade, regrade_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise RegradeNotFoundError(regrade_id=str(regrade_id))
    if row.state != "proposed":
        raise RegradeDecidedError(regrade_id=str(regrade_id))
    return row


async def _closed_sitting(session: AsyncSession, principal: Principal, sitting_id: UUID) -> SittingView:
    sitting = await get_sitting(session, sitting_id)
    require_centre(principal, sitting)
    require_closed(sitting)
    return sitting


async def _note(session: AsyncSession, principal: Principal, act: str, row: Regrade, at: datetime) -> None:
    items = ",".join(f"{change['item_id']}:{change['action']}" for change in row.changes)
    facts = {"sitting": str(row.sitting_id), "reason": row.reason, "items": items, **row.effect}
    await record(session, principal, act, ("regrade", row.id), at=at, region=row.region, facts=facts)
