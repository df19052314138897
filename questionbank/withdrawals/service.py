"""紧急撤题: one maker proposes with a reason and a rule, a publisher who is somebody else confirms.

The papers stay as they are, for a candidate's form is never changed under his hands; the rule is data that grading
applies to everybody who was asked the item (`list_withdrawals`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import Select, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError, SamePersonError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.identity.api import require_region
from questionbank.forms.keys import SCORING
from questionbank.forms.models import Draw, SittingKey
from questionbank.items.drafting import require_account
from questionbank.items.errors import ReasonRequiredError
from questionbank.items.models import ItemEventRow, ItemRow
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct, ItemState
from questionbank.withdrawals.errors import WithdrawalDecidedError, WithdrawalNeedlessError, WithdrawalOpenError
from questionbank.withdrawals.models import WithdrawalRow

PROPOSERS = ("reviewer", "publisher")
NEVER_HELD = timedelta(days=7)
"""How long after its start a sitting that was never closed still counts as one to come."""


class WithdrawalRule(StrEnum):
    """How those are graded who were asked a withdrawn item: 全员给分 or 不计分."""

    FULL_CREDIT = "full_credit"
    VOID = "void"


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal; `sittings` are the starts of those that may ask the item, as of the proposal."""

    id: UUID
    item_id: UUID
    stem: str
    rule: WithdrawalRule
    reason: str
    proposed_by: UUID
    proposed_by_name: str
    proposed_at: datetime
    state: str
    decided_by_name: str
    decided_at: datetime | None
    sittings: tuple[datetime, ...] = ()


class WithdrawnItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that a sitting may ask and that was withdrawn; which and why is None until its scoring views are open."""

    item_id: UUID | None
    rule: WithdrawalRule | None
    reason: str | None
    withdrawn_at: datetime


async def propose_withdrawal(
    session: AsyncSession, principal: Principal, item_id: UUID, *, rule: WithdrawalRule, reason: str, at: datetime
) -> UUID:
    """Propose to withdraw an item, and return the proposal's id; nothing happens to it before somebody else confirms.

    Raises NotFoundError, RegionForbiddenError, ReasonRequiredError, WithdrawalNeedlessError, WithdrawalOpenError.
    """
    item = await session.get(ItemRow, item_id)
    if item is None:
        raise NotFoundError(item_id=str(item_id))
    require_region(principal, item.region, *PROPOSERS)
    reason = reason.strip()
    if not reason:
        raise ReasonRequiredError
    if not await list_at_risk(session, item_id, at=at):
        raise WithdrawalNeedlessError
    proposal = insert(WithdrawalRow).values(
        id=new_id(),
        item_id=item_id,
        region=item.region,
        rule=rule.value,
        reason=reason,
        proposed_by=require_account(principal),
        proposed_by_name=principal.name,
        proposed_at=at,
        state="proposed",
        decided_by_name="",
    )
    # the index that lets one proposal wait also decides between two at one instant
    alone = proposal.on_conflict_do_nothing(
        index_elements=[WithdrawalRow.item_id], index_where=text("state = 'proposed'")
    )
    row: WithdrawalRow | None = await session.scalar(alone.returning(WithdrawalRow))
    if row is None:
        raise WithdrawalOpenError
    await _note(session, principal, "item.withdrawal_proposed", row, at)
    return row.id


async def confirm_withdrawal(session: AsyncSession, principal: Principal, withdrawal_id: UUID, *, at: datetime) -> None:
    """Withdraw the item: it is retired in the same transaction, and its rule binds every sitting that may ask it.

    Raises NotFoundError, RegionForbiddenError, SamePersonError, WithdrawalDecidedError.
    """
    row = await _open_row(session, principal, withdrawal_id, "publisher")
    if row.proposed_by == principal.account:
        raise SamePersonError
    _decide(row, principal, "confirmed", at)
    await session.flush()
    await _note(session, principal, "item.withdrawn", row, at)
    item = await session.get_one(ItemRow, row.item_id)
    if item.state != ItemState.RETIRED:
        await act_on_items(session, principal, ItemAct.RETIRED, [item.id], at=at, reason=row.reason)


async def decline_withdrawal(session: AsyncSession, principal: Principal, withdrawal_id: UUID, *, at: datetime) -> None:
    """Turn a proposal down, or take back one's own; nothing changes.

    Raises NotFoundError, RegionForbiddenError, WithdrawalDecidedError.
    """
    row = await _open_row(session, principal, withdrawal_id, *PROPOSERS)
    if row.proposed_by != principal.account:
        require_region(principal, row.region, "publisher")
    _decide(row, principal, "declined", at)
    await session.flush()
    await _note(session, principal, "item.withdrawal_declined", row, at)


async def list_item_withdrawals(
    session: AsyncSession, item_id: UUID | None = None, *, waiting: bool = False
) -> list[Withdrawal]:
    """Return the proposals about an item, or about every one, the newest first; `waiting` leaves out what is decided."""
    query = select(WithdrawalRow, ItemRow.stem).join(ItemRow, ItemRow.id == WithdrawalRow.item_id)
    if item_id:
        query = query.where(WithdrawalRow.item_id == item_id)
    if waiting:
        query = query.where(WithdrawalRow.state == "proposed")
    rows = (await session.execute(query.order_by(WithdrawalRow.id.desc()))).all()
    return [_told(row, stem, await list_at_risk(session, row.item_id, at=row.proposed_at)) for row, stem in rows]


async def list_at_risk(session: AsyncSession, item_id: UUID, *, at: datetime) -> Sequence[datetime]:
    """Return when the sittings start whose forms were made and not yet opened for scoring, and may hold the item.

    Which forms do hold it is under seal: every item that was published by the day of a draw may be in it.
    """
    return (await session.scalars(_at_risk(item_id, at))).all()


def _at_risk(item_id: UUID, at: datetime) -> Select[datetime]:
    published = select(func.min(ItemEventRow.at)).where(
        ItemEventRow.item_id == item_id, ItemEventRow.act == ItemAct.PUBLISHED
    )
    opened = exists().where(
        SittingKey.sitting_id == Draw.sitting_id, SittingKey.view == SCORING, SittingKey.opened_at <= at
    )
    of_item = select(Draw.starts_at).join(ItemRow, ItemRow.qualification == Draw.qualification)
    return of_item.where(
        ItemRow.id == item_id,
        Draw.created_at >= published.scalar_subquery(),
        Draw.created_at <= at,
        Draw.starts_at > at - NEVER_HELD,
        ~opened,
    ).order_by(Draw.starts_at)


async def list_withdrawals(session: AsyncSession, sitting_id: UUID, *, at: datetime) -> list[WithdrawnItem]:
    """Return what was withdrawn of the pool that a sitting of the scope was drawn from, the first first."""
    told = func.questionbank_withdrawals_of(sitting_id, at).table_valued("item_id", "rule", "reason", "withdrawn_at")
    return [
        WithdrawnItem(
            item_id=item_id, rule=WithdrawalRule(rule) if rule else None, reason=reason, withdrawn_at=withdrawn_at
        )
        for item_id, rule, reason, withdrawn_at in await session.execute(select(*told.c))
    ]


async def _open_row(session: AsyncSession, principal: Principal, withdrawal_id: UUID, *roles: str) -> WithdrawalRow:
    row = await session.get(WithdrawalRow, withdrawal_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFoundError(withdrawal_id=str(withdrawal_id))
    require_region(principal, row.region, *roles)
    if row.state != "proposed":
        raise WithdrawalDecidedError
    return row


def _decide(row: WithdrawalRow, principal: Principal, state: str, at: datetime) -> None:
    row.state, row.decided_by, row.decided_by_name = state, require_account(principal), principal.name
    row.decided_at = at


def _told(row: WithdrawalRow, stem: str, sittings: Sequence[datetime]) -> Withdrawal:
    return Withdrawal(
        id=row.id,
        item_id=row.item_id,
        stem=stem,
        rule=WithdrawalRule(row.rule),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_by_name=row.proposed_by_name,
        proposed_at=row.proposed_at,
        state=row.state,
        decided_by_name=row.decided_by_name,
        decided_at=row.decided_at,
        sittings=tuple(sittings),
    )


async def _note(session: AsyncSession, principal: Principal, act: str, row: WithdrawalRow, at: datetime) -> None:
    facts = {"withdrawal": str(row.id), "rule": row.rule, "reason": row.reason}
    await record(session, principal, act, ("item", row.item_id), at=at, region=row.region, facts=facts)
