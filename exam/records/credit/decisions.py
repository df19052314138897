"""决定: what the authority decided, written down by one person and confirmed by another; only then a record, and a bar."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.clock import local_date
from exam.core.errors import ForbiddenError, NotFoundError, SamePersonError
from exam.core.principal import Principal
from exam.identity.api import parse_uscc, require_region
from exam.records.credit.clues import advance, lock_clue, words_of
from exam.records.credit.errors import (
    BanTermError,
    DecisionDayError,
    DecisionFieldError,
    DefenceTermError,
    DocumentNumberTakenError,
)
from exam.records.credit.limits import load_terms
from exam.records.credit.models import Clue, Decision, Notice
from exam.records.credit.notices import number_of
from exam.records.credit.register import enter_record
from exam.records.credit.rules import BanTerm, get_rule
from exam.records.credit.state import ClueState, require_step
from exam.records.holdings import months_later
from exam.records.regulator_desk import ROLE
from exam.sitting.api import record_ban

FIELDS = {
    "document_title": ("决定文书名称", 64),
    "conduct": ("违法行为类型", 200),
    "facts": ("违法事实", 2000),
    "basis": ("处罚依据", 1000),
    "kinds": ("处罚类别", 100),
    "content": ("处罚内容", 2000),
    "authority": ("决定机关", 200),
}
"""Fields that must be filled in, with their titles and the most characters."""


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision says, as typed; `penalised` is false where no penalty is imposed, and then nothing is published."""

    penalised: bool
    document_title: str
    document_no: str
    conduct: str
    facts: str
    basis: str
    kinds: str
    content: str
    fine: Decimal
    forfeited: Decimal
    licence: str
    authority: str
    authority_code: str
    decided_on: date
    severity: str
    months: int
    ban_years: int


class DecisionView(Wording, frozen=True, kw_only=True):
    """A decision as recorded."""

    id: UUID
    clue_id: UUID
    state: str
    drafted_by: UUID
    drafted_at: datetime
    confirmed_by: UUID | None
    confirmed_at: datetime | None
    reason: str


async def draft(session: AsyncSession, principal: Principal, clue_id: UUID, said: Wording, *, at: datetime) -> UUID:
    """Write a decision down for a second person to confirm.

    Raises DefenceTermError while the party may still answer and has not, and the errors of the fields.
    """
    row = await lock_clue(session, clue_id)
    require_region(principal, row.region, ROLE)
    require_step(row.state, ClueState.DRAFTED)
    notice = await session.get(Notice, clue_id)
    if notice and row.state == ClueState.NOTICED and local_date(at) <= notice.defence_until_on:
        raise DefenceTermError(until=notice.defence_until_on.isoformat())
    _require_fields(said)
    told_on = local_date(notice.noticed_at) if notice else date.max
    if not told_on <= said.decided_on <= local_date(at):
        raise DecisionDayError
    find_ban(row.rule, said.ban_years)
    await _require_free_number(session, said.document_no)
    facts: dict[str, Fact] = {"document_no": said.document_no, "penalised": said.penalised}
    await advance(session, principal, row, ClueState.DRAFTED, "decision.drafted", said.document_no, at=at, facts=facts)
    decision = Decision(
        **msgspec.structs.asdict(said),
        clue_id=clue_id,
        region=row.region,
        state="drafted",
        drafted_by=_account(principal),
        drafted_at=at,
    )
    session.add(decision)
    await session.flush()
    return decision.id


def _require_fields(said: Wording) -> None:
    number_of(said.document_no)
    for name, (title, most) in FIELDS.items():
        if not 1 <= len(getattr(said, name)) <= most:
            raise DecisionFieldError(field=title, most=most)
    if said.authority_code:
        parse_uscc(said.authority_code)
    if said.penalised:
        load_terms().of(said.severity).require(said.months)


def find_ban(rule: str, years: int) -> BanTerm | None:
    """Return the article by which a decision bars somebody for so many years, None for no bar; raises BanTermError."""
    if not years:
        return None
    for ban in get_rule(rule).bans:
        if ban.years == years and ban.mark.binds:
            return ban
    raise BanTermError


async def _require_free_number(session: AsyncSession, document_no: str) -> None:
    query = select(Decision.id).where(Decision.document_no == document_no, Decision.state == "confirmed")
    if await session.scalar(query):
        raise DocumentNumberTakenError(document_no=document_no)


async def confirm(session: AsyncSession, principal: Principal, clue_id: UUID, *, at: datetime) -> None:
    """Confirm what somebody else wrote down: a penalty enters the record, and bars who it bars.

    Raises SamePersonError, ClueStateError and DocumentNumberTakenError.
    """
    row, decision = await _drafted(session, principal, clue_id)
    if decision.drafted_by == _account(principal):
        raise SamePersonError
    await _require_free_number(session, decision.document_no)
    wanted = ClueState.DECIDED if decision.penalised else ClueState.CLOSED
    facts: dict[str, Fact] = {"document_no": decision.document_no, "penalised": decision.penalised}
    await advance(session, principal, row, wanted, "decision.confirmed", decision.document_no, at=at, facts=facts)
    decision.state, decision.confirmed_by, decision.confirmed_at = "confirmed", principal.account, at
    await session.flush()
    if decision.penalised:
        ban_id = await _bar(session, principal, row, decision, at=at)
        await enter_record(session, principal, row, decision, ban_id=ban_id, at=at)


async def give_back(session: AsyncSession, principal: Principal, clue_id: UUID, *, reason: str, at: datetime) -> None:
    """Return a drafted decision to be written anew; its author may take it back so too."""
    row, decision = await _drafted(session, principal, clue_id)
    words = words_of(reason)
    await advance(session, principal, row, ClueState.HEARD, "decision.returned", words, at=at)
    decision.state, decision.reason = "returned", words
    decision.confirmed_by, decision.confirmed_at = principal.account, at
    await session.flush()


async def find_decision(session: AsyncSession, clue_id: UUID) -> DecisionView | None:
    """Return the decision of a case that is drafted or confirmed, else the one returned last, else None."""
    query = select(Decision).where(Decision.clue_id == clue_id).order_by(Decision.id.desc()).limit(1)
    row = await session.scalar(query)
    return None if row is None else _view(row)


async def get_decision(session: AsyncSession, decision_id: UUID) -> DecisionView:
    """Return one decision of the scope."""
    row = await session.get(Decision, decision_id)
    if row is None:
        raise NotFoundError(decision_id=str(decision_id))
    return _view(row)


def _view(row: Decision) -> DecisionView:
    return DecisionView(**{name: getattr(row, name) for name in DecisionView.__struct_fields__})


async def _drafted(session: AsyncSession, principal: Principal, clue_id: UUID) -> tuple[Clue, Decision]:
    row = await lock_clue(session, clue_id)
    require_region(principal, row.region, ROLE)
    query = select(Decision).where(Decision.clue_id == clue_id, Decision.state == "drafted")
    decision = await session.scalar(query)
    if decision is None:
        raise NotFoundError(clue_id=str(clue_id))
    return row, decision


async def _bar(
    session: AsyncSession, principal: Principal, row: Clue, decision: Decision, *, at: datetime
) -> UUID | None:
    """Push down until when the person may not apply: registration asks for nothing else, and the bar ends by itself."""
    ban = find_ban(row.rule, decision.ban_years)
    if ban is None or row.person_id is None:
        return None
    return await record_ban(
        session,
        principal,
        person_id=row.person_id,
        qualification=None,
        until_on=months_later(decision.decided_on, 12 * ban.years) - timedelta(days=1),
        reason=decision.document_no,
        basis=ban.basis,
        ground="penalty",
        region=row.region,
        at=at,
    )


def _account(principal: Principal) -> UUID:
    if principal.account is None:
        raise ForbiddenError
    return principal.account
