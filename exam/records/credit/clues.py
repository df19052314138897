"""Leads as pages see them, and the first thing that may become of one: that it does not hold."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.words import require_readable
from exam.identity.api import require_region
from exam.records.credit.errors import WordsError
from exam.records.credit.models import Clue, ClueEvidence, ClueStep
from exam.records.credit.rules import ClueRule, get_rule
from exam.records.credit.state import ClueState, require_step
from exam.records.regulator_desk import ROLE

MIN_WORDS, MAX_WORDS = 2, 2000
WAITING = (ClueState.FOUND, ClueState.HEARD, ClueState.DRAFTED)
"""States in which the authority is to act."""


class ClueView(msgspec.Struct, frozen=True, kw_only=True):
    """One lead; `due_on` is the last day of its present step."""

    id: UUID
    rule: str
    organisation_id: UUID | None
    person_id: UUID | None
    subject_name: str
    region: str
    state: str
    found_at: datetime
    due_on: date
    evidence: int = 0

    @property
    def terms(self) -> ClueRule:
        return get_rule(self.rule)


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that a lead rests on."""

    kind: str
    subject_id: UUID
    person_id: UUID
    facts: dict[str, Any]
    noted_at: datetime


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the process."""

    act: str
    by_account: UUID | None
    at: datetime
    text: str


class CreditWork(msgspec.Struct, frozen=True, kw_only=True):
    """How many leads are past the last day of their step, and how many of the rest nobody has looked into."""

    late: int
    found: int


async def list_clues(
    session: AsyncSession, states: Collection[ClueState], *, limit: int, offset: int = 0
) -> list[ClueView]:
    """Page the scope's leads in some states, what is due first first."""
    counted = select(func.count()).where(ClueEvidence.clue_id == Clue.id).scalar_subquery()
    query = select(Clue, counted).where(Clue.state.in_(states)).order_by(Clue.due_on, Clue.id)
    return [view_of(row, count) for row, count in await session.execute(query.limit(limit).offset(offset))]


async def count_clues(session: AsyncSession) -> dict[ClueState, int]:
    """Count the scope's leads by state."""
    rows = await session.execute(select(Clue.state, func.count()).group_by(Clue.state))
    return {ClueState(state): count for state, count in rows}


async def count_credit_work(session: AsyncSession, *, today: date) -> CreditWork:
    """Count what the authority has to do in the scope on a Shanghai date."""
    late = func.count().filter(Clue.due_on < today)
    found = func.count().filter(Clue.state == ClueState.FOUND, Clue.due_on >= today)
    row = (await session.execute(select(late, found).where(Clue.state.in_(WAITING)))).one()
    return CreditWork(late=row[0], found=row[1])


async def get_clue(session: AsyncSession, clue_id: UUID) -> ClueView:
    """Return one lead of the scope."""
    row = await session.get(Clue, clue_id)
    if row is None:
        raise NotFoundError(clue_id=str(clue_id))
    return view_of(row, 0)


async def list_evidence(session: AsyncSession, clue_id: UUID) -> list[EvidenceView]:
    """Return what a lead rests on, in the order in which it was noted."""
    query = select(ClueEvidence).where(ClueEvidence.clue_id == clue_id).order_by(ClueEvidence.id)
    names = EvidenceView.__struct_fields__
    return [EvidenceView(**{name: getattr(row, name) for name in names}) for row in await session.scalars(query)]


async def list_steps(session: AsyncSession, clue_id: UUID) -> list[StepView]:
    """Return every step, the first one first."""
    query = select(ClueStep).where(ClueStep.clue_id == clue_id).order_by(ClueStep.at, ClueStep.id)
    names = StepView.__struct_fields__
    return [StepView(**{name: getattr(row, name) for name in names}) for row in await session.scalars(query)]


async def dismiss(session: AsyncSession, principal: Principal, clue_id: UUID, *, reason: str, at: datetime) -> None:
    """Say that a lead does not hold: the fact is explained, or no case of the law."""
    row = await lock_clue(session, clue_id)
    require_region(principal, row.region, ROLE)
    await advance(session, principal, row, ClueState.DISMISSED, "clue.dismissed", words_of(reason), at=at)


async def lock_clue(session: AsyncSession, clue_id: UUID) -> Clue:
    """Return the row of a lead of the scope, locked."""
    row = await session.get(Clue, clue_id, with_for_update=True)
    if row is None:
        raise NotFoundError(clue_id=str(clue_id))
    return row


async def advance(
    session: AsyncSession,
    principal: Principal,
    row: Clue,
    wanted: ClueState,
    act: str,
    text: str,
    *,
    at: datetime,
    due_on: date | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> None:
    """Take a lead one step on: the state, the step and the audit entry; raises ClueStateError."""
    require_step(row.state, wanted)
    row.state, row.due_on = wanted, due_on or row.due_on
    session.add(
        ClueStep(
            clue_id=row.id,
            region=row.region,
            act=act,
            by_account=principal.account,
            by_person=principal.person,
            at=at,
            text=text,
        )
    )
    await session.flush()
    said: dict[str, Fact] = {"rule": row.rule, "text": text, **(facts or {})}
    await record(session, principal, act, ("clue", row.id), at=at, region=row.region, facts=said)


def words_of(text: str) -> str:
    """Return what somebody wrote without outer spaces; raises WordsError and UnreadableTextError."""
    words = text.strip()
    require_readable(words)
    if not MIN_WORDS <= len(words) <= MAX_WORDS:
        raise WordsError(least=MIN_WORDS, most=MAX_WORDS)
    return words


def view_of(row: Clue, evidence: int) -> ClueView:
    """Return a row as pages see it."""
    names = set(ClueView.__struct_fields__) - {"evidence"}
    return ClueView(**{name: getattr(row, name) for name in names}, evidence=evidence)
