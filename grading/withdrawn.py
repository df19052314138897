"""Items that the bank withdrew during a sitting: who was asked them, and the regrade that its rule wants."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.delivery.api import list_attempts
from grading.changes import Action, RuleChange
from grading.errors import WithdrawnUnsettledError
from grading.models import Regrade, Score
from questionbank.api import WithdrawnItem, list_withdrawals


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawn item: `held` counts the scored attempts that have it, `regrade_id` is the regrade that applies its rule.

    Attempts that were voided are not counted: nothing of them is graded.
    """

    change: RuleChange
    reason: str
    withdrawn_at: datetime
    held: int
    regrade_id: UUID | None
    is_approved: bool

    @property
    def is_settled(self) -> bool:
        """Whether nobody's result still waits for the rule."""
        return not self.held or self.is_approved


async def list_withdrawn(session: AsyncSession, sitting_id: UUID, *, at: datetime) -> list[Withdrawn]:
    """Return the withdrawn items of a sitting whose scoring views are open; none before that."""
    told = await list_withdrawals(session, sitting_id, at=at)
    if not told:
        return []
    of_sitting = select(Regrade).where(Regrade.sitting_id == sitting_id, Regrade.state != "rejected")
    regrades = (await session.scalars(of_sitting.order_by(Regrade.proposed_at.desc(), Regrade.id))).all()
    counted = [each.id for each in await list_attempts(session, sitting_id, now=at) if each.state != "voided"]
    return [
        await _found(session, each, RuleChange(item_id=str(each.item_id), action=Action(each.rule)), counted, regrades)
        for each in told
        if each.item_id is not None and each.rule is not None
    ]


async def _found(
    session: AsyncSession,
    told: WithdrawnItem,
    wanted: RuleChange,
    attempts: Sequence[UUID],
    regrades: Sequence[Regrade],
) -> Withdrawn:
    # the first scoring: a later one no longer lists what a regrade has voided
    asked = select(func.count()).where(
        Score.attempt_id.in_(attempts), Score.version == 1, Score.slots.contains([{"item": wanted.item_id}])
    )
    applied = next((each for each in regrades if wanted in msgspec.convert(each.changes, list[RuleChange])), None)
    return Withdrawn(
        change=wanted,
        reason=told.reason or "",
        withdrawn_at=told.withdrawn_at,
        held=await session.scalar(asked) or 0,
        regrade_id=applied.id if applied else None,
        is_approved=applied is not None and applied.state == "approved",
    )


async def require_settled(session: AsyncSession, sitting_id: UUID, *, at: datetime) -> None:
    """Refuse to tell results that a withdrawn item may still change; raises WithdrawnUnsettledError."""
    waiting = [each for each in await list_withdrawn(session, sitting_id, at=at) if not each.is_settled]
    if waiting:
        raise WithdrawnUnsettledError(items=len(waiting))
