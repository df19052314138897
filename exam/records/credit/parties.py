"""The party: the enterprise, the training body or the person that a case is about, and what it may do in it."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.records.credit.clues import ClueView, advance, lock_clue, view_of, words_of
from exam.records.credit.errors import NotYourCaseError
from exam.records.credit.limits import load_terms
from exam.records.credit.models import Clue
from exam.records.credit.state import TOLD, ClueState
from exam.standards.api import working_days_after

CANDIDATE = "candidate"
"""The role of whoever is at home."""
WAIVED = "不作陈述申辩。"


class Party(msgspec.Struct, frozen=True):
    """Whose cases somebody may read: those of some organisations, or one's own."""

    organisations: frozenset[UUID] = frozenset()
    person: UUID | None = None

    def require(self, organisation_id: UUID | None, person_id: UUID | None) -> None:
        """Refuse what is about somebody else; a scope of a region shows more than a party may see."""
        mine = organisation_id in self.organisations or (person_id is not None and person_id == self.person)
        if not mine:
            raise NotYourCaseError

    def owns(
        self, organisation_id: InstrumentedAttribute[UUID | None], person_id: InstrumentedAttribute[UUID | None]
    ) -> ColumnElement[bool]:
        """Return the condition that rows are about this party."""
        return person_id == self.person if self.person else organisation_id.in_(self.organisations)


def party_of(principal: Principal, role: str) -> Party:
    """Return the party that a principal acts for in a role."""
    if role == CANDIDATE:
        return Party(person=principal.person)
    return Party(organisations=frozenset(principal.organisations(role)))


async def list_cases(session: AsyncSession, party: Party) -> list[ClueView]:
    """Return the party's cases from the notice on, the newest first."""
    query = (
        select(Clue)
        .where(party.owns(Clue.organisation_id, Clue.person_id), Clue.state.in_(TOLD))
        .order_by(Clue.id.desc())
    )
    return [view_of(row, 0) for row in await session.scalars(query)]


async def count_told(
    session: AsyncSession, *, person_id: UUID | None = None, organisation_id: UUID | None = None
) -> int:
    """Count the cases of a person or an organisation that wait for its answer."""
    whose = Clue.person_id == person_id if person_id else Clue.organisation_id == organisation_id
    query = select(func.count()).where(whose, Clue.state == ClueState.NOTICED)
    return await session.scalar(query) or 0


async def get_case(session: AsyncSession, party: Party, clue_id: UUID) -> ClueView:
    """Return one of the party's cases; raises NotFoundError, NotYourCaseError."""
    row = await lock_told(session, clue_id)
    party.require(row.organisation_id, row.person_id)
    return view_of(row, 0)


async def lock_told(session: AsyncSession, clue_id: UUID) -> Clue:
    """Return the row of a case that the party has been told of."""
    row = await lock_clue(session, clue_id)
    if row.state not in TOLD:
        raise NotYourCaseError
    return row


async def answer(
    session: AsyncSession, principal: Principal, party: Party, clue_id: UUID, *, text: str | None, at: datetime
) -> None:
    """Keep the party's statement and defence, once; None says that it makes none.

    It counts until the authority has written its decision down, also after its term.
    """
    row = await lock_told(session, clue_id)
    party.require(row.organisation_id, row.person_id)
    act, said = ("clue.waived", WAIVED) if text is None else ("clue.answered", words_of(text))
    due_on = working_days_after(local_date(at), load_terms().decide_days.value)
    await advance(session, principal, row, ClueState.HEARD, act, said, at=at, due_on=due_on)
