"""Practical sheets (实操评分表): recorded by one assessor, confirmed or disputed by a second, settled by a third."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.sitting.api import RegistrationView, get_registration
from exam.standards.api import recall_rule_set
from grading.decisions import decide
from grading.errors import SheetNotFoundError, SheetStateError, VetoUnknownError
from grading.models import PracticalSheet
from grading.practical import find_dispute, require_marks
from grading.practice import require_practical
from grading.schemes import Group, get_group
from grading.signed import SheetView, first_sheet, second_sheet, sheet_view

NOTE_LENGTH = 2000


async def record_practical_sheet(
    session: AsyncSession,
    principal: Principal,
    *,
    registration_id: UUID,
    marks: Mapping[str, int],
    vetoes: Iterable[str],
    at: datetime,
    note: str = "",
) -> UUID:
    """Record the first assessor's sheet and return its id; the marks count once a second assessor agrees.

    Raises SheetInvalidError, VetoUnknownError, and where the registration may not be marked now
    PracticalNotRequiredError, TheoryOutstandingError, PracticalPassedError, PracticalAttemptsUsedError, SheetOpenError.
    """
    registration = await get_registration(session, registration_id)
    assessor = _assessor(principal, registration.region)
    take = await require_practical(session, registration, at=at)
    given = _checked(get_group(registration.qualification), marks, vetoes)
    row = _first_row(registration, assessor, take, marks, given, note, at)
    session.add(row)
    await session.flush()
    await _note(session, principal, "practical.recorded", row, at, _facts(marks, given))
    return row.id


def _first_row(
    registration: RegistrationView,
    assessor: UUID,
    take: int,
    marks: Mapping[str, int],
    vetoes: list[str],
    note: str,
    at: datetime,
) -> PracticalSheet:
    return PracticalSheet(
        id=new_id(),
        registration_id=registration.id,
        sitting_id=registration.sitting_id,
        person_id=registration.person_id,
        qualification=registration.qualification,
        region=registration.region,
        rule_set=registration.rule_set,
        take=take,
        state="recorded",
        first_by=assessor,
        first_marks=dict(marks),
        first_vetoes=vetoes,
        first_note=note.strip()[:NOTE_LENGTH],
        first_at=at,
    )


async def confirm_practical_sheet(
    session: AsyncSession,
    principal: Principal,
    sheet_id: UUID,
    agree: bool,  # noqa: FBT001  # the contract's own signature
    at: datetime,
    *,
    marks: Mapping[str, int] | None = None,
    vetoes: Iterable[str] = (),
    note: str = "",
) -> SheetView:
    """Sign as the second assessor: agree to the sheet, or give marks of one's own.

    Own marks that lie within the scheme's tolerance decide the part as the mean of both; beyond it the sheet is in
    dispute until a third assessor settles it. Raises SamePersonError, SheetStateError, SheetInvalidError.
    """
    row = await _locked(session, sheet_id, "recorded")
    assessor = _assessor(principal, row.region)
    if assessor == row.first_by:
        raise SamePersonError
    group = get_group(row.qualification)
    given = dict(row.first_marks if agree else marks or {})
    named = list(row.first_vetoes) if agree else _checked(group, given, vetoes)
    row.second_by, row.second_marks, row.second_vetoes = assessor, given, named
    row.second_note, row.second_at = note.strip()[:NOTE_LENGTH], at
    scheme = group.scheme(recall_rule_set(row.qualification, row.rule_set))
    row.state = "disputed" if find_dispute(scheme, first_sheet(row), second_sheet(row)) else "confirmed"
    await session.flush()
    facts = _facts(given, named)
    if row.state == "confirmed":
        facts |= await decide(session, principal, row, at=at)
    await _note(session, principal, f"practical.{row.state}", row, at, facts)
    return sheet_view(row)


async def settle_practical_sheet(
    session: AsyncSession,
    principal: Principal,
    sheet_id: UUID,
    *,
    marks: Mapping[str, int],
    vetoes: Iterable[str],
    at: datetime,
    note: str = "",
) -> SheetView:
    """Settle a dispute as the third assessor: marks for the disputed stations, and which of the disputed vetoes stand.

    Raises SamePersonError, SheetStateError, SheetInvalidError.
    """
    row = await _locked(session, sheet_id, "disputed")
    assessor = _assessor(principal, row.region)
    if assessor in {row.first_by, row.second_by}:
        raise SamePersonError
    group = get_group(row.qualification)
    scheme = group.scheme(recall_rule_set(row.qualification, row.rule_set))
    dispute = find_dispute(scheme, first_sheet(row), second_sheet(row))
    require_marks(marks, dispute.stations if dispute else ())
    row.settled_vetoes = known_vetoes(group, vetoes)
    row.settled_by, row.settled_at, row.settled_marks = assessor, at, dict(marks)
    row.settled_note, row.state = note.strip()[:NOTE_LENGTH], "settled"
    await session.flush()
    facts = _facts(row.settled_marks, row.settled_vetoes) | await decide(session, principal, row, at=at)
    await _note(session, principal, "practical.settled", row, at, facts)
    return sheet_view(row)


async def get_sheet(session: AsyncSession, sheet_id: UUID) -> SheetView:
    """Return one sheet of the scope; raises SheetNotFoundError."""
    row = await session.get(PracticalSheet, sheet_id)
    if row is None:
        raise SheetNotFoundError(sheet_id=str(sheet_id))
    return sheet_view(row)


async def list_open_sheets(session: AsyncSession) -> list[SheetView]:
    """Return the sheets of the scope that wait for a second or third assessor, oldest first."""
    query = select(PracticalSheet).where(PracticalSheet.state.in_(("recorded", "disputed")))
    return [sheet_view(row) for row in await session.scalars(query.order_by(PracticalSheet.first_at))]


async def list_decided_sheets(session: AsyncSession, *, limit: int = 20) -> list[SheetView]:
    """Return the sheets of the scope decided last."""
    query = select(PracticalSheet).where(PracticalSheet.state.in_(("confirmed", "settled")))
    rows = await session.scalars(query.order_by(PracticalSheet.second_at.desc()).limit(limit))
    return [sheet_view(row) for row in rows]


def known_vetoes(group: Group, vetoes: Iterable[str]) -> list[str]:
    """Return the codes in the scheme's order; raises VetoUnknownError."""
    given, known = set(vetoes), [each.code for each in group.vetoes]
    for veto in sorted(given - set(known)):
        raise VetoUnknownError(veto=veto)
    return [code for code in known if code in given]


def _checked(group: Group, marks: Mapping[str, int], vetoes: Iterable[str]) -> list[str]:
    require_marks(marks, [station.code for station in group.stations])
    return known_vetoes(group, vetoes)


def _assessor(principal: Principal, region: str) -> UUID:
    require_region(principal, region, "assessor")
    if principal.account is None:
        raise ForbiddenError
    return principal.account


async def _locked(session: AsyncSession, sheet_id: UUID, state: str) -> PracticalSheet:
    row = await session.get(PracticalSheet, sheet_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise SheetNotFoundError(sheet_id=str(sheet_id))
    if row.state != state:
        raise SheetStateError(state=row.state)
    return row


def _facts(marks: Mapping[str, int], vetoes: Iterable[str]) -> dict[str, Fact]:
    return {**{f"marks.{code}": mark for code, mark in sorted(marks.items())}, "vetoes": ",".join(vetoes)}


async def _note(
    session: AsyncSession,
    principal: Principal,
    act: str,
    row: PracticalSheet,
    at: datetime,
    facts: Mapping[str, Fact],
) -> None:
    told = {"registration": str(row.registration_id), "take": row.take, **facts}
    await record(session, principal, act, ("practical_sheet", row.id), at=at, region=row.region, facts=told)
